"""Starting real servers for tests: free ports, waiting until ready, and an end that always comes."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1


class NotReady(Exception):
    """A server did not come up; the message ends with its last words."""


def free_ports(count: int, *, below: int = 32768) -> list[int]:
    """TCP ports on loopback that are free now, below the range the kernel lends to clients."""
    found: list[int] = []
    start = 20000 + os.getpid() * 37 % (below - 20000 - 500)
    for port in (*range(start, below), *range(20000, start)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise NotReady("no free port")


def die_with_parent() -> None:
    """In the child: be killed when the test process goes, however it goes (Linux; elsewhere the fixture's end)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float
) -> None:
    """Wait for a server, or raise with the tail of its log."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        if ready():
            return
        time.sleep(0.05)
    tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    raise NotReady(f"exit {process.poll()} after waiting up to {seconds} s\n{tail}")


def stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """End a server that this test started, politely first where ``how`` is polite."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def lives(pid: int) -> bool:
    """Whether a process runs: there, and not only waiting to be buried (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

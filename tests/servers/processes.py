"""Starting real servers for tests: free ports, waiting until ready, and an end that always comes."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1


class NotReady(Exception):
    """A server did not come up; the message ends with its last words."""


def free_ports(count: int) -> list[int]:
    """TCP ports of loopback that nobody has, kept for this process until it ends: no other that asks here gets them.

    Looking whether a port is free says nothing of the moment at which a server takes it. So every port given out is
    locked, a byte of one file for each, by the process that asked; the kernel lets go of the locks when it ends,
    however it ends. They lie below the range that the kernel lends to clients, which therefore never take one.
    """
    first, end = 20000, _lent_from()
    found: list[int] = []
    with _ASKING:
        start = first + os.getpid() * 37 % (end - first)
        for port in (*range(start, end), *range(first, start)):
            if _kept(port):
                found.append(port)
            if len(found) == count:
                return found
    raise NotReady("no free port")


_ASKING = threading.Lock()
_KEPT: set[int] = set()
_REGISTRY: list[int] = []
"""The descriptor of the file of locks, once it is open; closing it would let go of all of them."""


def _kept(port: int) -> bool:
    """Whether the port was free and is this process's now."""
    if port in _KEPT:
        return False
    if not _REGISTRY:
        name = Path(tempfile.gettempdir()) / f"constancia-ports-{os.getuid()}"
        _REGISTRY.append(os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        fcntl.lockf(_REGISTRY[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EAGAIN}:
            raise
        return False
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            fcntl.lockf(_REGISTRY[0], fcntl.LOCK_UN, 1, port)
            return False
    _KEPT.add(port)
    return True


def _lent_from() -> int:
    """The first port that the kernel lends to clients (Linux tells; 32768 unless somebody changed it)."""
    try:
        told = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        told = 32768
    return told if told > 21000 else 32768


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

"""Ports of the servers that tests start: nobody else among the tests takes one between its choice and its use."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers import processes

ROOT = Path(__file__).resolve().parents[2]
ASKING = """
import os, sys
from tests.servers.processes import free_ports
os.getpid = lambda: 1  # everybody begins to look at the same place
print(*free_ports(5), flush=True)
sys.stdin.read()
"""
LISTENING_THEMSELVES = {"tests/web/test_web_antivirus.py", "tests/storage/test_s3.py"}


@contextmanager
def asking() -> Iterator[set[int]]:
    """Another process that asks for five ports, uses none, and lives on inside the block."""
    with subprocess.Popen(
        [sys.executable, "-c", ASKING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        try:
            yield {int(port) for port in process.stdout.readline().split()}
        finally:
            process.kill()


def test_processes_that_ask_at_the_same_time_get_ports_of_their_own() -> None:
    """Six of them, who begin to look at the same place: thirty different ports, though nobody listens yet."""
    with ExitStack() as living:
        given = [living.enter_context(asking()) for _ in range(6)]
        assert [len(ports) for ports in given] == [5] * 6
        assert len(set().union(*given)) == 30


def test_what_a_killed_process_kept_is_free_again() -> None:
    """The kernel lets go of its ports, so that nothing is left to be tidied up."""
    with asking() as held:
        assert not any(processes._kept(port) for port in held)
    assert any(processes._kept(port) for port in held)  # others may have asked for some of them meanwhile


def test_a_port_that_somebody_listens_at_is_not_given_out() -> None:
    """Whoever that is: it need not have asked here."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        assert not processes._kept(stranger.getsockname()[1])


def test_nobody_picks_a_port_in_another_way() -> None:
    """One mechanism: a port that the kernel chose and that was closed again belongs to whoever comes next."""
    places = [
        path for room in ("tests", "torture", "benchmarks", "tools") for path in (ROOT / room).rglob("*.py")
    ]
    picking = {
        path.relative_to(ROOT).as_posix()
        for path in places
        if re.search(r"\.bind\(\(.*, 0\)\)", path.read_text()) and path != Path(__file__)
    }
    assert picking == LISTENING_THEMSELVES

"""A process that has loaded the readers and forks a child for each job: a child costs a few milliseconds, and dies.

It reads no file itself, so that whatever a hostile file does to its reader ends with that child. It listens on one
socket, its *control*: each message is one byte with five descriptors, which are the job, the child's standard input,
output and error, and a *lifeline*. The child's exit status comes back on its lifeline; whoever writes on the other end,
or closes it, has the child killed. When control ends, so do all children and the process.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

DESCRIPTORS = 5
Job = Callable[[], int]
Prepare = Callable[[bytes], Job]
"""From what the job says to what a child does; loads what it needs, and gives the child's exit status."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What came on control."""

    job: bytes
    standard: tuple[int, int, int]
    lifeline: socket.socket

    def close(self) -> None:
        """Let go of everything, in the process that forked."""
        for descriptor in self.standard:
            os.close(descriptor)


def serve(control: socket.socket, prepare: Prepare) -> int:
    """Fork a child for each order until control ends; 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us, by closing control
    control.setblocking(True)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    lifelines: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(control, selectors.EVENT_READ)
        ready.register(woken, selectors.EVENT_READ)
        try:
            while True:
                for key, _events in ready.select():
                    if key.fileobj is control:
                        order = _receive(control)
                        if order is None:
                            return 0
                        pid = _bear(order, prepare)
                        lifelines[pid] = order.lifeline
                        ready.register(order.lifeline, selectors.EVENT_READ, pid)
                    elif key.fileobj == woken:
                        with suppress(BlockingIOError):
                            os.read(woken, 4096)
                        _bury(lifelines, ready)
                    elif lifelines.get(key.data) is key.fileobj:  # not buried a moment ago, in this round
                        _kill(key.data)
                        ready.unregister(key.fileobj)
        finally:
            for pid in lifelines:
                _kill(pid)


def _receive(control: socket.socket) -> _Order | None:
    """The next order; ``None`` when there are no more."""
    data, descriptors, _flags, _address = socket.recv_fds(control, 1, DESCRIPTORS)
    if not data or len(descriptors) != DESCRIPTORS:
        return None
    job, *standard, lifeline = descriptors
    with os.fdopen(job, "rb") as written:
        written.seek(0)
        said = written.read()
    return _Order(said, (standard[0], standard[1], standard[2]), socket.socket(fileno=lifeline))


def _bear(order: _Order, prepare: Prepare) -> int:
    """Fork; gives the child's process id to the parent and never returns in the child."""
    try:
        work = prepare(order.job)
    except Exception:  # noqa: BLE001 - told by the child, as what went wrong before it began
        work = _failing(traceback.format_exc())
    gc.freeze()  # what is loaded is shared: collecting garbage in a child shall not write to it
    pid = os.fork()
    if pid == 0:
        _live(order, work)
    order.close()
    return pid


def _failing(said: str) -> Job:
    def work() -> int:
        sys.stderr.write(said)
        return 1

    return work


def _live(order: _Order, work: Job) -> None:
    """A child's whole life: only its own three descriptors, one job, and the end."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(order.standard):
            os.dup2(descriptor, number)
        _close_others()
        status = work()
    except BaseException:  # noqa: BLE001 - the end of a process: said where its last words are read
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _close_others() -> None:
    """Those that are open, and not all numbers there may be: how many is beyond counting where no limit is set."""
    others = {int(entry.name) for entry in Path("/dev/fd").iterdir()} - {0, 1, 2}
    for number in others:
        with suppress(OSError):  # the listing's own is closed already
            os.close(number)


def _bury(lifelines: dict[int, socket.socket], ready: selectors.BaseSelector) -> None:
    """Tell the status of every child that has ended."""
    while lifelines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        lifeline = lifelines.pop(pid)
        with suppress(KeyError):  # it was to be killed, and is watched no longer
            ready.unregister(lifeline)
        with lifeline, suppress(OSError):  # nobody may be waiting any more
            lifeline.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)

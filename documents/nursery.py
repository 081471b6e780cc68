"""The other end of `documents.forkserver`: starts it when it is first needed, and has jobs done by its children."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).resolve().parent.parent
_LAST_WORDS = 64
_GRACE_SECONDS = 10.0


class NurseryGone(Exception):
    """The process that forks is not there, or went before its child ended."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a child is given: regular files of this errand alone; ``seconds`` is how long it may live.

    A file's position is the child's too. A child outlives a forking process that is killed, so that no file of an
    errand that failed may be given to another.
    """

    job: IO[bytes]
    source: IO[bytes]
    output: IO[bytes]
    complaints: IO[bytes]
    seconds: float

    @property
    def descriptors(self) -> list[int]:
        """In the order in which `documents.forkserver` takes them."""
        return [file.fileno() for file in (self.job, self.source, self.output, self.complaints)]


class Nursery:
    """One forking process that runs ``worker``. Thread-safe; belongs to the process that made it."""

    def __init__(self, worker: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                [sys.executable, "-sB", "-m", worker, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                env={"LC_ALL": "C.UTF-8"},
                pass_fds=(theirs.fileno(),),
            )
        self._control = ours
        self._turn = threading.Lock()

    def run(self, errand: Errand) -> int:
        """The exit status of a child that did the errand, or was killed when its time was over.

        Raises:
            NurseryGone: see there; the errand may or may not have been done.
        """
        near, far = socket.socketpair()
        with near:
            try:
                with far, self._turn:
                    socket.send_fds(self._control, [b"j"], [*errand.descriptors, far.fileno()])
                return _status(near, errand.seconds)
            except OSError as error:
                raise NurseryGone(str(error)) from error

    def close(self) -> None:
        """End it, with whatever its children are doing."""
        self._control.close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _status(near: socket.socket, seconds: float) -> int:
    """What the lifeline says; after ``seconds`` the child is killed first."""
    near.settimeout(max(seconds, 0.001))
    try:
        said = near.recv(_LAST_WORDS)
    except TimeoutError:
        near.settimeout(_GRACE_SECONDS)
        with suppress(BrokenPipeError):  # it ended this very moment, and its status is there to be read
            near.sendall(b"k")
        said = near.recv(_LAST_WORDS)
    if not said:
        raise NurseryGone("no status")
    return int(said)


class Nurseries:
    """One `Nursery` for each worker, in this process: after a fork the child has its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._living: dict[tuple[int, str], Nursery] = {}

    def run(self, worker: str, errand: Errand) -> int:
        """See `Nursery.run`; one that is gone is forgotten, and the next errand starts another."""
        nursery = self._of(worker)
        try:
            return nursery.run(errand)
        except NurseryGone:
            self._forget(worker, nursery)
            raise

    def close(self) -> None:
        """End those of this process."""
        with self._lock:
            mine = [key for key in self._living if key[0] == os.getpid()]
            for key in mine:
                self._living.pop(key).close()

    def _of(self, worker: str) -> Nursery:
        key = os.getpid(), worker
        with self._lock:
            if key not in self._living:
                self._living[key] = Nursery(worker)
            return self._living[key]

    def _forget(self, worker: str, nursery: Nursery) -> None:
        with self._lock, suppress(KeyError):
            if self._living[os.getpid(), worker] is nursery:
                del self._living[os.getpid(), worker]
        nursery.close()


nurseries = Nurseries()
"""This program's; nothing is started before the first errand."""
atexit.register(nurseries.close)

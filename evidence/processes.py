"""Work shared by several processes, its results in order.

For what holds the interpreter's lock: parsing, deriving, writing. Processes are forked from one that has read what all
of the work needs; where the system cannot fork, or other threads run, the caller's own process does the work.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST = 8
_RARELY = 100_000
"""Objects made between two collections of garbage."""

_NO_MORE = b"."
"""Said to a process after its last task; nothing that is pickled is that short."""

_AHEAD = 32
"""Results that may wait for the one before them; memory is theirs."""


class WorkerLost(RuntimeError):
    """A process ended before it told what it was asked: nothing is known of its work."""


def processors() -> int:
    """How many processes are worth having: the processors there are to use, `MOST` at most."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST)


def may_fork() -> bool:
    """Only where it is safe: on Linux, and as long as no other thread could hold a lock that its copy waits for."""
    return sys.platform == "linux" and threading.active_count() == 1


def ordered(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    processes: int,
    given: int = 1,
    last: Callable[[], Result] | None = None,
) -> Iterator[Result]:
    """``work`` of each task, in the order of the tasks, done by so many processes.

    Args:
        work: what is done; in a child it works on the child's own copy of everything.
        tasks: taken one by one; they and the results travel pickled.
        processes: how many, the caller's own not counted; with one the caller does all of it.
        given: tasks a process has at a time. More than one spares waiting, and is for tasks of a few bytes only: who
            is still telling of one does not listen to the next.
        last: what each process does when there are no more tasks for it; it begins without being asked for, and what it
            gives follows the results of the tasks, once a process.

    Raises:
        WorkerLost: see there. What ``work`` raises is raised here.
    """
    if processes < 2 or not may_fork():
        yield from map(work, tasks)
        if last is not None:
            yield last()
        return
    for_good = gc.get_freeze_count() > 0
    gc.freeze()  # what is there already is shared: looking for garbage shall not write to it, and is not done before
    with seldom_collected():
        crew = _Crew(work, iter(tasks), processes, given, last)
        try:
            place = 0
            while crew.has(place):
                good, value = pickle.loads(crew.result(place))  # noqa: S301 - our own child's
                if not good:
                    raise value
                yield value
                place += 1
        finally:
            crew.dismiss()
            gc.unfreeze()  # all of it: the interpreter keeps no account of who froze what
            if for_good:
                loaded_for_good()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Garbage is looked for rarely meanwhile, also in processes begun meanwhile; nothing where other threads run.

    What is parsed and written for one task refers to nothing that refers back, and is let go after it: looking for
    circles in it took a tenth of the time.
    """
    if threading.active_count() > 1:
        yield
        return
    usual = gc.get_threshold()
    gc.set_threshold(_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def loaded_for_good() -> None:
    """Take all that this process holds out of the search for garbage: for a server that has just loaded everything.

    A search of everything reads some 300,000 objects that never go, and every other thread waits for it. What is made
    afterwards is searched as ever.
    """
    gc.collect()
    gc.freeze()


class _Crew:
    """The processes, and what they told that was not asked for yet."""

    def __init__(
        self,
        work: Callable[[Any], Any],
        tasks: Iterator[Any],
        processes: int,
        given: int,
        last: Callable[[], Any] | None,
    ) -> None:
        self._tasks = tasks
        self._last = last
        self._given = given
        self._next = 0
        self._wanted = 0
        self._ended = False
        self._told: dict[int, bytes] = {}
        self._busy: dict[Connection, deque[int]] = {}
        self._processes: list[ForkProcess] = []
        for _ in range(processes):
            self._hire(work)

    def has(self, place: int) -> bool:
        """Whether there is such a task; places are asked for in order."""
        self._wanted = place
        self._give()
        return place < self._next

    def result(self, place: int) -> bytes:
        """What was told of a task."""
        while place not in self._told:
            self._listen()
            self._give()
        return self._told.pop(place)

    def dismiss(self) -> None:
        """End the processes; those that still work are stopped."""
        for channel, given in self._busy.items():
            with suppress(OSError):  # it is gone already, which `result` has told
                if not given:
                    channel.send_bytes(b"")
            channel.close()
        for process, given in zip(self._processes, self._busy.values(), strict=True):
            if given:
                process.terminate()
            process.join()

    def _hire(self, work: Callable[[Any], Any]) -> None:
        from multiprocessing import get_context  # noqa: PLC0415 - only where there is work for several

        context = get_context("fork")
        ours, theirs = context.Pipe()
        # The child has copies of every channel opened before it, and must not keep them open.
        process = context.Process(
            target=_serve, args=(work, self._last, theirs, [*self._busy, ours]), daemon=True
        )
        process.start()
        theirs.close()
        self._busy[ours] = deque()
        self._processes.append(process)

    def _give(self) -> None:
        """Tasks to whoever has room, as far ahead as results may wait."""
        for channel, given in self._busy.items():
            while len(given) < self._given and self._next < self._wanted + _AHEAD and not self._ended:
                task = next(self._tasks, self)
                if task is self:
                    self._end()
                    return
                with _missed():
                    channel.send_bytes(pickle.dumps(task, pickle.HIGHEST_PROTOCOL))
                given.append(self._next)
                self._next += 1

    def _end(self) -> None:
        """No more tasks: each process does what comes last as soon as it has done what it was given."""
        self._ended = True
        for channel, given in self._busy.items() if self._last is not None else ():
            with _missed():
                channel.send_bytes(_NO_MORE)
            given.append(self._next)
            self._next += 1

    def _listen(self) -> None:
        from multiprocessing.connection import wait  # noqa: PLC0415 - see `_hire`

        ready = wait([channel for channel, given in self._busy.items() if given])
        for channel, given in self._busy.items():
            if channel in ready:
                with _missed():
                    self._told[given[0]] = channel.recv_bytes()
                given.popleft()


@contextmanager
def _missed() -> Iterator[None]:
    """Whoever does not listen any more, or will not speak, is gone."""
    try:
        yield
    except (EOFError, ConnectionError) as error:
        raise WorkerLost("a process ended before it told of its work") from error


def _serve(
    work: Callable[[Any], Any],
    last: Callable[[], Any] | None,
    channel: Connection,
    others: list[Connection],
) -> None:
    """A child's life: do what it is given until it is given nothing."""
    for other in others:
        other.close()
    while given := channel.recv_bytes():
        try:
            ending = last is not None and given == _NO_MORE
            value = last() if ending else work(pickle.loads(given))  # type: ignore[misc]  # noqa: S301 - our own parent's
            told = True, value
        except Exception as error:  # noqa: BLE001 - raised again in the parent
            told = False, error
        channel.send_bytes(pickle.dumps(told, pickle.HIGHEST_PROTOCOL))

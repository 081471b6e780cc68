"""Cases checked by several processes at once, and told in their order.

A case needs nothing of another one: chain, state and pages follow from its own entries. So each process takes the next
case, and the parent puts together what is told of the whole. Processes are forked from one that has read the manifests
and the chains that all cases need; where the system cannot fork, or other threads run, the caller's own does the work.
"""

from __future__ import annotations

import gc
import pickle
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from audit_exports.casework import CaseOutcome, CaseWork
from audit_exports.tally import Found, Haul, Tally

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    from audit_exports.record import CaseRecord
    from workflows.definition import Definition

Cases = Sequence[tuple[str, Sequence[int]]]
Told = tuple[CaseOutcome, "Definition | None", Haul, Tally]
"""What a process tells of a case: the outcome without what the parent has, and the definition when it is a new one."""

_AHEAD = 32
"""Outcomes that may wait for the one before them; memory is theirs."""
_GIVEN = 2
"""Cases a process has at a time: it need not wait for the parent to begin the next."""


class WorkerLost(RuntimeError):
    """A process ended before it told what it was asked; nothing can be said of the package."""


def check_cases(work: CaseWork, cases: Cases, found: Found, processes: int) -> Iterator[CaseOutcome]:
    """The outcome of each case, in order; ``found`` and the bag's tally take in what else there is to say.

    Raises:
        WorkerLost: see there.
    """
    processes = min(processes, len(cases))
    if processes > 1 and _may_fork():
        yield from _forked(work, cases, found, processes)
        return
    for folio, seqs in cases:
        yield work.check(folio, seqs)
    work.bag.settle()


def _may_fork() -> bool:
    """Only where it is safe: on Linux, and as long as no other thread could hold a lock that its copy waits for."""
    return sys.platform == "linux" and threading.active_count() == 1


def _forked(work: CaseWork, cases: Cases, found: Found, processes: int) -> Iterator[CaseOutcome]:
    gc.collect()
    gc.freeze()  # what is there already is shared: collecting garbage shall not write to it
    crew = _Crew(work, cases, found, processes)
    definitions: dict[str, Definition] = {}
    try:
        for place in range(len(cases)):
            outcome, definition, haul, tally = pickle.loads(crew.result(place))  # noqa: S301 - our own child's
            found.add(haul)
            work.bag.tally.add(tally)
            yield _whole(work, outcome, definition, definitions)
    finally:
        crew.dismiss()
        gc.unfreeze()


def _whole(
    work: CaseWork, outcome: CaseOutcome, definition: Definition | None, known: dict[str, Definition]
) -> CaseOutcome:
    """The outcome with what it was sent without."""
    record = outcome.record
    if record is None:
        return outcome
    if definition is not None:
        known.setdefault(definition.label, definition)
    label = f"{record.state.process}@{record.state.version}"
    return replace(outcome, record=replace(record, definition=known[label], roster=work.roster))


class _Crew:
    """The processes, and what they told that is not asked for yet."""

    def __init__(self, work: CaseWork, cases: Cases, found: Found, processes: int) -> None:
        self._last = len(cases)
        self._next = 0
        self._wanted = 0
        self._told: dict[int, bytes] = {}
        self._busy: dict[Connection, deque[int]] = {}
        self._processes: list[ForkProcess] = []
        for _ in range(processes):
            self._hire(work, cases, found)

    def result(self, place: int) -> bytes:
        """What was told of a case; places are asked for in order."""
        self._wanted = place
        while place not in self._told:
            self._give()
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

    def _hire(self, work: CaseWork, cases: Cases, found: Found) -> None:
        from multiprocessing import get_context  # noqa: PLC0415 - only where there is work for several

        context = get_context("fork")
        ours, theirs = context.Pipe()
        # The child has copies of every channel opened before it, and must not keep them open.
        process = context.Process(
            target=_serve, args=(work, cases, found, theirs, [*self._busy, ours]), daemon=True
        )
        process.start()
        theirs.close()
        self._busy[ours] = deque()
        self._processes.append(process)

    def _give(self) -> None:
        """Cases to whoever has room, as far ahead as outcomes may wait."""
        for channel, given in self._busy.items():
            while len(given) < _GIVEN and self._next < min(self._last, self._wanted + _AHEAD):
                channel.send_bytes(b"%d" % self._next)
                given.append(self._next)
                self._next += 1

    def _listen(self) -> None:
        from multiprocessing.connection import wait  # noqa: PLC0415 - see `_hire`

        ready = wait([channel for channel, given in self._busy.items() if given])
        for channel, given in self._busy.items():
            if channel in ready:
                try:
                    self._told[given[0]] = channel.recv_bytes()
                except (EOFError, ConnectionError) as error:
                    raise WorkerLost("a process that checked cases ended too early") from error
                given.popleft()


def _serve(
    work: CaseWork, cases: Cases, found: Found, channel: Connection, others: Sequence[Connection]
) -> None:
    """A child's life: check the cases it is given until it is given none."""
    for other in others:
        other.close()
    sent: set[str] = set()
    found.take()
    while given := channel.recv_bytes():
        folio, seqs = cases[int(given)]
        work.bag.tally = Tally()
        outcome = work.check(folio, seqs)
        work.bag.settle()
        channel.send_bytes(_packed(outcome, found.take(), work.bag.tally, sent))


def _packed(outcome: CaseOutcome, haul: Haul, tally: Tally, sent: set[str]) -> bytes:
    definition, record = None, outcome.record
    if record is not None:
        if record.definition.label not in sent:
            sent.add(record.definition.label)
            definition = record.definition
        outcome = replace(outcome, record=_light(record))
    told: Told = outcome, definition, haul, tally
    return pickle.dumps(told, pickle.HIGHEST_PROTOCOL)


def _light(record: CaseRecord) -> CaseRecord:
    """The record without what the parent has already."""
    return replace(record, definition=None, roster=None)  # type: ignore[arg-type]  # `_whole` puts them back

"""Cases checked by several processes at once, and told in their order.

A case needs nothing of another one: chain, state and pages follow from its own entries. So each process takes the next
case, and the parent puts together what is told of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from audit_exports.casework import CaseOutcome, CaseWork
from audit_exports.irregular import Irregularity
from audit_exports.record import EntryRow, FileItem
from audit_exports.tally import Found, Haul, Tally
from evidence.processes import may_fork, ordered
from evidence.travelling import let_travel
from workflows.state import CaseException, StepState, TimerState

if TYPE_CHECKING:
    from audit_exports.record import CaseRecord
    from workflows.definition import Definition

Cases = Sequence[tuple[str, Sequence[int]]]


def check_cases(work: CaseWork, cases: Cases, found: Found, processes: int) -> Iterator[CaseOutcome]:
    """The outcome of each case, in order; ``found`` and the bag's tally take in what else there is to say.

    Raises:
        WorkerLost: a process died before it told of its case.
    """
    processes = min(processes, len(cases))
    if processes > 1 and may_fork():
        yield from _forked(work, cases, found, processes)
        return
    for folio, seqs in cases:
        yield work.check(folio, seqs)
    work.bag.settle()


def _forked(work: CaseWork, cases: Cases, found: Found, processes: int) -> Iterator[CaseOutcome]:
    let_travel(CaseException, EntryRow, FileItem, Irregularity, StepState, TimerState)
    definitions: dict[str, Definition] = {}
    errand = _Errand(work, cases, found)
    for outcome, definition, haul, tally in ordered(errand, range(len(cases)), processes=processes, given=2):
        found.add(haul)
        work.bag.tally.add(tally)
        yield _whole(work, outcome, definition, definitions)


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


class _Errand:
    """What a child does with the place of a case: check it, and tell of it apart from all others."""

    def __init__(self, work: CaseWork, cases: Cases, found: Found) -> None:
        self._work = work
        self._cases = cases
        self._found = found
        self._sent: set[str] = set()

    def __call__(self, place: int) -> tuple[CaseOutcome, Definition | None, Haul, Tally]:
        """The outcome without what the parent has, and its definition where it is a new one."""
        self._found.take()
        self._work.bag.tally = Tally()
        outcome = self._work.check(*self._cases[place])
        self._work.bag.settle()
        definition, record = None, outcome.record
        if record is not None:
            if record.definition.label not in self._sent:
                self._sent.add(record.definition.label)
                definition = record.definition
            outcome = replace(outcome, record=_light(record))
        return outcome, definition, self._found.take(), self._work.bag.tally


def _light(record: CaseRecord) -> CaseRecord:
    """The record without what the parent has already."""
    return replace(record, definition=None, roster=None)  # type: ignore[arg-type]  # `_whole` puts them back

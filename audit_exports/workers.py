"""Cases checked by several processes at once, and told in their order.

A case needs nothing of another one: chain, state and pages follow from its own entries. So each process takes the next
case, and the parent puts together what is told of the whole.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
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


def check_cases(
    work: CaseWork, cases: Cases, found: Found, processes: int
) -> Generator[CaseOutcome, None, None]:
    """The outcome of each case, in order; ``found`` and the bag's tally take in what else there is to say.

    Evidence is still being hashed when the last case was told: whoever asks for one more waits for it; there is none.

    Raises:
        WorkerLost: a process died before it told of its case, or of the evidence.
    """
    processes = min(processes, len(cases))
    if processes > 1 and may_fork():
        yield from _forked(work, cases, found, processes)
        return
    for folio, seqs in cases:
        yield work.check(folio, seqs)
    work.bag.settle()


def _forked(work: CaseWork, cases: Cases, found: Found, processes: int) -> Generator[CaseOutcome, None, None]:
    let_travel(CaseException, EntryRow, FileItem, Irregularity, StepState, TimerState)
    definitions = work.foresee()
    errand = _Errand(work, cases, found, set(definitions))
    told = ordered(errand.told, range(len(cases)), processes=processes, given=2, last=errand.settled)
    for outcome, definition, haul, tally in told:
        found.add(haul)
        work.bag.tally.add(tally)
        if outcome is not None:
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


_Told = tuple[CaseOutcome | None, "Definition | None", Haul, Tally]


class _Errand:
    """What a child does with the place of a case: check it, and tell of it apart from all others."""

    def __init__(self, work: CaseWork, cases: Cases, found: Found, sent: set[str]) -> None:
        self._work = work
        self._cases = cases
        self._found = found
        self._sent = sent
        self._begun = False

    def told(self, place: int) -> _Told:
        """The outcome without what the parent has, and its definition where it is a new one.

        What is found and counted of evidence meanwhile travels along, of whatever case it is.
        """
        self._begin()
        outcome = self._work.check(*self._cases[place])
        definition, record = None, outcome.record
        if record is not None:
            if record.definition.label not in self._sent:
                self._sent.add(record.definition.label)
                definition = record.definition
            outcome = replace(outcome, record=_light(record))
        return outcome, definition, self._found.take(), self._work.bag.take_tally()

    def settled(self) -> _Told:
        """When all evidence of the child's cases is hashed: what else was found and counted."""
        self._begin()
        self._work.bag.settle()
        return None, None, self._found.take(), self._work.bag.take_tally()

    def _begin(self) -> None:
        """Let go of what the parent had found and counted before. Evidence waits until the parent ends its part."""
        if not self._begun:
            self._begun = True
            self._found.take()
            self._work.bag.take_tally()
            self._work.bag.put_off()


def _light(record: CaseRecord) -> CaseRecord:
    """The record without what the parent has already."""
    return replace(record, definition=None, roster=None)  # type: ignore[arg-type]  # `_whole` puts them back

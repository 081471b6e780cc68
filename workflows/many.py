"""One piece of evidence for many cases: the same step in each, an entry each, the file stored under each case's key.

A mail that answers for twenty people, a sheet with a month of movements. Cases stay apart: one that refuses keeps no
other from being recorded, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from documents.refusals import FileRefused
from evidence.ports import AppendConflict, ReferenceTaken
from workflows.casefile import CaseView
from workflows.commands import Receipt, RecordStep
from workflows.errors import Refusal
from workflows.uploads import PreparedFile

MOST_CASES = 200
"""Cases that one act may name."""


class Recorder(Protocol):
    """The members of `workflows.cases.CaseService` used here."""

    def view(self, folio: str) -> CaseView:
        """A case now."""
        ...

    def read_files(self, command: RecordStep) -> tuple[PreparedFile, ...]:
        """The command's files, read for its step."""
        ...

    def record(self, command: RecordStep, read: Sequence[PreparedFile] | None = None) -> Receipt:
        """Record a step in one case."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case of many: its receipt, or why nothing was recorded there."""

    folio: str
    receipt: Receipt | None = None
    error: Exception | None = None


def record_many(
    cases: Recorder,
    folios: Sequence[str],
    command: RecordStep,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[Outcome, ...]:
    """Record the same evidence of the same step in many cases: each its own entry, each its own refusal.

    Args:
        cases: the service.
        folios: the cases; one named twice is recorded once.
        command: what to record in each; its own ``folio`` does not count. With an idempotency key the whole may be
            sent again: what was recorded gives its receipt, what was refused is tried anew.
        progress: called with cases done and cases in all.

    Raises:
        evidence.ports.StoreUnavailable: the ledger does not answer; what was recorded before stays.
    """
    wanted = tuple(dict.fromkeys(folios))
    read: dict[str, tuple[PreparedFile, ...]] = {}
    found = []
    for done, folio in enumerate(wanted):
        if progress is not None:
            progress(done, len(wanted))
        found.append(_one(cases, replace(command, folio=folio), read))
    return tuple(found)


def _one(cases: Recorder, command: RecordStep, read: dict[str, tuple[PreparedFile, ...]]) -> Outcome:
    """One case; files are read once for all cases of one definition."""
    try:
        digest = cases.view(command.folio).definition.digest
        if digest not in read:
            read[digest] = cases.read_files(command)
        return Outcome(command.folio, cases.record(command, read[digest]))
    except (Refusal, FileRefused, ReferenceTaken, AppendConflict) as error:
        return Outcome(command.folio, error=error)

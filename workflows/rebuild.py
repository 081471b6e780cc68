"""Projections made anew from the entries, with every difference from what was stored named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evidence.canonical import Json, canonical_bytes
from evidence.entry import EntryKind, MalformedEntry, SealedEntry
from evidence.ports import BlobCorrupt, LedgerStore, Projection, Reference, ReferenceTaken, Tally
from workflows.derive import NotACase
from workflows.errors import Refusal
from workflows.ports import CaseIndex, CaseRow


@dataclass(frozen=True, slots=True)
class Difference:
    """A member of a projection that was not what the entries give: ``found`` stood there."""

    folio: str
    member: str
    expected: str
    found: str

    def as_json(self) -> dict[str, Json]:
        """The four members by name."""
        return {"folio": self.folio, "member": self.member, "expected": self.expected, "found": self.found}


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """How many cases were projected anew, what differed before, and which could not be derived (``folio``, why).

    ``indexed``: whether searches go by an index; without one (a PostgreSQL without ``pg_trgm``) every text is read.
    """

    cases: int
    differences: tuple[Difference, ...]
    failures: tuple[tuple[str, str], ...]
    indexed: bool = True

    def as_json(self) -> dict[str, Json]:
        """The object ``cases rebuild --json`` prints."""
        failures: list[Json] = [{"folio": folio, "problem": problem} for folio, problem in self.failures]
        return {
            "cases": self.cases,
            "differences": [item.as_json() for item in self.differences],
            "failures": failures,
            "indexed": self.indexed,
        }


def rebuild(
    ledger: LedgerStore, index: CaseIndex, project: Callable[[Sequence[SealedEntry]], Projection]
) -> RebuildReport:
    """Compare and rewrite the projection of every process case; one case at a time, system chains left out.

    What the caches hold of cases that have no entries is removed. A case that cannot be derived (a damaged one) is
    told and keeps the others from nothing.
    """
    return _Rebuild(ledger, index, project).run()


def recount(
    ledger: LedgerStore, index: CaseIndex, project: Callable[[Sequence[SealedEntry]], Projection]
) -> int:
    """Write anew the projections in which a timer runs, after a calendar was revised; gives how many changed.

    Safe beside people at work: a case that moved meanwhile is written again.
    """
    changed = 0
    for folio in index.folios():
        row = index.get(folio)
        timers = row.document.get("timers") if row is not None else None
        running = isinstance(timers, list) and any(
            isinstance(t, dict) and not t.get("ended_seq") for t in timers
        )
        if row is None or not running:
            continue
        entries = ledger.history(folio)
        while True:
            expected = project(entries)
            if _differences(expected, index.get(folio)):
                ledger.replace_projection(expected)
                changed += 1
            now = ledger.history(folio)
            if len(now) == len(entries):
                break
            entries = now
    return changed


class _Rebuild:
    """One run: what differed, what could not be derived, and which cases wait for another to let go of a reference."""

    def __init__(
        self, ledger: LedgerStore, index: CaseIndex, project: Callable[[Sequence[SealedEntry]], Projection]
    ) -> None:
        self._ledger = ledger
        self._index = index
        self._project = project
        self._differences: list[Difference] = []
        self._failures: list[tuple[str, str]] = []
        self._waiting: list[str] = []
        self._seen: set[str] = set()
        self._cases = 0

    def run(self) -> RebuildReport:
        for folio in self._ledger.cases():
            self._seen.add(folio)
            self._case(folio)
        for folio in self._waiting:
            self._again(folio)
        for folio in self._index.folios():
            self._without_entries(folio)
        indexed = self._index.index_anew()
        return RebuildReport(self._cases, tuple(self._differences), tuple(self._failures), indexed)

    def _case(self, folio: str) -> None:
        expected = self._derived(folio)
        if expected is None:
            return
        self._cases += 1
        held = self._index.references(folio)
        self._differences += _differences(expected, _stored(self._index, folio))
        self._differences += _reference_differences(expected, held)
        if self._index.search_text(folio) != expected.search_text:
            self._differences.append(Difference(folio, "search_text", "the words of its entries", "others"))
        self._differences += _tally_differences(folio, expected.tally, self._index.tally(folio))
        if self._index.article(folio) != expected.article:
            self._differences.append(Difference(folio, "article", "as its entry says", "another"))
        try:
            self._ledger.replace_projection(expected)
        except (
            ReferenceTaken
        ):  # by a row that is wrong itself, perhaps: let go of our own wrong ones, and wait
            kept = tuple(item for item in expected.references if item in held)
            self._ledger.replace_projection(replace(expected, references=kept))
            self._waiting.append(folio)

    def _again(self, folio: str) -> None:
        """Once every case has let go of what is not its own, only a true conflict is left."""
        expected = self._derived(folio)
        if expected is None:
            return
        try:
            self._ledger.replace_projection(expected)
        except ReferenceTaken as error:
            self._failures.append((folio, str(error)))

    def _derived(self, folio: str) -> Projection | None:
        """What the case projects to; ``None`` for a system chain, and for a case that cannot be derived."""
        try:
            entries = self._ledger.history(folio)
            if not entries or entries[0].entry.kind is not EntryKind.CASE_OPENED:
                return None
            return self._project(entries)
        except (Refusal, NotACase, BlobCorrupt, MalformedEntry) as error:
            self._cases += 1
            self._failures.append((folio, str(error)))
            return None

    def _without_entries(self, folio: str) -> None:
        if folio not in self._seen and not self._ledger.history(folio):  # else opened since we began
            self._differences.append(Difference(folio, "projection", "absent", "present"))
            self._ledger.remove_projection(folio)


_MEMBERS = (
    "process version opened_at updated_at status closed complete next_due next_mark assignee title".split()
)


def _stored(index: CaseIndex, folio: str) -> CaseRow | BlobCorrupt | None:
    try:
        return index.get(folio)
    except BlobCorrupt as error:
        return error


def _differences(expected: Projection, found: CaseRow | BlobCorrupt | None) -> list[Difference]:
    folio = expected.case
    if found is None:
        return [Difference(folio, "projection", "present", "absent")]
    if isinstance(found, BlobCorrupt):
        return [Difference(folio, "document", found.expected, found.found)]
    differences = [
        Difference(folio, name, str(getattr(expected, name)), str(getattr(found, name)))
        for name in _MEMBERS
        if getattr(expected, name) != getattr(found, name)
    ]
    if canonical_bytes(dict(found.document)) != expected.document:
        differences.append(Difference(folio, "document", expected.document.hex()[:16], "differs"))
    return differences


def _tally_differences(folio: str, expected: Tally, found: Tally | None) -> list[Difference]:
    if found is None:
        return [Difference(folio, "tally", "present", "absent")]
    return [
        Difference(folio, f"tally {name}", str(getattr(expected, name)), str(getattr(found, name)))
        for name in Tally.__dataclass_fields__
        if getattr(expected, name) != getattr(found, name)
    ]


def _reference_differences(expected: Projection, held: frozenset[Reference]) -> list[Difference]:
    wanted = frozenset(expected.references)
    missing = [(item, "present", "absent") for item in wanted - held]
    surplus = [(item, "absent", "present") for item in held - wanted]
    return [
        Difference(expected.case, f"reference {item.kind}", should, does)
        for item, should, does in sorted((*missing, *surplus), key=lambda each: (each[0].kind, each[0].value))
    ]

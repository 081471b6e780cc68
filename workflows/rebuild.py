"""Projections made anew from the entries, with every difference from what was stored named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evidence.canonical import Json, canonical_bytes
from evidence.entry import EntryKind, SealedEntry
from evidence.ports import LedgerStore, Projection
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
    """How many cases were projected anew, what differed before, and which could not be derived (``folio``, why)."""

    cases: int
    differences: tuple[Difference, ...]
    failures: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Json]:
        """The object ``cases rebuild --json`` prints."""
        failures: list[Json] = [{"folio": folio, "problem": problem} for folio, problem in self.failures]
        return {
            "cases": self.cases,
            "differences": [item.as_json() for item in self.differences],
            "failures": failures,
        }


def rebuild(
    ledger: LedgerStore, index: CaseIndex, project: Callable[[Sequence[SealedEntry]], Projection]
) -> RebuildReport:
    """Compare and rewrite the projection of every process case; one case at a time, system chains left out."""
    cases, differences, failures = 0, list[Difference](), list[tuple[str, str]]()
    for folio in ledger.cases():
        entries = ledger.history(folio)
        if not entries or entries[0].entry.kind is not EntryKind.CASE_OPENED:
            continue
        cases += 1
        try:
            projection = project(entries)
        except (Refusal, NotACase) as error:
            failures.append((folio, str(error)))
            continue
        differences += _differences(projection, index.get(folio), index)
        ledger.replace_projection(projection)
    return RebuildReport(cases, tuple(differences), tuple(failures))


_MEMBERS = (
    "process version opened_at updated_at status closed complete next_due next_mark assignee title".split()
)


def _differences(expected: Projection, found: CaseRow | None, index: CaseIndex) -> list[Difference]:
    folio = expected.case
    if found is None:
        return [Difference(folio, "projection", "present", "absent")]
    differences = [
        Difference(folio, name, str(getattr(expected, name)), str(getattr(found, name)))
        for name in _MEMBERS
        if getattr(expected, name) != getattr(found, name)
    ]
    if canonical_bytes(dict(found.document)) != expected.document:
        differences.append(Difference(folio, "document", expected.document.hex()[:16], "differs"))
    differences += [
        Difference(folio, f"reference {reference.kind}", "present", "absent")
        for reference in expected.references
        if folio not in index.by_reference(reference.kind, reference.value)
    ]
    return differences

"""One case of a package from its bytes to its pages: checked, its state derived, its readable files made again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from audit_exports import layout
from audit_exports.bag import reader_version
from audit_exports.bagreader import Bag
from audit_exports.casecheck import CaseChecker
from audit_exports.codes import Code
from audit_exports.derived import case_files
from audit_exports.irregular import Irregularity, irregularities
from audit_exports.people import Roster
from audit_exports.record import CaseRecord, PackageFacts
from audit_exports.scope import in_period, named_by
from evidence.entry import Entry
from evidence.findings import Finding
from workflows.calendar import BusinessCalendar
from workflows.definition import Definition


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of a case beside findings: its record where its entries allow one, with what an auditor would ask."""

    record: CaseRecord | None
    irregular: tuple[Irregularity, ...]
    first: Entry | None


class CaseWork:
    """Checks whole cases. What is found and counted goes to ``report`` and the bag's tally."""

    def __init__(
        self,
        bag: Bag,
        report: Callable[[Finding], None],
        facts: PackageFacts,
        checker: CaseChecker,
        calendar: BusinessCalendar,
        roster: Roster,
    ) -> None:
        self.bag = bag
        self.roster = roster
        self._report = report
        self._facts = facts
        self._checker = checker
        self._calendar = calendar

    def foresee(self) -> dict[str, Definition]:
        """By label, the definitions that every process forked afterwards has (`CaseChecker.foresee`)."""
        return self._checker.foresee()

    def check(self, folio: str, seqs: Sequence[int]) -> CaseOutcome:
        """One case, of which the package has the entries ``seqs``. Its files may still be being hashed afterwards."""
        record, entries = self._checker.check(folio, sorted(seqs))
        self._in_scope(folio, entries)
        found = tuple(irregularities(record)) if record is not None else ()
        if record is not None:
            for path, data in case_files(record, self._facts, found):
                judge(self.bag, self._report, path, *self.bag.digest_beside(path, data))
        return CaseOutcome(record, found, entries[0] if entries else None)

    def _in_scope(self, folio: str, entries: list[Entry]) -> None:
        scope = self._facts.scope
        if not named_by(scope, folio) or (entries and not in_period(scope, entries, self._calendar)):
            self._report(Finding(Code.CASE_OUT_OF_SCOPE, folio, str(asdict(scope)), folio))


def compare(bag: Bag, report: Callable[[Finding], None], path: str, expected: str) -> None:
    """A derived file against what it must be; of another version only its digest in the manifest counts."""
    judge(bag, report, path, bag.digest(path), expected)


def judge(bag: Bag, report: Callable[[Finding], None], path: str, found: str | None, expected: str) -> None:
    """`compare`, of a file whose digest is known already; ``None`` where there was a finding."""
    same_version = reader_version(bag.info) == layout.READER_VERSION
    if found is not None and found != expected and same_version:
        report(Finding(Code.DERIVED_DIFFERS, path, expected, found))

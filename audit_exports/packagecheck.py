"""The check of a whole package: everything in it is either under the signed checkpoint, or made again and compared."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit_exports import layout
from audit_exports.anchors import AnchorCheck
from audit_exports.bag import bag_info, reader_version
from audit_exports.bagreader import Bag
from audit_exports.casecheck import CaseChecker
from audit_exports.casework import CaseOutcome, CaseWork, compare
from audit_exports.catalogues import read_lists
from audit_exports.codes import Code
from audit_exports.containers import Container, printable
from audit_exports.counterparties import check_counterparty
from audit_exports.derived import Derived, digest_of
from audit_exports.engagements import EngagementReader
from audit_exports.entrycheck import EntryReader
from audit_exports.heads import HeadsCheck
from audit_exports.leftout import left_out
from audit_exports.masking import Mask
from audit_exports.peoplecheck import AccessChecker
from audit_exports.receiptcheck import check_receipt
from audit_exports.record import PackageFacts, Totals
from audit_exports.scope import MalformedScope, parse_scope, sample_problem
from audit_exports.seals import Letters, Seals, read_seals
from audit_exports.succession import trusted_keys
from audit_exports.tally import MAX_FINDINGS, Found
from audit_exports.trust import Trust
from audit_exports.workers import check_cases
from auditing.model import Engagement
from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.checks import check_checkpoint, check_fresh
from evidence.entry import Entry
from evidence.findings import Code as CoreCode
from evidence.findings import Finding, Verdict
from evidence.note import NoteError
from evidence.outside import Anchor
from evidence.processes import seldom_collected
from workflows.calendar import BusinessCalendar, bundled_calendars
from workflows.tables import DefinitionInvalid

__all__ = ["MAX_FINDINGS", "PackageReport", "check_package"]

_MAX_SCOPE = 16 << 20
_MAX_NOTE = 1 << 20
_MAX_CALENDAR = 1 << 20
_ACCESS_ENTRY = re.compile(r"personas/entries/([1-9][0-9]{0,8})\.json")
_LIST_ENTRY = re.compile(r"catalogos/entries/([1-9][0-9]{0,8})\.json")
_ENTRY = re.compile(r"casos/([^/]+)/entries/([1-9][0-9]{0,8})\.json")


@dataclass(frozen=True, slots=True)
class PackageReport:
    """The result: one verdict, the level reached, what was checked and what was found.

    ``level`` is ``none``, ``A0``, ``A2``, ``A3`` or ``A5``; ``anchors`` are those of others that raise it, each with
    level, name, size and time; ``offered`` are all that travel in the package, as kind, name, size and time;
    ``receipt`` says whether the export itself was proved to be logged. ``size`` and ``root`` (hex)
    are the checkpoint's; ``bytes_checked`` counts every byte read and hashed. No more than `MAX_FINDINGS` are kept;
    ``findings_total`` counts all. ``seals`` are the certificates that, as the log says, seal letters.
    ``complete_as_of`` is the size of the log at which every case and chain in the package was shown to be whole,
    0 where that was not shown.
    """

    verdict: Verdict
    level: str
    anchors: tuple[dict[str, object], ...]
    offered: tuple[dict[str, object], ...]
    size: int
    root: str
    log: str
    cases_checked: int
    entries_checked: int
    objects_checked: int
    letters_checked: int
    keys_checked: int
    keys_unverified: int
    seals: tuple[dict[str, object], ...]
    bytes_checked: int
    complete_as_of: int
    receipt: bool
    findings: tuple[Finding, ...]
    findings_total: int

    def as_json(self) -> dict[str, object]:
        """The report as the command prints it."""
        return asdict(self) | {"findings": [asdict(finding) for finding in self.findings]}


def check_package(
    container: Container,
    trust: Trust,
    *,
    progress: Callable[[int, int], None] | None = None,
    processes: int = 1,
) -> PackageReport:
    """Check everything that can be checked, and give one verdict.

    ``progress`` is called with the cases done and the cases in all. The verdict is valid only when a key of ``trust``
    signed the checkpoint. Where the system allows, cases are checked by so many ``processes`` (see `workers`); files
    are hashed by as many threads in any case.

    Raises:
        WorkerLost: one of the processes died.
    """
    with seldom_collected():
        return _PackageCheck(container, trust, progress or (lambda _done, _all: None), processes).run()


class _PackageCheck:
    def __init__(
        self, container: Container, trust: Trust, progress: Callable[[int, int], None], processes: int
    ) -> None:
        self._found = Found()
        self._report = self._found.report
        self._processes = processes
        self._bag = Bag(container, self._report, threads=processes)
        self._heads = HeadsCheck(self._bag, self._report)
        self._anchors: AnchorCheck | None = None
        self._trust = trust
        self._progress = progress
        self._checkpoint = Checkpoint("", 0, b"")
        self._signed = False
        self._receipt = False
        self._cases = 0
        self._seals = Seals()
        self._audit: EngagementReader | None = None
        self._engagement: Engagement | None = None

    def run(self) -> PackageReport:
        if self._bag.open():
            try:
                self._inside()
            finally:
                self._bag.close()
        if self._trust.receipt is not None and self._bag.tag_digest:
            findings = check_receipt(self._trust, self._bag.tag_digest)
            self._receipt = not findings
            for finding in findings:
                self._report(finding)
        return self._result()

    def _inside(self) -> None:
        facts, totals = self._scope()
        checkpoint, note = self._claimed_checkpoint()
        if checkpoint is None:
            return
        if facts is None or totals is None:
            self._open_checkpoint(note)
            return
        told = facts.origin, facts.size, facts.root
        signed = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
        if told != signed:
            self._report(Finding(Code.SCOPE_DIFFERS, layout.SCOPE, str(signed), str(told)))
        reader = EntryReader(self._bag, self._report, facts.origin, checkpoint, note, self._heads.see)
        keys = trusted_keys(self._bag, reader, self._report, checkpoint, note, self._trust.keys)
        self._trust = replace(self._trust, keys=keys.believed)
        self._open_checkpoint(note)
        calendar = self._calendar(facts)
        if calendar is None:
            return
        self._heads.open(reader)
        self._seals = read_seals(self._bag, reader, self._report)
        self._anchors = AnchorCheck(self._bag, self._report, replace(self._trust, keys=keys.known))
        self._anchors.check(reader, checkpoint, note)
        self._audit = EngagementReader(self._bag, reader, self._report)
        self._engagement = self._audit.read(facts.scope.engagement)
        mask = Mask(self._engagement)
        access = AccessChecker(self._bag, reader, self._report)
        roster = access.read(self._seqs(_ACCESS_ENTRY), reserved=mask.active)
        lists = read_lists(self._bag, reader, self._report, self._seqs(_LIST_ENTRY), calendar)
        letters = Letters(self._trust.letters, self._seals)
        checker = CaseChecker(self._bag, self._report, facts, reader, lists, roster, letters, mask)
        work = CaseWork(self._bag, self._report, facts, checker, lists.calendar, roster)
        cases = self._grouped()
        outcomes = check_cases(work, sorted(cases.items()), self._found, self._processes)
        with Derived(facts, roster, lists, self._engagement) as derived, closing(outcomes):
            whole = self._check_cases(outcomes, cases, derived, facts, lists.calendar)
            if whole:
                access.finish(() if mask.active else derived.people())
                self._withheld(mask, derived)
            self._finish(derived, facts, totals, whole=whole)
            deque(outcomes, maxlen=0)  # until all evidence is hashed, which others do meanwhile

    def _withheld(self, mask: Mask, derived: Derived) -> None:
        """How much the engagement's terms keep out: it is no fault, and it must be said."""
        if not mask.active or self._engagement is None:
            return
        tally = self._bag.tally
        kept = (tally.payloads_withheld, tally.files_withheld, len(derived.people()))
        found = "{} payloads, {} files, names of {} people withheld".format(*kept)
        self._report(
            Finding(Code.CONTENT_WITHHELD, self._engagement.chain, "personal data masked by the terms", found)
        )

    def _scope(self) -> tuple[PackageFacts | None, Totals | None]:
        data = self._bag.take(layout.SCOPE, _MAX_SCOPE)
        if data is None:
            return None, None
        try:
            return parse_scope(data)
        except MalformedScope as error:
            self._report(Finding(Code.SCOPE_MALFORMED, layout.SCOPE, "a scope", printable(str(error))))
            return None, None

    def _claimed_checkpoint(self) -> tuple[Checkpoint | None, bytes]:
        """The checkpoint as it stands, its signatures not looked at."""
        note = self._bag.take(layout.CHECKPOINT, _MAX_NOTE)
        if note is None:
            return None, b""
        try:
            self._checkpoint = peek_checkpoint(note)
        except NoteError as error:
            self._report(
                Finding(CoreCode.CHECKPOINT_MALFORMED, layout.CHECKPOINT, "a signed checkpoint", str(error))
            )
            return None, note
        return self._checkpoint, note

    def _open_checkpoint(self, note: bytes) -> None:
        """Whether a key one trusts signed it; findings say why not."""
        if not self._trust.keys:
            self._report(
                Finding(CoreCode.KEY_NONE, layout.CHECKPOINT, "a key or policy from the arguments", "none")
            )
            return
        log = self._trust.origin(self._checkpoint.origin)
        opened, findings = check_checkpoint(note, self._trust.keys, log=log, subject=layout.CHECKPOINT)
        for finding in findings:
            self._report(finding)
        self._signed = opened is not None

    def _calendar(self, facts: PackageFacts) -> BusinessCalendar | None:
        path = layout.calendar_path(facts.calendar)
        data = self._bag.take(path, _MAX_CALENDAR)
        if data is None:
            return None
        try:
            ZoneInfo("America/Mexico_City")
        except ZoneInfoNotFoundError:
            self._report(Finding(Code.TIME_ZONES, "zoneinfo", "a time zone database (tzdata)", "none"))
            return None
        try:
            calendar = BusinessCalendar.load(data)
        except (DefinitionInvalid, ValueError) as error:
            self._report(Finding(Code.CALENDAR_MALFORMED, path, "a calendar", printable(str(error))))
            return None
        if calendar.id != facts.calendar:
            self._report(Finding(Code.CALENDAR_OTHER, path, facts.calendar, printable(calendar.id)))
        self._known_calendar(calendar, path)
        return calendar

    def _known_calendar(self, calendar: BusinessCalendar, path: str) -> None:
        """The verifier's own copy decides; without one only a receipt vouches for the calendar."""
        if calendar.id in bundled_calendars():
            own = BusinessCalendar.bundled(calendar.id).source
            if own != calendar.source:
                expected, found = (hashlib.sha256(data).hexdigest() for data in (own, calendar.source))
                self._report(Finding(Code.CALENDAR_OTHER, path, expected, found))
        elif self._trust.receipt is None:
            found = hashlib.sha256(calendar.source).hexdigest()
            self._report(
                Finding(Code.CALENDAR_UNKNOWN, path, "a calendar this program knows, or a receipt", found)
            )

    def _check_cases(
        self,
        outcomes: Iterator[CaseOutcome],
        cases: Mapping[str, Sequence[int]],
        derived: Derived,
        facts: PackageFacts,
        calendar: BusinessCalendar,
    ) -> bool:
        """Every case, sorted by folio; whether each gave a record."""
        whole, firsts = True, list[Entry]()
        for outcome in islice(outcomes, len(cases)):
            self._progress(self._cases, len(cases))
            if outcome.first is not None:
                firsts.append(outcome.first)
            if outcome.record is None:
                whole = False
            else:
                derived.add(outcome.record, outcome.irregular)
            self._cases += 1
        self._progress(len(cases), len(cases))
        if not cases:
            self._report(Finding(Code.PACKAGE_EMPTY, "casos", "at least one case", "none"))
        if self._audit is not None and self._engagement is not None:
            self._audit.cases(self._engagement, firsts, calendar)
        if problem := sample_problem(facts, cases):
            self._report(Finding(Code.SAMPLE_DIFFERS, layout.SCOPE, "the cases that the draw gives", problem))
        # Of cases named one by one a sample may leave some out; then they are among those it was drawn from.
        named = facts.members if facts.scope.sample else cases
        for folio in sorted(set(facts.scope.folios).difference(named)):
            self._report(Finding(Code.CASE_OUT_OF_SCOPE, printable(folio), "in the package", "not there"))
        return whole

    def _grouped(self) -> dict[str, list[int]]:
        cases: dict[str, list[int]] = defaultdict(list)
        for path in self._bag.paths():
            if "/entries/" in path and (match := _ENTRY.fullmatch(path)):
                cases[match[1]].append(int(match[2]))
        return cases

    def _seqs(self, pattern: re.Pattern[str]) -> list[int]:
        """The numbers of the entries of one system chain."""
        found = (pattern.fullmatch(path) for path in self._bag.paths() if "/entries/" in path)
        return sorted(int(match[1]) for match in found if match)

    def _beyond(self, facts: PackageFacts) -> None:
        """What is asked of the package as a whole: cases left out, receipts of others, how recent it is."""
        named = {*facts.members, *self._grouped()}
        for listed in self._audit.lists.values() if self._audit is not None else ():
            named.update(listed)
        for finding in left_out(self._heads, facts.scope, self._engagement, named):
            self._report(finding)
        for receipt in self._trust.counterparties:
            held = check_counterparty(self._bag, self._trust, receipt, self._checkpoint, self._report)
            if held is not None and self._anchors is not None:
                self._anchors.anchors[held.name] = held
        self._fresh()

    def _fresh(self) -> None:
        """Whether the package reaches to the moment the verifier asked for; only what a signature covers counts."""
        told = [anchor.time for anchor in self._held.values()]
        moments = (self._bag.tally.newest, *told) if self._signed else ()
        for finding in check_fresh(self._trust.not_before, *moments, subject=layout.CHECKPOINT):
            self._report(finding)

    def _finish(self, derived: Derived, facts: PackageFacts, totals: Totals, *, whole: bool) -> None:
        self._beyond(facts)
        reader = reader_version(self._bag.info)
        expected = bag_info(facts, self._bag.payload(), reader)
        if self._bag.info != expected:
            told = printable(self._bag.info.decode("utf-8", "replace"))
            self._report(Finding(Code.BAG_INFO, layout.BAG_INFO, expected.decode(), told))
        if reader != layout.READER_VERSION and not self._receipt_given():
            self._report(Finding(Code.DERIVED_VERSION, layout.BAG_INFO, layout.READER_VERSION, reader))
        derived.anchors = tuple(self._anchors.facts) if self._anchors is not None else ()
        if whole:
            if derived.totals != totals:
                self._report(Finding(Code.SCOPE_DIFFERS, layout.SCOPE, str(derived.totals), str(totals)))
            for path, _, pieces in derived.whole():
                compare(self._bag, self._report, path, digest_of(pieces))
        else:
            for path in filter(layout.is_derived, self._bag.leftovers()):
                self._bag.digest(path)
        for path in self._bag.leftovers():
            self._report(Finding(Code.FILE_UNEXPECTED, printable(path), "nothing", "a file"))

    def _receipt_given(self) -> bool:
        return self._trust.receipt is not None

    @property
    def _held(self) -> Mapping[str, Anchor]:
        return self._anchors.anchors if self._anchors is not None else {}

    def _level(self) -> str:
        if not self._signed:
            return "none"
        return max(("A0", *(anchor.level for anchor in self._held.values())))

    def _result(self) -> PackageReport:
        tally, found = self._bag.tally, self._found
        verdict, haul = found.verdict(), found.take()
        return PackageReport(
            verdict=verdict,
            level=self._level(),
            anchors=tuple(asdict(anchor) for anchor in self._held.values()),
            offered=tuple(
                asdict(fact) for fact in (self._anchors.facts if self._anchors is not None else ())
            ),
            size=self._checkpoint.size,
            root=self._checkpoint.root.hex(),
            log=self._checkpoint.origin,
            cases_checked=self._cases,
            entries_checked=tally.entries,
            objects_checked=tally.objects,
            letters_checked=tally.letters,
            keys_checked=tally.keys,
            keys_unverified=tally.keys_unverified,
            seals=self._seals.as_json(),
            bytes_checked=tally.bytes,
            complete_as_of=self._heads.complete_as_of,
            receipt=self._receipt,
            findings=haul.kept,
            findings_total=haul.total,
        )

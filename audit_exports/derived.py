"""Everything readable in a package, made from records: the builder writes it, the verifier makes it again."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from audit_exports import layout
from audit_exports.casepage import case_page
from audit_exports.casetables import MATRIX, matrix_rows
from audit_exports.catalogues import Lists
from audit_exports.coverpage import cover_sheet
from audit_exports.eventlog import EventLog
from audit_exports.indexpage import IndexPage
from audit_exports.indicators import Tallies
from audit_exports.irregular import Irregularity
from audit_exports.people import Roster
from audit_exports.peoplepage import people_page
from audit_exports.population import integrity_bytes, members_of, series_facts
from audit_exports.presence import Presence
from audit_exports.processpage import process_page
from audit_exports.readmepage import readme_page
from audit_exports.record import CaseRecord, PackageFacts, Totals
from audit_exports.report import Findings, Told, report
from audit_exports.standards import standards
from audit_exports.tables import columns, csv_text
from audit_exports.timeline import timeline
from audit_exports.workbook import Workbook
from audit_exports.zipwriter import CHUNK
from auditing.model import Engagement
from evidence.anchored import AnchorFact
from evidence.canonical import canonical_of_own

_SPOOL = 8 << 20

Piece = tuple[str, int, Iterator[bytes]]
"""``(path, size, pieces)`` of one file."""


class Derived:
    """The derived files of one package, case by case and then the whole.

    Use as a context manager: the parts that grow with the package lie in temporary files. Memory: a folio a case.
    """

    def __init__(
        self, facts: PackageFacts, roster: Roster, lists: Lists, engagement: Engagement | None = None
    ) -> None:
        self._facts = facts
        self._lists = lists
        self.roster = roster
        self._presence = Presence(roster)
        self._index = IndexPage(masked=roster.reserved)
        self._engagement = engagement
        self._workbook = Workbook(engagement)
        self._events = EventLog()
        self._tallies = Tallies()
        self._findings = Findings()
        self._folios: list[str] = []
        self.totals = Totals()
        self.anchors: tuple[AnchorFact, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
        self._workbook.close()
        self._events.close()

    def add(self, record: CaseRecord, found: Sequence[Irregularity]) -> None:
        """A case, and what an auditor would ask about it, goes into everything about the whole; by folio."""
        self.totals = self.totals.plus(record, len(found))
        self._folios.append(record.folio)
        self._presence.add(record)
        self._index.add(record, found)
        self._workbook.of_cases.add(record, found)
        self._events.add(record)
        self._tallies.add(record, found)
        self._findings.add(record, found)

    def people(self) -> frozenset[str]:
        """Actor ids of everybody in the cases so far."""
        return self._presence.ids()

    def whole(self) -> Iterator[Piece]:
        """The files about the whole package, after the last case."""
        yield _small(layout.README, readme_page(self._facts, masked=self.roster.reserved))
        yield _small(layout.PEOPLE, people_page(self._presence.rows(), self.roster.entries, self._facts))
        yield _small(layout.standards_path(standards().version), standards().source)
        for tally in self._tallies.ordered():
            definition = tally.definition
            path = layout.document_path(definition.process, definition.version)
            yield _small(path, process_page(definition, self._facts))
        yield from self._tables()
        yield _small(layout.REPORT, self._report())
        yield from _spooled(layout.EVENT_LOG, self._events.parts())
        yield from _spooled(layout.INDEX, self._index.parts(self._facts, self.totals))
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            self._workbook.write(spool, self._facts, self.totals)  # type: ignore[arg-type]  # it is a binary file
            yield layout.WORKBOOK, spool.tell(), _pieces(spool)

    def _tables(self) -> Iterator[Piece]:
        """Fill what is told of the whole; then every table that is a file of its own."""
        facts, whole = self._facts, self._workbook.of_package
        tallies = self._tallies.ordered()
        members = list(members_of(facts, self._folios))
        whole.add_processes(tallies)
        whole.add_population(facts, members)
        whole.add_access(self.roster, self._presence.ids())
        whole.add_lists(self._lists, [tally.definition for tally in tallies])
        whole.add_people(self._presence.rows())
        for table in self._workbook.tables():
            if table.path:
                size, pieces = table.csv()
                yield table.path, size, pieces
        _, pieces = whole.population.csv()
        record = integrity_bytes(facts, [member.folio for member in members], digest_of(pieces))
        yield _small(layout.INTEGRITY, record)

    def _report(self) -> bytes:
        population = self._facts.members if self._facts.scope.sample else tuple(self._folios)
        told = Told(
            self.totals,
            self._tallies.ordered(),
            self._findings,
            series_facts(population),
            len(population),
            len(self._presence.ids()),
            self._engagement,
            self.anchors,
        )
        return report(self._facts, told)


def case_files(
    record: CaseRecord, facts: PackageFacts, found: Sequence[Irregularity]
) -> Iterator[tuple[str, bytes]]:
    """``(path, bytes)`` of a case's own derived files."""
    yield layout.state_path(record.folio), state_bytes(record)
    yield layout.timeline_path(record.folio), timeline(record)
    yield layout.matrix_path(record.folio), matrix(record)
    yield layout.cover_path(record.folio), cover_sheet(record, facts, found)
    yield layout.case_page_path(record.folio), case_page(record, facts, found)


def state_bytes(record: CaseRecord) -> bytes:
    """The claim about a case that the verifier derives again: canonical JSON of its state."""
    return canonical_of_own(record.state.as_json())


def matrix(record: CaseRecord) -> bytes:
    """The case's step matrix as CSV: required, present, late, waived."""
    headings = [column.heading for column in columns(MATRIX)]
    return csv_text([headings, *matrix_rows(record)]).encode("utf-8-sig", "replace")


def _small(path: str, data: bytes) -> Piece:
    return path, len(data), iter([data])


def _spooled(path: str, parts: Iterable[bytes]) -> Iterator[Piece]:
    with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
        for piece in parts:
            spool.write(piece)
        yield path, spool.tell(), _pieces(spool)


def digest_of(pieces: Iterable[bytes]) -> str:
    """SHA-256 (hex) of all pieces together."""
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(piece)
    return hashed.hexdigest()


def _pieces(spool: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    while chunk := spool.read(CHUNK):
        yield chunk

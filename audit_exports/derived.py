"""Everything readable in a package, made from records: the builder writes it, the verifier makes it again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Self

from audit_exports import layout
from audit_exports.casepage import case_page
from audit_exports.indexpage import IndexPage
from audit_exports.people import Roster
from audit_exports.peoplepage import people_page
from audit_exports.presence import Presence
from audit_exports.readmepage import readme_page
from audit_exports.record import CaseRecord, PackageFacts, Totals
from audit_exports.timeline import timeline
from audit_exports.workbook import Workbook
from audit_exports.zipwriter import CHUNK
from evidence.canonical import canonical_bytes

_SPOOL = 8 << 20


class Derived:
    """The derived files of one package, case by case and then the whole.

    Use as a context manager: the parts that grow with the package lie in temporary files.
    """

    def __init__(self, facts: PackageFacts, roster: Roster) -> None:
        self._facts = facts
        self.roster = roster
        self._presence = Presence(roster)
        self._index = IndexPage()
        self._workbook = Workbook()
        self.totals = Totals()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
        self._workbook.close()

    def case(self, record: CaseRecord) -> Iterator[tuple[str, bytes]]:
        """``(path, bytes)`` of a case's own derived files; the case also goes into index and workbook."""
        self.totals = self.totals.plus(record)
        self._presence.add(record)
        self._index.add(record)
        self._workbook.add(record)
        yield layout.state_path(record.folio), state_bytes(record)
        yield layout.timeline_path(record.folio), timeline(record)
        yield layout.case_page_path(record.folio), case_page(record, self._facts)

    def people(self) -> frozenset[str]:
        """Actor ids of everybody in the cases so far."""
        return self._presence.ids()

    def whole(self) -> Iterator[tuple[str, int, Iterator[bytes]]]:
        """``(path, size, pieces)`` of the files about the whole package, after the last case."""
        readme = readme_page(self._facts)
        yield layout.README, len(readme), iter([readme])
        people = people_page(self._presence.rows(), self.roster.entries, self._facts)
        yield layout.PEOPLE, len(people), iter([people])
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            for piece in self._index.parts(self._facts, self.totals):
                spool.write(piece)
            yield layout.INDEX, spool.tell(), _pieces(spool)
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            self._workbook.add_people(self._presence.rows())
            self._workbook.write(spool, self._facts, self.totals)  # type: ignore[arg-type]  # it is a binary file
            yield layout.WORKBOOK, spool.tell(), _pieces(spool)


def state_bytes(record: CaseRecord) -> bytes:
    """The claim about a case that the verifier derives again: canonical JSON of its state."""
    return canonical_bytes(record.state.as_json())


def _pieces(spool: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    while chunk := spool.read(CHUNK):
        yield chunk

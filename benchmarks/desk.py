"""A desk on the embedded default with whole MA-001 cases, for what is measured above the ledger.

Cases and their evidence are those of the workflow tests: real small PDFs, PNGs, mails and spreadsheets.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from audit_exports.builder import Sources
from evidence.note import SigningKey
from evidence.publisher import Publisher
from storage.cases import SqlCaseIndex
from storage.database import connect, upgrade
from storage.filesystem import FileBlobStore
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger, start_log
from tests.workflows.desk import ALTA, ANA, PERSON, PaperDirectory, usual, xlsx
from workflows.calendar import BusinessCalendar
from workflows.cases import CaseService
from workflows.commands import OpenCase, RecordStep
from workflows.ports import DocumentReader
from workflows.registry import DefinitionRegistry

ORIGIN = "bench.example/log"


def present() -> datetime:
    """The clock of the desk."""
    return datetime.now(UTC)


class BenchDesk:
    """Ledger, objects and case service in one folder."""

    def __init__(self, folder: Path, reader: DocumentReader | None = None) -> None:
        engine = connect(f"sqlite:///{folder / 'desk.sqlite3'}")
        upgrade(engine)
        start_log(engine, ORIGIN)
        self.ledger = SqlLedger(engine, ORIGIN, clock=present)
        self.blobs = FileBlobStore(folder / "objects")
        self.definitions = DefinitionRegistry.bundled()
        self.calendar = BusinessCalendar.bundled()
        self.key = SigningKey.generate(ORIGIN)
        self._publisher = Publisher(
            self.ledger, SqliteGuard(folder / "guard.sqlite3"), self.key, present, self.blobs
        )
        self._opened = 0
        self._rfc: dict[str, str] = {}
        self.cases = CaseService(
            ledger=self.ledger,
            blobs=self.blobs,
            definitions=self.definitions,
            calendar=self.calendar,
            clock=present,
            index=SqlCaseIndex(engine),
            directory=PaperDirectory(),
            reader=reader,
            retention_years=10,
        )

    def sources(self) -> Sources:
        """What an export reads."""
        return Sources(self.ledger, self.blobs, self.definitions, self.calendar, (self.key.verifier,))

    def open(self) -> str:
        """A new case for a person not seen before; gives the folio."""
        self._opened += 1
        data = {**PERSON, "rfc": f"RUOM900215{self._opened:03d}", "ticket": f"TK-{self._opened:05d}"}
        folio = self.cases.open_case(OpenCase("MA-001", ANA, data)).folio
        self._rfc[folio] = data["rfc"]
        return folio

    def record(self, folio: str, step: str) -> None:
        """A step with its usual evidence; step 4 is the sheet with this person's data."""
        given = {"uploads": (xlsx(rfc=self._rfc[folio]),), "data": {}} if step == "4" else usual(step)
        self.cases.record(RecordStep(folio, step, actor=ANA, **given))

    def whole_case(self) -> str:
        """A creation from opening to the request of validation: 26 entries."""
        folio = self.open()
        for step in ALTA:
            self.record(folio, step)
        return folio

    def settle(self) -> None:
        """Sequence everything and sign the head."""
        while self.ledger.sequence():
            pass
        self._publisher.publish()

"""Tickets of MA-006 under way, and the notes that people write into them: appends as a desk makes them.

A note is a step of the process recorded through `CaseService`: the case's state is derived, step, role and evidence are
checked, the entry is sealed and committed with its payload, its request key and the rewritten projection.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from storage.cases import SqlCaseIndex
from storage.database import connect, upgrade
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger, start_log
from tests.workflows.desk import ANA, TICKET, PaperDirectory
from tests.workflows.quick import QuickReader
from tests.workflows.samples import Samples
from workflows.calendar import BusinessCalendar
from workflows.cases import CaseService
from workflows.commands import OpenCase, RecordStep
from workflows.registry import DefinitionRegistry

ORIGIN = "bench.example/log"
BEGUN = (("4", ""), ("5", "acceso"), ("6", ""), ("7", ""))
"""The steps, with the branch taken, after which notes may be written."""
NOTE = "8"


class TicketDesk:
    """The case service on a database, and a folder for its files; ``begin`` makes the log."""

    def __init__(self, url: str, folder: Path, *, name: str = "0", begin: bool = True) -> None:
        self.engine: Engine = connect(url)
        if begin:
            upgrade(self.engine)
            start_log(self.engine, ORIGIN)
        self.ledger = SqlLedger(self.engine, ORIGIN, clock=_present)
        self.cases = CaseService(
            ledger=self.ledger,
            blobs=FileBlobStore(folder / "objects"),
            definitions=DefinitionRegistry.bundled(),
            calendar=BusinessCalendar.bundled(),
            clock=_present,
            index=SqlCaseIndex(self.engine),
            directory=PaperDirectory(),
            reader=QuickReader(),  # type: ignore[arg-type]  # tickets bring no list of agents
        )
        self._name = name
        self._numbers = itertools.count()
        self._samples = Samples()

    def ticket(self) -> str:
        """A ticket under way; gives its folio."""
        number = f"{self._name}-{next(self._numbers)}"
        opening = {**TICKET, "asunto": f"Ticket {number}"}
        folio = self.cases.open_case(OpenCase("MA-006", ANA, opening, idempotency_key=number)).folio
        for code, choice in BEGUN:
            view = self.cases.view(folio)
            made = self._samples.step(
                view.definition, view.definition.by_step[code], choice, view.state.params
            )
            self.cases.record(RecordStep(folio, code, **{"actor": ANA, **made}))  # type: ignore[arg-type]
        return folio

    def note(self, folio: str, count: int) -> None:
        """Write so many notes into a ticket, one after another; each is durable when the next begins."""
        for _ in range(count):
            number = f"{self._name}-{next(self._numbers)}"
            data = {"accion": f"Se revisó el acceso de la persona, intento {number}."}
            self.cases.record(RecordStep(folio, NOTE, actor=ANA, data=data, idempotency_key=number))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def _present() -> datetime:
    return datetime.now(UTC)

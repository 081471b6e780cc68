"""A whole desk in memory for tests: service, a clock that moves by hand, people, and real little files."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cache
from itertools import count
from zoneinfo import ZoneInfo

import openpyxl
from PIL import Image
from pypdf import PdfWriter

from evidence.entry import format_time
from tests.fakes.index import MemoryCaseIndex
from tests.fakes.memory import MemoryBlobStore, MemoryLedger
from workflows.calendar import BusinessCalendar
from workflows.cases import CaseService
from workflows.commands import Actor, OpenCase, Receipt, RecordStep, Upload
from workflows.ports import Catalogues, DocumentReader, Holder
from workflows.registry import DefinitionRegistry
from workflows.writer import Calendars

MEXICO = ZoneInfo("America/Mexico_City")
ANA = Actor(id="u-ana", role="especialista")
BETO = Actor(id="u-beto", role="especialista")
MARTHA = Actor(id="u-martha", role="capturista")
SUPERVISOR = Actor(id="u-sonia", role="supervisor")
DIRECTOR = "u-director"

PERSON = {
    "tipo": "alta",
    "nombre": "María Fernanda Ruiz Ortega",
    "rfc": "RUOM900215AB1",
    "correo": "maria.ruiz@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Norte",
    "ticket": "TK-48213",
}

TICKET = {
    "canal": "pagina",
    "nombre": "Rosa Elena Cano",
    "correo": "rosa.cano@promotoria.example",
    "prioridad": "media",
    "aplicacion": "metlife",
    "asunto": "No puedo entrar a Consultador",
    "descripcion": "Desde ayer me dice que la cuenta está bloqueada.",
}


def local(text: str) -> datetime:
    """A moment on the desk's clock, such as ``2026-01-12 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=MEXICO).astimezone(UTC)


class HandClock:
    """A clock that stands still until a test moves it; every reading is a microsecond later."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._tick = count()

    def __call__(self) -> datetime:
        return self.now + timedelta(microseconds=next(self._tick))

    def set(self, text: str) -> None:
        """Move to a local moment."""
        self.now = local(text)

    def advance(self, **delta: float) -> None:
        """Move on."""
        self.now += timedelta(**delta)


class PaperDirectory:
    """A `workflows.ports.Directory` on paper."""

    def __init__(self) -> None:
        self.posts = {"director_general": DIRECTOR}
        self.emails: dict[str, str] = {}
        self.backups: set[tuple[str, str]] = {(BETO.id, ANA.id)}
        self.papers: set[tuple[str, str]] = set()

    def holders(self, post: str, moment: datetime) -> tuple[Holder, ...]:
        """Who holds a post."""
        assert moment.tzinfo is not None
        holder = self.posts.get(post)
        return (Holder(holder, post, format_time(local("2020-01-01 00:00"))),) if holder else ()

    def actor_of(self, email: str) -> str:
        """The account of an address."""
        return self.emails.get(email, "")

    def actors_of(self, emails: Collection[str]) -> dict[str, str]:
        """The accounts of addresses."""
        return {email: self.emails[email] for email in emails if email in self.emails}

    def may_act_for(self, actor: str, principal: str, moment: datetime) -> bool:
        """Named backups."""
        assert moment.tzinfo is not None
        return (actor, principal) in self.backups

    def appointed(self, actor: str, principal: str, moment: datetime) -> bool:
        """Backups with a document."""
        return self.may_act_for(actor, principal, moment) and (actor, principal) in self.papers


@cache
def registry() -> DefinitionRegistry:
    """The bundled definitions, read once."""
    return DefinitionRegistry.bundled()


@dataclass
class Desk:
    """The service with its ports in reach of a test."""

    clock: HandClock = field(default_factory=lambda: HandClock(local("2026-01-12 09:00")))
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar.bundled)
    definitions: DefinitionRegistry = field(default_factory=registry)
    directory: PaperDirectory = field(default_factory=PaperDirectory)
    reader: DocumentReader | None = None

    def __post_init__(self) -> None:
        """Wire the parts."""
        self.ledger = MemoryLedger(clock=self.clock)
        self.blobs = MemoryBlobStore()
        self.index = MemoryCaseIndex(self.ledger)
        self.use(None)

    def use(self, catalogues: Catalogues | None, calendar: Calendars | None = None) -> None:
        """Make the service anew, with lists in force and a calendar that may be revised."""
        self.cases = CaseService(
            ledger=self.ledger,
            blobs=self.blobs,
            definitions=self.definitions,
            calendar=calendar or self.calendar,
            clock=self.clock,
            index=self.index,
            directory=self.directory,
            catalogues=catalogues,
            reader=self.reader,
            retention_years=10,
        )

    def open(self, **changes: str) -> str:
        """Open MA-001; gives the folio."""
        data = {**PERSON, **changes}
        return self.cases.open_case(OpenCase("MA-001", ANA, {k: v for k, v in data.items() if v})).folio

    def record(self, folio: str, step: str, /, **changes: object) -> Receipt:
        """Record a step with its usual evidence, or with what ``changes`` say."""
        arguments = {**usual(step), "actor": ANA, **changes}
        return self.cases.record(RecordStep(folio, step, **arguments))  # type: ignore[arg-type]

    def walk(self, folio: str, *steps: str) -> None:
        """Record steps one after another, a minute apart."""
        for step in steps:
            self.clock.advance(minutes=1)
            self.record(folio, step)


ALTA = tuple(str(n) for n in range(2, 27))
"""The steps of a creation after opening, up to the request of validation."""

_dsn = count(1)


def usual(step: str) -> dict[str, object]:
    """Uploads and values that satisfy a step."""
    values: Mapping[str, tuple[tuple[Upload, ...], dict[str, str]]] = {
        "1": ((png(),), {}),
        "2": ((eml(),), {}),
        "3": ((png(),), {}),
        "4": ((xlsx(),), {}),
        "5": ((), {"declaro": "si"}),
        "6": ((), {"paquete": "1"}),
        "7": ((pdf(),), {}),
        "8": ((eml(),), {}),
        "9": ((pdf(), eml()), {}),
        "10": ((), {"declaro": "si"}),
        "13": ((png(),), {"dsn": f"dsn 2026/{next(_dsn):04d}"}),
        "16": ((pdf("carta_dsn.pdf"), pdf("carta_firmada.pdf")), {}),
        "17": ((eml(),), {}),
        "18": ((eml(),), {}),
        "20": ((), {"usuario_metlife": "mruiz01"}),
        "21": ((), {"destinatario": "María Ruiz", "canal": "llamada", "cambio_obligatorio": "si"}),
        "22": ((pdf(),), {}),
        "23": ((eml(),), {}),
        "24": ((pdf(),), {}),
        "25": ((), {"expediente": "MA-001/2026", "folio_fisico": "118"}),
        "26": ((eml(),), {}),
        "26a": ((eml(),), {}),
        "28": ((png(), pdf()), {}),
        "28a": ((pdf(),), {}),
        "28c": ((eml(),), {}),
        "28d": ((eml(),), {}),
    }
    uploads, data = values.get(step, ((png(),), {}))
    return {"uploads": uploads, "data": data}


def upload(name: str, data: bytes, slot: str = "") -> Upload:
    """An upload of bytes."""
    return Upload(name, io.BytesIO(data), slot)


def png(name: str = "captura.png", slot: str = "") -> Upload:
    """A small screenshot."""
    return upload(name, _png(), slot)


def pdf(name: str = "carta.pdf", slot: str = "") -> Upload:
    """A one-page letter; its content differs by name."""
    return upload(name, _pdf(name), slot)


def eml(name: str = "correo.eml", slot: str = "", body: str = "Se confirma.") -> Upload:
    """A mail."""
    return upload(name, _eml(body), slot)


def xlsx(name: str = "solicitud.xlsx", slot: str = "", **changes: str) -> Upload:
    """The request sheet for `PERSON`, with other values where asked."""
    return upload(name, _xlsx(tuple({**PERSON, **changes}.items())), slot)


@cache
def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (20, 90, 160)).save(out, "PNG")
    return out.getvalue()


@cache
def _pdf(title: str) -> bytes:
    out = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": title})
    writer.write(out)
    return out.getvalue()


@cache
def _eml(body: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = "mesa@example.org"
    mail["To"] = "maria.ruiz@promotoria.example"
    mail["Subject"] = "Solicitud de alta"
    mail["Date"] = "Mon, 12 Jan 2026 09:00:00 -0600"
    mail["Message-ID"] = "<1@example.org>"
    mail.set_content(body)
    return bytes(mail)


@cache
def _xlsx(values: tuple[tuple[str, str], ...]) -> bytes:
    data = dict(values)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Nombre", "RFC", "Correo", "Zona", "Paquete", "Promotoría"])
    sheet.append([data[name] for name in ("nombre", "rfc", "correo", "zona", "paquete", "promotoria")])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

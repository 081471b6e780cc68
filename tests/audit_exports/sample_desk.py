"""A small desk in memory for the package tests: a process of four steps, a ledger, blobs, keys and one clock."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audit_exports.builder import ExportReceipt, Sources, export
from audit_exports.people import ACCESS
from audit_exports.record import Scope
from evidence.canonical import Json
from evidence.completeness import commit_heads
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry, format_time
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.publisher import Publisher
from tests.fakes.memory import MemoryBlobStore, MemoryGuard, MemoryLedger
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor
from workflows.definition import Definition
from workflows.loader import load

ORIGIN = "constancia.example/prueba"
NAME = "Lucía Peña Órnelas"
EMAIL = "lucia.pena@ejemplo.mx"
ACTOR = Actor(id="u_7f2a", role="especialista")
STRANGER = "u_9999"
AUDITOR = Actor(id="u_a0d1", role="auditor_interno", via="console", os_user="ops")

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n%%EOF\n"

DEFINITION = """\
format = 1
process = "ZZ-001"
version = "2026-01-02"
name = "Altas de prueba"
name_en = "Test accounts"
late_after = 2
waiver_roles = ["supervisor"]
correction_roles = ["especialista"]

[document]
objective = "Probar."
objective_en = "To test."
scope = "Todo."
scope_en = "Everything."
description = "Cuatro pasos."
description_en = "Four steps."

[opening]
step = "1"
roles = ["especialista"]
title = ["nombre"]

[[opening.field]]
name = "nombre"
label = "Nombre"
label_en = "Name"
kind = "text"
required = true
personal = true

[[role]]
code = "especialista"
name = "Especialista"
name_en = "Specialist"
duty = "Registra."
duty_en = "Records."
accountable = true

[[role]]
code = "supervisor"
name = "Supervisor"
name_en = "Supervisor"
duty = "Supervisa."
duty_en = "Supervises."

[[machine]]
code = "ticket"
name = "Ticket"
name_en = "Ticket"
statuses = ["Abierto", "Cerrado"]
transitions = [["", "Abierto"], ["Abierto", "Cerrado"]]
primary = true

[[outcome]]
code = "cerrado"
name = "Cerrado"
name_en = "Closed"
"""

STEP = """
[[step]]
code = "{code}"
name = "{name}"
name_en = "{name_en}"
class = "obligatorio"
instruction = "Haga."
instruction_en = "Do."
example = "Así."
example_en = "So."
next = "Sigue."
next_en = "Goes on."
performer = "especialista"
roles = ["especialista"]
{extra}
[step.evidence]
all = ["prueba"]

[[step.slot]]
code = "prueba"
name = "Prueba"
name_en = "Proof"
types = ["EML", "SCR", "DOC"]
{effect}"""

EFFECT = """
[[step.effect]]
machine = "ticket"
status = "{status}"
"""


def definition_source() -> bytes:
    """The test process: receive, send, confirm, close."""
    steps = (
        ("1", "Recibir la petición", "Receive the request", "", EFFECT.format(status="Abierto")),
        ("2", "Enviar la carta al señor Núñez", "Send the letter", 'requires = ["1"]', ""),
        ("3", "Confirmar", "Confirm", 'requires = ["2"]\nwaivable = true', ""),
        (
            "4",
            "Cerrar",
            "Close",
            'requires = ["1"]\nafter_closing = false\ncloses = "cerrado"',
            EFFECT.format(status="Cerrado"),
        ),
    )
    parts = [
        STEP.format(code=code, name=name, name_en=english, extra=extra, effect=effect)
        for code, name, english, extra, effect in steps
    ]
    return (DEFINITION + "".join(parts)).encode()


def png(width: int = 2, height: int = 2) -> bytes:
    """A grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = b"".join(b"\x00" + bytes((x * 7 + y * 3) % 256 for x in range(width)) for y in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Known:
    """Definitions by digest."""

    def __init__(self, *definitions: Definition) -> None:
        self._definitions = {definition.digest: definition for definition in definitions}

    def by_digest(self, digest: str) -> Definition:
        return self._definitions[digest]


@dataclass
class Desk:
    """Everything an export reads; one clock that moves an hour with every reading, salts that repeat every run."""

    now: datetime = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    step: timedelta = timedelta(hours=1)
    source: bytes = field(default_factory=definition_source)
    key: SigningKey = field(default_factory=lambda: SigningKey(ORIGIN, hashlib.sha256(b"test key").digest()))
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar.bundled)

    def __post_init__(self) -> None:
        self.definition = load(self.source)
        self._salts = 0
        memory = MemoryLedger(ORIGIN, clock=self.clock, new_salt=self.salt)
        self.use(memory, MemoryBlobStore(locking=False))

    def use(self, ledger: Any, blobs: Any) -> None:
        """Work on these stores; tests know which they are."""
        self.ledger = ledger
        self.blobs = blobs
        self._publisher = Publisher(ledger, MemoryGuard(), self.key, self.clock)

    @property
    def vkey(self) -> str:
        return self.key.verifier.text

    @property
    def sources(self) -> Sources:
        return Sources(self.ledger, self.blobs, Known(self.definition), self.calendar, (self.key.verifier,))

    def clock(self) -> datetime:
        self.now += self.step
        return self.now

    def access(
        self,
        subject: str,
        role: str,
        name: str = "",
        *,
        email: str = "",
        kind: EntryKind = EntryKind.ACCESS_GRANTED,
        refs: tuple[str, ...] = (),
    ) -> SealedEntry:
        """One more entry of ``system:access``, as accounts write them."""
        facts: dict[str, Json] = {"subject": subject, "role": role, "via": "console"} if subject else {}
        payload: dict[str, Json] = {
            "data": {"name": name, "email": email},
            "via": {"channel": "console", "os_user": "ops"},
        }
        draft = EntryDraft("system", "system", kind, refs=refs, facts=facts, payload=payload)
        return self.ledger.append(ACCESS, lambda _history: Composition((draft,)))[-1]

    def put(self, data: bytes, media: str) -> BlobRef:
        return self.blobs.put(io.BytesIO(data), media=media)

    def open(self, name: str = "Ana Muñoz", **data: str) -> str:
        """A new case; returns its folio."""
        if not self.ledger.history(ACCESS):
            self.access(ACTOR.id, ACTOR.role, NAME, email=EMAIL)
        ticket = self.put(png(4, 3), "image/png")
        facts: dict[str, Json] = {
            "definition": self.definition.digest,
            "actor_class": "person",
            "via": "web",
            "evidence": [{"slot": "prueba", "type": "SCR", "object": 0}],
        }
        payload: dict[str, Json] = {
            "data": {"nombre": name, **data},
            "note": "Se recibió el ticket.",
            "files": [{"name": "ticket.png", "slot": "prueba", "about": {}}],
        }

        def compose(_folio: str) -> Composition:
            return Composition((self._draft(EntryKind.CASE_OPENED, "1", facts, payload, (ticket,)),))

        series = f"{self.definition.process}-{self.now.year}"
        return self.ledger.open_case(series, compose)[0].entry.case

    def record(
        self,
        folio: str,
        step: str,
        files: Sequence[tuple[str, bytes, str]] = (),
        *,
        note: str = "",
        kind: EntryKind = EntryKind.EVIDENCE_RECORDED,
        refs: tuple[str, ...] = (),
        facts: dict[str, Json] | None = None,
        payload: dict[str, Json] | None = None,
        actor: Actor = ACTOR,
    ) -> SealedEntry:
        """One more entry with files ``(name, bytes, media)``."""
        objects = tuple(self.put(data, media) for _, data, media in files)
        evidence: list[Json] = [{"slot": "prueba", "type": "DOC", "object": n} for n in range(len(files))]
        said: dict[str, Json] = {
            "occurred_at": format_time(self.now),
            "actor_class": "person",
            "via": "web",
            "evidence": evidence,
            **(facts or {}),
        }
        words: dict[str, Json] = {
            "files": [{"name": name, "slot": "prueba", "about": {}} for name, _, _ in files],
            "note": note,
            **(payload or {}),
        }
        draft = self._draft(kind, step, said, words, objects, refs, actor)
        return self.ledger.append(folio, lambda _history: Composition((draft,)))[-1]

    def publish(self) -> int:
        """Sequence everything, commit to the heads of cases and sign; returns the checkpoint's size."""
        self._sequence()
        commit_heads(self.ledger)
        return self.publish_only()

    def publish_only(self) -> int:
        """Sequence everything and sign, the heads left as they were committed to last."""
        self._sequence()
        self._publisher.publish()
        return self.ledger.tree_size()

    def _sequence(self) -> None:
        while self.ledger.sequence():
            pass

    def export(self, out: Path, scope: Scope | None = None, **options: int) -> ExportReceipt:
        return export(self.sources, scope or Scope(), out, actor=AUDITOR, **options)

    def _draft(
        self,
        kind: EntryKind,
        step: str,
        facts: dict[str, Json],
        payload: dict[str, Json],
        objects: tuple[BlobRef, ...] = (),
        refs: tuple[str, ...] = (),
        actor: Actor = ACTOR,
    ) -> EntryDraft:
        return EntryDraft(
            actor.id,
            actor.role,
            kind,
            self.definition.label,
            step,
            objects,
            refs,
            facts=facts,
            payload=payload,
        )

    def salt(self) -> bytes:
        """Thirty-two bytes, the same every run."""
        self._salts += 1
        return hashlib.sha256(f"salt {self._salts}".encode()).digest()


LONG_NAME = "Carta de autorización del señor Ñandú Peñalver-Güemes para la promotoría de Oaxaca " * 3 + ".pdf"


def two_cases() -> Desk:
    """A desk with a case of several files and awkward names, a case just opened, and a signed checkpoint."""
    desk = Desk()
    fill_two_cases(desk)
    return desk


def fill_two_cases(desk: Desk) -> None:
    """Record the sample on any desk."""
    desk.access(ACTOR.id, ACTOR.role, NAME, email=EMAIL)
    desk.access(STRANGER, "supervisor", "Ramiro Ajeno Tercero", email="ramiro@ejemplo.mx")
    first = desk.open("José Ángel Muñoz <b>&\"'", correo="jose@ejemplo.mx", formula="=1+1")
    desk.record(
        first,
        "2",
        [
            ("Autorización año 2026.pdf", PDF, "application/pdf"),
            (LONG_NAME, PDF + b"%2\n", "application/pdf"),
            ("captura.PNG", png(), "image/png"),
            ("CAPTURA.png", png(3), "image/png"),
            ("../../etc/passwd\x00\n", b"root", "text/plain"),
            ("página.html", b"<script>alert(1)</script>", "text/html"),
        ],
        note="<script>alert('nota')</script>\nSegunda línea",
    )
    desk.record(first, "3", [("correo.eml", b"From: a\n\nhola\n", "message/rfc822")], note='=HYPERLINK("x")')
    desk.record(first, "4", [("cierre.pdf", PDF + b"%3\n", "application/pdf")])
    desk.open("Beatriz Ñúñez")
    desk.publish()

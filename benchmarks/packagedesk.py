"""A desk with as much evidence as asked for, sealed through the real ledger and object store, and its export."""

from __future__ import annotations

import hashlib
import io
import random
from datetime import UTC, datetime
from pathlib import Path

from audit_exports.builder import Sources, export
from audit_exports.people import ACCESS
from audit_exports.record import Scope
from benchmarks.packages import BYTES, LAST_STEP
from evidence.canonical import Json
from evidence.completeness import commit_heads
from evidence.entry import BlobRef, EntryDraft, EntryKind, format_time
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.publisher import Publisher
from storage.database import connect, upgrade
from storage.filesystem import FileBlobStore
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger, start_log
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor
from workflows.registry import DefinitionRegistry

ORIGIN = "bench.example/packages"
KEY = SigningKey(ORIGIN, hashlib.sha256(b"bench").digest())
AUDITOR = Actor(id="u-auditor", role="auditor_interno")
DEFINITION = DefinitionRegistry.bundled().current("MA-001")


def present() -> datetime:
    """The clock of the desk."""
    return datetime.now(UTC)


def sources(folder: Path) -> Sources:
    """What an export reads."""
    ledger = SqlLedger(connect(f"sqlite:///{folder / 'desk.sqlite3'}"), ORIGIN, clock=present)
    blobs = FileBlobStore(folder / "objects")
    definitions = DefinitionRegistry.bundled()
    return Sources(ledger, blobs, definitions, BusinessCalendar.bundled(), (KEY.verifier,))


def export_once(folder: Path, out: Path) -> None:
    """The package of everything."""
    export(sources(folder), Scope(), out, actor=AUDITOR)


def fill(folder: Path, cases: int, size: int = BYTES) -> str:
    """Seal the cases, each with `LAST_STEP` files of ``size`` bytes; gives the log's verifier key."""
    engine = connect(f"sqlite:///{folder / 'desk.sqlite3'}")
    upgrade(engine)
    start_log(engine, ORIGIN)
    ledger, blobs = SqlLedger(engine, ORIGIN, clock=present), FileBlobStore(folder / "objects")
    facts: dict[str, Json] = {"subject": "u-ana", "role": "especialista", "via": "console"}
    grant = EntryDraft(
        "system", "system", EntryKind.ACCESS_GRANTED, facts=facts, payload={"data": {"name": "Ana Ruiz"}}
    )
    ledger.append(ACCESS, lambda _history: Composition((grant,)))
    noise = random.Random(7).randbytes(size)  # noqa: S311 - reproducible material, no secret
    for number in range(cases):
        _case(ledger, blobs, noise, number)
        while ledger.sequence():
            pass
    commit_heads(ledger)
    while ledger.sequence():
        pass
    Publisher(ledger, SqliteGuard(folder / "guard.sqlite3"), KEY, present, blobs).publish()
    return KEY.verifier.text


def _case(ledger: SqlLedger, blobs: FileBlobStore, noise: bytes, number: int) -> None:
    """A case of MA-001: an entry with one file for each step up to the request of validation."""
    steps = [step for step in DEFINITION.steps if step.code.isdigit() and int(step.code) <= LAST_STEP]
    drafts: list[EntryDraft] = []
    for step in steps:
        mark = f"{number}/{step.code}".encode()
        blob = blobs.put(io.BytesIO(mark + noise[len(mark) :]), media="application/pdf")
        kind = EntryKind.EVIDENCE_RECORDED if drafts else EntryKind.CASE_OPENED
        slot = step.slots[0]
        drafts.append(_draft(step.code, slot.code, str(slot.types[0]), blob, kind))
    folio = ledger.open_case("MA-001-2026", lambda _folio: Composition((drafts[0],)))[0].entry.case
    ledger.append(folio, lambda _history: Composition(tuple(drafts[1:])))


def _draft(step: str, slot: str, kind_of_file: str, blob: BlobRef, kind: EntryKind) -> EntryDraft:
    evidence: list[Json] = [{"slot": slot, "type": kind_of_file, "object": 0}]
    files: list[Json] = [{"name": f"evidencia {step}.pdf", "slot": slot, "about": {}}]
    params: dict[str, Json] = {"tipo": "alta", "paquete": "1"}
    facts: dict[str, Json] = {"occurred_at": format_time(present()), "actor_class": "person", "via": "web",
                              "evidence": evidence}  # fmt: skip
    if kind is EntryKind.CASE_OPENED:
        facts |= {"definition": DEFINITION.digest, "params": params}
    payload: dict[str, Json] = {"data": {"nombre": "Beatriz Núñez"}, "note": f"Paso {step}.", "files": files}
    return EntryDraft(
        "u-ana", "especialista", kind, DEFINITION.label, step, (blob,), facts=facts, payload=payload
    )

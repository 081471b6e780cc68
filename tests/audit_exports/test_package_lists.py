"""Catalogues and company days off in a package: whole, proved, and what the verifier counts and names by."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from audit_exports.builder import Sources, export
from audit_exports.record import Scope
from evidence.findings import Verdict
from evidence.note import SigningKey
from evidence.publisher import Publisher
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.fakes.memory import MemoryGuard
from tests.workflows.test_catalogues import item
from tests.workflows.test_revisions import BASE, Company
from workflows.commands import Actor

AUDITOR = Actor("u-audit", "auditor_interno")


class Exporter:
    """A company's desk that exports."""

    def __init__(self, folder: Path) -> None:
        self.desk = Company()
        self.key = SigningKey(self.desk.ledger.origin, hashlib.sha256(b"lists").digest())
        self.publisher = Publisher(
            self.desk.ledger, MemoryGuard(), self.key, self.desk.clock, self.desk.blobs
        )
        self.out = folder / "p.zip"

    @property
    def vkey(self) -> str:
        """The verifier's key."""
        return self.key.verifier.text

    def package(self, checkpoint: int = 0) -> bytes:
        """Publish and export."""
        self.settle()
        desk = self.desk
        sources = Sources(desk.ledger, desk.blobs, desk.definitions, BASE, (self.key.verifier,))
        export(sources, Scope(), self.out, actor=AUDITOR, checkpoint=checkpoint)
        return self.out.read_bytes()

    def settle(self) -> int:
        """Sign the head."""
        while self.desk.ledger.sequence():
            pass
        self.publisher.publish()
        return self.desk.ledger.tree_size()


@pytest.fixture
def told(tmp_path: Path) -> tuple[Exporter, str]:
    """A case whose package was published, and whose validation was moved by a day off."""
    exporter = Exporter(tmp_path)
    desk = exporter.desk
    desk.room.publish(item("3", "Paquete tres"), item("1"))
    folio = desk.open(paquete="3")
    desk.off("2026-01-15")
    desk.clock.advance(minutes=1)
    return exporter, folio


def test_a_package_carries_the_lists_its_cases_used(told: tuple[Exporter, str]) -> None:
    """The chain with its proofs and no payload; pages say the name of an item no definition knows."""
    exporter, folio = told
    package = exporter.package()
    files = contents(package)
    assert verify_bytes(package, exporter.vkey).verdict is Verdict.VALID
    assert "data/catalogos/entries/2.json" in files
    assert not [name for name in files if name.startswith("data/catalogos/payloads")]
    assert "Paquete tres" in files[f"data/casos/{folio}/index.html"].decode()
    facts = json.loads(files[f"data/casos/{folio}/entries/1.json"])["facts"]
    assert facts["catalogues"] == {"paquetes": "2"}
    assert b'"2026-01-15"' in files["data/calendario/mx-2026-1-r2.toml"]


def test_the_verifier_counts_by_the_revision(tmp_path: Path) -> None:
    """The state in the package has the limit the day off moved, and a verifier without a receipt agrees."""
    exporter = Exporter(tmp_path)
    folio = exporter.desk.waiting()
    exporter.desk.off("2026-01-15", "2026-01-16")
    exporter.desk.clock.advance(minutes=1)
    package = exporter.package()
    state = json.loads(contents(package)[f"data/casos/{folio}/state.json"])
    due = [timer["due_at"][:10] for timer in state["timers"] if timer["timer"] == "validacion"]
    assert due == ["2026-01-20"]
    assert verify_bytes(package, exporter.vkey).verdict is Verdict.VALID


def test_a_revision_after_the_checkpoint_is_not_counted_by(told: tuple[Exporter, str]) -> None:
    """An older checkpoint gives the package it gave then, byte for byte."""
    exporter, _ = told
    size = exporter.settle()
    first = exporter.package(checkpoint=size)
    exporter.desk.off("2026-01-15", "2026-01-19")
    exporter.settle()
    assert exporter.package(checkpoint=size) == first


def test_a_chain_cut_before_a_version_in_use_is_found(told: tuple[Exporter, str]) -> None:
    """Lists cannot be withheld where an entry names them."""
    exporter, _ = told
    files = contents(exporter.package())
    gone = [n for n in files if n.startswith("data/catalogos/") or "system-catalogues" in n or "-r2" in n]
    report = verify_bytes(reseal(files, dict.fromkeys(gone)), exporter.vkey)
    assert report.verdict is Verdict.INVALID
    assert "catalogue.unknown" in codes(report)


def test_another_revision_than_the_chains_is_found(told: tuple[Exporter, str]) -> None:
    """The readable table of days off is made again and compared; so is what stands in the entries."""
    exporter, _ = told
    files = contents(exporter.package())
    path = "data/calendario/mx-2026-1-r2.toml"
    other = reseal(files, {path: files[path].replace(b"2026-01-15", b"2026-01-16")})
    assert "calendar.differs" in codes(verify_bytes(other, exporter.vkey))
    entry = "data/catalogos/entries/2.json"
    forged = reseal(files, {entry: files[entry].replace(b"2026-01-15", b"2026-01-16")})
    assert verify_bytes(forged, exporter.vkey).verdict is Verdict.INVALID


def test_notes_do_not_travel(tmp_path: Path) -> None:
    """What people wrote about items stays in the house, and a payload among the lists makes a package invalid."""
    exporter = Exporter(tmp_path)
    exporter.desk.room.publish(item("1"), notes={"1": "lo pidió Ana"})
    exporter.desk.open()
    package = exporter.package()
    assert "lo pidió Ana".encode() not in package
    sealed = exporter.desk.ledger.history("system:catalogues")[0]
    stray = {
        "data/catalogos/payloads/1.json": sealed.payload_bytes,
        "data/catalogos/payloads/1.salt": sealed.salt,
    }
    report = verify_bytes(reseal(contents(package), stray), exporter.vkey)
    assert report.verdict is Verdict.INVALID


def test_a_house_without_lists_has_the_package_it_always_had(tmp_path: Path) -> None:
    """Nothing published, nothing more in the package."""
    exporter = Exporter(tmp_path)
    exporter.desk.open()
    assert not [name for name in contents(exporter.package()) if name.startswith("data/catalogos/")]

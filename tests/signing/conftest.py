"""Letters, a seal made in the test, and a signer that stamps where there is room."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typst

from signing.links import Standing
from signing.pades import PadesSigner
from signing.pades_place import free_place
from signing.ports import Stamp
from signing.records import Request
from signing.seal import Seal, seal_from_pem
from signing.sealkeys import SealMaterial, make_seal
from signing.trust import Trust
from tests.fakes.signing_room import SigningRoom

ZONE = ZoneInfo("America/Mexico_City")
FOLIO = "MA-001-2026-000123"
COMMITMENT = "5" * 64
LINE = "#v(110pt)#align(center)[#line(length: 200pt, stroke: .6pt) Dirección General]"


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def letter(body: str = f"Se autoriza el alta.{LINE}", *, paper: str = "us-letter") -> bytes:
    """A letter by typst, as our templates are."""
    source = f'#set page(paper: "{paper}")\n{body}'.encode()
    made = typst.compile(source, pdf_standards=["a-2b"], timestamp=1_700_000_000)
    assert isinstance(made, bytes)
    return made


def stamp_of(pdf: bytes) -> Stamp:
    """What a mark on that letter says."""
    digest = hashlib.sha256(pdf).hexdigest()
    return Stamp("Érika Núñez", "Directora", FOLIO, "N2", digest, f"https://desk.example/verificar/{FOLIO}")


@pytest.fixture(scope="session")
def material() -> SealMaterial:
    """A seal of its own authority."""
    return make_seal("desk.example/log", now())


@pytest.fixture(scope="session")
def seal(material: SealMaterial) -> Seal:
    """The same, ready to sign."""
    return seal_from_pem(material.key.encode(), material.chain.encode())


@pytest.fixture
def signer(seal: Seal) -> PadesSigner:
    """Signs with that seal; no time stamps."""
    return PadesSigner(
        seal=seal,
        trust=Trust(seal.roots, others=seal.others),
        source=None,
        clock=now,
        zone=ZONE,
        place=lambda stream, page, size: free_place(stream, page=page, size=size),
    )


@pytest.fixture
def roots(material: SealMaterial, tmp_path: Path) -> Path:
    """The seal's authority as PEM, the last of its chain."""
    path = tmp_path / "root.pem"
    path.write_text("-----BEGIN" + material.chain.rpartition("-----BEGIN")[2])
    return path


@pytest.fixture
def sign(signer: PadesSigner) -> Callable[..., bytes]:
    """Signs a letter and gives the signed bytes."""

    def made(pdf: bytes, *, level: str = "N2") -> bytes:
        mark = replace(stamp_of(pdf), level=level)
        reason = f"Autoriza {FOLIO} {COMMITMENT}"
        return signer.sign(pdf, signatory="Érika Núñez", reason=reason, stamp=mark, at=now()).pdf

    return made


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director."""
    made = SigningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


@pytest.fixture
def asked(room: SigningRoom) -> tuple[SigningRoom, Request, Standing]:
    """A letter asked for, mailed, and its link opened on a telephone."""
    request = room.ask(room.case())
    return room, request, room.open(room.token())

"""`flask cases letter`: the letter in a file first, then the same letter sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identity.access import Granter
from identity.accounts import Role
from signing.letters import signature_boxes
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from tests.workflows.desk import PERSON, png
from workflows.commands import Actor, OpenCase, RecordStep, Upload

ACTOR = ("--actor", "especialista@desk.example")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation with a specialist and a director in office."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_ORGANISATION": "Grupo Ñandú"})
    made.user(Role.ESPECIALISTA)
    director = made.user(Role.DIRECTOR, name="Jesús Quiriarte")
    made.house.posts.appoint("director_general", director.id, Granter(via="console", os_user="prueba"))
    yield made
    made.close()


def told(place: Installation, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The JSON object of a command that ends with ``code``."""
    result = place.app.test_cli_runner().invoke(args=[*arguments, "--json"])
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def a_baja(place: Installation, tmp_path: Path) -> str:
    """A removal whose step 28 is next."""
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    mail = tmp_path / "aviso.eml"
    mail.write_bytes(eml())
    cases = place.house.cases
    data = {**PERSON, "tipo": "baja", "paquete": ""}
    folio = cases.open_case(OpenCase("MA-001", actor, {k: v for k, v in data.items() if v})).folio
    with mail.open("rb") as stream:
        cases.record(RecordStep(folio, "2", actor, (Upload("aviso.eml", stream),)))
    return folio


def test_the_previewed_letter_is_the_sealed_one(place: Installation, tmp_path: Path) -> None:
    """`--preview` writes a file and seals nothing; `--sha256` then seals exactly that letter with the rest."""
    folio = a_baja(place, tmp_path)
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    from tests.workflows.desk import xlsx  # noqa: PLC0415

    for step, uploads, data in (
        ("3", (), {"declaro": "si"}),
        ("4", (xlsx(),), {}),
        ("5", (), {"declaro": "si"}),
    ):
        place.house.cases.record(RecordStep(folio, step, actor, uploads, data))
    before = len(place.house.ledger.history(folio))
    path = tmp_path / "carta.pdf"
    seen = told(place, "cases", "letter", folio, "28", *ACTOR, "--preview", str(path))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == seen["sha256"]
    assert (seen["template"]["name"], len(seen["words"])) == ("baja", 6)
    (box,) = signature_boxes(path.read_bytes())
    assert seen["signature_boxes"] == [
        {"page": box.page, "x": box.x, "y": box.y, "width": box.width, "height": box.height}
    ]
    assert len(place.house.ledger.history(folio)) == before
    shot = tmp_path / "cam.png"
    shot.write_bytes(png().stream.read())
    rest = ("--file", f"captura={shot}", "--data", '{"sin_contrasenas": true}')
    other = told(place, "cases", "letter", folio, "28", *ACTOR, *rest, "--sha256", "0" * 64, code=1)
    assert other["error"]["code"] == "letter_changed"
    sealed = told(place, "cases", "letter", folio, "28", *ACTOR, *rest, "--sha256", seen["sha256"])
    assert seen["sha256"] in [item["sha256"] for item in sealed["objects"]]
    entry = place.house.ledger.history(folio)[-1].entry
    assert entry.facts["templates"] == {"carta_baja": seen["template"]["sha256"]}


def test_a_letter_out_of_turn_is_refused(place: Installation, tmp_path: Path) -> None:
    """Steps without a letter, steps that are not open, other roles: refused with a code, and nothing is written."""
    folio = a_baja(place, tmp_path)
    before = len(place.house.ledger.history(folio))
    assert told(place, "cases", "letter", folio, "2", *ACTOR, code=1)["error"]["code"] == "letter_not_offered"
    assert told(place, "cases", "letter", folio, "99", *ACTOR, code=1)["error"]["code"] == "unknown_step"
    place.user(Role.AUDITOR_INTERNO)
    auditor = ("--actor", "auditor_interno@desk.example")
    assert (
        told(place, "cases", "letter", folio, "28", *auditor, code=1)["error"]["code"] == "role_not_allowed"
    )
    assert told(place, "cases", "letter", folio, "28", *ACTOR, code=1)["error"]["code"] == "guard_unmet"
    assert len(place.house.ledger.history(folio)) == before

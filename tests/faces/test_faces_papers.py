"""A letter signed by hand, or elsewhere, is evidence too: what software confirms of it is shown, the rest is a tick."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from identity.accounts import Role
from tests.documents.test_documents_paper import letter, scan
from tests.fakes.installation import Installation
from tests.fakes.papers import eml, pdf, png
from tests.fakes.returning_room import ADDRESS as RETURN_ADDRESS
from tests.fakes.returning_room import ReturningRoom
from tests.fakes.review_room import ReviewRoom
from tests.fakes.signing_room import SigningRoom
from tests.signing.conftest import stamp_of
from tests.signing.test_seal import tampered
from tests.web.test_web_drafts import DATA, upload
from tests.workflows.desk import xlsx
from web.views.papers import brought_back
from workflows.commands import Actor, OpenCase, RecordStep, Upload
from workflows.readers import DirectReader

ADDRESS = "https://desk.example/verificar/{}"


@dataclass
class Sent:
    """A creation whose letter was made and mailed."""

    place: Installation
    folio: str
    letter: bytes

    def staged(self, name: str, content: bytes) -> Mapping[str, str]:
        """What the step's form says of a file brought to its place: sentences by state."""
        browser = self.place.client()
        answer = upload(browser, f"/borradores/{self.folio}/9", (name, content), slot="carta_firmada")
        assert answer.status_code == 201, answer.text
        told: dict[str, str] = {}
        for check in answer.get_json()["files"][0]["checks"]:
            told[check["state"]] = f"{told.get(check['state'], '')} {check['text']}"
        return told


@pytest.fixture
def sent(tmp_path: Path) -> Sent:
    """The case at step 9, its letter with its own folio in the code."""
    place = Installation(tmp_path / "data")
    user = place.user()
    actor = Actor(user.id, "especialista")
    cases = place.house.cases
    quick, cases._reader = cases._reader, DirectReader()
    folio = cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    made = letter(ADDRESS.format(folio))
    sheet = xlsx(**{name: DATA[name] for name in ("nombre", "rfc", "correo", "zona", "paquete")})
    for step, uploads, values in (
        ("2", (Upload("correo.eml", io.BytesIO(eml())),), {}),
        ("3", (Upload("captura.png", io.BytesIO(png())),), {}),
        ("4", (sheet,), {}),
        ("5", (), {"declaro": "si"}),
        ("6", (), {"paquete": "1"}),
        ("7", (Upload("carta.pdf", io.BytesIO(made)),), {}),
        ("8", (Upload("envio.eml", io.BytesIO(eml())),), {}),
    ):
        cases.record(RecordStep(folio, step, actor, uploads, values))
    cases._reader = quick
    return Sent(place, folio, made)


def test_a_scan_shows_what_software_confirms_and_what_a_person_must(sent: Sent) -> None:
    """Folio read from the code, pages counted; text, signature and hand are for a person, and it says so."""
    told = sent.staged("firmada.pdf", scan(sent.letter, turn=1.5))
    assert f"el folio es {sent.folio}" in told["confirmed"]
    assert "páginas 1/1" in told["confirmed"]
    assert "que firmó quien debía" in told["person"]
    assert "no trae firma digital" in told["person"]
    assert "differs" not in told


def test_another_cases_letter_is_told_and_still_taken(sent: Sent) -> None:
    """Software proposes, a person decides: the file is there, the difference in plain sight."""
    other = letter(ADDRESS.format("MA-001-2026-000999"))
    told = sent.staged("firmada.pdf", scan(other))
    assert "MA-001-2026-000999" in told["differs"]


def test_a_letter_signed_elsewhere_is_judged_in_the_form(sent: Sent) -> None:
    """Ours or not: begins with the letter sent, and what its signatures are worth; tampered with, it says so."""
    signer = sent.place.house.signer
    at = sent.place.clock()
    signed = signer.sign(sent.letter, signatory="x", reason="x", stamp=stamp_of(sent.letter), at=at).pdf
    told = sent.staged("firmada.pdf", signed)
    assert "byte por byte" in told["confirmed"]
    assert "el archivo está como se firmó" in told["confirmed"]
    bad = sent.staged("cambiada.pdf", tampered(signed))
    assert "su huella ya no es la firmada" in bad["differs"]
    assert "no empieza con la carta que se envió" in bad["differs"]


def test_the_sealed_entry_keeps_what_was_read_and_shows_it(sent: Sent) -> None:
    """In the payload, by whatever door it came; on the entry's page with its digital signatures judged on demand."""
    house = sent.place.house
    actor = Actor(sent.place.user().id, "especialista")
    signed = house.signer.sign(
        sent.letter, signatory="x", reason="x", stamp=stamp_of(sent.letter), at=sent.place.clock()
    ).pdf
    uploads = (
        Upload("firmada.pdf", io.BytesIO(signed), "carta_firmada"),
        Upload("respuesta.eml", io.BytesIO(eml()), "correo"),
    )
    receipt = house.cases.record(RecordStep(sent.folio, "9", actor, uploads, {}))
    browser = sent.place.client(Role.SUPERVISOR)
    page = browser.get(f"/casos/{sent.folio}/entradas/{receipt.seq}").text
    assert "byte por byte" in page
    assert "Comprobar las firmas" in page
    number = page.partition("firmas=")[2][0]
    judged = browser.get(f"/casos/{sent.folio}/entradas/{receipt.seq}?firmas={number}").text
    assert "Las firmas son válidas y el archivo está como se firmó." in judged
    assert "Sello de la mesa de ayuda" in judged


def compared(room: SigningRoom, folio: str, step: str, content: bytes) -> dict[str, str]:
    """What the form of a step would say of a file brought there: the state of each finding."""
    house, stream = room.place.house, io.BytesIO(content)
    found = house.reader.inspect(stream, name="carta.pdf")
    with room.place.app.test_request_context():
        made = brought_back(house, folio, step, "", found, stream)
    rows = made["_paper"]
    assert isinstance(rows, list)
    return {str(row[0]): str(row[1]) for row in rows}  # type: ignore[index,call-overload]


def test_a_custody_letter_is_read_at_its_step_too(tmp_path: Path) -> None:
    """MA-001 24: folio and pages are compared with the letter of step 22; a page too many, another case: told."""
    room = ReturningRoom.begin(tmp_path / "data")
    folio = room.custody()
    good = compared(room, folio, "24", room.signed(folio))
    assert (good["folio"], good["pages"], good["hand"]) == ("confirmed", "confirmed", "person")
    longer = compared(room, folio, "24", letter(RETURN_ADDRESS.format(folio), 2))
    assert (longer["folio"], longer["pages"]) == ("confirmed", "differs")
    other = compared(room, folio, "24", scan(letter(RETURN_ADDRESS.format("MA-001-2026-000999"))))
    assert other["folio"] == "differs"
    room.place.close()


def test_a_campaigns_letter_is_read_at_its_step_too(tmp_path: Path) -> None:
    """MA-005 22: the folio in the code is compared with the campaign's; the hand is for a person."""
    room = ReviewRoom.begin(tmp_path / "data")
    folio = room.campaign()
    for says, state in ((folio, "confirmed"), ("MA-005-2026-000999", "differs")):
        found = compared(room, folio, "22", scan(letter(RETURN_ADDRESS.format(says))))
        assert (found["folio"], found["hand"]) == (state, "person")
    room.place.close()


def test_a_file_for_another_step_is_not_read_as_a_letter(sent: Sent) -> None:
    """Only where a signed letter is evidence."""
    answer = upload(sent.place.client(), f"/borradores/{sent.folio}/10", ("captura.pdf", pdf()))
    assert answer.get_json()["files"][0]["checks"] == []

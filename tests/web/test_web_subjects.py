"""The right of access: everything about one person is found, handed over, and logged without naming them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from evidence.entry import EntryKind
from identity.access import Granter
from identity.accounts import Role
from notifications.inbox import IncomingMail
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from tests.web.test_web_drafts import DATA
from web.subjects import Matcher, Person, PersonUnclear
from workflows.commands import Actor, LinkCase, OpenCase, RecordStep, Upload
from workflows.readers import DirectReader

ASKED = {"name": DATA["nombre"], "rfc": DATA["rfc"], "email": DATA["correo"]}
OTHER = {
    **DATA,
    "nombre": "Luis Pérez Gil",
    "rfc": "PEGL800101XY2",
    "correo": "luis.perez@promotoria.example",
}


def told(place: Installation) -> tuple[str, str]:
    """The person's case with a file, and another person's whose note names them; a contact, a mail."""
    house = place.house
    house.cases._reader = DirectReader()
    actor = Actor(place.user().id, "especialista")
    mine = house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    house.cases.record(RecordStep(mine, "2", actor, (Upload("su correo.eml", io.BytesIO(eml())),)))
    other = house.cases.open_case(OpenCase("MA-001", actor, OTHER)).folio
    house.cases.link(LinkCase(other, mine, actor, note=f"Lo pidió {DATA['nombre']} por teléfono."))
    house.contacts.add(DATA["nombre"], Granter(via="console"), email=DATA["correo"], phone="55 1234 5678")
    mail = IncomingMail(
        id="m1", mailbox="x", uid="1", message_id="<a@b>", arrived_at="2026-11-30T10:00:00.000000Z",
        about={"from": [{"name": "Ella", "address": DATA["correo"]}], "subject": "Mi cuenta"}, facts={},
    )  # fmt: skip
    house.inbox.keep(mail, b"", (1, 1))
    return mine, other


@pytest.mark.parametrize(
    ("person", "text", "hit"),
    [
        (Person(email="ana@x.mx"), "mariana@x.mx escribió", False),
        (Person(email="ana@x.mx"), "de ANA@x.mx, ayer", True),
        (Person(email="ana@x.mx"), "ana@x.mx.example", False),
        (Person(rfc="ruom900215ab1"), "RFC RUOM900215AB1.", True),
        (Person(rfc="ruom900215ab1"), "XRUOM900215AB1", False),
        (Person(name="María Ruíz"), "RUIZ ORTEGA, MARIA", True),
        (Person(name="María Ruíz"), "Mariano Ruiz", False),
        (Person(name="María Ruíz"), "ruiz " + "y otros " * 60 + "maria", False),
        (Person(name="María Ruíz"), "y otros " * 60 + "maria ruiz", True),
    ],
)
def test_who_is_named_by_a_text(person: Person, text: str, hit: bool) -> None:
    """Whole addresses, whole RFC, all words of a name in a short text, together in a long one."""
    assert Matcher(person).names(text) is hit
    if hit:
        assert Matcher(person).maybe(text)


@pytest.mark.parametrize("person", [Person(), Person(name="Ana"), Person(rfc="RUOM9"), Person(email="ana")])
def test_too_little_finds_nobody(person: Person) -> None:
    """A first name alone would hand over half the house."""
    with pytest.raises(PersonUnclear):
        Matcher(person)


def test_everything_of_a_person_is_found(place: Installation) -> None:
    """Their case whole, of another's only what names them, contact and mail; no address holds whom one asked for."""
    mine, other = told(place)
    page = place.client(Role.DATOS_PERSONALES).post_form("/datos-personales/buscar", ASKED).text
    for seen in (mine, other, DATA["rfc"], "55 1234 5678", "por teléfono", DATA["correo"]):
        assert seen in page
    assert OTHER["rfc"] not in page
    assert OTHER["correo"] not in page
    assert ">Paquete de aplicaciones<" in page, "called as the form called it"
    assert ">Archivo 1: nombre<" in page
    assert "files[0]" not in page


def test_the_folder_is_whole_and_its_entry_names_nobody(place: Installation) -> None:
    """A page, a workbook, files that open; the log says how much was handed over, and by whom."""
    told(place)
    officer = place.client(Role.DATOS_PERSONALES)
    answer = officer.post_form("/datos-personales/carpeta", ASKED)
    assert answer.status_code == 200
    content = answer.data
    answer.close()
    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        assert folder.testzip() is None
        assert DATA["rfc"] in folder.read("LEEME.html").decode()
        assert OTHER["rfc"] not in folder.read("LEEME.html").decode()
        names = [name for name in folder.namelist() if name.endswith("su correo.eml")]
        assert [folder.read(name) for name in names] == [eml()]
        book = openpyxl.load_workbook(io.BytesIO(folder.read("lista.xlsx")))
    values = [str(cell) for row in book.worksheets[0].values for cell in row]
    assert DATA["correo"] in values
    sealed = place.house.ledger.history("system:exports")[-1]
    assert sealed.entry.kind is EntryKind.SUBJECT_EXPORTED
    counts = sealed.entry.facts["counts"]
    assert isinstance(counts, dict)
    assert (counts["cases"], counts["mentions"]) == (1, 1)
    whole = sealed.entry_bytes.decode() + (sealed.payload_bytes or b"").decode()
    for secret in (DATA["rfc"], DATA["correo"], "Ruiz", "María"):
        assert secret not in whole
    assert (
        place.client(Role.SUPERVISOR).get(f"/casos/system:exports/entradas/{sealed.entry.seq}").status_code
        == 200
    )


@pytest.mark.parametrize(
    "role", [Role.ESPECIALISTA, Role.SUPERVISOR, Role.ADMINISTRADOR, Role.AUDITOR_INTERNO]
)
def test_others_cannot_ask(place: Installation, role: Role) -> None:
    """Nobody gathers what is known of a person because they run the desk or the machine."""
    browser = place.client(role)
    assert browser.get("/datos-personales").status_code == 403
    assert browser.post_form("/datos-personales/buscar", ASKED).status_code == 403
    assert browser.post_form("/datos-personales/carpeta", ASKED).status_code == 403


def test_the_director_sees_what_waits_and_cannot_ask(place: Installation) -> None:
    """To approve an erasure one need not gather what is known of a person."""
    director = place.client(Role.DIRECTOR)
    assert director.get("/datos-personales").status_code == 200
    assert director.post_form("/datos-personales/buscar", ASKED).status_code == 403


def test_the_command_finds_and_writes_the_folder(place: Installation, tmp_path: Path) -> None:
    """By a file that names the person; only for who holds the role; never over a file that is there."""
    mine, _other = told(place)
    place.user(Role.DATOS_PERSONALES)
    place.user(Role.SUPERVISOR)
    whom = tmp_path / "quien.json"
    whom.write_text(json.dumps(ASKED))
    run = place.app.test_cli_runner()
    who = ["--person", f"@{whom}", "--actor", "datos_personales@desk.example"]
    found = json.loads(run.invoke(args=["subject", "find", *who]).output)
    assert {item["folio"] for item in found["findings"] if item["source"] == "case"} == {mine}
    out = tmp_path / "acceso.zip"
    assert run.invoke(args=["subject", "export", *who, "--out", str(out)]).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as folder:
        assert folder.testzip() is None
    assert run.invoke(args=["subject", "export", *who, "--out", str(out)]).exit_code == 1
    wrong = ["--person", f"@{whom}", "--actor", "supervisor@desk.example"]
    assert run.invoke(args=["subject", "find", *wrong]).exit_code == 1

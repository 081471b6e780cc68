"""The demonstration's files are real, accepted by the product's own door, and the same each time."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from demo import letters, mails, screens, sheets
from demo.people import BACKUPS, BY_KEY, COLLEAGUES, CONTACTS, POSTS, Applicant
from demo.stories import STORIES
from documents import Inspection, inspect
from documents.identifiers import check_rfc, is_email
from documents.request_form import read_account_requests
from identity.accounts import Role

MOMENT = datetime(2026, 11, 3, 16, 20, tzinfo=UTC)
WHO = Applicant("María Fernanda", "Ruiz", "Ortega", "1990-02-15", "CDMX", "Horizonte Sur", "2")


def _look(data: bytes, name: str) -> Inspection:
    return inspect(io.BytesIO(data), name=name)


def _letter() -> bytes:
    return letters.authorisation(WHO, "CA-1", MOMENT, "Jesús Quiriarte")


def test_letters_are_pdf_with_their_data() -> None:
    """Every letter is a PDF of one page that names the person, dated by the story."""
    made = {
        "autorizacion.pdf": _letter(),
        "baja.pdf": letters.removal(WHO, "CB-1", MOMENT, "Jesús Quiriarte"),
        "custodia.pdf": letters.custody(WHO, "CC-1", MOMENT),
        "dsn.pdf": letters.dsn_letter(WHO, "DSN-20261103-1000", MOMENT),
    }
    for name, data in made.items():
        found = _look(data, name)
        assert found.warnings == ()
        assert found.about["pages"] == 1
        assert WHO.nombre in str(found.about["text"])
        assert "3 de noviembre de 2026" in str(found.about["text"])


def test_custody_letter_holds_the_user_and_no_secret() -> None:
    """The letter says which user, and passes the scan for passwords although it speaks of them."""
    text = str(_look(letters.custody(WHO, "CC-1", MOMENT), "custodia.pdf").about["text"])
    assert WHO.user_name in text
    assert "contraseñas" in text


def test_scans_hold_a_picture_and_no_text() -> None:
    """A signed letter comes back as scanners make it."""
    found = _look(letters.scan(_letter(), "seed", MOMENT), "firmada.pdf")
    assert found.warnings == ("no_text",)
    assert found.about["pages"] == 1


def test_screens_are_pictures_of_a_window() -> None:
    """A screenshot has the size of a window; another status is another picture."""
    one = screens.cam(WHO, "CAM-1", "Solicitado", MOMENT, "cinthya")
    two = screens.cam(WHO, "CAM-1", "Activo", MOMENT, "cinthya")
    assert one != two
    assert (_look(one, "a.png").about["width"], _look(one, "a.png").about["height"]) == (1180, 700)


def test_mails_have_proper_headers() -> None:
    """From, date, thread and attachment of a mail are read back as they were meant."""
    letter = _letter()
    sender = ("Mónica González", "monica.gonzalez@metlife.example")
    made = mails.mail(
        sender,
        mails.DESK,
        "RE: Alta — año",
        ["Va."],
        MOMENT,
        attached=[mails.Attached("carta.pdf", letter)],
        answers="Alta",
    )
    about = _look(made, "m.eml").about
    assert about["from"] == [{"name": sender[0], "address": sender[1]}]
    assert about["subject"] == "RE: Alta — año"
    assert about["date"] == "2026-11-03T16:20:00+00:00"
    assert about["in_reply_to"] == mails.message_id("Alta", "mesa.example")
    assert about["dkim"] == ["metlife.example"]
    assert [item["size"] for item in about["attachments"]] == [len(letter)]


@pytest.mark.parametrize("tipo", ["alta", "baja"])
def test_request_sheets_are_read_without_a_problem(tipo: str) -> None:
    """The sheet passes the reader of MA-001 and says who the person is."""
    form = read_account_requests(io.BytesIO(sheets.request_sheet(WHO, tipo, "TK-1", MOMENT)))
    assert (form.errors, form.warnings) == ((), ())
    assert [(row.nombre, row.rfc, row.correo, row.zona, row.paquete, row.tipo) for row in form.rows] == [
        (WHO.nombre, WHO.rfc, WHO.correo, WHO.zona, WHO.paquete, tipo)
    ]


def test_files_are_the_same_each_time() -> None:
    """The same story makes the same bytes: an interrupted seeding can be taken up."""
    letter = _letter()
    makers = [
        _letter,
        lambda: letters.scan(letter, "seed", MOMENT),
        lambda: screens.ticket("TK-1", "Solicitud", "a@x.example", "Nuevo", MOMENT, "martha"),
        lambda: mails.mail(
            mails.DESK, mails.DESK, "Hola", ["Va."], MOMENT, attached=[mails.Attached("c.pdf", letter)]
        ),
        lambda: sheets.request_sheet(WHO, "alta", "TK-1", MOMENT),
    ]
    for make in makers:
        assert make() == make()


def test_people_are_sound() -> None:
    """Every RFC follows the rule and is one person's; addresses could receive mail; posts have known holders."""
    applicants = [story.who for story in STORIES]
    for who in applicants:
        verdict = check_rfc(who.rfc)
        assert (verdict.problem, verdict.warning) == ("", ""), who
        assert is_email(who.correo)
    assert len({who.rfc for who in applicants}) == len(applicants)
    keys = {person.key for person in (*COLLEAGUES, *CONTACTS)}
    assert {key for _, holders in POSTS for key in holders} <= keys
    assert {key for pair in BACKUPS for key in pair} <= keys
    assert all(is_email(person.email) for person in (*COLLEAGUES, *CONTACTS))
    roles = {role for colleague in COLLEAGUES for role in colleague.roles}
    assert roles == {str(role) for role in Role}
    assert BY_KEY["abraham"].roles == ("especialista", "supervisor", "cpanel")

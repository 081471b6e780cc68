"""Mails with files: sealed ones of the case or brought ones go out, are screened before, and are sealed as sent."""

from __future__ import annotations

import email
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

import pytest
from werkzeug.test import TestResponse

from evidence.entry import EntryKind, SealedEntry
from evidence.ports import StoreUnavailable
from identity.accounts import Role
from notifications.sender import FileGone
from tests.fakes.asking_room import AskingRoom
from tests.fakes.installation import Browser, Installation
from tests.fakes.metlife import people, workbook
from tests.fakes.papers import pdf, png
from tests.fakes.review_room import ReviewRoom
from tests.fakes.signing_room import SigningRoom
from tests.servers.smtp import Post, smtp_server
from tests.workflows.desk import PERSON
from web import attaching
from web.drafts import DraftDesk
from workflows.casefile import entry_files
from workflows.commands import Actor, OpenCase
from workflows.mailing import Attached

SHEET = workbook(people(3))
LOCAL = {"CONSTANCIA_PUBLIC_URL": "http://localhost"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation that mails into its folder."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


def opened(place: Installation) -> str:
    """A case of MA-001 whose reception is to be confirmed."""
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    return place.house.cases.open_case(OpenCase("MA-001", actor, PERSON)).folio


def words(**changes: str) -> dict[str, str]:
    """A mail as it is typed."""
    said = {
        "para": "ana@example.org",
        "asunto": "Tu alta está en proceso",
        "mensaje": "Hola:\n\nVa lo que pediste.",
        "idempotency_key": "una-vez",
    }
    return {**said, **changes}


def press(
    browser: Browser,
    folio: str,
    step: str,
    said: Mapping[str, str],
    files: Sequence[tuple[str, bytes]] = (),
    chosen: Sequence[str] = (),
    areas: Sequence[str] = (),
) -> TestResponse:
    """Press the button of the form."""
    data: dict[str, object] = {
        **said,
        "csrf_token": browser.token(),
        "evidencia": list(chosen),
        "area": list(areas),
    }
    if files:
        data["file"] = [(io.BytesIO(content), name) for name, content in files]
    return browser.client.post(f"/casos/{folio}/pasos/{step}/correo", data=data)


def outgoing(place: Installation) -> list[EmailMessage]:
    """Every mail in the folder."""
    folder = place.settings.data / "outbox"
    files = sorted(folder.iterdir()) if folder.exists() else []
    return [
        cast("EmailMessage", email.message_from_bytes(item.read_bytes(), policy=default)) for item in files
    ]


def brought(mail: EmailMessage) -> dict[str, bytes]:
    """The files of a mail by name."""
    parts = mail.iter_attachments()
    return {str(part.get_filename()): cast("bytes", part.get_payload(decode=True)) for part in parts}


def last(place: Installation, folio: str) -> SealedEntry:
    """The case's last entry."""
    return place.house.ledger.history(folio)[-1]


def test_a_file_that_is_brought_goes_out_and_is_sealed_as_sent(place: Installation, laura: Browser) -> None:
    """Name with accents included; the sealed evidence is the mail in the folder, byte for byte, files and all."""
    folio = opened(place)
    answer = press(laura, folio, "2", words(), [("guía de señas.pdf", pdf())])
    assert answer.status_code == 303, answer.text
    (mail,) = outgoing(place)
    assert brought(mail) == {"guía de señas.pdf": pdf()}
    entry = last(place, folio).entry
    assert (entry.kind, entry.step) == (EntryKind.EVIDENCE_RECORDED, "2")
    (file,) = (place.settings.data / "outbox").iterdir()
    with place.house.blobs.open(entry.objects[0]) as stream:
        assert stream.read() == file.read_bytes()
    assert place.house.outbox.file(place.house.outbox.latest()[0].id, 0) is None


def test_a_sealed_file_of_the_case_goes_out(tmp_path: Path) -> None:
    """The letter of step 7 goes to the director: the very bytes that were sealed; nothing that is not of the case."""
    room = SigningRoom.begin(tmp_path / "data", LOCAL)
    place, folio = room.place, room.case()
    laura = place.client(Role.ESPECIALISTA, email=room.specialist.email)
    letter = next(item for item in place.house.ledger.history(folio) if item.entry.step == "7")
    value = f"{letter.entry.seq}:0"
    assert f'value="{value}"' in laura.get(f"/casos/{folio}/pasos/8/correo").text
    assert press(laura, folio, "8", words(), chosen=["99:0"]).status_code == 422
    assert press(laura, folio, "8", words(), chosen=[value]).status_code == 303
    mail = next(item for item in outgoing(place) if item["Subject"].startswith("Tu alta"))
    with place.house.blobs.open(letter.entry.objects[0]) as stream:
        assert brought(mail) == {"carta-1.pdf": stream.read()}
    assert last(place, folio).entry.step == "8"
    place.close()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notas.txt", b"Usuario: ana\nContrase\xc3\xb1a: Verano2026!\n"),
        ("programa.exe", b"MZ" + bytes(400)),
        ("roto.pdf", b"%PDF-1.7\nnada"),
    ],
)
def test_what_a_case_does_not_take_is_not_sent(
    place: Installation, laura: Browser, name: str, content: bytes
) -> None:
    """A password, a program, a broken file: refused with its reason, nothing leaves, what was typed is kept."""
    folio = opened(place)
    answer = press(laura, folio, "2", words(asunto="Esto no se pierde"), [(name, content)])
    assert answer.status_code in {415, 422}
    assert "Esto no se pierde" in answer.text
    assert (outgoing(place), place.house.outbox.latest()) == ([], [])
    assert "Esto no se pierde" in laura.get(f"/casos/{folio}/pasos/2/correo").text


def test_pictures_are_looked_at_first(place: Installation, laura: Browser) -> None:
    """A picture goes out once somebody says that it shows no password; it waits meanwhile and can be left out."""
    folio = opened(place)
    answer = press(laura, folio, "2", words(), [("captura.png", png())])
    assert (answer.status_code, "captura.png" in answer.text) == (422, True)
    assert outgoing(place) == []
    assert press(laura, folio, "2", words(**{"d.sin_contrasenas": "si"})).status_code == 303
    assert list(brought(outgoing(place)[0])) == ["captura.png"]


def test_files_wait_and_can_be_taken_out(place: Installation, laura: Browser) -> None:
    """«Adjuntar sin enviar» keeps them; one is taken out again, and the other goes."""
    folio = opened(place)
    two = [("uno.pdf", pdf()), ("dos.pdf", pdf(2))]
    assert press(laura, folio, "2", words(accion="adjuntar"), two).status_code == 200
    assert outgoing(place) == []
    user = place.user(Role.ESPECIALISTA)
    draft = DraftDesk(place.house).find(attaching.draft_key(place.house, user.id, folio, "2"))
    first = next(item for item in draft.files if item.name == "uno.pdf")
    assert press(laura, folio, "2", words(drop=first.id)).status_code == 303
    assert list(brought(outgoing(place)[0])) == ["dos.pdf"]
    assert not DraftDesk(place.house).find(draft.key).files


def test_too_many_and_too_large_are_refused(
    place: Installation, laura: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More files than a mail takes, or more bytes: said with the limit, and nothing leaves."""
    folio = opened(place)
    monkeypatch.setattr(attaching, "MOST", 1)
    answer = press(laura, folio, "2", words(), [("uno.pdf", pdf()), ("dos.pdf", pdf(2))])
    assert (answer.status_code, outgoing(place)) == (422, [])
    monkeypatch.setattr(attaching, "MOST", 10)
    monkeypatch.setattr(attaching, "MOST_MIB", 0)
    answer = press(laura, folio, "2", words())
    assert (answer.status_code, "0 MiB" in answer.text) == (422, True)


def test_a_step_that_takes_a_sheet_beside_the_mail_gets_both(tmp_path: Path) -> None:
    """The sheet that went with the mail is also what the step's own place for it holds: MA-002's step 5."""
    room = AskingRoom.begin(tmp_path / "data", LOCAL)
    place, folio = room.place, room.walk("MA-002", "2", "3", "4")
    place.house.cases._reader = place.house.reader
    laura = place.client(Role.ESPECIALISTA, email=room.specialist.email)
    answer = press(laura, folio, "5", words(), [("formato.xlsx", SHEET)])
    assert answer.status_code == 303, answer.text
    files = [(item["name"], item["slot"]) for item in entry_files(last(place, folio))]
    assert files == [("Tu alta está en proceso.eml", "correo"), ("formato.xlsx", "formato")]
    place.close()


def test_a_dead_server_keeps_the_files_too(tmp_path: Path) -> None:
    """The files wait with the mail, leave with it, and are nowhere but in the sealed mail afterwards."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_SMTP_URL": "smtp://127.0.0.1:9?tls=none"})
    laura, folio = place.client(Role.ESPECIALISTA), opened(place)
    before = len(place.house.ledger.history(folio))
    assert press(laura, folio, "2", words(), [("guia.pdf", pdf())]).status_code == 303
    (mail,) = place.house.outbox.latest()
    assert place.house.outbox.file(mail.id, 0) == pdf()
    assert len(place.house.ledger.history(folio)) == before
    with smtp_server(Post()) as post:
        from tests.faces.test_faces_mail import _point_to  # noqa: PLC0415 - only here

        _point_to(place, post.port)
        place.clock.offset += timedelta(minutes=2)
        place.house.mail.sender.run()
        (taken,) = post.taken
    with place.house.blobs.open(last(place, folio).entry.objects[0]) as stream:
        assert stream.read() == taken
    assert place.house.outbox.file(mail.id, 0) is None
    place.close()


def test_areas_are_asked_by_a_mail_with_their_sheet(tmp_path: Path) -> None:
    """MA-005's step 8: the sheet of each ticked area goes with the mail, their days begin, and no area is a refusal."""
    room = ReviewRoom.begin(tmp_path / "data", LOCAL)
    place, folio = room.place, room.campaign()
    laura = place.client(Role.ESPECIALISTA, email=room.specialist.email)
    page = laura.get(f"/casos/{folio}/pasos/8/correo").text
    areas = [item.area for item in place.house.cases.campaigns.roster(folio).areas]
    assert all(f'value="{area}"' in page for area in areas)
    assert press(laura, folio, "8", words()).status_code == 422
    answer = press(laura, folio, "8", words(), areas=areas[:1])
    assert answer.status_code == 303, answer.text
    mail = next(item for item in outgoing(place) if item["Subject"].startswith("Tu alta"))
    (name,) = brought(mail)
    assert name.endswith(".xlsx")
    asked = {item.area: bool(item.sent_at) for item in place.house.cases.campaigns.roster(folio).areas}
    assert asked == {area: area == areas[0] for area in areas}
    place.close()


def test_a_store_that_is_away_loses_nothing(
    place: Installation, laura: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told on the form, with all that was typed and the file that was brought; nothing leaves."""
    folio = opened(place)
    with monkeypatch.context() as away:

        def unavailable(*_args: object) -> None:
            raise StoreUnavailable("away")

        away.setattr(DraftDesk, "open_file", unavailable)
        answer = press(laura, folio, "2", words(asunto="Esto no se pierde"), [("guia.pdf", pdf())])
    assert answer.status_code == 503
    assert "Esto no se pierde" in answer.text
    assert "guia.pdf" in answer.text
    assert (outgoing(place), place.house.outbox.latest()) == ([], [])
    assert press(laura, folio, "2", words()).status_code == 303
    assert list(brought(outgoing(place)[0])) == ["guia.pdf"]


def test_a_file_that_is_gone_once_its_mail_went_stops_nobody(tmp_path: Path) -> None:
    """No copy can be made any more: the case is told that the mail went, and the steward goes on with the next."""
    room = AskingRoom.begin(tmp_path / "data", LOCAL)
    place, folio = room.place, room.walk("MA-002", "2", "3", "4")
    laura = place.client(Role.ESPECIALISTA, email=room.specialist.email)
    place.house.cases._reader = place.house.reader
    real, asked = place.house.mail._attached, []

    def once(mail: str, number: int, file: Attached) -> bytes:
        asked.append(file.name)
        if len(asked) > 1:
            raise FileGone(file.name)
        return real(mail, number, file)

    place.house.mail.sender._attaching = once
    assert press(laura, folio, "5", words(), [("formato.xlsx", SHEET)]).status_code == 303
    assert last(place, folio).entry.kind is EntryKind.MAIL_SENT
    assert place.house.outbox.untold() == []
    place.close()

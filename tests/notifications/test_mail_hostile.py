"""Mails that mean harm, and mailboxes that break: everything waits for a person, once, and nothing of it acts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from email.header import Header
from pathlib import Path

import pytest

from documents.identifiers import fold
from identity.accounts import Role
from notifications.answers import _choice, own_words
from notifications.inbox import IncomingMail
from tests.fakes.installation import Browser, Installation
from tests.notifications.test_mailbox import asked_for_validation, letter
from tests.servers.cutting import wire_to
from tests.servers.imap import PASSWORD, ImapServer
from web.mailroom import MailRoom
from web.wiring import HouseError
from workflows.loader import load

TURN = "\u202e"


@pytest.fixture
def place(tmp_path: Path, imap: ImapServer) -> Iterator[Installation]:
    """An installation with a mailbox; nobody is asked for keys."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_IMAP_URL": imap.url})
    made.house.mailroom = MailRoom(made.house, dns=None)
    yield made
    made.close()


@pytest.fixture
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


def taken(place: Installation, imap: ImapServer, raw: bytes) -> IncomingMail:
    """The mail as it waits, kept byte for byte."""
    imap.put(raw)
    place.house.mailroom.poll()
    mail = place.house.inbox.waiting()[-1]
    assert place.house.inbox.raw(mail.id) == raw
    return mail


def raw(head: str, body: str) -> bytes:
    """A mail with these further headers and this body, as bytes that no library tidies."""
    first = "From: Ana <ana@x.example>\nTo: mesa@desk.example\nMessage-ID: <m@x.example>\n"
    return (first + head + "\n" + body).replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def test_the_same_mail_dropped_twice_is_taken_once(place: Installation, imap: ImapServer) -> None:
    """Two UIDs with the same bytes, in one poll or in two: one mail waits."""
    imap.put(letter("Hola", "Uno"))
    imap.put(letter("Hola", "Uno"))
    done = place.house.mailroom.poll()
    assert (done.new, done.repeated) == (1, 1)
    imap.put(letter("Hola", "Uno"))
    assert place.house.mailroom.poll().repeated == 1
    assert place.house.inbox.count_waiting() == 1


def test_the_same_uid_read_by_several_at_once_is_one_mail(place: Installation, imap: ImapServer) -> None:
    """Four workers poll together: each mail waits once, and the position is at the last of them."""
    for number in range(3):
        imap.put(letter(f"Hola {number}", "Uno", message_id=f"<{number}@x.example>"))
    done = []
    rooms = [MailRoom(place.house, dns=None) for _ in range(4)]
    threads = [threading.Thread(target=lambda room=room: done.append(room.poll())) for room in rooms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), sum(item.new for item in done)) == (4, 3)
    assert place.house.inbox.count_waiting() == 3
    assert place.house.mailroom.poll() == type(done[0])()


def test_a_mailbox_made_anew_gives_what_is_new_in_it(place: Installation, imap: ImapServer) -> None:
    """Another UIDVALIDITY: known mails are recognised, and one that came in between is taken, whatever its number."""
    imap.put(letter("Uno", "Uno", message_id="<1@x.example>"))
    place.house.mailroom.poll()
    imap.put(letter("Dos", "Dos", message_id="<2@x.example>"))
    imap.begin_anew()
    done = place.house.mailroom.poll()
    assert (done.new, done.repeated) == (1, 1)
    assert [mail.text("subject") for mail in place.house.inbox.waiting()] == ["Uno", "Dos"]


def test_a_mail_taken_out_of_the_mailbox_is_no_mail(place: Installation, imap: ImapServer) -> None:
    """What somebody deleted before we came leaves no trace, and those after it are taken."""
    for number in range(3):
        imap.put(letter(f"{number}", "x", message_id=f"<{number}@x.example>"))
    imap.take_out("2")
    assert place.house.mailroom.poll().new == 2
    assert [mail.text("refused") for mail in place.house.inbox.waiting()] == ["", ""]


def test_a_connection_cut_in_the_middle_of_a_fetch_loses_nothing(tmp_path: Path, imap: ImapServer) -> None:
    """Cut wherever it may be: the poll says so, nothing is half taken, and later all of it is there once."""
    sent = [letter(f"Hola {number}", "x" * 3_000, message_id=f"<{number}@x.example>") for number in range(3)]
    for item in sent:
        imap.put(item)
    with wire_to(imap.port) as wire:
        url = f"imap://{imap.user}:{PASSWORD}@127.0.0.1:{wire.port}/INBOX?tls=none"
        place = Installation(tmp_path / "data", {"CONSTANCIA_IMAP_URL": url})
        room = MailRoom(place.house, dns=None)
        cuts = 0
        for after in (60, 900, 2_000, 4_500):
            wire.after = after
            with suppress(HouseError):
                room.poll()
                cuts -= 1
            cuts += 1
            kept = [place.house.inbox.raw(mail.id) for mail in place.house.inbox.waiting()]
            assert kept == sent[: len(kept)]
        assert cuts >= 3
        wire.after = -1
        room.poll()
        assert [place.house.inbox.raw(mail.id) for mail in place.house.inbox.waiting()] == sent
        assert room.poll().new == 0
        place.close()


@pytest.mark.parametrize(
    ("charset", "body", "shown"),
    [
        ("x-no-existe", "Sí adelante", "adelante"),
        ("iso-8859-1", "Sí adelante", "adelante"),
        ("utf-16", "Sí adelante", ""),
        ("utf-7", "+ADw-script+AD4-", ""),
        ('"utf-8\\"; x', "adelante", "adelante"),
        ("base64", "adelante", "adelante"),
        ("utf-8", "adelante \udcff\udcfe", "adelante"),
    ],
)
def test_a_wrong_charset_is_read_as_well_as_it_goes(
    place: Installation, imap: ImapServer, laura: Browser, charset: str, body: str, shown: str
) -> None:
    """A charset that is unknown, another or none: the mail waits with a page, and no letter of it becomes a tag."""
    head = f"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n"
    mail = taken(place, imap, raw(head, body))
    page = laura.get(f"/correo/{mail.id}")
    assert page.status_code == 200
    assert shown in page.text
    assert "<script>" not in page.text.replace('<script type="module"', "")


def test_names_that_lie_do_not_lie_here(place: Installation, imap: ImapServer, laura: Browser) -> None:
    """Marks that turn letters around, in subject, sender and attachment, and paths: shown without them."""
    subject = Header(f"factura{TURN}fdp.exe", "utf-8").encode()
    head = f"Subject: {subject}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
    parts = "".join(
        f'--b\nContent-Type: application/octet-stream; name="{name}"\nContent-Disposition: attachment\n\nMZ\n'
        for name in (
            "../../etc/passwd",
            Header(f"a{TURN}gpj.exe", "utf-8").encode(),
            "CON.pdf",
            "x" * 400 + ".pdf",
            "",
        )
    )
    text = "--b\nContent-Type: text/plain; charset=utf-8\n\nhola" + TURN + "\n"
    mail = taken(place, imap, raw(head, text + parts + "--b--\n"))
    page = laura.get(f"/correo/{mail.id}").text
    assert TURN not in page
    assert "facturafdp.exe" in page
    listed = mail.about["attachments"]
    assert isinstance(listed, list)
    names = [str(item["name"]) for item in listed if isinstance(item, dict)]
    assert names[:3] == ["passwd", "agpj.exe", "_CON.pdf"]
    assert all("/" not in name and len(name.encode()) <= 180 for name in names)


def test_letters_nobody_sees_change_no_meaning() -> None:
    """«no proceda» with an unseen letter in it is still a no: what is proposed rests on what a person reads."""
    definition = load(Path("workflows/definitions/ma-002/2025-12-15.toml").read_bytes())
    step = definition.by_step["6"]
    assert _choice(step, fold(own_words("No\u200b \u2060proceda, por fa\u00advor.")))[0] == "detenlo"


DEEP = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(80))


@pytest.mark.parametrize(
    ("head", "body", "why"),
    [
        ("MIME-Version: 1.0\n" + DEEP.split("\n\n", 1)[0] + "\n", DEEP.split("\n\n", 1)[1], "over_limit"),
        ("".join(f"X-{n}: y\n" for n in range(3_000)), "x", "over_limit"),
        ("Subject: " + "=?utf-8?b?////?= " * 3_000 + "\n", "x", ""),
        ("Content-Type: multipart/mixed\n", "sin frontera", ""),
        ("Content-Type: message/rfc822\n", "Content-Type: message/rfc822\n\n" * 60, "over_limit"),
        ("Date: 99999999999999999999\nFrom: <<<>>>, ;;;\nReferences: " + "<" * 9_000 + "\n", "x", ""),
        ("DKIM-Signature: " + "a=" * 9_000 + "\nAuthentication-Results: " + ";" * 9_000 + "\n", "x", ""),
    ],
)
def test_a_hostile_mail_waits_and_its_page_opens(
    place: Installation, imap: ImapServer, laura: Browser, head: str, body: str, why: str
) -> None:
    """Levels, headers, words and signatures without end: kept as they came, told why where they are not read."""
    mail = taken(place, imap, raw(head, body))
    assert mail.text("refused") == why
    for path in ("/correo", f"/correo/{mail.id}"):
        assert laura.get(path).status_code == 200
    assert (
        laura.post_form(f"/correo/{mail.id}/descartar", {"reason": "No es para la mesa"}).status_code == 303
    )


def test_a_mail_larger_than_we_take_is_noted_without_its_bytes(tmp_path: Path, imap: ImapServer) -> None:
    """Its place in the queue says how large it is; it is not fetched, and the next one is."""
    place = Installation(
        tmp_path / "data", {"CONSTANCIA_IMAP_URL": imap.url, "CONSTANCIA_MAX_UPLOAD_MB": "1"}
    )
    imap.put(letter("Grande", "x" * 900 + "\r\n") + b"y" * 1_200_000)
    imap.put(letter("Chico", "hola", message_id="<c@x.example>"))
    MailRoom(place.house, dns=None).poll()
    large, small = place.house.inbox.waiting()
    assert (large.text("refused"), place.house.inbox.raw(large.id)) == ("too_large", None)
    assert small.text("subject") == "Chico"
    assert place.client(Role.ESPECIALISTA).get(f"/correo/{large.id}").status_code == 200
    place.close()


def test_what_a_mail_says_of_itself_opens_no_case_and_moves_none(
    place: Installation, imap: ImapServer
) -> None:
    """Forged headers of ours, a folio and a plain yes: proposed at most, by nobody recorded."""
    folio = asked_for_validation(place)
    before = len(place.house.ledger.history(folio))
    head = (
        f"Subject: RE [{folio}]\nX-Constancia-Case: {folio}\nReferences: <caso.{folio.lower()}@localhost>\n"
    )
    mail = taken(place, imap, raw(head, "Ya quedó, gracias.\n"))
    assert [match.folio for match in mail.matches] == [folio]
    assert len(place.house.ledger.history(folio)) == before


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_letters_that_a_careless_sender_left_undeclared_are_read(
    place: Installation, imap: ImapServer, charset: str
) -> None:
    """A subject and a name in plain bytes, as careless programs write them: read as what they are, not as blots."""
    head = "From: José Peña <jose@x.example>\r\nSubject: Contraseña que venció\r\nMessage-ID: <n@x>\r\n\r\nHola\r\n"
    mail = taken(place, imap, head.encode(charset))
    assert mail.text("subject") == "Contraseña que venció"
    assert mail.addresses("from") == (("José Peña", "jose@x.example"),)

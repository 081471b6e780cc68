"""`flask mail`: what arrived is listed, shown, matched and put aside; what waits to leave is listed and retried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.entry import EntryKind
from identity.accounts import Role
from notifications.inbox import IncomingMail
from tests.fakes.installation import Installation
from tests.notifications.conftest import imap, imap_process
from tests.notifications.test_mailbox import asked_for_validation, letter
from tests.servers.imap import ImapServer
from web.mailroom import MailRoom

__all__ = ["imap", "imap_process"]


@pytest.fixture
def place(tmp_path: Path, imap: ImapServer) -> Iterator[Installation]:
    """An installation with a mailbox, and a server for mails that leave that never answers."""
    env = {"CONSTANCIA_IMAP_URL": imap.url, "CONSTANCIA_SMTP_URL": "smtp://127.0.0.1:9?tls=none"}
    made = Installation(tmp_path / "data", env)
    made.house.mailroom = MailRoom(made.house, dns=None)
    yield made
    made.close()


def plain(place: Installation, *args: str, code: int = 0) -> str:
    """What a command prints for people."""
    result = place.app.test_cli_runner().invoke(args=["mail", *args])
    assert result.exit_code == code, result.output
    return result.stdout


def told(place: Installation, *args: str, code: int = 0) -> Any:
    """What it prints for programs."""
    return json.loads(plain(place, *args, "--json", code=code))


def arrived(place: Installation, imap: ImapServer, *mails: bytes) -> list[IncomingMail]:
    """Mails that wait."""
    for raw in mails:
        imap.put(raw)
    place.house.mailroom.poll()
    return list(place.house.inbox.waiting())


def test_what_arrived_is_listed_and_shown(place: Installation, imap: ImapServer) -> None:
    """A line each for people, one object for programs; the first digits of the id will do."""
    folio = asked_for_validation(place)
    (mail,) = arrived(place, imap, letter(f"RE: {folio}", "Ya quedó, gracias."))
    line = plain(place, "inbox")
    assert all(word in line for word in (mail.id[:12], "waiting", "rosa.cano@promotoria.example", folio))
    (row,) = told(place, "inbox")["mails"]
    assert (row["id"], row["matches"][0]["folio"]) == (mail.id, folio)
    assert (row["proposed"]["choice"], row["dkim"]) == ("validado", "none")
    shown = told(place, "show", mail.id[:10])
    assert (shown["id"], shown["text"]) == (mail.id, "Ya quedó, gracias.")
    assert "Ya quedó" in plain(place, "show", mail.id)
    assert told(place, "show", "0" * 64, code=1)["error"]["code"] == "no_such_mail"


def test_a_mail_is_matched_to_a_step_or_to_a_case(place: Installation, imap: ImapServer) -> None:
    """The receipt of who was named, marked as claimed from the console; matched twice is refused."""
    folio = asked_for_validation(place)
    first, second = arrived(
        place,
        imap,
        letter("Gracias", "Buen día", message_id="<a@x.example>"),
        letter(f"RE: {folio}", "Ya quedó", message_id="<b@x.example>"),
    )
    user = place.user(Role.ESPECIALISTA)
    receipt = told(place, "match", first.id, folio, "--note", "Da las gracias", "--actor", user.email)
    entry = place.house.ledger.history(folio)[receipt["seq"] - 1]
    assert (entry.entry.kind, entry.entry.actor) == (EntryKind.MAIL_RECEIVED, user.id)
    assert entry.entry.facts["via"] == "console"
    args = ("match", second.id[:12], folio, "--step", "16", "--choice", "validado", "--actor", user.email)
    assert plain(place, *args).startswith(folio)
    assert place.house.cases.view(folio).state.closed
    assert told(place, *args, code=1)["error"]["code"] == "mail_settled"
    assert told(place, "inbox") == {"mails": [], "waiting": 0}
    assert {row["state"] for row in told(place, "inbox", "--all")["mails"]} == {"filed"}


def test_a_mail_is_put_aside_with_a_reason(place: Installation, imap: ImapServer) -> None:
    """Too short a reason is refused; where a case was proposed it has the entry; where none was, nobody has."""
    folio = asked_for_validation(place)
    own, nobodys = arrived(
        place,
        imap,
        letter(f"Publicidad {folio}", "Compra", message_id="<a@x.example>"),
        letter("Oferta", "Compra", message_id="<b@x.example>", sender="otro@lejos.example"),
    )
    email = place.user(Role.ESPECIALISTA).email
    refused = told(place, "discard", own.id, "--reason", "no", "--actor", email, code=1)
    assert refused["error"]["code"] == "reason_missing"
    told(place, "discard", own.id, "--reason", "Es publicidad", "--actor", email)
    assert place.house.ledger.history(folio)[-1].entry.kind is EntryKind.MAIL_DISCARDED
    before = place.house.ledger.tree_size()
    assert told(place, "discard", nobodys.id, "--reason", "Es publicidad", "--actor", email) == {
        "id": nobodys.id,
        "state": "discarded",
    }
    assert place.house.ledger.tree_size() == before


def test_what_waits_to_leave_is_listed_and_retried(place: Installation) -> None:
    """A line says why it waits; retried it is handed over at once; what has gone, or is nobody's, is refused."""
    folio = asked_for_validation(place)
    place.house.mail.sender.run()
    (row,) = told(place, "list", "--case", folio)["mails"]
    assert (row["state"], row["trouble"], row["attempts"]) == ("waiting", "connection", 1)
    assert "connection" in plain(place, "list")
    assert told(place, "retry", row["id"])["attempts"] == 2
    place.house.mail.sender._transport = place.house.mail.folder
    assert told(place, "retry", row["id"])["state"] == "sent"
    assert told(place, "retry", row["id"], code=1)["error"]["code"] == "mail_done"
    assert told(place, "retry", "0" * 32, code=1)["error"]["code"] == "no_such_mail"
    assert told(place, "show", row["id"])["to"] == ["rosa.cano@promotoria.example"]


def test_posts_and_contacts_are_lines_for_people(place: Installation) -> None:
    """Without ``--json`` a line each, with the name; with it one object."""
    run = place.app.test_cli_runner()
    run.invoke(
        args=["contacts", "add", "--name", "Marcela Ríos", "--email", "m@zona.example", "--locale", "en"]
    )
    run.invoke(args=["posts", "appoint", "--post", "asistente_acapulco", "--email", "m@zona.example"])
    lines = run.invoke(args=["contacts", "list"]).stdout
    assert all(word in lines for word in ("Marcela Ríos", "m@zona.example", "en"))
    assert "asistente_acapulco  Marcela Ríos" in run.invoke(args=["posts", "list"]).stdout
    assert json.loads(run.invoke(args=["contacts", "list", "--json"]).stdout)["contacts"][0]["locale"] == "en"

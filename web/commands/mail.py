"""`flask mail`: what leaves and what arrives, how far each has got, and what somebody makes of it."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from notifications.inbox import IncomingMail
from notifications.outbox import SETTLED, QueuedMail
from web.commands import console, mailacts
from web.wiring import House, HouseError

group = AppGroup("mail", help="Mail that leaves and mail that arrives.")
mailacts.add_to(group)


@group.command("send")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@console.always_json
@console.command
def send(limit: int) -> None:
    """Send what is due now; safe beside a running server."""
    house = console.house()
    done = house.mail.sender.run(limit)
    console.settled(house)
    console.emit(asdict(done))


@group.command("poll")
@console.always_json
@console.command
def poll() -> None:
    """Take what is new in the mailbox (CONSTANCIA_IMAP_URL); what is here already is not taken twice."""
    house = console.house()
    if not house.mailroom.configured:
        raise HouseError("no_mailbox")
    done = house.mailroom.poll()
    console.settled(house)
    console.emit({**asdict(done), "waiting": house.inbox.count_waiting()})


@group.command("list")
@click.option("--case", "folio", default="", help="Of that case alone.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@console.json_option
@console.command
def listing(folio: str, limit: int, as_json: bool) -> None:
    """Mails asked for, the newest first, and how far each has got; addresses included, texts not."""
    outbox = console.house().outbox
    found = outbox.of_case(folio) if folio else outbox.latest(limit)
    if as_json:
        console.emit({"mails": [_outgoing(mail) for mail in found]})
        return
    console.table([[mail.id, mail.state, mail.request.case, _to(mail), _why(mail)] for mail in found])


@group.command("inbox")
@click.option("--all", "everything", is_flag=True, help="Also those that somebody has dealt with.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@console.json_option
@console.command
def inbox(everything: bool, limit: int, as_json: bool) -> None:
    """Mails that arrived and wait for a person, the oldest first, with the case each may belong to."""
    found = console.house().inbox
    mails = found.latest(limit) if everything else found.waiting(limit)
    if as_json:
        console.emit({"mails": [_incoming(mail) for mail in mails], "waiting": found.count_waiting()})
        return
    console.table(
        [[mail.id[:12], mail.state, mail.sender, _place(mail), mail.text("subject")] for mail in mails]
    )


@group.command("show")
@click.argument("mail_id", metavar="ID")
@console.json_option
@console.command
def show(mail_id: str, as_json: bool) -> None:
    """One mail, of either way; the first digits of its id will do. Of one that leaves the text is never shown."""
    house = console.house()
    sent = house.outbox.get(mail_id)
    told = _outgoing(sent) if sent is not None else _arrived(house, mail_id)
    if as_json:
        console.emit(told)
        return
    console.table([[name, value] for name, value in told.items() if value not in ("", [], None)])


@group.command("retry")
@click.argument("mail_id", metavar="ID")
@console.always_json
@console.command
def retry(mail_id: str) -> None:
    """Hand a mail that waits over now, whenever it was due; one that is settled is refused."""
    house = console.house()
    found = house.outbox.get(mail_id)
    if found is None:
        raise HouseError("no_such_mail")
    if found.state in SETTLED:
        raise HouseError("mail_done")
    sent = house.mail.sender.send(mail_id)
    console.settled(house)
    console.emit(_outgoing(sent or found))


def _arrived(house: House, mail_id: str) -> dict[str, Json]:
    mail = mailacts.arrived(house, mail_id)
    return {**_incoming(mail), "text": mail.text("text")}


def _outgoing(mail: QueuedMail) -> dict[str, Json]:
    return {
        "id": mail.id,
        "template": mail.request.template,
        "case": mail.request.case,
        "step": mail.request.step,
        "to": [item.address for item in mail.addressed or mail.request.to],
        "files": [item.name for item in mail.request.files],
        "locale": mail.locale or mail.request.locale,
        "state": str(mail.state),
        "attempts": mail.attempts,
        "asked_at": mail.created_at,
        "due_at": mail.due_at,
        "settled_at": mail.settled_at,
        "trouble": mail.trouble,
        "detail": mail.detail,
        "doubt": mail.doubt,
    }


def _incoming(mail: IncomingMail) -> dict[str, Json]:
    answer = mail.answer
    return {
        "id": mail.id,
        "state": str(mail.state),
        "from": mail.sender,
        "subject": mail.text("subject"),
        "date": mail.text("date"),
        "arrived_at": mail.arrived_at,
        "size": mail.size,
        "dkim": mail.facts.get("dkim", ""),
        "domain": mail.facts.get("domain", ""),
        "authserv": mail.facts.get("authserv", ""),
        "refused": mail.text("refused"),
        "attachments": mail.about.get("attachments", []),
        "matches": [{"folio": item.folio, "why": item.why} for item in mail.matches],
        "proposed": asdict(answer) if answer is not None else None,
        "case": mail.case,
        "settled_by": mail.settled_by,
        "note": mail.note,
    }


def _to(mail: QueuedMail) -> str:
    return ", ".join(item.address for item in mail.addressed or mail.request.to)


def _why(mail: QueuedMail) -> str:
    return f"{mail.trouble} {mail.detail}".strip() if mail.trouble else mail.settled_at


def _place(mail: IncomingMail) -> str:
    if mail.matches:
        return mail.matches[0].folio
    return mail.case

"""`flask mail`: send what waits, and see how far each mail has got."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from notifications.outbox import QueuedMail
from web.commands import console
from web.wiring import HouseError

group = AppGroup("mail", help="Mail that leaves and mail that arrives.")


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
@click.option("--case", "folio", default="")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@console.always_json
@console.command
def listing(folio: str, limit: int) -> None:
    """Mails asked for, the newest first, and how far each has got; addresses included, texts not."""
    outbox = console.house().outbox
    found = outbox.of_case(folio) if folio else outbox.latest(limit)
    rows: list[Json] = [_json(mail) for mail in found]
    console.emit({"mails": rows})


def _json(mail: QueuedMail) -> dict[str, Json]:
    return {
        "id": mail.id,
        "template": mail.request.template,
        "case": mail.request.case,
        "step": mail.request.step,
        "to": [item.address for item in mail.request.to],
        "state": str(mail.state),
        "attempts": mail.attempts,
        "asked_at": mail.created_at,
        "due_at": mail.due_at,
        "settled_at": mail.settled_at,
        "trouble": mail.trouble,
        "detail": mail.detail,
        "doubt": mail.doubt,
    }

"""`flask mail match` and `flask mail discard`: what somebody makes of a mail that arrived."""

from __future__ import annotations

from collections.abc import Iterable

import click
from flask.cli import AppGroup, with_appcontext

from evidence.canonical import Json
from notifications.inbox import IncomingMail
from web import filing
from web.acting import actor_for
from web.commands import casework, console
from web.wiring import House, HouseError
from workflows.commands import Actor

_SHORTEST = 8
_AMONG = 500


def arrived(house: House, wanted: str) -> IncomingMail:
    """A mail that arrived, by its id or the first digits of it. Raises `HouseError`: ``no_such_mail``."""
    found = house.inbox.get(wanted)
    if found is None and len(wanted) >= _SHORTEST:
        known = {mail.id: mail for mail in (*house.inbox.waiting(_AMONG), *house.inbox.latest(_AMONG))}
        fitting = [mail for mail_id, mail in known.items() if mail_id.startswith(wanted)]
        found = fitting[0] if len(fitting) == 1 else None
    if found is None:
        raise HouseError("no_such_mail")
    return found


def add_to(group: AppGroup) -> None:
    """Add the commands to ``flask mail``."""
    group.add_command(match)
    group.add_command(discard)


@click.command("match")
@click.argument("mail_id", metavar="ID")
@click.argument("folio")
@click.option(
    "--step", default="", help="The step whose evidence it is; without one it is filed in the case alone."
)
@click.option("--choice", default="", help="How the step turned out, where it has several ways.")
@click.option("--note", default="", help="A remark, for a mail that is filed without a step.")
@casework.actor_option
@casework.role_option
@console.json_option
@with_appcontext
@console.command
def match(
    mail_id: str, folio: str, step: str, choice: str, note: str, actor: str, role: str, as_json: bool
) -> None:
    """Say which case, and which step of it, a mail that waits belongs to; the receipt is printed."""
    house = console.house()
    mail, acting = _waiting(house, mail_id), _acting(actor, role)
    wanted = folio.strip().upper()
    if step:
        receipt = filing.record(house, mail, wanted, step, choice, acting)
    else:
        receipt = filing.file_in(house, mail, wanted, note.strip(), acting)
    casework.done(house, receipt, as_json=as_json)


@click.command("discard")
@click.argument("mail_id", metavar="ID")
@click.option("--reason", required=True, help="Why it is not for the desk; ten letters or more.")
@casework.actor_option
@casework.role_option
@console.json_option
@with_appcontext
@console.command
def discard(mail_id: str, reason: str, actor: str, role: str, as_json: bool) -> None:
    """Put a mail that waits aside, with a reason; an entry of the case it seemed to belong to, if any."""
    house = console.house()
    mail = _waiting(house, mail_id)
    receipt = filing.discard(house, mail, reason.strip(), _acting(actor, role))
    if receipt is not None:
        casework.done(house, receipt, as_json=as_json)
        return
    told: dict[str, Json] = {"id": mail.id, "state": "discarded"}
    if as_json:
        console.emit(told)
    else:
        console.table([list(told.values())])


def _waiting(house: House, mail_id: str) -> IncomingMail:
    known = arrived(house, mail_id)
    found = filing.waiting_mail(house, known.id)
    return found if found is not None else known


def _acting(email: str, role: str) -> filing.Acting:
    user = console.account(email)

    def acting(allowed: Iterable[str]) -> Actor:
        return actor_for(user, allowed, role=role, via="console", os_user=console.os_user())

    return acting

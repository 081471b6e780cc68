"""`flask signatures secret|returned|accept|return`: credentials by link, and letters that came back, from the console.

A secret is read from stdin alone: it is in no argument, no entry and no output.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import click
from flask.cli import AppGroup, with_appcontext

from evidence.canonical import Json
from signing.kinds.asking import Ask
from signing.kinds.onetime import MOST_SECRET, Left
from web.acting import actor_for
from web.commands import casework, console
from web.commands.asking import DAYS, acting_on, console_place, person_of, told_request
from web.wiring import House
from workflows.commands import Actor
from workflows.errors import UnknownRequest
from workflows.returnacts import JudgeReturn
from workflows.returning import arrived


def add_to(group: AppGroup) -> None:
    """Put the commands into the group."""
    for command in (secret, returned, accept, send_back):
        group.add_command(command)


@click.command("secret")
@click.argument("folio")
@click.argument("step")
@casework.actor_option
@casework.role_option
@click.option("--person", default="", metavar="EMAIL", help="For whom; the likeliest if left out.")
@click.option(
    "--data", type=console.JsonObject(), default=dict, help="What the delivery says, as JSON or @FILE."
)
@click.option("--expires", type=console.Moment(), default=None, help=f"Until when; {DAYS} days if left out.")
@click.option(
    "--factor", default="", help="code: read out by telephone; totp: of the application they enrolled."
)
@click.option("--note", default="", help="Words for the person; never the secret.")
@console.always_json
@with_appcontext
@console.command
def secret(  # noqa: PLR0913 - one parameter an option
    folio: str,
    step: str,
    actor: str,
    role: str,
    person: str,
    data: dict[str, Json],
    expires: datetime | None,
    factor: str,
    note: str,
) -> None:
    """Leave the secret on stdin for one person of STEP of FOLIO: a link shows it once, and it is destroyed."""
    house = console.house()
    desk = house.links.onetime
    who = person_of(house, person) if person else next((item.id for item in desk.people(folio, ())), "")
    row = house.index.get(folio)
    ask = Ask(
        folio,
        step,
        who,
        expires or house.clock() + timedelta(days=DAYS),
        data=casework.texts_of(data),
        factor=factor,
        note=note,
        about=row.title if row else "",
    )
    left = Left(ask, sys.stdin.read(MOST_SECRET + 2).rstrip("\r\n"))
    made = desk.leave(house.links.desk, left, acting_on(house, folio, step, actor, role), console_place())
    console.settled(house)
    console.emit(told_request(made))


@click.command("returned")
@console.always_json
@with_appcontext
@console.command
def returned() -> None:
    """Signed letters that came back by link and wait to be looked at."""
    found: list[Json] = [
        {"folio": request.folio, "step": item.step, "seq": item.seq, "by": item.actor, "at": item.at}
        for request, item in console.house().links.returns.unseen()
    ]
    console.emit({"returned": found})


@click.command("accept")
@click.argument("folio")
@click.argument("seq", type=int)
@casework.actor_option
@casework.role_option
@console.json_option
@with_appcontext
@console.command
def accept(folio: str, seq: int, actor: str, role: str, as_json: bool) -> None:
    """Take the letter that entry SEQ of FOLIO brought as the step's evidence; look at it first."""
    house = console.house()
    receipt = house.links.returns.accept(folio, seq, _judge(house, folio, seq, actor, role))
    house.mailroom.noticed(receipt, console.account(actor).id)
    casework.done(house, receipt, as_json=as_json)


@click.command("return")
@click.argument("folio")
@click.argument("seq", type=int)
@casework.actor_option
@casework.role_option
@click.option("--reason", required=True, help="Why; whoever sent it reads it, with a new link.")
@console.always_json
@with_appcontext
@console.command
def send_back(folio: str, seq: int, actor: str, role: str, reason: str) -> None:
    """Send the letter that entry SEQ of FOLIO brought back, for a reason, and ask for it again by a new link."""
    house = console.house()
    judged = JudgeReturn(folio, seq, _judge(house, folio, seq, actor, role), reason)
    row = house.index.get(folio)
    about = row.title if row else ""
    made = house.links.returns.send_back(house.links.desk, judged, console_place(), about)
    console.settled(house)
    console.emit(told_request(made))


def _judge(house: House, folio: str, seq: int, email: str, role: str) -> Actor:
    view = house.cases.view(folio)
    item = next((one for one in arrived(view.entries) if one.seq == seq), None)
    if item is None:
        raise UnknownRequest(folio=folio, request=str(seq))
    roles = view.definition.by_step[item.step].roles
    return actor_for(console.account(email), roles, role=role, via="console", os_user=console.os_user())

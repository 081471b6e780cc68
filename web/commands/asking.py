"""`flask signatures request|ask|review|list|resend|revoke`: personal links from the console. None shows a link."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from flask.cli import AppGroup, with_appcontext

from evidence.canonical import Json
from identity.accounts import UnknownUser, normalise_email
from signing.desk import Wish
from signing.kinds.asking import Ask
from signing.office import Place
from signing.records import Request
from web.acting import actor_for
from web.commands import casework, console
from web.wiring import House
from workflows.commands import Actor
from workflows.errors import NothingToSign
from workflows.returning import returns
from workflows.rules import known_step

DAYS = 5


def add_to(group: AppGroup) -> None:
    """Put the commands into the group."""
    for command in (request, ask, everything, resend, revoke):
        group.add_command(command)


@click.command("request")
@click.argument("folio")
@click.argument("step")
@casework.actor_option
@casework.role_option
@click.option(
    "--signatory", default="", metavar="EMAIL", help="Who signs; the holder of the step's post if left out."
)
@click.option(
    "--entry", type=int, default=0, help="The entry whose letter it is; the newest letter if left out."
)
@click.option("--expires", type=console.Moment(), default=None, help=f"Until when; {DAYS} days if left out.")
@click.option(
    "--factor", default="", help="code: read out by telephone; totp: their application's; passkey: their key."
)
@click.option("--delegable", is_flag=True, help="It may be passed on to who was appointed to stand in.")
@click.option("--note", default="", help="Words for the signatory.")
@click.option("--rfc", default="", help="The signatory's RFC: they may then sign with their e.firma.")
@console.always_json
@with_appcontext
@console.command
def request(  # noqa: PLR0913 - one parameter an option
    folio: str,
    step: str,
    actor: str,
    role: str,
    signatory: str,
    entry: int,
    expires: datetime | None,
    factor: str,
    delegable: bool,
    note: str,
    rfc: str,
) -> None:
    """Ask for the signature of STEP of FOLIO by a personal link, and mail it."""
    house = console.house()
    choices = house.links.desk.choices(folio, step)
    letter = next((item for item in choices.letters if entry in {0, item.seq}), None)
    if letter is None:
        raise NothingToSign(step=step, why="document")
    who = person_of(house, signatory) if signatory else next((item.id for item in choices.signatories), "")
    wish = Wish(
        folio,
        step,
        who,
        letter.seq,
        letter.object,
        expires or house.clock() + timedelta(days=DAYS),
        factor=factor,
        delegable=delegable,
        note=note,
        rfc=rfc,
    )
    found = house.links.desk.ask(wish, acting_on(house, folio, step, actor, role), console_place())
    console.settled(house)
    console.emit(told_request(found))


@click.command("ask")
@click.argument("folio")
@click.argument("step")
@casework.actor_option
@casework.role_option
@click.option("--person", default="", metavar="EMAIL", help="Who answers; the likeliest if left out.")
@click.option("--expires", type=console.Moment(), default=None, help=f"Until when; {DAYS} days if left out.")
@click.option(
    "--factor", default="", help="code: read out by telephone; totp: their application's; passkey: their key."
)
@click.option("--note", default="", help="Words for who answers.")
@console.always_json
@with_appcontext
@console.command
def ask(
    folio: str,
    step: str,
    actor: str,
    role: str,
    person: str,
    expires: datetime | None,
    factor: str,
    note: str,
) -> None:
    """Ask whom STEP of FOLIO belongs to for their answer, or for the signed letter, by a personal link, and mail it."""
    house = console.house()
    acting = acting_on(house, folio, step, actor, role)
    found_step = known_step(house.cases.view(folio).definition, step)
    desk = house.links.returns if returns(found_step) else house.links.answers
    who = person_of(house, person) if person else next(iter(desk.people(folio, ())), None)
    row = house.index.get(folio)
    wanted = Ask(
        folio,
        step,
        who if isinstance(who, str) else (who.id if who is not None else ""),
        expires or house.clock() + timedelta(days=DAYS),
        factor=factor,
        note=note,
        about=row.title if row else "",
    )
    found = desk.ask(house.links.desk, wanted, acting, console_place())
    console.settled(house)
    console.emit(told_request(found))


@click.command("list")
@click.option("--case", "folio", default="", help="Of one case only.")
@click.option("--waiting", is_flag=True, help="Only those that wait for an answer.")
@console.always_json
@with_appcontext
@console.command
def everything(folio: str, waiting: bool) -> None:
    """Requests by personal link, and how each stands."""
    store = console.house().links.office.store
    found = store.of_case(folio) if folio else store.everything(waiting=waiting)
    now = console.house().links.office.now()
    rows: list[Json] = [told_request(item) for item in found if not waiting or item.waits(now)]
    console.emit({"requests": rows})


@click.command("resend")
@click.argument("request_id")
@casework.actor_option
@casework.role_option
@console.always_json
@with_appcontext
@console.command
def resend(request_id: str, actor: str, role: str) -> None:
    """Mail a new link for a request; the earlier ones open nothing any more."""
    house = console.house()
    known = house.links.desk.waiting(request_id)
    found = house.links.desk.resend(request_id, acting_on(house, known.folio, known.step, actor, role))
    console.settled(house)
    console.emit(told_request(found))


@click.command("revoke")
@click.argument("request_id")
@casework.actor_option
@casework.role_option
@click.option("--reason", required=True, help="Why; it stays in the case.")
@console.always_json
@with_appcontext
@console.command
def revoke(request_id: str, actor: str, role: str, reason: str) -> None:
    """Take a request back: its links open nothing any more."""
    house = console.house()
    known = house.links.desk.waiting(request_id)
    acting = acting_on(house, known.folio, known.step, actor, role)
    found = house.links.desk.withdraw(request_id, acting, reason)
    console.settled(house)
    console.emit(told_request(found))


def acting_on(house: House, folio: str, step: str, email: str, role: str) -> Actor:
    """The account, in a role that may record that step."""
    found = known_step(house.cases.view(folio).definition, step)
    return actor_for(console.account(email), found.roles, role=role, via="console", os_user=console.os_user())


def person_of(house: House, email: str) -> str:
    """Somebody with that address, with an account or without."""
    found = house.directory.actor_of(normalise_email(email))
    if not found:
        raise UnknownUser(email)
    return found


def console_place() -> Place:
    """A console is nowhere in particular."""
    return Place("", "", f"console/{console.os_user()}")


def told_request(item: Request) -> dict[str, Json]:
    """A request as the commands print it: never its link."""
    return {
        "id": item.id,
        "purpose": str(item.purpose),
        "folio": item.folio,
        "step": item.step,
        "signatory": item.signatory,
        "asked_by": item.asked_by,
        "status": str(item.status),
        "digest": item.digest,
        "expires_at": item.expires_at,
        "factor": item.factor,
        "delegable": item.delegable,
    }

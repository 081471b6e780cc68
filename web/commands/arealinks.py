"""`flask signatures review`: areas asked by personal link from the console. No command ever shows a link.

`flask campaign ask-by-link` is the same command by its earlier name.
"""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from identity.accounts import UnknownUser, normalise_email
from signing.kinds.review import Invite
from signing.office import Place
from web.acting import actor_for
from web.commands import casework, console
from web.wiring import House, HouseError
from workflows.errors import NotACampaign


def add_to(group: AppGroup) -> None:
    """Put the command into `flask campaign`, where it was first."""
    group.add_command(ask, "ask-by-link")


@click.command("review")
@click.argument("folio")
@casework.actor_option
@casework.role_option
@click.option(
    "--contact", "contacts", multiple=True, required=True, metavar="AREA=EMAIL", help="Who reviews."
)
@click.option("--factor", default="", help="code: a code read out by telephone, beside the link.")
@click.option("--note", default="", help="Words for whom is asked.")
@console.always_json
@with_appcontext
@console.command
def ask(folio: str, actor: str, role: str, contacts: tuple[str, ...], factor: str, note: str) -> None:
    """Ask areas of FOLIO by personal link; the three business days of each begin if they were not running."""
    house = console.house()
    definition = house.cases.view(folio).definition
    if definition.roster is None:
        raise NotACampaign(folio=folio)
    roles = definition.by_step[definition.roster.send].roles
    user = console.account(actor)
    acting = actor_for(user, roles, role=role, via="console", os_user=console.os_user())
    place = Place("", "", f"console/{console.os_user()}")
    invite = Invite(folio, dict(_pair(house, text) for text in contacts), factor, note)
    made = house.links.reviews.ask(house.links.desk, invite, acting, place)
    console.settled(house)
    console.emit(
        {
            "folio": folio,
            "requests": [
                {"id": item.id, "area": item.details["area"], "expires_at": item.expires_at} for item in made
            ],
        }
    )


def _pair(house: House, text: str) -> tuple[str, str]:
    area, found, email = text.partition("=")
    if not found:
        raise HouseError("not_allowed_here", detail=f"--contact {text}")
    person = house.directory.actor_of(normalise_email(email))
    if not person:
        raise UnknownUser(email)
    return area, person

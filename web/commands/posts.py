"""`flask posts`: the directory of who holds which post, with dates."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from identity.access import Granter
from identity.accounts import UnknownUser
from web.commands import console
from web.wiring import HouseError

group = AppGroup("posts", help="Who holds which post; every change is an entry of system:access.")
_post = click.option("--post", required=True, help="Such as direccion_general or zona:CDMX.")
_email = click.option("--email", required=True)


@group.command("list")
@click.option("--at", type=console.Moment(), default=None, help="At that moment; now if left out.")
@console.always_json
@console.command
def everyone(at: datetime | None) -> None:
    """Every post with its holders, the principal first."""
    house = console.house()
    moment = at or house.clock()
    people = {user.id: user for user in house.accounts.everyone(moment)}
    rows: list[Json] = [
        {
            "post": holder.post,
            "actor": holder.actor,
            "name": people[holder.actor].name if holder.actor in people else "",
            "since": holder.since,
            "until": holder.until,
        }
        for holder in house.directory.everyone(moment)
    ]
    console.emit({"posts": rows})


@group.command("appoint")
@_post
@_email
@click.option("--since", type=console.Moment(), default=None, help="From then on; now if left out.")
@click.option("--rank", default=0, type=click.IntRange(0, 20), help="0 is the principal.")
@console.always_json
@console.command
def appoint(post: str, email: str, since: datetime | None, rank: int) -> None:
    """Give a post."""
    house, actor = console.house(), _actor(email)
    house.posts.appoint(post, actor, _console(), since=since, rank=rank)
    console.settled(house)
    console.emit({"post": post, "actor": actor, "rank": rank})


@group.command("relieve")
@_post
@_email
@click.option("--until", type=console.Moment(), default=None, help="Until then; now if left out.")
@console.always_json
@console.command
def relieve(post: str, email: str, until: datetime | None) -> None:
    """End somebody's time in a post."""
    house, actor = console.house(), _actor(email)
    if not house.posts.relieve(post, actor, _console(), until=until):
        raise HouseError("no_such_holder", post=post)
    console.settled(house)
    console.emit({"post": post, "actor": actor})


@group.command("backup")
@_email
@click.option("--for", "principal", required=True, metavar="EMAIL", help="For whom this person may stand in.")
@console.always_json
@console.command
def backup(email: str, principal: str) -> None:
    """Name somebody's backup, from now on."""
    house, actor, other = console.house(), _actor(email), _actor(principal)
    house.posts.name_backup(actor, other, _console())
    console.settled(house)
    console.emit({"actor": actor, "acting_for": other})


def _actor(email: str) -> str:
    """The account of that address, open or shut: a post may be held by somebody who never enters."""
    found = console.house().directory.actor_of(email)
    if not found:
        raise UnknownUser(email)
    return found


def _console() -> Granter:
    return Granter(via="console", os_user=console.os_user())

"""`flask posts`: the directory of who holds which post, with dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from evidence.entry import format_time
from identity.access import Granter
from identity.accounts import UnknownUser
from identity.posts import Paper
from web.administration import paper_of
from web.commands import console
from web.wiring import House, HouseError

group = AppGroup("posts", help="Who holds which post; every change is an entry of system:access.")
_post = click.option("--post", required=True, help="Such as director_general or asistente_cdmx.")
_email = click.option("--email", required=True, help="Of an account or of a contact.")
_paper = click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False),
    default=None,
    help="The document that appoints (PDF or image).",
)


@group.command("list")
@click.option("--at", type=console.Moment(), default=None, help="At that moment; now if left out.")
@console.json_option
@console.command
def everyone(at: datetime | None, as_json: bool) -> None:
    """Every post with its holders, the principal first."""
    house = console.house()
    moment = at or house.clock()
    names = {user.id: user.name for user in house.accounts.everyone(moment)}
    names |= {contact.id: contact.name for contact in house.directory.contacts()}
    told: list[dict[str, Json]] = [
        {
            "post": holder.post,
            "actor": holder.actor,
            "name": names.get(holder.actor, ""),
            "since": holder.since,
            "until": holder.until,
        }
        for holder in house.directory.everyone(moment)
    ]
    standing: list[dict[str, Json]] = [
        {
            "actor": one.actor,
            "name": names.get(one.actor, ""),
            "acting_for": one.principal,
            "principal": names.get(one.principal, ""),
            "since": one.since,
            "until": one.until,
            "paper": one.paper,
        }
        for one in house.directory.backups()
        if one.holds_at(format_time(moment))
    ]
    if as_json:
        console.emit({"posts": told, "backups": standing})
        return
    console.table([[row["post"], row["name"] or row["actor"], _since(row)] for row in told])
    console.table(
        [
            [one["name"] or one["actor"], "->", one["principal"] or one["acting_for"], _since(one)]
            for one in standing
        ]
    )


def _since(row: Mapping[str, Json]) -> str:
    """From when to when, by days."""
    return f"{str(row['since'])[:10]} .. {str(row['until'])[:10]}".rstrip()


@group.command("appoint")
@_post
@_email
@click.option("--since", type=console.Moment(), default=None, help="From then on; now if left out.")
@click.option("--rank", default=0, type=click.IntRange(0, 20), help="0 is the principal.")
@_paper
@console.always_json
@console.command
def appoint(post: str, email: str, since: datetime | None, rank: int, file: str | None) -> None:
    """Give a post; a substitute in one that authorises needs the document that appoints them."""
    house, actor = console.house(), _actor(email)
    with _opened(house, file) as paper:
        house.posts.appoint(post, actor, _console(), since=since, rank=rank, paper=paper)
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
@_paper
@console.always_json
@console.command
def backup(email: str, principal: str, file: str | None) -> None:
    """Name somebody's backup, from now on; of who authorises, with the document that appoints them."""
    house, actor, other = console.house(), _actor(email), _actor(principal)
    with _opened(house, file) as paper:
        house.posts.name_backup(actor, other, _console(), paper=paper)
    console.settled(house)
    console.emit({"actor": actor, "acting_for": other})


@group.command("end-backup")
@_email
@click.option("--for", "principal", required=True, metavar="EMAIL", help="For whom this person stood in.")
@click.option("--until", type=console.Moment(), default=None, help="Until then; now if left out.")
@console.always_json
@console.command
def end_backup(email: str, principal: str, until: datetime | None) -> None:
    """Let somebody stand in for another no more."""
    house, actor, other = console.house(), _actor(email), _actor(principal)
    if not house.posts.end_backup(actor, other, _console(), until=until):
        raise HouseError("no_such_backup")
    console.settled(house)
    console.emit({"actor": actor, "acting_for": other})


@contextmanager
def _opened(house: House, file: str | None) -> Iterator[Paper | None]:
    """The document of appointment, read and stored; nothing where none was given."""
    if not file:
        yield None
        return
    with Path(file).open("rb") as stream:
        yield paper_of(house, stream, Path(file).name)


def _actor(email: str) -> str:
    """The account of that address, open or shut: a post may be held by somebody who never enters."""
    found = console.house().directory.actor_of(email)
    if not found:
        raise UnknownUser(email)
    return found


def _console() -> Granter:
    return Granter(via="console", os_user=console.os_user())

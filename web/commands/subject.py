"""`flask subject`: what is known of one person, told or as a folder to hand over."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from identity.accounts import User
from web.acting import actor_for
from web.commands import casework, console
from web.i18n import zone
from web.subjectfolder import folder, log_subject
from web.subjects import Person, dossier_of, in_order
from web.views.lens import Lens
from web.wiring import House, HouseError
from workflows.keepdesk import ANSWERABLE, OFFICER

group = AppGroup("subject", help="What is known of one person: the right of access.")
person_option = click.option(
    "--person",
    "asked",
    type=console.JsonObject(),
    required=True,
    help='JSON object with "name", "rfc", "email", or @FILE: a file stays out of the list of processes.',
)


@group.command("find")
@person_option
@casework.actor_option
@console.always_json
@console.command
def find(asked: Mapping[str, Json], actor: str) -> None:
    """Everything known of a person; only who answers to data subjects may ask."""
    house = console.house()
    _officer(actor)
    found = dossier_of(house, _person(asked), _lens(house))
    told: list[Json] = [asdict(item) for item in in_order(found.findings)]
    files: list[Json] = [
        {"folio": item.folio, "seq": item.seq, "file": item.number, "name": item.name} for item in found.files
    ]
    counts: dict[str, Json] = dict(found.counts())
    console.emit({"counts": counts, "findings": told, "files": files})


@group.command("export")
@person_option
@casework.actor_option
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip to write."
)
@console.always_json
@console.command
def export(asked: Mapping[str, Json], actor: str, out: Path) -> None:
    """The folder to hand over; that it was made is an entry of system:exports, which names nobody."""
    if out.exists():
        raise HouseError("not_allowed_here", detail=f"--out {out}")
    house = console.house()
    acting = actor_for(_officer(actor), (OFFICER,), role=OFFICER, via="console", os_user=console.os_user())
    eyes = _lens(house)
    whom = _person(asked)
    found = dossier_of(house, whom, eyes)
    with folder(house, whom, found, eyes) as made:
        sealed = log_subject(house, found, acting)
        out.touch(mode=0o600, exist_ok=False)
        with out.open("wb") as stream:
            shutil.copyfileobj(made, stream)
    console.settled(house)
    counts: dict[str, Json] = dict(found.counts())
    console.emit({"file": str(out), "seq": sealed.entry.seq, "leaf": sealed.leaf, "counts": counts})


def _officer(email: str) -> User:
    """Who answers to data subjects. Raises `NoSuchRole`."""
    user = console.account(email)
    actor_for(user, (OFFICER,), role=OFFICER)
    return user


def _person(asked: Mapping[str, Json]) -> Person:
    known = {"name", "rfc", "email"}
    if asked.keys() - known or not all(isinstance(value, str) for value in asked.values()):
        raise HouseError("not_allowed_here", detail="--person")
    return Person(**{name: str(asked.get(name, "")) for name in known})


def _lens(house: House) -> Lens:
    def named(actor: str) -> str:
        user = house.accounts.get(actor, house.clock())
        return user.name if user is not None else actor

    return Lens(now=house.clock(), zone=zone(), roles=frozenset(ANSWERABLE), names=named)

"""`flask factors`: who enrolled an application of codes or a passkey, and their end."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from identity.access import Granter
from identity.accounts import UnknownUser, normalise_email
from signing.factors.records import OwnFactor
from web.commands import console
from web.wiring import House
from workflows.rules import reason_given

group = AppGroup("factors", help="Second factors of people's own; each one's coming and going is an entry.")


@group.command("list")
@click.option("--email", default="", help="Of one person, with an account or without.")
@console.always_json
@console.command
def everyone(email: str) -> None:
    """Second factors that are or were in force, the newest first; never their secrets."""
    house = console.house()
    owner = _owner(house, email) if email else ""
    found = house.links.factors.everyone()
    rows: list[Json] = [_json(item) for item in found if not owner or item.owner == owner]
    console.emit({"factors": rows})


@group.command("revoke")
@click.argument("factor_id", metavar="ID")
@console.always_json
@console.command
def revoke(factor_id: str) -> None:
    """End one: its owner enrols anew after a code by telephone, or on their account."""
    house = console.house()
    found = house.links.factors.revoke(factor_id, Granter(via="console", os_user=console.os_user()))
    console.settled(house)
    console.emit({**_json(found), "state": "revoked"})


@group.command("reset")
@click.option("--email", required=True, help="Whose: somebody with an account or without.")
@click.option("--reason", required=True, help="Why; it stays in each entry's payload.")
@console.always_json
@console.command
def reset(email: str, reason: str) -> None:
    """End every second factor, recovery code and session of a person."""
    house = console.house()
    owner = _owner(house, email)
    reason_given(reason)
    by = Granter(via="console", os_user=console.os_user())
    ended = house.second.reset(owner, by, reason.strip())
    sessions = house.sessions.end_all(owner)
    console.settled(house)
    console.emit({"owner": owner, "factors_ended": ended, "sessions_ended": sessions})


def _owner(house: House, email: str) -> str:
    found = house.directory.actor_of(normalise_email(email))
    if not found:
        raise UnknownUser(email)
    return found


def _json(item: OwnFactor) -> dict[str, Json]:
    return {
        "id": item.id,
        "owner": item.owner,
        "kind": item.kind,
        "label": item.label,
        "state": str(item.state),
        "created_at": item.created_at,
        "used_at": item.used_at,
    }

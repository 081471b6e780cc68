"""`flask directory`: who of the company's directory enters as which account; every change is an entry."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from identity.access import Granter
from web.commands import console

group = AppGroup(
    "directory",
    help="People of the company's directory (OpenID Connect) bound to accounts; never by address.",
)


@group.command("check")
@console.always_json
@console.command
def check() -> None:
    """Ask the configured directory for its configuration and keys, and say where people would be led."""
    provider = console.house().openid.provider
    found, keys = provider.metadata(), provider.keys("")
    told: dict[str, Json] = {
        "issuer": found.issuer,
        "authorization": found.authorization,
        "ends_sessions": bool(found.end_session),
        "keys": len(keys.keys),
    }
    console.emit(told)


@group.command("bind")
@click.option("--email", required=True, help="The account's address here.")
@click.option(
    "--subject", required=True, help="The person's `sub` at the directory, as its administrator reads it."
)
@console.always_json
@console.command
def bind(email: str, subject: str) -> None:
    """Bind somebody of the directory to an account."""
    house, user = console.house(), console.account(email)
    provider = house.openid.provider
    made = house.openid.identities.bind(user.id, provider.client.issuer, subject, _console())
    console.settled(house)
    console.emit({"id": made.id, "account": user.id, "issuer": made.issuer})


@group.command("invite")
@click.option("--email", required=True, help="The account's address here, to which the link is written.")
@console.always_json
@console.command
def invite(email: str) -> None:
    """Write to somebody with an account: by the link they bind it themselves, once, for seven days."""
    house, user = console.house(), console.account(email)
    made = house.openid.invite(user, _console())
    console.settled(house)
    console.emit({"invitation": made.id, "account": user.id, "until": made.expires_at})


@group.command("release")
@click.option("--email", required=True)
@click.option("--reason", default="", help="Why; it goes into the entry's payload.")
@console.always_json
@console.command
def release(email: str, reason: str) -> None:
    """End a binding, and the sessions that came by it."""
    house, user = console.house(), console.account(email)
    released = house.openid.identities.release(user.id, _console(), reason)
    ended = house.sessions.end_at_directory(user.id, "")
    console.settled(house)
    console.emit({"account": user.id, "released": released, "sessions_ended": ended})


@group.command("list")
@console.always_json
@console.command
def everyone() -> None:
    """Every binding in force."""
    found: list[Json] = [
        {
            "id": one.id,
            "account": one.account,
            "issuer": one.issuer,
            "subject": one.subject,
            "since": one.since,
        }
        for one in console.house().identities.everyone()
    ]
    console.emit({"bindings": found})


def _console() -> Granter:
    return Granter(via="console", os_user=console.os_user())

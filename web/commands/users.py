"""`flask users`: who may enter, and as what."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, date, datetime, time, timedelta

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from identity.access import Granter, Term
from identity.accounts import LOCALES, Role, User
from identity.guessing import RANKED
from web.commands import console

group = AppGroup(
    "users", help="Accounts and their roles; every change of a role is an entry of system:access."
)
_roles = click.Choice([str(role) for role in Role])
_given = click.option(
    "--given", is_flag=True, help="Somebody else knows the password: it opens the first entry alone."
)


@group.command("add")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option(
    "--role", "roles", required=True, multiple=True, type=_roles, help="May be given several times."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin; else one is generated.")
@_given
@click.option("--locale", default="", type=click.Choice(["", *LOCALES]))
@console.always_json
@console.command
def add(
    email: str, name: str, roles: tuple[str, ...], password_stdin: bool, given: bool, locale: str
) -> None:
    """Create an account. A generated password is printed once, and nowhere else.

    Whoever saw it printed knows it: at the first entry its person chooses another, and nothing else opens before. One
    read from stdin is taken for the person's own, unless ``--given`` says otherwise.
    """
    password = _read_password() if password_stdin else secrets.token_urlsafe(15)
    house = console.house()
    user = house.access.add_user(
        email=email,
        name=name,
        roles=[Role(role) for role in roles],
        password=password,
        by=_console(),
        locale=locale,
        given=given or not password_stdin,
        fewest=RANKED,
    )
    console.settled(house)
    told = user_json(user)
    if not password_stdin:
        told["password"] = password
        console.say("The password is shown this once.")
    console.emit(told)


@group.command("list")
@console.always_json
@console.command
def everyone() -> None:
    """Every account with its roles in force."""
    house = console.house()
    console.emit({"users": [user_json(user) for user in house.accounts.everyone(house.clock())]})


@group.command("grant")
@click.option("--email", required=True)
@click.option("--role", required=True, type=_roles)
@click.option("--from", "since", default="", help="First day (yyyy-mm-dd). Empty: from now on.")
@click.option("--until", default="", help="Last day, on which it is still held. Empty: without an end.")
@console.always_json
@console.command
def grant(email: str, role: str, since: str, until: str) -> None:
    """Give a role, from a day and until a day where they are said; the end takes effect by itself."""
    house = console.house()
    term = Term(_day(since, 0), _day(until, 1))
    user = house.access.grant(console.account(email).id, Role(role), _console(), term)
    console.settled(house)
    console.emit(user_json(user))


@group.command("revoke")
@click.option("--email", required=True)
@click.option("--role", required=True, type=_roles)
@console.always_json
@console.command
def revoke(email: str, role: str) -> None:
    """Take a role away, from now on."""
    house = console.house()
    user = house.access.revoke(console.account(email).id, Role(role), _console())
    console.settled(house)
    console.emit(user_json(user))


@group.command("password")
@click.option("--email", required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin; else one is generated.")
@_given
@console.always_json
@console.command
def password(email: str, password_stdin: bool, given: bool) -> None:
    """Set a new password and end every session of the account; a printed one is for the next entry alone."""
    house, user = console.house(), console.account(email)
    fresh = _read_password() if password_stdin else secrets.token_urlsafe(15)
    house.access.set_password(user.id, fresh, given=given or not password_stdin, fewest=RANKED)
    told = user_json(user) | {"sessions_ended": house.sessions.end_all(user.id)}
    console.emit(told if password_stdin else told | {"password": fresh})


@group.command("close")
@click.option("--email", required=True)
@console.always_json
@console.command
def close(email: str) -> None:
    """Revoke every role, shut the account and end its sessions."""
    house, user = console.house(), console.account(email)
    for role in sorted(user.roles):
        house.access.revoke(user.id, role, _console())
    house.accounts.set_active(user.id, active=False)
    ended = house.sessions.end_all(user.id)
    console.settled(house)
    console.emit({"id": user.id, "email": user.email, "active": False, "sessions_ended": ended})


def _day(text: str, later: int) -> datetime | None:
    """The beginning of a day in the house's zone, or of the one after it."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=later)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day (yyyy-mm-dd)") from None
    return datetime.combine(day, time(), console.house().settings.tz).astimezone(UTC)


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _console() -> Granter:
    return Granter(via="console", os_user=console.os_user())


def user_json(user: User) -> dict[str, Json]:
    """An account as commands print it."""
    roles: list[Json] = [str(role) for role in sorted(user.roles)]
    return {"id": user.id, "email": user.email, "name": user.name, "roles": roles, "active": user.active}

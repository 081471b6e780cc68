"""`flask recertification`: reviews of this system's own users; every decision is an entry of system:access."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from identity.access import Granter
from identity.accounts import Role
from identity.recertdesk import REVIEWERS, ReviewRefused
from identity.recertification import Campaign, RowState
from web.commands import console
from web.jobs import keep_access

group = AppGroup("recertification", help="Who has which role here, decided person by person each quarter.")
_roles = click.Choice([str(role) for role in Role])


@group.command("open")
@click.option("--owner", required=True, help="Address of who answers for it: administrador or director.")
@click.option("--due", required=True, help="Last day to decide (yyyy-mm-dd), at most 60 days from now.")
@console.always_json
@console.command
def begin(owner: str, due: str) -> None:
    """Begin a review of every role that is held."""
    house = console.house()
    made = house.reviews.open(console.account(owner).id, _end_of(due), _console())
    console.settled(house)
    console.emit(review_json(made))


@group.command("show")
@click.option("--id", "review_id", default="", help="Which one; empty: the last.")
@console.always_json
@console.command
def show(review_id: str) -> None:
    """A review with every row."""
    every = console.house().reviews.all()
    found = next((one for one in reversed(every) if review_id in {"", one.id}), None)
    if found is None:
        raise ReviewRefused("review_none")
    console.emit(review_json(found))


@group.command("decide")
@click.option("--actor", required=True, help="Address of who decides; a console's actor is a claim.")
@click.option("--email", required=True, help="Whose roles.")
@click.option("--keep", "keeps", multiple=True, type=_roles)
@click.option("--remove", "removes", multiple=True, type=_roles)
@click.option("--reason", required=True)
@console.always_json
@console.command
def decide(actor: str, email: str, keeps: tuple[str, ...], removes: tuple[str, ...], reason: str) -> None:
    """Decide on roles of one person in the last review."""
    house, by = console.house(), console.account(actor)
    every = house.reviews.all()
    if not every:
        raise ReviewRefused("review_none")
    role = min((str(one) for one in by.roles & REVIEWERS), default="system")
    found = house.reviews.decide(
        every[-1].id,
        console.account(email).id,
        keeps=[Role(one) for one in keeps],
        removes=[Role(one) for one in removes],
        reason=reason,
        by=Granter(by.id, role, "console", console.os_user()),
    )
    console.settled(house)
    console.emit(review_json(found))


@group.command("run")
@console.always_json
@console.command
def run() -> None:
    """End what nobody decided in time, and tell of roles whose own end has come; the server does so each minute."""
    house = console.house()
    ended = keep_access(house)
    console.settled(house)
    console.emit({"ended": ended})


def review_json(found: Campaign) -> dict[str, Json]:
    """A review as commands print it."""
    rows: list[Json] = [
        {
            "subject": row.subject,
            "role": str(row.role),
            "state": str(row.state),
            "by": row.by,
            "at": row.at,
            "seq": row.seq,
            "suspended_at": row.suspended_at,
        }
        for row in found.rows.values()
    ]
    return {
        "id": found.id,
        "owner": found.owner,
        "opened_at": found.opened_at,
        "due_at": found.due_at,
        "expired_at": found.expired_at,
        "closed_at": found.closed_at,
        "pending": found.count(RowState.PENDING),
        "suspended": found.count(RowState.SUSPENDED),
        "rows": rows,
    }


def _end_of(text: str) -> datetime:
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day (yyyy-mm-dd)") from None
    return datetime.combine(day, time(), console.house().settings.tz).astimezone(UTC)


def _console() -> Granter:
    return Granter(via="console", os_user=console.os_user())

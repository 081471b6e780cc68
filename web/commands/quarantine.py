"""`flask quarantine`: report, list and complete. Looking and deciding take a second factor, and so a page."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from evidence.quarantine import quarantine_of
from identity.accounts import Role
from web import quarantining
from web.commands import casework, console
from web.commands.holds import acting, stated
from workflows.casefile import quarantine_json
from workflows.keepingacts import ReleaseQuarantine, ReportQuarantine
from workflows.quarantinedesk import DECIDERS
from workflows.withholding import GROUNDS

group = AppGroup("quarantine", help="Evidence that shows a secret; destroying it is decided on the page.")
_REPORTERS = tuple(str(role) for role in Role)


@group.command("list")
@console.always_json
@console.command
def everything() -> None:
    """What waits for a decision, in all cases."""
    waiting: list[Json] = [
        {"folio": folio, **asked}
        for folio, item in quarantining.waiting_of(console.house())
        if isinstance(asked := quarantine_json(item), dict)
    ]
    console.emit({"waiting": waiting})


@group.command("show")
@click.argument("folio")
@console.always_json
@console.command
def show(folio: str) -> None:
    """All quarantines of a case, with the packages that left before each was reported."""
    house = console.house()
    house.cases.view(folio)
    found: list[Json] = []
    for item in quarantine_of(house.ledger.history(folio)).all:
        left: list[Json] = [asdict(one) for one in quarantining.packages_with(house, folio, item)]
        told = quarantine_json(item)
        assert isinstance(told, dict)  # noqa: S101 - of a quarantine that is there
        found.append(
            {
                **told,
                "entries": {str(seq): part.text() for seq, part in item.parts.items()},
                "reported_by": item.actor,
                "decided": item.decided,
                "decided_by": item.decided_by,
                "viewed": [*item.viewed],
                "packages": left,
            }
        )
    console.emit({"folio": folio, "quarantines": found})


@group.command("report")
@click.argument("folio")
@click.argument("seq", type=int)
@click.option(
    "--file", "files", multiple=True, type=int, help="One of the entry's files, from 0; may be repeated."
)
@click.option("--typed", is_flag=True, help="What was typed in the entry.")
@click.option("--ground", required=True, type=click.Choice(list(GROUNDS)), help="What it shows.")
@stated
def report(  # noqa: PLR0913 - what a report says
    folio: str,
    seq: int,
    files: tuple[int, ...],
    typed: bool,
    ground: str,
    actor: str,
    role: str,
    reason: str,
    key: str,
    as_json: bool,
) -> None:
    """Withhold files of an entry, or what was typed in it, from everybody until somebody decides."""
    house = console.house()
    who = acting(actor, _REPORTERS, role)
    command = ReportQuarantine(folio, seq, files, typed, who, ground, reason, key)
    casework.done(house, quarantining.report(house, command), as_json=as_json)


@group.command("release")
@click.argument("folio")
@click.argument("seq", type=int)
@stated
def release(folio: str, seq: int, actor: str, role: str, reason: str, key: str, as_json: bool) -> None:
    """A false alarm: give back what the quarantine that entry SEQ placed withholds."""
    house = console.house()
    command = ReleaseQuarantine(folio, seq, acting(actor, DECIDERS, role), reason, key)
    casework.done(house, quarantining.release(house, command), as_json=as_json)


@group.command("run")
@console.always_json
@console.command
def run() -> None:
    """Destroy again whatever was destroyed in quarantine and is still there: after a crash, or a restored backup."""
    done, failed = quarantining.sweep(console.house(), whole=True)
    told: list[Json] = [asdict(item) for item in done]
    console.emit({"quarantines": told, "failed": [list(item) for item in failed]})
    if failed:
        raise click.exceptions.Exit(1)

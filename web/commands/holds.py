"""`flask holds`: legal holds, and for how long cases are kept."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web.acting import actor_for
from web.commands import casework, console
from workflows.commands import Actor
from workflows.keepdesk import ANSWERABLE, HOLDERS
from workflows.keeping import HELD, MARK
from workflows.keepingacts import LiftHold, PlaceHold

group = AppGroup("holds", help="Legal holds of cases: while one stands nothing of the case is erased.")
_reason_option = click.option("--reason", required=True, help="Why; kept in the case, beside the entry.")


def stated(act: Callable[..., None]) -> Callable[..., None]:
    """A command that says who acts and why: it is given ``actor``, ``role``, ``reason``, ``key`` and ``as_json``."""
    made = console.json_option(console.command(act))
    for option in (casework.key_option, _reason_option, casework.role_option, casework.actor_option):
        made = option(made)
    return made


@group.command("list")
@console.json_option
@console.command
def everything(as_json: bool) -> None:
    """Cases under a legal hold."""
    house = console.house()
    rows: list[dict[str, Json]] = []
    for folio in house.index.by_reference(MARK, HELD):
        keeping, _kept = house.cases.keeping.standing(folio)
        rows += [
            {"folio": folio, "seq": hold.seq, "since": hold.at, "actor": hold.actor} for hold in keeping.holds
        ]
    if as_json:
        told: list[Json] = [dict(row) for row in rows]
        console.emit({"holds": told})
        return
    console.table([[row["folio"], row["seq"], row["since"], row["actor"]] for row in rows])


@group.command("show")
@click.argument("folio")
@console.always_json
@console.command
def show(folio: str) -> None:
    """How the data of a case stands: until when it is kept, holds, block, request, erasure."""
    keeping, kept = console.house().cases.keeping.standing(folio)
    asked = keeping.asked
    console.emit(
        {
            "folio": folio,
            "years": kept.years,
            "until": kept.until.isoformat() if kept.until else "",
            "over": kept.over,
            "holds": [{"seq": hold.seq, "since": hold.at, "actor": hold.actor} for hold in keeping.holds],
            "blocked": keeping.blocked,
            "requested": asked.seq if asked else 0,
            "ground": asked.ground if asked else "",
            "erased": keeping.erased,
        }
    )


@group.command("place")
@click.argument("folio")
@stated
def place(folio: str, actor: str, role: str, reason: str, key: str, as_json: bool) -> None:
    """Hold everything of a case."""
    house = console.house()
    command = PlaceHold(folio, acting(actor, HOLDERS, role), reason, key)
    casework.done(house, house.cases.keeping.place(command), as_json=as_json)


@group.command("lift")
@click.argument("folio")
@click.argument("seq", type=int)
@stated
def lift(folio: str, seq: int, actor: str, role: str, reason: str, key: str, as_json: bool) -> None:
    """Lift the hold that entry SEQ placed."""
    house = console.house()
    command = LiftHold(folio, seq, acting(actor, ANSWERABLE, role), reason, key)
    casework.done(house, house.cases.keeping.lift(command), as_json=as_json)


def acting(email: str, allowed: tuple[str, ...], role: str) -> Actor:
    """Who acts at the console, as claimed."""
    return actor_for(console.account(email), allowed, role=role, via="console", os_user=console.os_user())

"""`flask erasures`: block, ask, and complete what was approved. Approving takes a second factor, and so a page."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web import erasing
from web.commands import casework, console
from web.commands.holds import acting, stated
from web.wiring import HouseError
from workflows.keepdesk import ANSWERABLE, ASKERS
from workflows.keeping import ASKED, ERASED, MARK
from workflows.keepingacts import BlockData, RequestErasure, UnblockData, WithdrawErasure
from workflows.retention import GROUNDS

group = AppGroup("erasures", help="Block and erase personal data of cases; approving is done on the page.")


@group.command("list")
@console.always_json
@console.command
def everything() -> None:
    """Cases whose erasure waits for approval, and cases that were erased."""
    index = console.house().index
    waiting: list[Json] = [*index.by_reference(MARK, ASKED)]
    erased: list[Json] = [*index.by_reference(MARK, ERASED)]
    console.emit({"requested": waiting, "erased": erased})


@group.command("show")
@click.argument("folio")
@console.always_json
@console.command
def show(folio: str) -> None:
    """The receipt of an erasure."""
    found = erasing.receipt_of(console.house().ledger.history(folio))
    if found is None:
        raise HouseError("not_allowed_here", detail=folio)
    console.emit(found.as_json())


@group.command("block")
@click.argument("folio")
@stated
def block(folio: str, actor: str, role: str, reason: str, key: str, as_json: bool) -> None:
    """Keep the data of a closed case and use it no more."""
    house = console.house()
    command = BlockData(folio, acting(actor, ASKERS, role), reason, key)
    casework.done(house, erasing.block(house, command), as_json=as_json)


@group.command("unblock")
@click.argument("folio")
@stated
def unblock(folio: str, actor: str, role: str, reason: str, key: str, as_json: bool) -> None:
    """Use the data of a blocked case again."""
    house = console.house()
    command = UnblockData(folio, acting(actor, ANSWERABLE, role), reason, key)
    casework.done(house, house.cases.keeping.unblock(command), as_json=as_json)


@group.command("request")
@click.argument("folio")
@click.option("--ground", required=True, type=click.Choice(list(GROUNDS)), help="Why the law lets it go.")
@stated
def request(folio: str, ground: str, actor: str, role: str, reason: str, key: str, as_json: bool) -> None:
    """Ask that the data of a case be erased."""
    house = console.house()
    command = RequestErasure(folio, acting(actor, ASKERS, role), ground, reason, key)
    casework.done(house, erasing.request(house, command), as_json=as_json)


@group.command("withdraw")
@click.argument("folio")
@stated
def withdraw(folio: str, actor: str, role: str, reason: str, key: str, as_json: bool) -> None:
    """Take a request back, or turn it down."""
    house = console.house()
    command = WithdrawErasure(folio, acting(actor, ANSWERABLE, role), reason, key)
    casework.done(house, house.cases.keeping.withdraw(command), as_json=as_json)


@group.command("run")
@console.always_json
@console.command
def run() -> None:
    """Destroy again whatever an erasure names that is still there: after a crash, or a restored backup."""
    done, failed = erasing.sweep(console.house(), whole=True)
    told: list[Json] = [asdict(item) for item in done]
    console.emit({"erasures": told, "failed": [list(item) for item in failed]})
    if failed:
        raise click.exceptions.Exit(1)

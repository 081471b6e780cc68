"""`flask timers`, `flask texts`: what also runs by itself, by hand."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web.commands import console
from workflows.texts import catch_up

timers = AppGroup("timers", help="What falls due.")
texts = AppGroup("texts", help="What sealed files say.")


@timers.command("run")
@console.always_json
@console.command
def run() -> None:
    """Record what is due; idempotent, safe from several processes at once."""
    house = console.house()
    try:
        receipts = house.cases.fire_due_timers(house.clock())
    finally:
        controls = house.cases.controls.run(house.clock())
        swept = house.links.sweeper.run(house.clock())
    console.settled(house)
    fired: list[Json] = [receipt.as_json() for receipt in receipts]
    series: list[Json] = [receipt.as_json() for receipt in controls]
    links: dict[str, Json] = {
        "expired": list(swept.expired),
        "reminded": list(swept.reminded),
        "mended": list(swept.mended),
        "stamped": list(swept.stamped),
    }
    console.emit({"fired": fired, "controls": series, "links": links})


@texts.command("index")
@click.option("--anew", is_flag=True, help="Throw the index away first and read every file again.")
@console.always_json
@console.command
def index(anew: bool) -> None:
    """Make the texts of sealed PDFs and mails searchable, as far as they are not yet."""
    house = console.house()
    if anew:
        house.texts.clear()
    caught = catch_up(house.ledger, house.blobs, house.texts, house.reader)
    console.emit(
        {
            "entries": caught.entries,
            "files": caught.files,
            "unread": caught.unread,
            "position": house.texts.position(),
        }
    )

"""`flask timers`: what also runs by itself, by hand."""

from __future__ import annotations

from flask.cli import AppGroup

from evidence.canonical import Json
from web.commands import console

timers = AppGroup("timers", help="What falls due.")


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
    console.settled(house)
    fired: list[Json] = [receipt.as_json() for receipt in receipts]
    series: list[Json] = [receipt.as_json() for receipt in controls]
    console.emit({"fired": fired, "controls": series})

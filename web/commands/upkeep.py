"""`flask timers`, `flask definitions`: what also runs by itself, by hand."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web.commands import console
from web.wiring import HouseError
from workflows.loader import load
from workflows.tables import DefinitionInvalid

timers = AppGroup("timers", help="What falls due.")
definitions = AppGroup("definitions", help="Process definitions.")


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


@definitions.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@console.always_json
@console.command
def check(file: Path) -> None:
    """Whether FILE is a process definition this program runs; every problem is listed."""
    try:
        definition = load(file.read_bytes())
    except DefinitionInvalid as error:
        console.say("\n".join(error.problems))
        raise HouseError("definition_refused", problems="; ".join(error.problems)) from error
    console.emit(
        {
            "process": definition.process,
            "version": definition.version,
            "digest": definition.digest,
            "steps": len(definition.steps),
        }
    )

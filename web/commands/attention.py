"""`flask attention`: an agent's contact from the console, whole in one command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from evidence.entry import format_time
from web import quicklog
from web.acting import actor_for
from web.commands import casework, console
from workflows.commands import OpenCase

group = AppGroup("attention", help="Record contacts of agents (MA-007), and ask what the hours say.")


@group.command("log")
@casework.actor_option
@casework.role_option
@casework.data_option
@click.option(
    "--end",
    type=click.Choice(quicklog.ENDS),
    default=quicklog.SOLVED,
    help="How it ended; seguimiento: not solved now.",
)
@casework.occurred_option
@casework.key_option
@console.json_option
@console.command
def log(
    actor: str,
    role: str,
    data: Mapping[str, Json],
    end: str,
    occurred_at: datetime | None,
    key: str,
    as_json: bool,
) -> None:
    """Record a contact with what was done in it, sealed together or not at all. Prints the folio."""
    house = console.house()
    definition = house.definitions.current(quicklog.PROCESS)
    user = console.account(actor)
    acting = actor_for(user, definition.opening.roles, role=role, via="console", os_user=console.os_user())
    flat = casework.texts_of(data)
    command = OpenCase(
        quicklog.PROCESS,
        acting,
        quicklog.opening_of(definition, flat),
        (),
        occurred_at,
        idempotency_key=key,
    )
    parts = () if flat.get("fuera_horario") else quicklog.parts_of(definition, flat, end, occurred_at)
    receipt = house.cases.open_with(command, parts)
    casework.done(house, receipt, as_json=as_json, plain=receipt.folio)


@group.command("hours")
@click.option("--at", type=console.Moment(), default=None, help="At that moment; now if left out.")
@click.option("--channel", default="telefono", help="telefono, presencial or whatsapp.")
@console.always_json
@console.command
def hours(at: datetime | None, channel: str) -> None:
    """What the rules say of a contact at a moment: dentro, aviso or fuera, and when service opens next."""
    house = console.house()
    definition = house.definitions.current(quicklog.PROCESS)
    moment = at or house.clock()
    found = quicklog.standing(definition, house.calendar, moment, {"canal": channel})
    console.emit(
        {
            "at": format_time(moment),
            "calendar": house.calendar.id,
            "verdict": str(found.verdict),
            "rule": found.step,
            "opens": format_time(found.opens) if found.opens else "",
        }
    )

"""`flask cases supersede`, `waive` and `refuse`: what departs from the plain way, each with its reason on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import click
from flask.cli import AppGroup, with_appcontext

from evidence.canonical import Json
from evidence.entry import Entry
from web.acting import actor_for
from web.commands import casework, console
from web.wiring import House
from workflows.commands import Actor, RefuseRequest, Supersede, WaiveStep
from workflows.corrections import correctors
from workflows.definition import Definition
from workflows.errors import UnknownEntry

_reason = click.option("--reason", required=True, help="Why; sealed with the entry.")


@click.command("supersede")
@click.argument("folio")
@click.argument("seq", type=click.IntRange(1))
@casework.actor_option
@casework.role_option
@_reason
@casework.files_option
@casework.data_option
@click.option("--choice", default="", help="How the step turned out, where it asks; or `choice` in --data.")
@click.option("--note", default="", help="Free note; or `note` in --data.")
@click.option(
    "--keep", multiple=True, type=click.IntRange(0), help="Index of a file of the old entry to keep."
)
@click.option("--annul", is_flag=True, help="Nothing takes the entry's place.")
@casework.occurred_option
@casework.key_option
@console.json_option
@with_appcontext
@console.command
def supersede(  # noqa: PLR0913 - one parameter an option
    folio: str,
    seq: int,
    actor: str,
    role: str,
    reason: str,
    files: tuple[str, ...],
    data: Mapping[str, Json],
    choice: str,
    note: str,
    keep: tuple[int, ...],
    annul: bool,
    occurred_at: datetime | None,
    key: str,
    as_json: bool,
) -> None:
    """Correct entry SEQ of FOLIO: another entry takes its place, and both stay in view. Prints the receipt."""
    texts = casework.texts_of(data)
    if annul and (files or texts or keep or choice or note):
        raise click.UsageError("--annul takes nothing but a reason")
    house = console.house()
    definition, entry = _corrected(house, folio, seq)
    step = definition.by_step.get(entry.step)
    own = {field.name for field in step.fields} if step is not None else set()
    choice = choice or casework.besides(texts, "choice", own)
    note = note or casework.besides(texts, "note", own)
    slots = tuple(slot.code for slot in step.slots) if step is not None else ()
    acting = _acting(actor, correctors(definition, entry), role)
    with casework.opened(files, slots) as uploads:
        receipt = house.cases.supersede(
            Supersede(
                folio,
                seq,
                acting,
                reason,
                uploads,
                texts,
                choice,
                note,
                keep=tuple(sorted(set(keep))),
                annul=annul,
                occurred_at=occurred_at,
                idempotency_key=key,
            )
        )
    casework.done(house, receipt, as_json=as_json)


@click.command("waive")
@click.argument("folio")
@click.argument("step")
@casework.actor_option
@casework.role_option
@_reason
@click.option(
    "--duties", is_flag=True, help="Let one person hold two duties in the step, instead of skipping it."
)
@casework.key_option
@console.json_option
@with_appcontext
@console.command
def waive(
    folio: str, step: str, actor: str, role: str, reason: str, duties: bool, key: str, as_json: bool
) -> None:
    """Do without STEP of FOLIO, or without the separation of duties in it: an exception. Prints the receipt."""
    house = console.house()
    acting = _acting(actor, house.cases.view(folio).definition.waiver_roles, role)
    rule = "duties" if duties else "step"
    receipt = house.cases.waive(WaiveStep(folio, step, acting, reason, rule, idempotency_key=key))
    casework.done(house, receipt, as_json=as_json)


@click.command("refuse")
@click.argument("place")
@click.argument("ground")
@casework.actor_option
@casework.role_option
@casework.data_option
@click.option("--note", default="", help="What else there is to say.")
@casework.files_option
@casework.occurred_option
@casework.key_option
@console.json_option
@with_appcontext
@console.command
def refuse(  # noqa: PLR0913 - one parameter an option
    place: str,
    ground: str,
    actor: str,
    role: str,
    data: Mapping[str, Json],
    note: str,
    files: tuple[str, ...],
    occurred_at: datetime | None,
    key: str,
    as_json: bool,
) -> None:
    """Refuse on a listed GROUND the open case PLACE (a folio), or a request at the door of PLACE (a process).

    At the door, --data says what is known of the request; it is recorded with its refusal, and counted.
    """
    house, texts = console.house(), casework.texts_of(data)
    at_door = place in {definition.process for definition in house.definitions.processes()}
    if texts and not at_door:
        raise click.UsageError("--data is for a request at the door of a process")
    definition = house.definitions.current(place) if at_door else house.cases.view(place).definition
    roles = definition.opening.roles if at_door else (*definition.opening.roles, *definition.waiver_roles)
    acting = _acting(actor, roles, role)
    with casework.opened(files) as uploads:
        receipt = house.cases.refuse(
            RefuseRequest(
                acting,
                ground,
                folio="" if at_door else place,
                process=place if at_door else "",
                data=texts,
                note=note,
                uploads=uploads,
                occurred_at=occurred_at,
                idempotency_key=key,
            )
        )
    casework.done(house, receipt, as_json=as_json)


def add_to(group: AppGroup) -> None:
    """Put the three into ``flask cases``."""
    for command in (supersede, waive, refuse):
        group.add_command(command)


def _corrected(house: House, folio: str, seq: int) -> tuple[Definition, Entry]:
    """The definition of the case and the entry that is corrected."""
    view = house.cases.view(folio)
    if seq > len(view.entries):
        raise UnknownEntry(folio=folio, seq=seq)
    return view.definition, view.entries[seq - 1].entry


def _acting(email: str, allowed: tuple[str, ...], role: str) -> Actor:
    return actor_for(console.account(email), allowed, role=role, via="console", os_user=console.os_user())

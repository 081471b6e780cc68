"""`flask cases open --parent` and `flask cases link`: cases that go on from others, from the console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import click
from flask.cli import AppGroup, with_appcontext

from evidence.canonical import Json
from web.acting import actor_for
from web.commands import casework, console
from web.wiring import House
from workflows.children import linkers, prefilled
from workflows.commands import LinkCase, OpenCase, OpenChild, Opened
from workflows.rules import known_step

parent_option = click.option("--parent", default="", metavar="FOLIO", help="The case this one comes from.")
step_option = click.option(
    "--step", default="", help="With --parent: the step there that this case follows from."
)
choice_option = click.option("--choice", default="", help="With --step: how that step turned out.")
told_option = click.option(
    "--told",
    type=console.JsonObject(),
    default=dict,
    help="With --step: what that step takes, as JSON or @FILE.",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case comes from, as the options of `flask cases open` say."""

    parent: str
    step: str
    choice: str
    told: Mapping[str, Json]
    actor: str
    role: str


def open_from(house: House, place: Place, opening: OpenCase) -> Opened:
    """Open the case with what is known in its parent under what was given, and tell the parent."""
    view = house.cases.view(place.parent)
    target = house.definitions.current(opening.process)
    step = known_step(view.definition, place.step) if place.step else None
    opens = step.continuation(step.branch(place.choice))[0] if step is not None else None
    roles = step.roles if step is not None else linkers(view.definition, "")
    recorder = actor_for(
        console.account(place.actor), roles, role=place.role, via="console", os_user=console.os_user()
    )
    return house.cases.open_child(
        OpenChild(
            parent=place.parent,
            step=place.step,
            choice=place.choice,
            process=opening.process,
            actor=opening.actor,
            recorder=recorder,
            data={**prefilled(view, target, opens), **opening.data},
            uploads=opening.uploads,
            occurred_at=opening.occurred_at,
            told=casework.texts_of(place.told),
            idempotency_key=opening.idempotency_key,
        )
    )


def add_to(group: AppGroup) -> None:
    """Put the command into `flask cases`."""
    group.add_command(link_case)


@click.command("link")
@click.argument("folio")
@click.argument("other")
@casework.actor_option
@casework.role_option
@click.option("--step", default="", help="The step of FOLIO from which work left for the other case.")
@click.option("--note", default="", help="Why they go together.")
@casework.key_option
@console.json_option
@with_appcontext
@console.command
def link_case(
    folio: str, other: str, actor: str, role: str, step: str, note: str, key: str, as_json: bool
) -> None:
    """Say in case FOLIO that it goes together with case OTHER; both may be closed."""
    house = console.house()
    definition = house.cases.view(folio).definition
    if step:
        known_step(definition, step)
    acting = actor_for(
        console.account(actor), linkers(definition, step), role=role, via="console", os_user=console.os_user()
    )
    receipt = house.cases.link(LinkCase(folio, other, acting, step, note, key))
    casework.done(house, receipt, as_json=as_json)

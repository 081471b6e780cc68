"""`flask cases`: the main job from the console. The actor named is a claim, and the trail shows it as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web.acting import actor_for
from web.commands import articles, casework, console, exceptions, letters, linking
from web.wiring import House, HouseError
from workflows.commands import OpenCase, RecordStep
from workflows.definition import Definition, Step
from workflows.errors import UnknownStep
from workflows.many import record_many
from workflows.ports import CaseQuery, CaseRow
from workflows.schema import opening_schema, set_schema, step_schema

group = AppGroup("cases", help="Open, record, show and list cases.")
exceptions.add_to(group)
linking.add_to(group)
articles.add_to(group)
letters.add_to(group)


@group.command("open")
@click.argument("process")
@casework.actor_option
@casework.role_option
@casework.data_option
@casework.files_option
@casework.occurred_option
@linking.parent_option
@linking.step_option
@linking.choice_option
@linking.told_option
@casework.key_option
@casework.set_option
@console.json_option
@console.command
def open_case(  # noqa: PLR0913 - one parameter an option
    process: str,
    actor: str,
    role: str,
    data: Mapping[str, Json],
    files: tuple[str, ...],
    occurred_at: datetime | None,
    parent: str,
    step: str,
    choice: str,
    told: Mapping[str, Json],
    key: str,
    parts: Mapping[str, Json],
    as_json: bool,
) -> None:
    """Open a case of PROCESS, perhaps from a step of another one or with steps of its own, and print its folio."""
    house = console.house()
    definition = house.definitions.current(process)
    user = console.account(actor)
    acting = actor_for(user, definition.opening.roles, role=role, via="console", os_user=console.os_user())
    whole = {**casework.texts_of(data), **casework.set_data(parts)}
    with casework.opened(files) as uploads:
        opening = OpenCase(process, acting, whole, uploads, occurred_at, idempotency_key=key)
        if parent and parts.get("parts"):
            raise HouseError("not_allowed_here", detail="--parent --set")
        if parent:
            place = linking.Place(parent, step, choice, told, actor, role)
            opened = linking.open_from(house, place, opening)
            receipt = opened.child
            if opened.refused is not None:
                click.echo(f"{parent} {step}: {opened.refused.code}; linked to {receipt.folio}", err=True)
        else:
            receipt = house.cases.open_with(opening, casework.set_parts(parts, occurred_at))
    casework.done(house, receipt, as_json=as_json, plain=receipt.folio)


@group.command("record")
@click.argument("folio")
@click.argument("step")
@casework.actor_option
@casework.role_option
@casework.files_option
@casework.system_option
@casework.taken_option
@casework.data_option
@click.option("--choice", default="", help="How the step turned out, where it asks; or `choice` in --data.")
@click.option("--note", default="", help="Free note; or `note` in --data.")
@click.option("--acting-for", default="", metavar="EMAIL", help="The principal, for a named backup.")
@casework.occurred_option
@casework.key_option
@console.json_option
@console.command
def record(  # noqa: PLR0913 - one parameter an option
    folio: str,
    step: str,
    actor: str,
    role: str,
    files: tuple[str, ...],
    system: str,
    taken: str,
    data: Mapping[str, Json],
    choice: str,
    note: str,
    acting_for: str,
    occurred_at: datetime | None,
    key: str,
    as_json: bool,
) -> None:
    """Record evidence of STEP of FOLIO: all files and texts as one entry. Prints the receipt."""
    house = console.house()
    _definition_of_case, found = _step(house, folio, step)
    user = console.account(actor)
    acting = actor_for(user, found.roles, role=role, via="console", os_user=console.os_user())
    texts = casework.texts_of(data)
    own = {field.name for field in found.fields}
    choice = choice or casework.besides(texts, "choice", own)
    note = note or casework.besides(texts, "note", own)
    principal = console.account(acting_for).id if acting_for else ""
    slots = tuple(slot.code for slot in found.slots)
    with casework.opened(files, slots, system=system, taken=taken) as uploads:
        receipt = house.cases.record(
            RecordStep(
                folio,
                step,
                acting,
                uploads,
                texts,
                choice,
                note,
                occurred_at=occurred_at,
                acting_for=principal,
                idempotency_key=key,
            )
        )
    casework.done(house, receipt, as_json=as_json)


@group.command("record-many")
@click.argument("step")
@click.argument("folios", nargs=-1, required=True, metavar="FOLIO...")
@casework.actor_option
@casework.role_option
@casework.files_option
@casework.system_option
@casework.taken_option
@casework.data_option
@click.option("--choice", default="", help="How the step turned out, where it asks.")
@click.option("--note", default="", help="Free note.")
@casework.occurred_option
@casework.key_option
@console.json_option
@console.command
def record_in_many(  # noqa: PLR0913 - one parameter an option
    step: str,
    folios: tuple[str, ...],
    actor: str,
    role: str,
    files: tuple[str, ...],
    system: str,
    taken: str,
    data: Mapping[str, Json],
    choice: str,
    note: str,
    occurred_at: datetime | None,
    key: str,
    as_json: bool,
) -> None:
    """Record the same evidence of STEP in each FOLIO: an entry each, the file stored once. Exit 1 if any refused."""
    house = console.house()
    _definition_of_case, found = _step(house, folios[0], step)
    acting = actor_for(
        console.account(actor), found.roles, role=role, via="console", os_user=console.os_user()
    )
    slots = tuple(slot.code for slot in found.slots)
    with casework.opened(files, slots, system=system, taken=taken) as uploads:
        command = RecordStep(
            "",
            step,
            acting,
            uploads,
            casework.texts_of(data),
            choice,
            note,
            occurred_at=occurred_at,
            idempotency_key=key,
        )
        outcomes = record_many(house.cases, folios, command)
    casework.done_many(house, outcomes, as_json=as_json)


@group.command("show")
@click.argument("folio")
@click.option("--as-of", type=console.Moment(), default=None, help="The case as it stood at that moment.")
@console.json_option
@console.command
def show(folio: str, as_of: datetime | None, as_json: bool) -> None:
    """A case, derived from its entries now."""
    view = console.house().cases.view(folio, as_of)
    if as_json:
        console.emit(view.as_json())
        return
    state = view.state
    click.echo(f"{folio} · {state.process}@{state.version} · {state.status}")
    for machine in state.machines:
        click.echo(f"  {machine.machine}: {machine.status or '-'} (entry {machine.seq or '-'})")
    click.echo(f"  open: {', '.join(state.open_steps) or '-'}; missing: {', '.join(state.missing) or '-'}")
    for sealed in view.entries:
        entry = sealed.entry
        click.echo(
            f"  {entry.seq:>3} {entry.at} {entry.kind} {entry.step or '-'} {entry.role} {sealed.leaf[:16]}"
        )


@group.command("list")
@click.option("--process", default="")
@click.option("--status", default="")
@click.option("--open/--closed", "still_open", default=None, help="Only open, or only closed cases.")
@click.option("--text", default="", help="Words to look for.")
@click.option("--limit", default=0, type=click.IntRange(0), help="At most so many; 0 is all.")
@console.json_option
@console.command
def list_cases(
    process: str, status: str, still_open: bool | None, text: str, limit: int, as_json: bool
) -> None:
    """Cases, newest first."""
    closed = None if still_open is None else not still_open
    query = CaseQuery(process=process, status=status, closed=closed, text=text)
    rows, total = _rows(console.house(), query, limit)
    if as_json:
        console.emit({"cases": rows, "total": total})
        return
    for row in rows:
        click.echo(f"{row['folio']}  {row['status']}  {row['title']}")


@group.command("rebuild")
@console.always_json
@console.command
def rebuild() -> None:
    """Recompute every projection from the entries and compare, sums of boards too; differences are mended and told."""
    house = console.house()
    report = house.cases.rebuild().as_json()
    console.emit({**report, "board_days": list(house.board.count_anew())})


@group.command("schema")
@click.argument("process")
@click.argument("step", required=False)
@click.option("--set", "whole", is_flag=True, help="Of an opening with steps, as `open --set` takes it.")
@console.always_json
@console.command
def schema(process: str, step: str | None, whole: bool) -> None:
    """JSON Schema of what opening PROCESS takes, or recording STEP of it."""
    definition = console.house().definitions.current(process)
    if whole:
        console.emit(set_schema(definition))
        return
    if step is None:
        console.emit(opening_schema(definition))
        return
    if step not in definition.by_step:
        raise UnknownStep(process=process, step=step)
    console.emit(step_schema(definition, definition.by_step[step]))


def _rows(house: House, query: CaseQuery, limit: int) -> tuple[list[dict[str, Json]], int]:
    rows: list[dict[str, Json]] = []
    total, after = 0, ""
    while True:
        size = min(200, limit - len(rows)) if limit else 200
        page = house.index.find(replace(query, limit=size, after=after))
        total = page.total
        rows += [_row_json(row) for row in page.rows]
        after = page.next
        if not after or (limit and len(rows) >= limit):
            return rows, total


def _row_json(row: CaseRow) -> dict[str, Json]:
    return {
        "folio": row.folio,
        "process": row.process,
        "version": row.version,
        "status": row.status,
        "closed": row.closed,
        "complete": row.complete,
        "opened_at": row.opened_at,
        "updated_at": row.updated_at,
        "next_due": row.next_due,
        "title": row.title,
    }


def _step(house: House, folio: str, step: str) -> tuple[Definition, Step]:
    view = house.cases.view(folio)
    definition = view.definition
    if step not in definition.by_step:
        raise UnknownStep(process=definition.process, step=step)
    return definition, definition.by_step[step]

"""`flask campaign`: a recertification from the console, by the same service as its pages. Prints JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web.acting import actor_for
from web.commands import arealinks, casework, console
from web.wiring import House, HouseError
from workflows.campaigncommands import (
    ArchiveCampaign,
    AskAreas,
    CheckLetter,
    DecideRows,
    MakeFinal,
    OpenRemovals,
    TakeAnswers,
    TakeExtract,
)
from workflows.commands import Actor, OpenCase
from workflows.errors import NotACampaign
from workflows.rosterrules import RosterRules
from workflows.rosterview import RosterQuery

PROCESS = "MA-005"

group = AppGroup("campaign", help="Recertification campaigns: hundreds of rows, each with its decision.")
arealinks.add_to(group)

area_option = click.option("--area", default="", help="Code of an area, as `rows` shows it.")
reason_option = click.option("--reason", required=True, help="Why, in a sentence; kept as personal data.")
note_option = click.option("--note", default="", help="Free note.")


@group.command("import")
@casework.actor_option
@casework.role_option
@casework.data_option
@casework.files_option
@casework.occurred_option
@casework.key_option
@console.always_json
@console.command
def import_sheet(
    actor: str,
    role: str,
    data: Mapping[str, Json],
    files: tuple[str, ...],
    occurred_at: datetime | None,
    key: str,
) -> None:
    """Open a campaign with MetLife's mail and workbook; every bad row is told at once."""
    house = console.house()
    opening = house.definitions.current(PROCESS).opening
    acting = actor_for(
        console.account(actor), opening.roles, role=role, via="console", os_user=console.os_user()
    )
    with casework.opened(files, ("correo", "archivo")) as uploads:
        texts = casework.texts_of(data)
        command = OpenCase(PROCESS, acting, texts, uploads, occurred_at, idempotency_key=key)
        receipt = house.cases.open_case(command)
    casework.done(house, receipt, as_json=True)


@group.command("extract")
@click.argument("folio")
@casework.actor_option
@casework.role_option
@casework.files_option
@click.option("--queried-at", type=console.Moment(), required=True, help="When the register was queried.")
@note_option
@casework.key_option
@console.always_json
@console.command
def extract(
    folio: str, actor: str, role: str, files: tuple[str, ...], queried_at: datetime, note: str, key: str
) -> None:
    """Give every row of FOLIO its status from an extract of CAM (xlsx or csv)."""
    house, acting = _acting(folio, actor, role, ("status_step",))
    with casework.opened(files) as uploads:
        command = TakeExtract(folio, acting, uploads, queried_at, note=note, idempotency_key=key)
        receipt = house.cases.campaigns.extract(command)
    casework.done(house, receipt, as_json=True)


@group.command("rows")
@click.argument("folio")
@area_option
@click.option("--text", default="", help="Words in HID, name, address, area or number.")
@click.option("--status", default="", help="Code of a status; `sin_decision` for none.")
@click.option("--decision", default="", help="Code of a decision; `sin_decision` for none.")
@click.option("--flag", default="", help="own, silent, open, firm, changed, removes or removed.")
@click.option("--limit", default=0, type=click.IntRange(0), help="At most so many rows; 0 is all.")
@console.always_json
@console.command
def rows(folio: str, area: str, text: str, status: str, decision: str, flag: str, limit: int) -> None:
    """Rows of FOLIO with who decided, when and why, and how far each area is."""
    view = console.house().cases.campaigns.roster(folio)
    query = RosterQuery(text=text, area=area, status=status, decision=decision, flag=flag, limit=limit)
    page = view.find(query)
    found: list[Json] = [row.as_json() for row in page.rows]
    console.emit({**view.as_json(), "rows": found, "total": page.total, "matching": page.matching})


@group.command("export")
@click.argument("folio")
@area_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the workbook goes.")
@console.always_json
@console.command
def export(folio: str, area: str, out: Path) -> None:
    """Write the sheet an area of FOLIO answers on; without an area, a sheet for each."""
    with out.open("wb") as target:
        name = console.house().cases.campaigns.export(folio, area, target)
    console.emit({"folio": folio, "area": area, "name": name, "file": str(out)})


@group.command("ask")
@click.argument("folio")
@casework.actor_option
@casework.role_option
@casework.files_option
@click.option("--area", "areas", multiple=True, help="An area; without any, all that were not asked.")
@casework.occurred_option
@note_option
@casework.key_option
@console.always_json
@console.command
def ask(
    folio: str,
    actor: str,
    role: str,
    files: tuple[str, ...],
    areas: tuple[str, ...],
    occurred_at: datetime | None,
    note: str,
    key: str,
) -> None:
    """Record the mail to areas of FOLIO: their three business days begin."""
    house, acting = _acting(folio, actor, role, ("send",))
    with casework.opened(files) as uploads:
        command = AskAreas(folio, acting, uploads, areas, occurred_at, note, idempotency_key=key)
        receipt = house.cases.campaigns.ask(command)
    casework.done(house, receipt, as_json=True)


@group.command("decide")
@click.argument("folio")
@click.argument("numbers", metavar="ROWS")
@click.argument("decision")
@casework.actor_option
@casework.role_option
@reason_option
@casework.files_option
@click.option("--seen", default=0, type=click.IntRange(0), help="Last entry you had before you.")
@casework.occurred_option
@casework.key_option
@console.always_json
@console.command
def decide(  # noqa: PLR0913 - one parameter an option
    folio: str,
    numbers: str,
    decision: str,
    actor: str,
    role: str,
    reason: str,
    files: tuple[str, ...],
    seen: int,
    occurred_at: datetime | None,
    key: str,
) -> None:
    """Record one DECISION on ROWS of FOLIO (such as 7-90,95) with one reason: one entry."""
    house, acting = _acting(folio, actor, role, ("answers", "resolve"))
    with casework.opened(files) as uploads:
        command = DecideRows(
            folio, numbers, decision, reason, acting, uploads, seen, occurred_at, idempotency_key=key
        )
        receipt = house.cases.campaigns.decide(command)
    casework.done(house, receipt, as_json=True)


@group.command("answers")
@click.argument("folio")
@click.argument("area")
@casework.actor_option
@casework.role_option
@casework.files_option
@casework.occurred_option
@note_option
@casework.key_option
@console.always_json
@console.command
def answers(
    folio: str,
    area: str,
    actor: str,
    role: str,
    files: tuple[str, ...],
    occurred_at: datetime | None,
    note: str,
    key: str,
) -> None:
    """Take in the answered sheet of an AREA of FOLIO, whole or not at all."""
    house, acting = _acting(folio, actor, role, ("answers",))
    with casework.opened(files) as uploads:
        command = TakeAnswers(folio, area, acting, uploads, occurred_at, note, idempotency_key=key)
        receipt = house.cases.campaigns.answers(command)
    casework.done(house, receipt, as_json=True)


@group.command("final")
@click.argument("folio")
@casework.actor_option
@casework.role_option
@note_option
@casework.key_option
@console.always_json
@console.command
def final(folio: str, actor: str, role: str, note: str, key: str) -> None:
    """Make and seal the final workbook of FOLIO: the original with everybody's decision."""
    house, acting = _acting(folio, actor, role, ("final",))
    receipt = house.cases.campaigns.final(MakeFinal(folio, acting, note, idempotency_key=key))
    casework.done(house, receipt, as_json=True)


@group.command("check")
@click.argument("folio")
@casework.actor_option
@casework.role_option
@click.option("--confirmed", type=console.JsonObject(), default=dict, help="What you read yourself.")
@note_option
@casework.key_option
@console.always_json
@console.command
def check(folio: str, actor: str, role: str, confirmed: Mapping[str, Json], note: str, key: str) -> None:
    """Compare the letter of FOLIO with its final workbook, and record whether they agree."""
    house, acting = _acting(folio, actor, role, ("check",))
    command = CheckLetter(folio, acting, casework.texts_of(confirmed), note, idempotency_key=key)
    receipt = house.cases.campaigns.check(command)
    casework.done(house, receipt, as_json=True)


@group.command("archive")
@click.argument("folio")
@casework.actor_option
@casework.role_option
@click.option("--place", required=True, help="Where the file is kept.")
@note_option
@casework.key_option
@console.always_json
@console.command
def archive(folio: str, actor: str, role: str, place: str, note: str, key: str) -> None:
    """Seal the index of FOLIO and close the campaign."""
    house, acting = _acting(folio, actor, role, ("archive",))
    command = ArchiveCampaign(folio, acting, place, note, idempotency_key=key)
    casework.done(house, house.cases.campaigns.archive(command), as_json=True)


@group.command("removals")
@click.argument("folio")
@casework.actor_option
@casework.role_option
@click.option("--data", type=console.JsonObject(), default=dict, help='{"17": {"rfc": "..."}}, or @FILE.')
@console.always_json
@console.command
def removals(folio: str, actor: str, role: str, data: Mapping[str, Json]) -> None:
    """Open a case of removal for every row of FOLIO decided so; tell what was carried out."""
    house, acting = _acting(folio, actor, role, ("removals",))
    report = house.cases.campaigns.removals(OpenRemovals(folio, acting, _supplied(data)))
    console.settled(house)
    console.emit(report.as_json())


def _acting(folio: str, email: str, role: str, parts: Iterable[str]) -> tuple[House, Actor]:
    """The house, and the person in a role that may record one of the steps of these acts."""
    house = console.house()
    definition = house.cases.view(folio).definition
    wanted: RosterRules | None = definition.roster
    if wanted is None:
        raise NotACampaign(folio=folio)
    steps = [definition.by_step[getattr(wanted, part)] for part in parts]
    roles = tuple(dict.fromkeys(name for step in steps for name in step.roles))
    user = console.account(email)
    return house, actor_for(user, roles, role=role, via="console", os_user=console.os_user())


def _supplied(data: Mapping[str, Json]) -> dict[int, dict[str, str]]:
    """What the sheet lacks, by row."""
    found = {}
    for row, values in data.items():
        if not row.isdecimal() or not isinstance(values, dict):
            raise HouseError("not_allowed_here", detail=f"--data {row}")
        found[int(row)] = casework.texts_of(values)
    return found

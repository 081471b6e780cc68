"""`flask controls`: periodic controls from the console: the day's recording, a list with its cases, what is missing."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web.acting import actor_for
from web.commands import casework, console
from web.controls import Standing, standings
from workflows.commands import OpenFindings, RecordControl, Upload

group = AppGroup(
    "controls", help="Periodic controls: record a day, open cases from a list, see what is missing."
)

process_argument = click.argument("process")
series_option = click.option("--series", default="", help="Which control, where the process has several.")
day_option = click.option(
    "--day", default="", metavar="YYYY-MM-DD", help="The day looked at; today unless given."
)


@group.command("list")
@console.json_option
@console.command
def list_controls(as_json: bool) -> None:
    """Every control in force: its case, today's recording, and the days without one."""
    found = standings(console.house())
    if as_json:
        console.emit({"controls": [item.as_json() for item in found]})
        return
    for item in found:
        click.echo(
            f"{item.process} {item.series} {item.folio or '-'} today: {_today(item)}; gaps: {len(item.gaps)}"
        )
        for day in item.gaps:
            click.echo(f"  {day.day} {day.folio}")


@group.command("record")
@process_argument
@casework.actor_option
@casework.role_option
@series_option
@day_option
@click.option(
    "--findings", default=0, type=click.IntRange(0), help="How many new findings; 0: nothing was found."
)
@casework.files_option
@click.option("--note", default="", help="Free note.")
@casework.key_option
@console.json_option
@console.command
def record(  # noqa: PLR0913 - one parameter an option
    process: str,
    actor: str,
    role: str,
    series: str,
    day: str,
    findings: int,
    files: tuple[str, ...],
    note: str,
    key: str,
    as_json: bool,
) -> None:
    """Record the control of a day of PROCESS."""
    house = console.house()
    definition = house.definitions.current(process)
    code = series or casework.only_series(definition)
    roles = definition.by_step[definition.by_series[code].step].roles if code in definition.by_series else ()
    acting = actor_for(console.account(actor), roles, role=role, via="console", os_user=console.os_user())
    with casework.opened(files) as uploads:
        receipt = house.cases.controls.record(
            RecordControl(process, code, acting, findings, day, uploads, note=note, idempotency_key=key)
        )
    casework.done(house, receipt, as_json=as_json)


@group.command("import")
@process_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@casework.actor_option
@casework.role_option
@series_option
@day_option
@click.option("--note", default="", help="Free note.")
@click.option("--preview", is_flag=True, help="Only say what each row would do; nothing is recorded.")
@console.always_json
@console.command
def import_list(
    process: str, file: Path, actor: str, role: str, series: str, day: str, note: str, preview: bool
) -> None:
    """Record the control of a day with the list FILE (xlsx, csv or text), and open a case for each good row."""
    house = console.house()
    definition = house.definitions.current(process)
    code = series or casework.only_series(definition)
    acting = actor_for(
        console.account(actor), definition.opening.roles, role=role, via="console", os_user=console.os_user()
    )
    with ExitStack() as stack:
        listing = Upload(file.name, stack.enter_context(file.open("rb")))
        if preview:
            console.emit(house.cases.controls.propose(process, code, listing).as_json())
            return
        found = house.cases.controls.open_findings(OpenFindings(process, code, acting, listing, day, note))
    console.settled(house)
    answer: dict[str, Json] = found.as_json()
    console.emit(answer)


def _today(item: Standing) -> str:
    return str(item.findings) if item.recorded else "-"

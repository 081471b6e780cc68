"""`flask report`: figures to take along."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from web.commands import console
from web.reporting import report_sources
from web.views.monthly import write_monthly
from web.views.period import month_period

group = AppGroup("report", help="Figures to take along.")


@group.command("monthly")
@click.option("--month", required=True, type=click.DateTime(["%Y-%m"]), help="The month, such as 2026-11.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The .xlsx file.")
@console.always_json
@console.command
def monthly(month: datetime, out: Path) -> None:
    """Write the figures of a month, the same as on the board, as a workbook."""
    if not out.absolute().parent.is_dir():
        raise click.BadParameter(f"{out.absolute().parent} is not a folder", param_hint="--out")
    house = console.house()
    part = out.with_name(out.name + ".part")
    with part.open("wb") as sink:
        write_monthly(sink, report_sources(house), month_period(month.date().replace(day=1)))
    part.replace(out)  # whole or not at all
    console.emit({"path": str(out), "month": f"{month:%Y-%m}", "bytes": out.stat().st_size})

"""`flask transfer`: from the embedded default to PostgreSQL and an object store, without breaking the chain."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from web import transferring
from web.commands import console


@click.command("transfer")
@click.option(
    "--to-env",
    "env_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of CONSTANCIA_NAME=value lines that describes the installation to move to.",
)
@click.option("--abandon", is_flag=True, help="Give up a move under way: the source takes writes again.")
@console.always_json
@with_appcontext
@console.command
def transfer(env_file: Path | None, abandon: bool) -> None:
    """Move this installation elsewhere; interrupted, run it again. Afterwards this one can only be read."""
    if abandon == (env_file is not None):
        raise click.UsageError("either --to-env or --abandon")
    house = console.house()
    if env_file is None:
        transferring.abandon(house)
        console.emit({"abandoned": True})
        return
    found = transferring.transfer(house, env_file, console.say)
    report = found.report
    console.emit(
        {
            "transferred": True,
            "rows": dict(found.rows),
            "verdict": str(report.verdict),
            "size": report.size,
            "root": report.root,
            "objects_checked": report.objects_checked,
            "bytes_checked": report.bytes_checked,
        }
    )

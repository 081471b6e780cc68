"""`flask packages`: audit packages from the console."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from audit_exports.builder import ExportReceipt, export
from audit_exports.exportlog import EXPORTS, NotCovered, export_receipt
from audit_exports.record import Scope
from evidence.canonical import Json
from evidence.checkpoint import peek_checkpoint
from evidence.entry import SYSTEM
from evidence.note import NoteError
from web.acting import actor_for
from web.commands import console
from web.inception import settle
from web.proving import before_export
from web.wiring import HouseError
from workflows.commands import Actor
from workflows.errors import UnknownEntry

group = AppGroup("packages", help="Audit packages.")
_day = click.DateTime(["%Y-%m-%d"])


@group.command("export")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--process", "processes", multiple=True, help="Only these processes.")
@click.option("--from", "start", type=_day, default=None, help="Cases with an entry on or after this day.")
@click.option("--to", "end", type=_day, default=None, help="Cases with an entry on or before this day.")
@click.option("--case", "folios", multiple=True, metavar="FOLIO", help="Only these cases.")
@click.option(
    "--checkpoint", default=0, type=click.IntRange(0), help="Size of a signed checkpoint; 0: the latest."
)
@click.option("--sample", default=0, type=click.IntRange(0), help="Only so many cases, drawn by --seed.")
@click.option("--seed", default="", help="Text that makes the sample reproducible by anyone.")
@click.option("--engagement", default="", metavar="ID", help="An audit engagement: its cases and its chain.")
@click.option(
    "--since",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that somebody kept: the package shall prove that the log only grew since.",
)
@click.option("--actor", default="", metavar="EMAIL", help="Who asks for it.")
@console.always_json
@console.command
def export_package(  # noqa: PLR0913 - one parameter an option
    out: Path,
    processes: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
    folios: tuple[str, ...],
    checkpoint: int,
    sample: int,
    seed: str,
    engagement: str,
    since: tuple[Path, ...],
    actor: str,
) -> None:
    """Write an audit package; the export is logged before it is handed over."""
    if not out.absolute().parent.is_dir():
        raise click.BadParameter(f"{out.absolute().parent} is not a folder", param_hint="--out")
    house = console.house()
    scope = Scope(
        processes=tuple(sorted(set(processes))),
        start=f"{start:%Y-%m-%d}" if start else "",
        end=f"{end:%Y-%m-%d}" if end else "",
        folios=tuple(sorted(set(folios))),
        sample=sample,
        seed=seed,
        engagement=engagement,
    )
    if not checkpoint:
        before_export(house)
    kept = [_kept_size(note) for note in since]
    receipt = export(house.export_sources, scope, out, actor=_actor(actor), checkpoint=checkpoint, since=kept)
    console.settled(house)
    console.emit(receipt_json(receipt))


def _kept_size(note: Path) -> int:
    """The size of a checkpoint that somebody kept; whether it is ours is for the verifier to say."""
    try:
        return peek_checkpoint(note.read_bytes()).size
    except NoteError as error:
        raise HouseError("not_a_checkpoint", detail=str(error)) from error


@group.command("receipt")
@click.argument("seq", type=click.IntRange(1))
@console.wrapped_json
@console.command
def receipt(seq: int, wrapped: bool) -> None:
    """Print the receipt of export SEQ: proof, for ``verify --receipt``, that the log holds that very package."""
    house = console.house()
    settle(house)
    try:
        text = export_receipt(house.ledger, seq)
    except NotCovered as error:
        raise UnknownEntry(folio=EXPORTS, seq=seq) from error
    if wrapped:
        console.emit({"receipt": text.decode()})
    else:
        click.echo(text, nl=False)


def _actor(email: str) -> Actor:
    if email:
        return actor_for(console.account(email), via="console", os_user=console.os_user())
    return Actor(SYSTEM, SYSTEM, via="console", os_user=console.os_user(), kind="system")


def receipt_json(receipt: ExportReceipt) -> dict[str, Json]:
    """An export as the command prints it."""
    return {
        "path": str(receipt.path),
        "bytes": receipt.package_bytes,
        "tag_manifest": receipt.tag_manifest,
        "checkpoint_size": receipt.checkpoint_size,
        "cases": receipt.totals.cases,
        "seq": receipt.seq,
        "leaf": receipt.leaf,
        "recorded_at": receipt.recorded_at,
    }

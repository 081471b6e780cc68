"""`flask ledger`: check it, and hand out what strangers check it with."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.findings import Report, Verdict
from evidence.proofs import prove_entry
from evidence.verify import verify_ledger
from web.commands import console
from web.inception import settle
from web.wiring import House, HouseError
from workflows.errors import UnknownCase, UnknownEntry

group = AppGroup("ledger", help="The log: verification, signed checkpoints and proofs.")
_EXITS = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.UNVERIFIABLE: 2}


@group.command("verify")
@click.option("--full", is_flag=True, help="Also read every sealed file and list the object store.")
@console.json_option
@console.command
def verify(full: bool, as_json: bool) -> None:
    """Recompute everything. Exit 0: valid, 1: invalid, 2: unverifiable. Changes nothing."""
    house = console.house()
    report = verify_ledger(
        house.ledger, house.blobs, keys=[house.vkey], full=full, known_checkpoints=known_head(house)
    )
    if as_json:
        console.emit(report.as_json())
    else:
        _tell(report)
    raise click.exceptions.Exit(_EXITS[report.verdict])


@group.command("checkpoint")
@console.command
def checkpoint() -> None:
    """Sign what has grown, and print the latest signed checkpoint."""
    click.echo(_latest(console.house()), nl=False)


@group.command("vkey")
@console.command
def vkey() -> None:
    """Print the verifier key (C2SP signed note)."""
    click.echo(console.house().vkey.text)


@group.command("proof")
@click.argument("folio")
@click.argument("seq", type=click.IntRange(1))
@console.command
def proof(folio: str, seq: int) -> None:
    """Print a .tlog-proof (C2SP) that entry SEQ of FOLIO is in the log."""
    house = console.house()
    note = _latest(house)
    history = house.ledger.history(folio)
    if not history:
        raise UnknownCase(folio=folio)
    if seq > len(history):
        raise UnknownEntry(folio=folio, seq=seq)
    index = history[seq - 1].index
    if index is None:
        raise HouseError("unavailable")
    click.echo(prove_entry(house.ledger, index, note).text(), nl=False)


def _latest(house: House) -> bytes:
    """The checkpoint that covers everything recorded so far."""
    settle(house)
    kept = house.ledger.latest_checkpoint()
    if kept is None:
        raise HouseError("unavailable")
    return kept[1]


def known_head(house: House) -> list[bytes]:
    """What was signed last, as kept outside the database: Ed25519 is deterministic, so this is the very note."""
    signed = house.guard.last()
    if signed is None:
        return []
    size, root = signed
    return [sign_checkpoint(Checkpoint(house.ledger.origin, size, root), house.key)]


def _tell(report: Report) -> None:
    click.echo(
        f"{report.verdict} · {report.level} · {report.size} entries · {report.objects_checked} files · "
        f"root {report.root or '-'}"
    )
    for finding in report.findings:
        click.echo(f"  {finding.code}  {finding.subject}: expected {finding.expected}, found {finding.found}")

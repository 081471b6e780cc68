"""`flask ledger`: check it, and hand out what strangers check it with."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import click
from flask.cli import AppGroup

from auditing.viewproof import check_views
from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.findings import Report, Verdict
from evidence.note import NoteError
from evidence.processes import WorkerLost, processors
from evidence.proofs import prove_entry
from evidence.publisher import restore_guard
from evidence.verify import verify_ledger
from web import proving, rotation
from web.commands import console
from web.errors import house_answer
from web.inception import settle
from web.wiring import House, HouseError
from workflows.errors import UnknownCase, UnknownEntry

group = AppGroup("ledger", help="The log: verification, signed checkpoints and proofs.")
guard = AppGroup("guard", help="The last signed tree head, kept outside the database.")
key = AppGroup("key", help="Replacing the log's signing key.")
group.add_command(guard)
group.add_command(key)


@group.command("verify")
@click.option("--full", is_flag=True, help="Also read every sealed file and list the object store.")
@click.option("--max-age", type=click.IntRange(1), help="Hours: what is signed must reach to so long ago.")
@console.json_option
@console.command
def verify(full: bool, max_age: int | None, as_json: bool) -> None:
    """Recompute everything. Exit 0: valid, 1: invalid, 2: unverifiable. Changes nothing."""
    house = console.house()
    try:
        report = verify_ledger(
            house.ledger,
            house.blobs,
            keys=house.vkeys,
            full=full,
            known_checkpoints=known_head(house),
            trust=replace(
                house.trust, not_before=house.clock() - timedelta(hours=max_age) if max_age else None
            ),
            processes=processors(),
        ).beside(check_views(house.ledger, house.room.views))
    except WorkerLost:
        status = Verdict.UNVERIFIABLE.exit_code  # 1 would say that something is wrong with the ledger
        console.refuse(house_answer("verification_lost"), as_json=as_json, status=status)
    if as_json:
        console.emit(report.as_json())
    else:
        _tell(report)
    raise click.exceptions.Exit(report.verdict.exit_code)


@group.command("checkpoint")
@console.wrapped_json
@console.command
def checkpoint(wrapped: bool) -> None:
    """Sign what has grown, and print the latest signed checkpoint."""
    size, note = _latest(console.house())
    if wrapped:
        console.emit({"checkpoint": note.decode(), "size": size})
    else:
        click.echo(note, nl=False)


@group.command("anchor")
@console.always_json
@console.command
def anchor() -> None:
    """Commit to the heads of all cases, sign, and have every configured witness and authority anchor the checkpoint."""
    house = console.house()
    if not house.anchors.configured:
        raise HouseError("no_anchors")
    outcome = proving.anchor(house)
    console.emit(
        {
            "anchored": [asdict(item) for item in outcome.anchored],
            "missed": [asdict(item) for item in outcome.missed],
        }
    )


@group.command("vkey")
@console.wrapped_json
@console.command
def vkey(wrapped: bool) -> None:
    """Print the verifier key (C2SP signed note)."""
    text = console.house().vkey.text
    if wrapped:
        console.emit({"vkey": text})
    else:
        click.echo(text)


@group.command("proof")
@click.argument("folio")
@click.argument("seq", type=click.IntRange(1))
@console.wrapped_json
@console.command
def proof(folio: str, seq: int, wrapped: bool) -> None:
    """Print a .tlog-proof (C2SP) that entry SEQ of FOLIO is in the log."""
    house = console.house()
    _, note = _latest(house)
    history = house.ledger.history(folio)
    if not history:
        raise UnknownCase(folio=folio)
    if seq > len(history):
        raise UnknownEntry(folio=folio, seq=seq)
    index = history[seq - 1].index
    if index is None:
        raise HouseError("unavailable")
    text = prove_entry(house.ledger, index, note).text()
    if wrapped:
        console.emit({"proof": text.decode(), "index": index})
    else:
        click.echo(text, nl=False)


@key.command("show")
@console.always_json
@console.command
def show_key() -> None:
    """The key to give to auditors, the one it replaces while that still signs, and earlier ones. Changes nothing."""
    ring = console.house().keyring
    replaced = ring.signing[1].verifier.text if ring.replacing else None
    console.emit(
        {"vkey": ring.current.verifier.text, "replaces": replaced, "retired": [k.text for k in ring.retired]}
    )


@key.command("begin")
@console.always_json
@console.command
def begin_rotation() -> None:
    """Make a new signing key that signs beside the present one; tell auditors and witnesses, then `finish`."""
    told = rotation.begin(console.house(), console.os_user())
    console.emit({"phase": str(told.phase), "old": told.old.text, "new": told.new.text})
    console.say(
        "Give the new key (new) to auditors and witnesses; both sign until `flask ledger key finish`."
    )


@key.command("finish")
@console.always_json
@console.command
def finish_rotation() -> None:
    """Sign with the new key alone. The old secret is destroyed; packages lead from the old key to the new."""
    told = rotation.finish(console.house(), console.os_user())
    console.emit({"phase": str(told.phase), "old": told.old.text, "new": told.new.text})


@guard.command("show")
@console.always_json
@console.command
def show_guard() -> None:
    """The size and root last signed (``null``: none is known), beside the size of the database. Changes nothing."""
    house = console.house()
    signed = house.guard.last()
    size, root = (None, None) if signed is None else (signed[0], signed[1].hex())
    console.emit({"size": size, "root": root, "database_size": house.ledger.tree_size()})


@guard.command("restore")
@click.argument("note", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@console.always_json
@console.command
def restore(note: Path) -> None:
    """Give an empty guard the checkpoint in the file NOTE: the newest that anybody outside keeps.

    A guard that holds something is never changed, and a checkpoint that the database does not continue is refused.
    """
    house = console.house()
    kept = house.guard.last()
    if kept is not None:
        raise HouseError("guard_kept", size=kept[0])
    try:
        head = restore_guard(house.ledger, house.guard, note.read_bytes(), house.vkeys)
    except NoteError as error:
        raise HouseError("not_a_checkpoint", detail=str(error)) from error
    signed = console.settled(house)
    console.emit({"size": head.size, "root": head.root.hex(), "signed": signed})


def _latest(house: House) -> tuple[int, bytes]:
    """The checkpoint that covers everything recorded so far."""
    settle(house)
    kept = house.ledger.latest_checkpoint()
    if kept is None:
        raise HouseError("unavailable")
    return kept


def known_head(house: House) -> list[bytes]:
    """What was signed last, as kept outside the database: Ed25519 is deterministic, so this is the very note."""
    signed = house.guard.last()
    if signed is None:
        return []
    size, root = signed
    return [sign_checkpoint(Checkpoint(house.ledger.origin, size, root), *house.keyring.signing)]


def _tell(report: Report) -> None:
    click.echo(
        f"{report.verdict} · {report.level} · {report.size} entries · {report.objects_checked} files · "
        f"root {report.root or '-'}"
    )
    for held in report.anchors:
        click.echo(f"  {held['level']}  {held['name']}: {held['size']} entries at {held['time']}")
    for finding in report.findings:
        click.echo(f"  {finding.code}  {finding.subject}: expected {finding.expected}, found {finding.found}")

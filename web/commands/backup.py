"""`flask backup`, `flask restore`: the whole installation into one file, and back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from web import backups
from web.commands import console
from web.errors import house_answer
from web.keysafe import SHORTEST

_passphrase = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File whose first line is the passphrase of the keys; without it, it is asked for.",
)


@click.command("backup")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
@click.option(
    "--objects/--no-objects", default=True, show_default=True,
    help="Copy the sealed files too, or only list them: their store has copies of its own.",
)  # fmt: skip
@click.option("--with-keys", is_flag=True, help="Also the keys, encrypted under a passphrase (age).")
@_passphrase
@console.always_json
@with_appcontext
@console.command
def backup(out: Path, objects: bool, with_keys: bool, passphrase_file: Path | None) -> None:
    """Write a backup while the service runs; it is read back whole before it gets its name."""
    passphrase = _ask(passphrase_file, confirm=True) if with_keys else None
    report, unsigned = backups.back_up(console.house(), out, objects=objects, passphrase=passphrase)
    if unsigned:
        _say(unsigned)
    console.emit(
        {
            "file": str(out),
            "sha256": report.sha256,
            "bytes": report.bytes,
            "entries": report.entries,
            "size": report.size,
            "root": report.root,
            "checkpoint": report.note,
            "objects": {"count": report.objects, "included": objects, "bytes": report.object_bytes},
            "keys": with_keys,
            "signing": unsigned or None,
        }
    )


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--guard",
    "note",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The newest checkpoint that anybody outside keeps, for a guard that is empty.",
)
@_passphrase
@console.always_json
@with_appcontext
@console.command
def restore(file: Path, note: Path | None, passphrase_file: Path | None) -> None:
    """Restore a backup into an empty installation; it counts when all of it was verified, or not at all."""
    found = backups.bring_back(
        console.holder().settings,
        file,
        os.environ,
        passphrase=lambda: _ask(passphrase_file, confirm=False),
        note=note.read_bytes() if note is not None else None,
    )
    if found.signing:
        _say(found.signing)
    if not found.secret_kept:
        console.say(
            "CONSTANCIA_SECRET_KEY is new: second factors must be enrolled again, waiting secrets left again."
        )
    console.emit(
        {
            "restored": True,
            "created_at": found.created_at,
            "keys": found.keys,
            "verdict": str(found.report.verdict),
            "entries": found.report.size,
            "objects_checked": found.report.objects_checked,
            "bytes_checked": found.report.bytes_checked,
            "signing": found.signing or None,
        }
    )


def _ask(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        lines = file.read_text(encoding="utf-8").splitlines()
        return lines[0] if lines else ""
    if not sys.stdin.isatty():
        raise click.UsageError("--passphrase-file is needed where nobody can be asked")
    asked: str = click.prompt(
        f"Passphrase ({SHORTEST} characters or more)", hide_input=True, confirmation_prompt=confirm, err=True
    )
    return asked


def _say(code: str) -> None:
    """What keeps the log from being signed, and what to do about it."""
    answer = house_answer(code, {})
    console.say(f"not signed: {code}. {answer.advice}".strip())

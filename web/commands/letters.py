"""`flask cases letter`: write a step's letter from its case, look at it, or seal it as the step's evidence."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from evidence.canonical import Json
from evidence.words import digest_words
from signing.letters import Letter, signature_boxes
from web.acting import actor_for
from web.commands import casework, console
from web.lettering import letter_desk
from workflows.commands import RecordStep, Upload
from workflows.errors import LetterChanged
from workflows.rules import known_step, role_allowed


def add_to(group: AppGroup) -> None:
    """Put the command under ``cases``."""
    group.add_command(letter)


@click.command("letter")
@click.argument("folio")
@click.argument("step")
@casework.actor_option
@casework.role_option
@click.option(
    "--preview",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=None,
    help="Write the letter to this file and seal nothing.",
)
@click.option(
    "--sha256", "shown", default="", help="Seal only the letter that has this digest, as it was shown."
)
@casework.files_option
@casework.system_option
@casework.taken_option
@casework.data_option
@casework.key_option
@console.json_option
@with_appcontext
@console.command
def letter(  # noqa: PLR0913 - one parameter an option
    folio: str,
    step: str,
    actor: str,
    role: str,
    preview: Path | None,
    shown: str,
    files: tuple[str, ...],
    system: str,
    taken: str,
    data: dict[str, Json],
    key: str,
    as_json: bool,
) -> None:
    """Write the letter of STEP of FOLIO from the case, and seal it with what else the step takes."""
    house = console.house()
    found = known_step(house.cases.view(folio).definition, step)
    acting = actor_for(
        console.account(actor), found.roles, role=role, via="console", os_user=console.os_user()
    )
    role_allowed(step, found.roles, acting)
    made, slot = letter_desk(house).compose(folio, step)
    if shown and shown != made.sha256:
        raise LetterChanged(step=step)
    if preview is not None:
        preview.write_bytes(made.pdf)
        _tell(made, preview, as_json=as_json)
        return
    slots = tuple(one.code for one in found.slots)
    with casework.opened(files, slots, system=system, taken=taken) as uploads:
        own = Upload(made.name, io.BytesIO(made.pdf), slot, template=made.template)
        command = RecordStep(
            folio, step, acting, (own, *uploads), casework.texts_of(data), idempotency_key=key
        )
        receipt = house.cases.record(command)
    casework.done(house, receipt, as_json=as_json)


def _tell(made: Letter, path: Path, *, as_json: bool) -> None:
    used = made.template
    if as_json:
        console.emit(
            {
                "file": str(path),
                "name": made.name,
                "sha256": made.sha256,
                "words": list(digest_words(made.sha256)),
                "template": {"name": used.name, "version": used.version, "sha256": used.sha256},
                "signature_boxes": [asdict(box) for box in signature_boxes(made.pdf)],
            }
        )
    else:
        click.echo(f"{path} {made.sha256} {' '.join(digest_words(made.sha256))}")

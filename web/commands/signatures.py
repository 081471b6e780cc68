"""`flask signatures`: what signed files are worth, and the seal they carry."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from web import inception
from web.commands import arealinks, asking, console, returning
from web.sealtelling import tell_seal
from web.views.signature_words import told

group = AppGroup(
    "signatures", help="Ask for signatures by link; judge signed letters, and the seal they carry."
)
asking.add_to(group)
returning.add_to(group)
group.add_command(arealinks.ask, "review")
_EXITS = {"valid": 0, "invalid": 1, "unverifiable": 2}


@group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--known", default="", help="ISO time at which the file is known to have existed, as by its entry."
)
@click.option(
    "--online",
    is_flag=True,
    help="Ask the issuers about revocation where the file does not carry their answer.",
)
@console.json_option
@console.command
def verify(file: Path, known: str, online: bool, as_json: bool) -> None:
    """Judge the signatures of FILE by this installation's trust. Exit 0: valid, 1: invalid, 2: unverifiable."""
    house = console.house()
    with file.open("rb") as stream:
        report = house.judged(stream, name=file.name, known=_moment(known), ask=online)
    said = told(report)
    if as_json:
        signatures = [asdict(item) for item in report.signatures]
        console.emit(
            {
                "verdict": said.verdict,
                "profile": report.profile,
                "problems": list(report.every_problem),
                "signatures": signatures,
                "words": [
                    said.headline,
                    *said.problems,
                    *(f"{title}: {' '.join(text)}" for title, text in said.signatures),
                ],
            }
        )
    else:
        click.echo("\n".join([said.headline, *said.problems]))
        for title, sentences in said.signatures:
            click.echo("\n".join([title, *(f"  {sentence}" for sentence in sentences)]))
    raise click.exceptions.Exit(_EXITS[said.verdict])


@group.command("certificate")
@console.wrapped_json
@console.command
def certificate(wrapped: bool) -> None:
    """Print the seal's certificates up to its root, PEM: what strangers check letters with."""
    text = console.house().signer.seal.pem
    if wrapped:
        console.emit({"certificates": text, "sha256": console.house().signer.seal.fingerprint})
    else:
        click.echo(text, nl=False)


@group.command("renew")
@console.always_json
@console.command
def renew() -> None:
    """A new certificate and key for the seal made here, under the same authority; the old ones are kept beside."""
    house = console.house()
    kept = inception.renew_seal_files(house.settings, house.clock())
    seal = console.house().signer.seal
    tell_seal(house, console.os_user())
    console.settled(house)
    console.emit({"sha256": seal.fingerprint, "kept": [str(path) for path in kept]})


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("not an ISO time", param_hint="--known") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

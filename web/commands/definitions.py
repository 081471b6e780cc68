"""`flask definitions`: checking a process definition, releasing it, and telling versions apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from web import inception
from web.commands import console
from web.errors import house_answer
from web.releases import Release, releases
from web.views.definition_problems import Told, line_of, tell
from web.wiring import House, HouseError
from workflows.changes import changes
from workflows.definition import Definition
from workflows.doubts import doubts_of
from workflows.loader import load
from workflows.tables import DefinitionInvalid

group = AppGroup("definitions", help="Process definitions.")


@group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@console.always_json
@console.command
def check(file: Path) -> None:
    """Whether FILE is a process definition this program runs: every error with its line, and what looks like a slip."""
    data = file.read_bytes()
    source = data.decode(errors="replace")
    try:
        definition = load(data)
    except DefinitionInvalid as error:
        _refuse(tell(error.problems, source))
        raise
    doubts = _doubts(definition, source)
    for doubt in doubts:
        console.say(f"{doubt.place} (renglón {doubt.line}): {doubt.text.es}")
    console.emit(
        {
            "process": definition.process,
            "version": definition.version,
            "digest": definition.digest,
            "steps": len(definition.steps),
            "warnings": [doubt.as_json() for doubt in doubts],
        }
    )


@group.command("list")
@console.json_option
@console.command
def every(as_json: bool) -> None:
    """Every version there is, by process: which is in force, and which entry published it."""
    house = console.house()
    published = {release.digest: release for release in releases(house.ledger)}
    rows = [
        _row(house, definition, published.get(definition.digest)) for definition in house.definitions.all()
    ]
    if as_json:
        console.emit({"definitions": rows})
        return
    for row in rows:
        mark = "en vigor" if row["in_force"] else "anterior"
        at = f"publicada {row['published_at']}" if row["published_at"] else "sin publicar"
        click.echo(f"{row['process']}@{row['version']}  {mark}  {at}  {row['digest']}  {row['name']}")


@group.command("show")
@click.argument("label", metavar="PROCESS[@VERSION]")
@click.option("--source", is_flag=True, help="Print the file itself.")
@console.wrapped_json
@console.command
def show(label: str, source: bool, wrapped: bool) -> None:
    """One version in short, or (--source) the very bytes that were released."""
    house = console.house()
    definition = _find(house, label)
    if source and not wrapped:
        click.echo(definition.source, nl=False)
        return
    published = {release.digest: release for release in releases(house.ledger)}
    found: dict[str, Json] = {
        **_row(house, definition, published.get(definition.digest)),
        "objective": definition.document.objective.es,
        "roles": [role.code for role in definition.roles],
        "steps": [
            {
                "step": step.code,
                "name": step.name.es,
                "class": str(step.kind),
                "assumption": bool(step.assumption),
            }
            for step in definition.steps
        ],
        "timers": [timer.code for timer in definition.timers],
        "questions": [question.question.es for question in definition.questions],
    }
    console.emit({**found, "source": definition.source.decode()} if source else found)


@group.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@console.json_option
@console.command
def diff(old: str, new: str, as_json: bool) -> None:
    """What NEW changes in OLD; each is PROCESS@VERSION, PROCESS (the one in force) or a file."""
    first, second = _file_or_label(old), _file_or_label(new)
    found = changes(first, second)
    if as_json:
        told: list[Json] = [change.as_json() for change in found]
        console.emit({"old": first.label, "new": second.label, "changes": told})
        return
    for change in found:
        values = " → ".join(value for value in (change.old, change.new) if value)
        click.echo(f"{_SIGNS[change.kind]} {change.place}: {values}")


@group.command("publish")
@console.always_json
@console.command
def publish() -> None:
    """Seal in the ledger what it does not know: the program's definitions and those in CONSTANCIA_DEFINITIONS."""
    house = console.house()
    published: list[Json] = [*inception.publish_definitions(house, console.os_user())]
    console.settled(house)
    console.emit({"published": published})


_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": "↕"}


def _refuse(told: tuple[Told, ...]) -> None:
    problems: tuple[dict[str, Json], ...] = tuple(
        {**item.as_json(), "field": item.place, "row": item.line, "problem": "definition"} for item in told
    )
    short = "; ".join(f"{item.place}: {item.text.es}" for item in told)
    console.refuse(
        replace(house_answer("definition_refused", {"problems": short}), problems=problems), as_json=True
    )


def _doubts(definition: Definition, source: str) -> tuple[Told, ...]:
    found = [Told(doubt.place, line_of(doubt.place, source), doubt.text) for doubt in doubts_of(definition)]
    return tuple(sorted(found, key=lambda item: item.line))


def _row(house: House, definition: Definition, release: Release | None) -> dict[str, Json]:
    return {
        "process": definition.process,
        "version": definition.version,
        "name": definition.name.es,
        "digest": definition.digest,
        "in_force": house.definitions.current(definition.process).digest == definition.digest,
        "published_at": release.at if release else "",
        "published_seq": release.seq if release else 0,
        "step_count": len(definition.steps),
    }


def _find(house: House, label: str) -> Definition:
    process, _, version = label.partition("@")
    versions = house.definitions.known(process)
    found = [item for item in versions if version in ("", item.version)]
    if not found:
        raise HouseError("no_such_version", label=label)
    return found[-1]


def _file_or_label(name: str) -> Definition:
    path = Path(name)
    if not path.is_file():
        return _find(console.house(), name)
    data = path.read_bytes()
    try:
        return load(data)
    except DefinitionInvalid as error:
        _refuse(tell(error.problems, data.decode(errors="replace")))
        raise

"""`flask catalogues` and `flask calendar`: lists in force, and the company's own days off."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from evidence.entry import SYSTEM, SealedEntry
from web.administration import publish
from web.commands import console
from web.wiring import House, HouseError
from workflows.catalogues import HOLIDAYS, CatalogueVersion, item_json, name_of, read_item
from workflows.commands import Actor
from workflows.definition import CatalogueItem
from workflows.published import PublishCatalogue
from workflows.step import Text

group = AppGroup("catalogues", help="Lists in force: every version is an entry of system:catalogues.")
calendar = AppGroup("calendar", help="Business days, and the company's own days off.")


@group.command("list")
@console.always_json
@console.command
def everything() -> None:
    """Every catalogue with the version in force."""
    house = console.house()
    now = house.clock()
    rows: list[Json] = []
    for code in house.catalogues.codes():
        found = house.catalogues.in_force(code, now)
        name = name_of(code, house.catalogues.bundled).es
        rows.append({"catalogue": code, "name": name, "version": found.version, "items": len(found.items)})
    console.emit({"catalogues": rows})


@group.command("show")
@click.argument("code")
@click.option(
    "--at", type=console.Moment(), default=None, help="As in force at that moment; now if left out."
)
@console.always_json
@console.command
def show(code: str, at: datetime | None) -> None:
    """The items of one catalogue, and every version there was."""
    house = console.house()
    _known(house, code)
    found = house.catalogues.in_force(code, at or house.clock())
    versions: list[Json] = [
        {"version": one.version, "since": one.since, "seq": one.seq, "leaf": one.leaf}
        for one in house.catalogues.versions(code)
    ]
    console.emit({"catalogue": code, "version": found.version, "items": _items(found), "versions": versions})


@group.command("publish")
@click.argument("code")
@click.option(
    "--items", required=True, type=console.JsonObject(), help="An object with the list ``items``, or @FILE."
)
@click.option("--based-on", default="", help="The version it was made from; the newest if left out.")
@click.option("--since", type=console.Moment(), default=None, help="In force from then on; now if left out.")
@console.always_json
@console.command
def publish_list(code: str, items: dict[str, Json], based_on: str, since: datetime | None) -> None:
    """Publish a whole new list; what it replaces stays in force for the past."""
    house = console.house()
    _known(house, code)
    read, notes = _read(items)
    command = PublishCatalogue(
        code=code,
        items=read,
        actor=_actor(),
        based_on=based_on or house.catalogues.versions(code)[-1].version,
        since=since,
        notes=notes,
    )
    _told(house, publish(house, command))


@calendar.command("show")
@click.option(
    "--from", "start", type=console.Moment(), default=None, help="From that day on; today if left out."
)
@console.always_json
@console.command
def days(start: datetime | None) -> None:
    """The table in force: its id, and the days off from today on."""
    house = console.house()
    found = house.calendar
    first = found.local_day(start or house.clock())
    company = {item.code for item in house.catalogues.in_force(HOLIDAYS, house.clock()).items}
    rows: list[Json] = [
        {"date": day.isoformat(), "name": name, "company": day.isoformat() in company}
        for day, name in sorted(found.holidays.items())
        if day >= first
    ]
    console.emit({"calendar": found.id, "revisions": sorted(found.ids), "days": rows})


@calendar.command("add-holiday")
@click.option("--date", "day", required=True, help="A day to come, yyyy-mm-dd.")
@click.option("--name", required=True)
@click.option("--name-en", default="")
@console.always_json
@console.command
def add_holiday(day: str, name: str, name_en: str) -> None:
    """Publish one more day off, for a day to come; timers that run are counted anew."""
    house = console.house()
    newest = house.catalogues.versions(HOLIDAYS)[-1]
    added = CatalogueItem(day, Text(name, name_en or name), Text("", ""))
    items = sorted((*newest.items, added), key=lambda item: item.code)
    _told(house, publish(house, PublishCatalogue(HOLIDAYS, tuple(items), _actor(), newest.version)))


@calendar.command("remove-holiday")
@click.option("--date", "day", required=True, help="A day to come, yyyy-mm-dd.")
@console.always_json
@console.command
def remove_holiday(day: str) -> None:
    """Take a company's day off back, while it is still to come."""
    house = console.house()
    newest = house.catalogues.versions(HOLIDAYS)[-1]
    items = tuple(item for item in newest.items if item.code != day)
    if len(items) == len(newest.items):
        raise HouseError("no_such_day", day=day)
    _told(house, publish(house, PublishCatalogue(HOLIDAYS, items, _actor(), newest.version)))


def _known(house: House, code: str) -> None:
    if code not in house.catalogues.codes():
        raise HouseError("no_such_catalogue", catalogue=code, options=", ".join(house.catalogues.codes()))


def _told(house: House, sealed: SealedEntry) -> None:
    console.settled(house)
    facts = sealed.entry.facts
    console.emit(
        {
            "catalogue": facts["catalogue"],
            "version": facts["version"],
            "seq": sealed.entry.seq,
            "leaf": sealed.leaf,
            "calendar": house.calendar.id,
        }
    )


def _items(found: CatalogueVersion) -> list[Json]:
    return [{**item_json(item), "note": found.notes.get(item.code, item.note.es)} for item in found.items]


def _read(raw: dict[str, Json]) -> tuple[tuple[CatalogueItem, ...], dict[str, str]]:
    rows = raw.get("items")
    if not isinstance(rows, list):
        raise HouseError("not_allowed_here", detail='--items {"items": [...]}')
    items, notes = [], {}
    for row in rows:
        plain = dict(row) if isinstance(row, dict) else {}
        note = plain.pop("note", "")
        item = read_item(plain)
        if item is None:
            raise HouseError("not_allowed_here", detail=f"--items: {row}")
        items.append(item)
        if isinstance(note, str) and note:
            notes[item.code] = note
    return tuple(items), notes


def _actor() -> Actor:
    """The console speaks for the house; who sat there stands in the payload."""
    return Actor(id=SYSTEM, role=SYSTEM, via="console", os_user=console.os_user())

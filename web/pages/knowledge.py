"""The knowledge base: processes as they are in force, searchable, and the files they are read from."""

from __future__ import annotations

import io
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request

from web.downloads import download
from web.pages.context import in_force, lens, may_record
from web.releases import releases
from web.security import anyone, outsider
from web.views.holders import asks_for_zones, people_of, zone_people
from web.views.knowledge import history_of, process_document
from web.views.searching import places_of, search, words_of
from web.wiring import current_house
from workflows.catalogues import ZONES
from workflows.definition import Definition

page = Blueprint("knowledge", __name__, url_prefix="/procesos")


@dataclass(frozen=True, slots=True)
class Item:
    """A process on the shelf."""

    code: str
    name: str
    objective: str
    steps: int
    added: int
    version: str


@page.get("")
@anyone
def processes() -> str:
    """The shelf, or what a search finds."""
    house, eyes = current_house(), lens()
    query = request.args.get("q", "").strip()
    shelf = [
        Item(
            item.process,
            eyes.say(item.name),
            eyes.say(item.document.objective),
            sum(bool(step.source) for step in item.steps),
            sum(not step.source for step in item.steps),
            item.version,
        )
        for item in in_force(house)
    ]
    hits = search(places_of(in_force(house), eyes), words_of(query))
    return render_template("pages/processes.html", processes=shelf, query=query, hits=hits)


@page.get("/<process>")
@anyone
def process(process: str) -> str:
    """One process's document, as it is in force."""
    versions = _versions(process)
    return _document(versions, versions[-1])


@page.get("/<process>/<version>")
@anyone
def version(process: str, version: str) -> str:
    """The document of one version: the one a case is bound to, in force or not."""
    versions = _versions(process)
    found = next((item for item in versions if item.version == version), None)
    return _document(versions, found) if found is not None else abort(404)


def _versions(process: str) -> tuple[Definition, ...]:
    found = current_house().definitions.known(process)
    return found or abort(404)


def _document(versions: tuple[Definition, ...], definition: Definition) -> str:
    house, eyes = current_house(), lens()
    published = {release.digest: release for release in releases(house.ledger)}
    current = definition is versions[-1]
    may_open = current and may_record() and not eyes.roles.isdisjoint(definition.opening.roles)
    now = house.clock()
    zoned = asks_for_zones(definition) and not outsider()
    people = (
        {} if outsider() else people_of(definition, house.directory, now, eyes)
    )  # no directory for strangers
    return render_template(
        "pages/process.html",
        doc=process_document(definition, eyes, people),
        zones=zone_people(house.catalogues.in_force(ZONES, now), house.directory, now, eyes) if zoned else (),
        today=eyes.moment(now).day,
        history=history_of(versions, published, eyes),
        current=current,
        may_open=may_open,
    )


@page.get("/<process>/<version>.toml")
@anyone
def source(process: str, version: str) -> Response:
    """The definition's file: the bytes whose digest cases pin."""
    versions = _versions(process)
    found = next((item for item in versions if item.version == version), None)
    if found is None:
        abort(404)
    return download(io.BytesIO(found.source), f"{process}-{version}.toml", size=len(found.source))

"""The knowledge base: processes as they are in force, searchable, and the files they are read from."""

from __future__ import annotations

import io
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request

from web.downloads import download
from web.pages.context import in_force, lens, may_record
from web.security import signed_in
from web.views.knowledge import process_document, search
from web.wiring import current_house
from workflows.definition import StepClass
from workflows.errors import UnknownProcess

page = Blueprint("knowledge", __name__, url_prefix="/procesos")


@dataclass(frozen=True, slots=True)
class Item:
    """A process on the shelf."""

    code: str
    name: str
    objective: str
    steps: int
    version: str


@page.get("")
@signed_in
def processes() -> str:
    """The shelf, or what a search finds."""
    house, eyes = current_house(), lens()
    query = request.args.get("q", "").strip()
    shelf = [
        Item(
            item.process,
            eyes.say(item.name),
            eyes.say(item.document.objective),
            sum(step.kind is not StepClass.RULE for step in item.steps),
            item.version,
        )
        for item in in_force(house)
    ]
    return render_template(
        "pages/processes.html", processes=shelf, query=query, hits=search(in_force(house), query, eyes)
    )


@page.get("/<process>")
@signed_in
def process(process: str) -> str:
    """One process's document."""
    try:
        definition = current_house().definitions.current(process)
    except UnknownProcess:
        abort(404)
    may_open = may_record() and not lens().roles.isdisjoint(definition.opening.roles)
    return render_template("pages/process.html", doc=process_document(definition, lens()), may_open=may_open)


@page.get("/<process>/<version>.toml")
@signed_in
def source(process: str, version: str) -> Response:
    """The definition's file: the bytes whose digest cases pin."""
    try:
        versions = current_house().definitions.versions(process)
    except UnknownProcess:
        abort(404)
    found = next((item for item in versions if item.version == version), None)
    if found is None:
        abort(404)
    return download(io.BytesIO(found.source), f"{process}-{version}.toml", size=len(found.source))

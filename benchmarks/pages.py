"""Pages as the test client gets them (everything but the network), beside the plainest page that reads a database.

Ours checks session and role, reads and checks the case's entries, derives its state, renders the page. The baseline is
a Flask application whose one route reads one row and fills one template.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

from flask import Flask, render_template_string
from flask.testing import FlaskClient

from benchmarks.measure import Figure, compare, milliseconds
from tests.fakes.installation import Browser, Installation
from tests.workflows.desk import PERSON, usual, xlsx
from workflows.commands import Actor, OpenCase, RecordStep

REQUESTS = 10
STEPS = ("2", "3", "4", "5", "6", "7", "8")
PATHS = {"case page, 8 entries": "/casos/{folio}", "inbox": "/", "list of cases": "/casos"}
_BESIDE = "Flask, one row from SQLite, one template"


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Milliseconds a page, one after another."""
    place = Installation(scratch / "data")
    try:
        browser = place.client()
        folio = _case(place)
        plain = _plain_app(scratch / "plain.sqlite3").test_client()
        for name, path in PATHS.items():
            address = path.format(folio=folio)
            yield compare(
                name,
                lambda address=address: milliseconds(REQUESTS, lambda: _get(browser, address)),  # type: ignore[misc]
                _BESIDE,
                lambda: milliseconds(REQUESTS, lambda: _get(plain, "/")),
                unit="ms",
                better="lower",
                rounds=rounds,
            )
    finally:
        place.close()


def _case(place: Installation) -> str:
    """A case that waits for the director's signature."""
    actor = Actor(id=place.user().id, role="especialista")
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, PERSON)).folio
    for step in STEPS:
        given = {"uploads": (xlsx(),), "data": {}} if step == "4" else usual(step)
        place.house.cases.record(RecordStep(folio, step, actor=actor, **given))
    return folio


def _get(browser: Browser | FlaskClient, address: str) -> None:
    for _ in range(REQUESTS):
        answer = browser.get(address)
        if answer.status_code != HTTPStatus.OK:
            raise AssertionError(answer.status)


def _plain_app(path: Path) -> Flask:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO person (name) VALUES ('Ana')")
        connection.commit()
    app = Flask("plain")

    @app.get("/")
    def page() -> str:
        with closing(sqlite3.connect(path)) as connection:
            (name,) = connection.execute("SELECT name FROM person WHERE id = 1").fetchone()
        return render_template_string("<!doctype html><title>Plain</title><p>{{ name }}", name=name)

    return app

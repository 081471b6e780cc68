"""How long work is doing, as JSON for the pages' script."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from web.jobs import JobDesk, job_json
from web.security import anyone, person
from web.wiring import HouseError, current_house

page = Blueprint("jobs", __name__)


@page.get("/tareas/<job_id>")
@anyone
def show(job_id: str) -> Response:
    """A job of the signed-in person: ``{"id", "kind", "state", "done", "total", "result", "started_at"}``.

    ``state`` is waiting, running, done, failed (``result.error``) or lost (its workers died: start it again).
    """
    found = JobDesk(current_app, current_house()).get(job_id)
    if found is None or found.owner != person().id:
        raise HouseError("not_found")
    return jsonify(job_json(found))

"""Numbers for Prometheus, for whoever the setting lets read them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app

from web.health import readiness
from web.meters import may_scrape, meters_of
from web.security import public
from web.wiring import current_house

page = Blueprint("metrics", __name__)


@page.get("/metrics")
@public
def show() -> Response:
    """The exposition; to everybody else there is no such address."""
    house = current_house()
    if not may_scrape(house.settings.metrics):
        abort(404)
    meters = house.meters = meters_of(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    text = meters.text(house, readiness())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")

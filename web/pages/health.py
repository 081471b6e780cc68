"""For probes: alive, and ready to work. Says which part is not, and nothing about anybody."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from web.health import readiness
from web.security import public

page = Blueprint("health", __name__)


@page.get("/healthz")
@public
def live() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@page.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Every part the work needs answers, or 503 with the parts that do not."""
    parts = readiness()
    good = all(part["ok"] for part in parts.values())
    return jsonify(status="ok" if good else "not ready", parts=parts), 200 if good else 503

"""For probes: alive, and ready to work. Says which part is not, and nothing about anybody."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from web.health import needed, readiness
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
    """Every part the work needs answers, or 503 with the parts that do not.

    A mail server or an authority that is away is told (``degraded``), but takes nobody's evidence away.
    """
    parts = readiness()
    troubled = {name for name, part in parts.items() if not part["ok"]}
    if needed(troubled):
        return jsonify(status="not ready", parts=parts), 503
    return jsonify(status="degraded" if troubled else "ok", parts=parts), 200

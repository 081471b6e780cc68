"""Nobody signed in asks for more pages than people read: 429 with Retry-After, before the page does any work."""

from __future__ import annotations

from flask import Flask, Response, current_app, request

from web.errors import house_answer, respond
from web.security import access_of, maybe_person
from web.wiring import current_house


def install(app: Flask) -> None:
    """Count what signed-in people ask for, after who they are is known and before forms are looked at."""
    app.before_request(_paced)


def _paced() -> Response | None:
    view = current_app.view_functions.get(request.endpoint or "")
    access = access_of(view) if view is not None else None
    if access is None or access.public or access.token:
        return None  # others' doors have counters of their own
    user = maybe_person()
    wait = current_house().pace.wait(user.id) if user is not None else 0
    if not wait:
        return None
    answer = respond(house_answer("too_fast"))
    answer.headers["Retry-After"] = str(wait)
    return answer

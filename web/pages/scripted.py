"""What scripts of pages send as JSON, and what they are told: an object, or a refusal in its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify, request

from evidence.canonical import Json
from signing.errors import LinkError, PasskeyInvalid
from signing.links import Standing
from web.errors import answer_for, respond
from web.pages.personal import COOKIE, place
from web.wiring import current_house
from workflows.errors import Refusal

MOST_BYTES = 64 * 1024


def told_of(unreadable: LinkError | None = None, most: int = MOST_BYTES) -> Mapping[str, Any]:
    """What the script sent; nothing where it is no JSON object.

    Raises:
        LinkError: ``unreadable``, or if it is left out `PasskeyInvalid`: it takes more than ``most`` bytes.
    """
    if (request.content_length or 0) > most:
        raise unreadable or PasskeyInvalid(why="unreadable")
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def refused(error: Exception) -> Response:
    """A refusal, for a script."""
    answer = answer_for(error)
    assert answer is not None  # noqa: S101 - every refusal has its words
    return respond(answer)


def behind_script(
    visit: str,
    act: Callable[[Standing, Mapping[str, Any]], Mapping[str, Json]],
    unreadable: LinkError | None = None,
    *,
    most: int = MOST_BYTES,
) -> Response:
    """Do something as whom the browser's cookie proves; see `told_of`, and `web.pages.personal.behind` for pages."""
    try:
        told = told_of(unreadable, most)
        standing = current_house().links.links.stand(visit, request.cookies.get(COOKIE, ""), place())
        return jsonify(act(standing, told))
    except (LinkError, Refusal) as error:
        return refused(error)

"""Signing behind a personal link with one's own e.firma: what the page's script asks, twice, as JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request, url_for

from evidence.canonical import Json
from signing.errors import EfirmaInvalid, LinkError
from signing.links import Standing
from web.errors import answer_for
from web.pages.personal import COOKIE, hide, place
from web.security import public
from web.wiring import current_house
from workflows.errors import Refusal

page = Blueprint("efirma", __name__, url_prefix="/enlace/<visit>/<request_id>/efirma")
page.after_request(hide)
MOST_BYTES = 64 * 1024


@page.post("/preparar")
@public
def prepare(visit: str, request_id: str) -> Response:
    """Judge the certificate and give the bytes to be signed."""

    def act(standing: Standing, told: dict[str, str]) -> dict[str, Json]:
        ready = current_house().links.efirma.prepare(
            standing,
            request_id,
            digest=told.get("digest", ""),
            consent=told.get("consent", ""),
            certificate=_bytes(told.get("certificate", "")),
            place=place(),
        )
        return {"id": ready.id, "to_sign": base64.b64encode(ready.to_sign).decode(), "name": ready.name}

    return _answered(visit, act)


@page.post("/firmar")
@public
def complete(visit: str, request_id: str) -> Response:
    """Take the signature; the answer says where to go on."""

    def act(standing: Standing, told: dict[str, str]) -> dict[str, Json]:
        current_house().links.efirma.complete(
            standing,
            request_id,
            preparation=told.get("preparation", ""),
            signature=_bytes(told.get("signature", "")),
            place=place(),
        )
        return {"next": url_for("personal.show", visit=visit)}

    return _answered(visit, act)


def _answered(visit: str, act: Callable[[Standing, dict[str, str]], dict[str, Json]]) -> Response:
    try:
        if (request.content_length or 0) > MOST_BYTES:
            raise EfirmaInvalid(why="unreadable")
        body = request.get_json(silent=True)
        told = {str(name): str(value) for name, value in body.items()} if isinstance(body, dict) else {}
        standing = current_house().links.links.stand(visit, request.cookies.get(COOKIE, ""), place())
        return jsonify(act(standing, told))
    except (LinkError, Refusal) as error:
        answer = answer_for(error)
        assert answer is not None  # noqa: S101 - every refusal has its words
        response = jsonify(error=answer.as_json())
        response.status_code = answer.status
        return response


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EfirmaInvalid(why="unreadable") from error

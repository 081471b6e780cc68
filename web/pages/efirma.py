"""Signing behind a personal link with one's own e.firma: what the page's script asks, twice, as JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, url_for

from evidence.canonical import Json
from signing.errors import EfirmaInvalid
from signing.links import Standing
from web.pages.personal import hide, place
from web.pages.scripted import behind_script
from web.security import public
from web.wiring import current_house

page = Blueprint("efirma", __name__, url_prefix="/enlace/<visit>/<request_id>/efirma")
page.after_request(hide)


@page.post("/preparar")
@public
def prepare(visit: str, request_id: str) -> Response:
    """Judge the certificate and give the bytes to be signed."""

    def act(standing: Standing, told: Mapping[str, Any]) -> dict[str, Json]:
        ready = current_house().links.efirma.prepare(
            standing,
            request_id,
            digest=str(told.get("digest", "")),
            consent=str(told.get("consent", "")),
            certificate=_bytes(told.get("certificate", "")),
            place=place(),
        )
        return {"id": ready.id, "to_sign": base64.b64encode(ready.to_sign).decode(), "name": ready.name}

    return behind_script(visit, act, EfirmaInvalid(why="unreadable"))


@page.post("/firmar")
@public
def complete(visit: str, request_id: str) -> Response:
    """Take the signature; the answer says where to go on."""

    def act(standing: Standing, told: Mapping[str, Any]) -> dict[str, Json]:
        current_house().links.efirma.complete(
            standing,
            request_id,
            preparation=str(told.get("preparation", "")),
            signature=_bytes(told.get("signature", "")),
            place=place(),
        )
        return {"next": url_for("personal.show", visit=visit)}

    return behind_script(visit, act, EfirmaInvalid(why="unreadable"))


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EfirmaInvalid(why="unreadable") from error

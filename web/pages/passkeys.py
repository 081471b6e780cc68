"""Passkeys behind a personal link: what the page's script asks for and brings as JSON, and the page that ends it.

Signing with one is the form of `web.pages.personal.sign`, which brings what the key signed along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from evidence.canonical import Json
from signing.links import Standing
from web.pages.context import lens
from web.pages.personal import behind, hide, place
from web.pages.scripted import behind_script
from web.security import public
from web.views.factors import factor_lines
from web.wiring import current_house

page = Blueprint("passkeys", __name__, url_prefix="/enlace/<visit>/llave")
page.after_request(hide)


@page.post("/pedir")
@public
def ask(visit: str) -> Response:
    """What a key shall sign to open the visit."""
    return behind_script(visit, lambda standing, _told: {"options": current_house().links.keys.ask(standing)})


@page.post("/comprobar")
@public
def prove(visit: str) -> Response:
    """What it signed; the answer says where to go on."""

    def act(standing: Standing, told: Mapping[str, Any]) -> dict[str, Json]:
        current_house().links.keys.verify(standing, told.get("answer"), place())
        return {"next": url_for("personal.show", visit=visit)}

    return behind_script(visit, act)


@page.post("/firmar")
@public
def ask_sign(visit: str) -> Response:
    """What a key shall sign over the letters that are chosen."""

    def act(standing: Standing, told: Mapping[str, Any]) -> dict[str, Json]:
        wanted = told.get("letters")
        chosen = [str(item) for item in wanted] if isinstance(wanted, list) else []
        return {"options": current_house().links.keys.ask_sign(standing, chosen)}

    return behind_script(visit, act)


@page.post("/inscribir/pedir")
@public
def begin(visit: str) -> Response:
    """What a new key is to be like."""
    return behind_script(
        visit, lambda standing, _told: {"options": current_house().links.keys.begin(standing)}
    )


@page.post("/inscribir")
@public
def confirm(visit: str) -> Response:
    """The new key."""

    def act(standing: Standing, told: Mapping[str, Any]) -> dict[str, Json]:
        current_house().links.keys.confirm(standing, told.get("answer"), str(told.get("label", "")))
        return {"next": url_for("passkeys.done", visit=visit)}

    return behind_script(visit, act)


@page.get("")
@public
def done(visit: str) -> BaseResponse:
    """The visitor's keys, after one was enrolled."""

    def show(standing: Standing) -> BaseResponse:
        keys = factor_lines(current_house().links.passkeys.of(standing.visit.signatory), lens())
        return make_response(render_template("pages/link_key.html", visit=visit, keys=keys))

    return behind(visit, show)


def key_origin() -> str:
    """From where keys answer, for pages; ``""`` where there are none for the house's address."""
    return current_house().links.passkeys.origin()

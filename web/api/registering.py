"""The API's routes, put into the application from the declarations of its operations."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]  # publishes no types

from web.api import following, knowing, reading, recording, telling
from web.api.callers import ROOT
from web.api.declared import Group
from web.api.document import address, document
from web.api.serving import add_headers, serve
from web.holder import HouseHolder
from web.security import by_token, public

GROUPS: tuple[Group, ...] = (knowing.ops, reading.ops, recording.ops, following.ops, telling.ops)
"""Every operation there is, in the order of the document."""


def register(app: Flask, forms: CSRFProtect) -> None:
    """Add the routes. Forms' tokens are not asked for: no cookie is looked at, so that there is nothing to forge."""
    page = Blueprint("api", __name__, url_prefix=ROOT)
    page.after_request(add_headers)
    for group in GROUPS:
        for operation in group.operations:
            page.add_url_rule(
                operation.path.replace("{", "<").replace("}", ">"),
                operation.id,
                by_token(operation.scope)(serve(operation)),
                methods=[operation.method],
                provide_automatic_options=False,
            )
    page.add_url_rule("/openapi.json", "openapi", openapi, provide_automatic_options=False)
    forms.exempt(page)
    app.register_blueprint(page)


@public
def openapi() -> Response:
    """The document of the API, for whoever is about to call it; it says nothing of any case."""
    holder: HouseHolder = current_app.extensions["constancia"]
    response = jsonify(_document(holder.settings.public_url))
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response


@cache
def _document(public_url: str) -> dict[str, Any]:
    return document(GROUPS, address(public_url))

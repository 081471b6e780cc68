"""What a person does behind a link for a signed letter: take the letter along, and send it back signed."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from documents.refusals import FileRefused
from signing.errors import LinkError, ReturnInvalid
from signing.kinds.returns import ReturnForm
from signing.links import Standing
from web.downloads import disposition
from web.errors import answer_for
from web.pages.personal import after, behind, hide, place
from web.security import public
from web.wiring import current_house
from workflows.commands import Upload
from workflows.errors import Refusal

page = Blueprint("returnlink", __name__)
page.after_request(hide)
_MIB = 1024 * 1024
_ENVELOPE = 256 * 1024
"""What a form weighs beside its files."""


@page.get("/enlace/<visit>/<request_id>/carta-por-firmar.pdf")
@public
def letter(visit: str, request_id: str) -> Response:
    """The letter as it was frozen, to be printed and signed."""

    def give(standing: Standing) -> Response:
        content = current_house().links.returns.blank(standing, request_id)
        response = Response(content, mimetype="application/pdf")
        name = standing.request(request_id).name
        response.headers["Content-Disposition"] = disposition(name, "attachment")
        return response

    return behind(visit, give)


@page.post("/enlace/<visit>/<request_id>/carta-firmada")
@public
def send(visit: str, request_id: str) -> BaseResponse:
    """Send the signed letter, once."""
    house = current_house()
    limit = house.settings.max_upload_mb

    def act(standing: Standing) -> BaseResponse:
        try:
            if (request.content_length or 0) > limit * _MIB + _ENVELOPE:
                raise ReturnInvalid(why="large", most=str(limit))
            house.links.returns.give(standing, request_id, _form(), place())
        except (LinkError, Refusal, FileRefused) as error:
            return after(standing, answer_for(error))
        return after(standing, None)

    return behind(visit, act, most=house.settings.max_draft_mb * 2 * _MIB)


def _form() -> ReturnForm:
    sent = (item for item in request.files.getlist("archivo") if item.filename)
    return ReturnForm(
        digest=request.form.get("huella", ""),
        files=tuple(Upload(item.filename or "carta", cast("BinaryIO", item.stream)) for item in sent),
        no_secrets=request.form.get("sin_contrasenas") == "si",
    )

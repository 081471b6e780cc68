"""What a person does behind a personal link that is no signature: answer a question, open what was left for them."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from signing.errors import LinkError
from signing.kinds.answers import AnswerForm
from signing.links import Standing
from web.errors import answer_for
from web.pages.personal import after, answered, behind, hide, place
from web.security import public
from web.wiring import current_house
from workflows.errors import Refusal

page = Blueprint("linkkinds", __name__)
page.after_request(hide)


@page.post("/enlace/<visit>/<request_id>/respuesta")
@public
def answer(visit: str, request_id: str) -> BaseResponse:
    """Answer, once."""
    form = AnswerForm(
        digest=request.form.get("huella", ""),
        choice=request.form.get("respuesta", ""),
        words=request.form.get("palabras", ""),
    )
    desk = current_house().links.answers
    return answered(visit, lambda standing: desk.answer(standing, request_id, form, place()))


@page.post("/enlace/<visit>/<request_id>/abrir")
@public
def reveal(visit: str, request_id: str) -> BaseResponse:
    """Show what was left, on this very answer and never again."""

    def act(standing: Standing) -> BaseResponse:
        try:
            secret = current_house().links.onetime.show(standing, request_id, place())
        except (LinkError, Refusal) as error:
            return after(standing, answer_for(error))
        return _shown(secret)

    return behind(visit, act)


def _shown(secret: str) -> Response:
    return make_response(render_template("pages/link_secret.html", secret=secret, trouble=None))

"""Letters the program writes: composed into the draft of their step, looked at as a picture, then sealed with it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from identity.accounts import RECORDERS
from web.acting import actor_for
from web.drafts import DraftDesk
from web.errors import answer_for
from web.lettering import MARK, MadeFile, letter_desk, letters_in, mark_of
from web.pages.casepage import show_case
from web.pages.context import lens
from web.pages.correcting import FIX, correction_form
from web.pages.forms import MENDABLE, stage_posted
from web.security import person, roles
from web.views.previews import PREVIEW_WIDTH
from web.views.standing import mending
from web.wiring import DraftKey, HouseError, current_house
from workflows.rules import known_step, role_allowed

page = Blueprint("lettering", __name__, url_prefix="/casos/<folio>/pasos/<step>/carta")
corrections = Blueprint(
    "relettering", __name__, url_prefix="/casos/<folio>/entradas/<int:seq>/corregir/carta"
)
recorders = roles(*RECORDERS)


@page.post("")
@recorders
def compose(folio: str, step: str) -> BaseResponse:
    """Write the step's letter from the case into the draft, in place of one written before; seals nothing."""
    desk = DraftDesk(current_house())
    key = desk.key(person().id, folio, step)
    try:
        stage_posted(desk, key)
        _write_for(desk, key, step, None)
    except MENDABLE as error:
        answer = answer_for(error)
        if answer is None or answer.code in {"unknown_case", "unknown_step"}:
            abort(404)
        return show_case(folio, step=step, answer=answer)
    return redirect(url_for("cases.show", folio=folio, paso=step, _anchor=f"carta-{step}"), 303)


@corrections.post("")
@recorders
def compose_again(folio: str, seq: int) -> BaseResponse:
    """Write the letter of a correction's step into the correction's draft; seals nothing."""
    house = current_house()
    desk = DraftDesk(house)
    key = desk.key(person().id, folio, f"{FIX}{seq}")
    try:
        view = house.cases.view(folio)
        if not 1 <= seq <= len(view.entries):
            abort(404)
        stage_posted(desk, key)
        allowed = mending(view.definition, view.state, view.entries, seq, lens()).roles
        _write_for(desk, key, view.entries[seq - 1].entry.step, allowed)
    except MENDABLE as error:
        answer = answer_for(error)
        if answer is None or answer.code in {"unknown_case", "unknown_step"}:
            abort(404)
        return correction_form(folio, seq, answer)
    return redirect(url_for("correcting.form", folio=folio, seq=seq, _anchor=f"carta-{FIX}{seq}"), 303)


@page.get("/<file_id>/vista")
@recorders
def preview(folio: str, step: str, file_id: str) -> Response:
    """A page of the letter in the person's draft, drawn as PNG from the very bytes that would be sealed."""
    house = current_house()
    desk = DraftDesk(house)
    file, stream = desk.open_file(desk.key(person().id, folio, step), file_id)
    with stream:
        if MARK not in file.about:
            raise HouseError("not_found")
        shown_page = max(1, request.args.get("pagina", 1, type=int))
        drawn = house.reader.preview(stream, name=file.name, page=shown_page, width=PREVIEW_WIDTH)
    response = Response(drawn.png, mimetype="image/png")
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _write_for(desk: DraftDesk, key: DraftKey, step: str, allowed: Sequence[str] | None) -> None:
    """Write a step's letter for whoever may record it, or correct it (``allowed``)."""
    house = current_house()
    wanted = known_step(house.cases.view(key.folio).definition, step).roles if allowed is None else allowed
    role_allowed(step, tuple(wanted), actor_for(person(), wanted))
    letter, slot = letter_desk(house).compose(key.folio, step)
    before = letters_in(desk.find(key))
    desk.add(key, MadeFile(letter.name, letter.pdf), slot, {MARK: mark_of(letter)})
    for file in before:
        desk.remove(key, file.id)

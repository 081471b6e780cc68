"""«Correo por clasificar»: what arrived, what software makes of it, and a person's word on it.

Nothing is filed without one. A proposal is one press for the specialist, who is the actor; everything else is a choice
of case and step, of a new case, or of putting the mail aside with a reason.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from notifications.answers import answer_slot
from notifications.inbox import IncomingMail
from web import filing
from web.acting import actor_for
from web.drafts import DraftDesk
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.casepage import field_labels
from web.pages.context import in_demo, lens
from web.pages.forms import MENDABLE
from web.pages.mailin import from_mail, mail_slot
from web.security import person, roles
from web.views.fields import PREFIX
from web.views.incoming import mail_view
from web.views.trouble import trouble_of
from web.wiring import House, current_house
from workflows.commands import Actor
from workflows.definition import Definition
from workflows.errors import Refusal, UnknownStep

page = Blueprint("incoming", __name__, url_prefix="/correo")
recorders = roles(*RECORDERS)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A file on its way into a draft."""

    filename: str | None
    stream: io.BytesIO


@page.get("")
@recorders
def listing() -> str:
    """What waits, the oldest first."""
    house = current_house()
    mails = [mail_view(mail, lens(), house) for mail in house.inbox.waiting()]
    box = house.settings.imap_url
    return render_template(
        "pages/incoming.html",
        mails=mails,
        box=box.user if box else "",
        total=house.inbox.count_waiting(),
        demo=in_demo(),
    )


@page.get("/<mail_id>")
@recorders
def show(mail_id: str) -> Response:
    """One mail with everything known of it, and what can be done."""
    house = current_house()
    return _page(house, _mail(house, mail_id))


@page.post("/<mail_id>/registrar")
@recorders
def record(mail_id: str) -> Response:
    """The mail, with its attachments where the step takes them, as evidence of a step; or filed in the case alone."""
    house = current_house()
    mail = _waiting(house, mail_id)
    folio, step = request.form.get("folio", "").strip().upper(), request.form.get("step", "").strip()
    try:
        if step:
            receipt = filing.record(house, mail, folio, step, request.form.get("choice", ""), _acting)
        else:
            receipt = filing.file_in(house, mail, folio, request.form.get("note", "").strip(), _acting)
    except MENDABLE as error:
        return _page(house, mail, answer_for(error), folio, step)
    return redirect(url_for("cases.show", folio=folio, sellada=receipt.seq, _anchor="recibo"), 303)


@page.post("/<mail_id>/borrador")
@recorders
def draft(mail_id: str) -> Response:
    """Into the draft of a step, to be completed and sealed on the case's own page."""
    house = current_house()
    mail = _waiting(house, mail_id)
    folio, step = request.form.get("folio", "").strip().upper(), request.form.get("step", "").strip()
    try:
        found = house.cases.view(folio).definition.by_step.get(step)
        if found is None:
            raise UnknownStep(process=folio, step=step)
        desk = DraftDesk(house)
        key = desk.key(person().id, folio, step)
        for upload in filing.uploads_of(house, mail, found):
            desk.add(key, _Piece(upload.name, io.BytesIO(upload.stream.read())), upload.slot)
        if request.form.get("choice"):
            desk.save_fields(key, {"choice": request.form["choice"]})
    except MENDABLE as error:
        return _page(house, mail, answer_for(error), folio, step)
    return redirect(url_for("cases.show", folio=folio, paso=step, _anchor=f"paso-{step}"), 303)


@page.post("/<mail_id>/abrir")
@recorders
def open_case(mail_id: str) -> Response:
    """Into the draft of a new case's opening, with what the mail says filled in; it is opened on its own page."""
    house = current_house()
    mail = _waiting(house, mail_id)
    process = request.form.get("process", "")
    try:
        definition = house.definitions.current(process)
        desk = DraftDesk(house)
        key = desk.key(person().id, f"nuevo-{process}", "apertura")
        desk.add(key, _Piece("correo.eml", io.BytesIO(filing.raw_of(house, mail))), mail_slot(definition))
        said = from_mail(definition, mail.about)
        desk.save_fields(key, {PREFIX + name: value for name, value in said.items()})
    except MENDABLE as error:
        return _page(house, mail, answer_for(error))
    return redirect(url_for("opening.new", process=process, completo=1), 303)


@page.post("/<mail_id>/descartar")
@recorders
def discard(mail_id: str) -> Response:
    """Put the mail aside, with a reason; where a case was proposed, that is an entry of it, with the mail."""
    house = current_house()
    mail = _waiting(house, mail_id)
    reason = request.form.get("reason", "").strip()
    try:
        filing.discard(house, mail, reason, _acting)
    except MENDABLE as error:
        return _page(house, mail, answer_for(error), wrong="reason")
    flash(_("El correo se descartó, con su motivo."), "ok")
    return redirect(url_for("incoming.listing"), 303)


def _acting(allowed: Iterable[str]) -> Actor:
    return actor_for(person(), allowed)


def _mail(house: House, mail_id: str) -> IncomingMail:
    found = house.inbox.get(mail_id)
    if found is None:
        abort(404)
    return found


def _waiting(house: House, mail_id: str) -> IncomingMail:
    found = filing.waiting_mail(house, mail_id)
    if found is None:
        abort(404)
    return found


def _page(
    house: House,
    mail: IncomingMail,
    answer: Answer | None = None,
    folio: str = "",
    step: str = "",
    wrong: str = "",
) -> Response:
    eyes = lens()
    chosen = folio or (mail.matches[0].folio if mail.matches else "")
    definition = _definition(house, chosen)
    labels = field_labels(definition, eyes) if definition is not None else {}
    text = render_template(
        "pages/incoming_mail.html",
        mail=mail_view(mail, eyes, house),
        folio=chosen,
        step=step or (mail.answer.step if mail.answer else ""),
        steps=_steps(house, chosen, eyes.say),
        processes=_openable(house, eyes.say),
        trouble=trouble_of(answer, labels, eyes) if answer else None,
        again=bool(answer and folio and step),
        choice=request.form.get("choice", ""),
        wrong=wrong,
        reason=request.form.get("reason", ""),
    )
    return make_response(text, answer.status if answer else 200)


def _definition(house: House, folio: str) -> Definition | None:
    try:
        return house.cases.view(folio).definition if folio else None
    except Refusal:
        return None


def _steps(house: House, folio: str, say: object) -> list[tuple[str, str]]:
    """Open steps of a case that take a mail."""
    definition = _definition(house, folio)
    if definition is None or not callable(say):
        return []
    open_steps = house.cases.view(folio).state.open_steps
    found = (definition.by_step[code] for code in open_steps)
    return [(item.code, f"{item.code} · {say(item.name)}") for item in found if answer_slot(item) is not None]


def _openable(house: House, say: object) -> list[tuple[str, str]]:
    """Processes whose opening takes a mail."""
    found = house.definitions.processes()
    return [
        (item.process, f"{item.process} · {say(item.name)}")
        for item in found
        if callable(say) and mail_slot(item)
    ]

"""Writing a mail from a step: one press sends it and, once the server has it, seals it as the step's evidence."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from notifications.outbox import MailState, QueuedMail
from web import composing
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.forms import MENDABLE
from web.security import person, roles
from web.views.case_page import case_page
from web.views.fields import FormField, typed
from web.views.lens import Lens
from web.views.mail_entries import trouble_word
from web.views.step_form import Draft as DraftView
from web.views.step_form import step_form
from web.views.trouble import trouble_of
from web.wiring import House, current_house
from workflows.casefile import CaseView
from workflows.definition import Slot, Step

page = Blueprint("composing", __name__, url_prefix="/casos/<folio>/pasos/<step>/correo")
recorders = roles(*RECORDERS)
_SAID = (composing.TO, composing.SUBJECT, composing.MESSAGE, "choice", "note")


@page.get("")
@recorders
def write(folio: str, step: str) -> Response:
    """The mail as it would begin: to whom the case knows, in the words of its step."""
    house = current_house()
    view, found, slot = _place(house, folio, step)
    proposed = composing.propose(house, view, found, person().name)
    to = proposed.addresses[0].address if proposed.addresses else ""
    said = {composing.TO: to, composing.SUBJECT: proposed.subject, composing.MESSAGE: proposed.message}
    return _form(house, view, found, slot, said, {})


@page.post("")
@recorders
def send(folio: str, step: str) -> Response:
    """Judge the step first, then queue the mail and send it at once; what cannot leave now leaves later by itself."""
    house = current_house()
    view, found, slot = _place(house, folio, step)
    said = {name: request.form.get(name, "").strip() for name in _SAID}
    data = typed(request.form)
    try:
        composing.checked(said[composing.TO], said[composing.SUBJECT], said[composing.MESSAGE])
        key = request.form.get("idempotency_key", "")[:80] or secrets.token_hex(16)
        asked = composing.request_of(view, found, slot, actor_for(person(), found.roles), said, data, key)
        if house.outbox.get(composing.mail_id(asked.key)) is None:
            composing.judged(house, asked)
        mail = house.mail.sender.send(house.mail.desk.ask(asked))
    except MENDABLE as error:
        return _form(house, view, found, slot, said, data, answer_for(error))
    return _told(house, folio, step, mail)


def _told(house: House, folio: str, step: str, mail: QueuedMail | None) -> Response:
    """Back to the case: with the receipt, or with what became of the mail."""
    if mail is not None and mail.state is MailState.SENT:
        entries = house.cases.view(folio).entries
        mine = (item.entry.seq for item in reversed(entries) if item.entry.step == step)
        return redirect(
            url_for("cases.show", folio=folio, sellada=next(mine, 0) or None, _anchor="recibo"), 303
        )
    why = trouble_word(mail.trouble) if mail is not None else ""
    if mail is not None and mail.state is MailState.FAILED:
        flash(
            _("El correo no salió: %(why)s. No se selló el paso; la falla quedó en el caso.", why=why), "late"
        )
    else:
        flash(
            _(
                "El correo espera en la salida%(why)s. Saldrá solo, y entonces se sella el paso a tu nombre: "
                "no hace falta que lo envíes otra vez.",
                why=f": {why}" if why else "",
            ),
            "warn",
        )
    return redirect(url_for("cases.show", folio=folio), 303)


def _place(house: House, folio: str, step: str) -> tuple[CaseView, Step, Slot]:
    view = house.cases.view(folio)
    found = view.definition.by_step.get(step)
    slot = composing.mail_slot(view.definition, found) if found is not None else None
    if found is None or slot is None:
        abort(404)
    return view, found, slot


def _form(
    house: House,
    view: CaseView,
    step: Step,
    slot: Slot,
    said: Mapping[str, str],
    data: Mapping[str, str],
    answer: Answer | None = None,
) -> Response:
    eyes, definition = lens(), house.cases.with_lists(view.definition)
    trouble = trouble_of(answer, _labels(view, eyes), eyes) if answer else None
    errors = (trouble.errors if trouble else None) or {}
    row = house.index.get(view.state.folio)
    shown = case_page(view.definition, view.state, view.entries, eyes, row.title if row else "")
    draft = DraftView(values=data, choice=said.get("choice", ""), note=said.get("note", ""), errors=errors)
    form = step_form(step, definition, view.state, shown.lines, eyes, draft)
    proposed = composing.propose(house, view, step, person().name)
    text = render_template(
        "pages/compose.html",
        folio=view.state.folio,
        title=shown.title,
        form=form,
        slot=eyes.say(slot.name),
        others=[
            other for other in form.slots if other.code != slot.code and other.fields and not other.accept
        ],
        mail=_words(said, errors),
        to=said[composing.TO],
        to_error=errors.get(composing.TO, ""),
        addresses=proposed.addresses,
        sender=house.settings.mail_from,
        trouble=trouble,
        key=request.form.get("idempotency_key", "") or secrets.token_hex(16),
    )
    return make_response(text, answer.status if answer else 200)


def _labels(view: CaseView, eyes: Lens) -> dict[str, str]:
    mine = {composing.TO: _("Para"), composing.SUBJECT: _("Asunto"), composing.MESSAGE: _("Mensaje")}
    return {**field_labels(view.definition, eyes), **mine}


def _words(said: Mapping[str, str], errors: Mapping[str, str]) -> tuple[FormField, ...]:
    """Subject and message as fields of the form."""
    fields = ((composing.SUBJECT, _("Asunto"), "text"), (composing.MESSAGE, _("Mensaje"), "long"))
    return tuple(
        FormField(name, label, kind, said[name], error=errors.get(name, ""), required=True)
        for name, label, kind in fields
    )

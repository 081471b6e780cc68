"""«Correo por clasificar»: what arrived, what software makes of it, and a person's word on it.

Nothing is filed without one. A proposal is one press for the specialist, who is the actor; everything else is a choice
of case and step, of a new case, or of putting the mail aside with a reason.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from documents.refusals import FileRefused
from evidence.entry import EntryKind
from identity.accounts import RECORDERS
from notifications.answers import answer_slot
from notifications.inbox import IncomingMail, IncomingState, written_at
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
from web.wiring import House, HouseError, current_house
from workflows.commands import NoteMail, RecordStep, Upload
from workflows.definition import FILE_FAMILIES, Definition, Step
from workflows.errors import ReasonMissing, Refusal, UnknownStep
from workflows.rules import REASON_LENGTH

page = Blueprint("incoming", __name__, url_prefix="/correo")
recorders = roles(*RECORDERS)
_MOST_FILES = 10


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
        if not step:
            return _file(house, mail, folio)
        definition = house.cases.view(folio).definition
        found = definition.by_step.get(step)
        if found is None:
            raise UnknownStep(process=definition.process, step=step)
        receipt = house.cases.record(
            RecordStep(
                folio=folio,
                step=step,
                actor=actor_for(person(), found.roles),
                uploads=_uploads(house, mail, found),
                choice=request.form.get("choice", ""),
                occurred_at=written_at(mail, house.clock()),
                idempotency_key=f"mail/{mail.id}",
            )
        )
    except MENDABLE as error:
        return _page(house, mail, answer_for(error), folio, step)
    house.mailroom.noticed(receipt, person().id)
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
        for upload in _uploads(house, mail, found):
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
        desk.add(key, _Piece("correo.eml", io.BytesIO(_raw(house, mail))), mail_slot(definition))
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
    folio = mail.matches[0].folio if mail.matches else ""
    try:
        if len(reason) < REASON_LENGTH:
            raise ReasonMissing(minimum=REASON_LENGTH)
        if folio:
            _note(house, mail, folio, EntryKind.MAIL_DISCARDED, reason)
    except MENDABLE as error:
        return _page(house, mail, answer_for(error), wrong="reason")
    house.mailroom.settle(mail.id, IncomingState.DISCARDED, folio, person().id, reason)
    flash(_("El correo se descartó, con su motivo."), "ok")
    return redirect(url_for("incoming.listing"), 303)


def _file(house: House, mail: IncomingMail, folio: str) -> Response:
    seq = _note(house, mail, folio, EntryKind.MAIL_RECEIVED, request.form.get("note", "").strip())
    house.mailroom.settle(mail.id, IncomingState.FILED, folio, person().id)
    return redirect(url_for("cases.show", folio=folio, sellada=seq, _anchor="recibo"), 303)


def _note(house: House, mail: IncomingMail, folio: str, kind: EntryKind, note: str) -> int:
    """The mail in a case without a step. A mail whose file is refused is noted without it, with its digest."""
    definition = house.cases.view(folio).definition
    allowed = tuple(dict.fromkeys(role for step in definition.steps for role in step.roles))
    refused = bool(mail.text("refused"))
    facts = {name: value for name, value in mail.facts.items() if name in {"dkim", "authserv"}}
    uploads = () if refused else (Upload("correo.eml", io.BytesIO(_raw(house, mail))),)
    receipt = house.cases.note_mail(
        NoteMail(
            folio=folio,
            kind=kind,
            actor=actor_for(person(), allowed),
            uploads=uploads,
            mail={**facts, "copy": "none" if refused else "whole"},
            told={
                "from": mail.sender,
                "subject": mail.text("subject"),
                "domain": mail.facts.get("domain", ""),
                "sha256": mail.id if refused else "",
            },
            note=note,
            occurred_at=written_at(mail, house.clock()),
            idempotency_key=f"{kind}/{mail.id}",
        )
    )
    return receipt.seq


def _uploads(house: House, mail: IncomingMail, step: Step) -> tuple[Upload, ...]:
    """The mail in its place, and those of its attachments that another place of the step takes."""
    raw, slot = _raw(house, mail), answer_slot(step)
    if slot is None:
        raise UnknownStep(process="", step=step.code)
    found = [Upload("correo.eml", io.BytesIO(raw), slot.code)]
    taken = {
        family
        for other in step.slots
        if other.code != slot.code
        for kind in other.types
        for family in FILE_FAMILIES.get(kind, ())
    }
    listed = mail.about.get("attachments", [])
    for number in range(min(len(listed) if isinstance(listed, list) else 0, _MOST_FILES)):
        piece = _attachment(house, raw, number, taken)
        if piece is not None:
            found.append(piece)
    return tuple(found)


def _attachment(house: House, raw: bytes, number: int, taken: set[str]) -> Upload | None:
    """An attachment of a kind that is wanted; what cannot be read stays in its mail."""
    try:
        name, data = house.reader.attachment(io.BytesIO(raw), number, name="correo.eml")
        if house.reader.inspect(io.BytesIO(data), name=name).family not in taken:
            return None
    except FileRefused:
        return None
    return Upload(name, io.BytesIO(data))


def _mail(house: House, mail_id: str) -> IncomingMail:
    found = house.inbox.get(mail_id)
    if found is None:
        abort(404)
    return found


def _waiting(house: House, mail_id: str) -> IncomingMail:
    found = _mail(house, mail_id)
    if found.state is not IncomingState.WAITING:
        raise HouseError("mail_settled")
    return found


def _raw(house: House, mail: IncomingMail) -> bytes:
    raw = house.inbox.raw(mail.id)
    if raw is None:
        raise HouseError("mail_settled")
    return raw


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

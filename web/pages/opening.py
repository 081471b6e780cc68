"""Opening a case: from typed data, or from the request's spreadsheet; or refusing it at the door."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from documents.refusals import FileRefused
from evidence.ports import IdempotencyMismatch
from identity.accounts import RECORDERS
from web.acting import actor_for
from web.drafts import DraftDesk
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages import continuing
from web.pages.casepage import field_labels, grounds
from web.pages.context import lens
from web.pages.forms import MENDABLE, draft_view, key_posted, occurred_at, remove_posted, stage_posted
from web.pages.mailin import from_mail, mail_slot
from web.quicklog import PROCESS as QUICK
from web.security import person, roles
from web.views.fields import PREFIX, form_field, typed
from web.views.lens import Lens
from web.views.rostersheet import RosterReading, roster_reading
from web.views.sheet import Reading, reading_of
from web.views.trouble import trouble_of
from web.wiring import DraftKey, DraftTooLarge, current_house
from workflows.commands import OpenCase, Receipt, RefuseRequest
from workflows.definition import Definition, EvidenceType, Slot
from workflows.errors import OutOfScope, RequestReused, UnknownProcess

_OTHER_KINDS = frozenset({"type_not_allowed", "content_mismatch"})
"""Refusals of a file that belongs elsewhere on the page, if anywhere."""

page = Blueprint("opening", __name__, url_prefix="/casos/nuevo/<process>")
recorders = roles(*RECORDERS)
_OPENING, _SHEET = "apertura", "excel"


@dataclass(frozen=True, slots=True)
class _Copied:
    """A staged file on its way to another draft."""

    filename: str | None
    stream: BinaryIO


@page.get("")
@recorders
def new(process: str) -> Response:
    """The form, with what was typed before, or what is known in the case it comes from; calls have their own screen."""
    origin = continuing.origin()
    if process == QUICK and not origin and "completo" not in request.args:
        return redirect(url_for("attention.new"), 302)
    return _form(process, _kept(process, continuing.known(origin, _definition(process))))


@page.post("/leer")
@recorders
def read_sheet(process: str) -> Response:
    """Read the request's spreadsheet; it waits as a draft to become evidence of its step."""
    definition = _definition(process)
    file = request.files.get("sheet")
    if file is None or not file.filename:
        abort(422, "no_upload")
    if definition.roster is not None:
        return _take_rows(definition, file)
    desk, key = _desk(process, _SHEET)
    reader, sheet = current_house().reader, cast("BinaryIO", file.stream)
    try:
        reader.inspect(sheet, name=file.filename)  # as every file that comes in: the antivirus sees it first
        reading = reader.account_requests(sheet, name=file.filename)
        desk.discard(key)
        desk.add(key, file)
    except MENDABLE as error:
        return _form(process, _kept(process), answer=answer_for(error), wrong="sheet")
    found = reading_of(reading, frozenset(field.name for field in definition.opening.fields))
    one = found.people[0].data if len(found.people) == 1 and not found.errors else {}
    return _form(process, _kept(process, one), reading=found)


@page.post("/correo")
@recorders
def read_mail(process: str) -> Response:
    """A mail as it came: it waits as the request's evidence, and what it says goes into the form to be checked."""
    definition = _definition(process)
    file, slot = request.files.get("mail"), mail_slot(definition)
    if file is None or not file.filename or not slot:
        abort(422, "no_upload")
    desk, key = _desk(process)
    try:
        _staged, found = desk.add(key, file, slot)
    except MENDABLE as error:
        return _form(process, _kept(process), answer=answer_for(error), wrong="mail")
    return _form(process, _kept(process, from_mail(definition, found.about)))


def _take_rows(definition: Definition, file: FileStorage) -> Response:
    """A campaign's sheet goes straight into the draft of the opening, in place of one that was read before."""
    process = definition.process
    desk, key = _desk(process)
    slot = next((item.code for item in _opening_slots(definition) if EvidenceType.XLS in item.types), "")
    try:
        staged, _inspection = desk.add(key, file, slot)
    except MENDABLE as error:
        return _form(process, _kept(process), answer=answer_for(error), wrong="sheet")
    for old in desk.find(key).files:
        if old.slot == slot and old.id != staged.id:
            desk.remove(key, old.id)
    return redirect(url_for("opening.new", process=process, _anchor="lectura"), 303)


def _opening_slots(definition: Definition) -> tuple[Slot, ...]:
    return definition.by_step[definition.opening.step].slots


def _roster(definition: Definition) -> RosterReading | None:
    """What the sheet in the draft of a campaign's opening says; nothing while none waits there."""
    if definition.roster is None:
        return None
    desk, key = _desk(definition.process)
    waiting = next((file for file in desk.find(key).files if file.family == "xlsx"), None)
    if waiting is None:
        return None
    _file, stream = desk.open_file(key, waiting.id)
    with stream:
        return roster_reading(
            current_house().reader.rows(stream, form="roster", name=waiting.name), waiting.name
        )


@page.post("/usar")
@recorders
def prefill(process: str) -> Response:
    """One person of the sheet into the form."""
    return _form(process, _kept(process, typed(request.form)))


@page.post("")
@recorders
def create(process: str) -> Response:
    """Open the case from its draft; the spreadsheet read before goes on to the draft of its step."""
    definition = _definition(process)
    desk, key = _desk(process)
    try:
        stage_posted(desk, key)
        remove_posted(desk, key)
        receipt = _open(definition, desk, key)
    except (RequestReused, IdempotencyMismatch):
        desk.discard(key)
        flash(_("Ya estaba sellado: el envío llegó dos veces y se registró una sola."), "ok")
        return redirect(url_for("cases.listing", q=typed(request.form).get("rfc")), 303)
    except MENDABLE as error:
        if isinstance(error, OutOfScope):  # recorded, with a folio of its own
            desk.discard(key)
        wrong = "files" if isinstance(error, FileRefused | DraftTooLarge) else ""
        return _form(process, typed(request.form), answer=answer_for(error), wrong=wrong)
    current_house().mailroom.noticed(receipt, person().id)
    _pass_on(definition, receipt.folio)
    desk.discard(key)
    return redirect(url_for("cases.show", folio=receipt.folio, sellada=receipt.seq, _anchor="recibo"), 303)


def _open(definition: Definition, desk: DraftDesk, key: DraftKey) -> Receipt:
    with desk.submission(key) as submission:
        command = OpenCase(
            process=definition.process,
            actor=actor_for(person(), definition.opening.roles),
            data=typed(request.form),
            uploads=submission.uploads,
            occurred_at=occurred_at(request.form.get("occurred_at", "")),
            idempotency_key=key_posted(submission.idempotency_key),
        )
        place = continuing.origin()
        return (
            current_house().cases.open_case(command)
            if place is None
            else continuing.open_from(place, command)
        )


@page.post("/rechazar")
@recorders
def refuse(process: str) -> Response:
    """Refuse a request at the door, on a ground of the definition; the refusal is sealed and counted."""
    definition = _definition(process)
    try:
        receipt = current_house().cases.refuse(
            RefuseRequest(
                actor=actor_for(person(), definition.opening.roles),
                refusal=request.form.get("refusal", ""),
                process=process,
                note=request.form.get("note", "").strip(),
                idempotency_key=key_posted(""),
            )
        )
    except MENDABLE as error:
        return _form(process, _kept(process), answer=answer_for(error))
    return redirect(url_for("cases.show", folio=receipt.folio, sellada=receipt.seq), 303)


def _desk(process: str, step: str = _OPENING) -> tuple[DraftDesk, DraftKey]:
    """The draft of the opening, or the one in which the spreadsheet waits."""
    desk = DraftDesk(current_house())
    return desk, desk.key(person().id, f"nuevo-{process}", step)


def _kept(process: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What was typed before, with ``more`` over it; that is kept too."""
    desk, key = _desk(process)
    draft = desk.find(key)
    if more:
        fields = {**draft.fields, **{PREFIX + name: value for name, value in more.items()}}
        draft = desk.save_fields(key, fields)
    return dict(draft_view(draft).values)


def _definition(process: str) -> Definition:
    try:
        return current_house().definitions.current(process)
    except UnknownProcess:
        abort(404)


def _pass_on(definition: Definition, folio: str) -> None:
    """The sheet becomes a draft of the step that takes spreadsheets."""
    desk, key = _desk(definition.process, _SHEET)
    places = [
        (step.code, slot.code)
        for step in definition.steps
        for slot in step.slots
        if EvidenceType.XLS in slot.types
    ]
    for file in desk.find(key).files if places else ():
        step, slot = places[0]
        with suppress(*MENDABLE):  # the case is open: a copy that cannot be made is brought again by hand
            _staged, stream = desk.open_file(key, file.id)
            with stream:
                desk.add(desk.key(person().id, folio, step), _Copied(file.name, stream), slot)
    desk.discard(key)


def _form(
    process: str,
    values: Mapping[str, str],
    *,
    answer: Answer | None = None,
    reading: Reading | None = None,
    wrong: str = "",
) -> Response:
    definition, eyes = current_house().cases.with_lists(_definition(process)), lens()
    desk, place = _desk(process)
    kept = draft_view(desk.find(place))
    trouble = trouble_of(answer, field_labels(definition, eyes), eyes) if answer else None
    errors = (trouble.errors or {}) if trouble else {}
    fields = [
        form_field(field, definition, eyes, values.get(field.name, ""), errors.get(field.name, ""))
        for field in (*definition.opening.fields, *definition.by_step[definition.opening.step].fields)
    ]
    text = render_template(
        "pages/new_case.html",
        process=_about(definition, eyes),
        fields=fields,
        reading=reading,
        rows=definition.roster is not None,
        roster=_roster(definition),
        trouble=trouble,
        wrong=wrong,
        misplaced=wrong == "sheet" and answer is not None and answer.code in _OTHER_KINDS,
        files=kept.files,
        allowed=not eyes.roles.isdisjoint(definition.opening.roles),
        key=request.form.get("idempotency_key", "") or f"open:{secrets.token_hex(16)}",
        occurred=request.form.get("occurred_at", kept.occurred),
        grounds=grounds(definition, eyes),
        origin=continuing.origin(),
        refuse_action=url_for("opening.refuse", process=process),
    )
    return make_response(text, answer.status if answer else 200)


def _about(definition: Definition, eyes: Lens) -> dict[str, object]:
    first = definition.by_step[definition.opening.step]
    return {
        "code": definition.process,
        "step": definition.opening.step,
        "name": eyes.say(definition.name),
        "instruction": eyes.say(first.instruction),
        "roles": [eyes.role(definition, role) for role in definition.opening.roles],
        "mail": bool(mail_slot(definition)),
        "sheet": any(slot.reader == "account_requests" for step in definition.steps for slot in step.slots),
        "includes": [eyes.say(text) for text in definition.document.includes],
        "excludes": [eyes.say(text) for text in definition.document.excludes],
    }

"""Bringing evidence: record a step, waive it with a reason, refuse a request and send it on."""

from __future__ import annotations

import hashlib

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from evidence.ports import IdempotencyMismatch
from identity.accounts import RECORDERS
from web.acting import actor_for
from web.drafts import DraftDesk
from web.errors import answer_for
from web.i18n import gettext as _
from web.lettering import see_unchanged
from web.pages.casepage import show_case
from web.pages.forms import MENDABLE, key_posted, occurred_at, remove_posted, reuses, stage_posted
from web.security import person, roles, signed_in
from web.views.fields import typed
from web.wiring import Draft, DraftKey, House, HouseError, current_house
from workflows.commands import Receipt, RecordStep, RefuseRequest, WaiveStep
from workflows.errors import RequestReused, StepNotOpen, UnknownStep

page = Blueprint("recording", __name__, url_prefix="/casos/<folio>")
recorders = roles(*RECORDERS)


@page.get("/pasos/<step>")
@signed_in
def step_page(folio: str, step: str) -> Response:
    """The address of a step leads to its form on the case's page; a login in the middle comes back here."""
    return redirect(url_for("cases.show", folio=folio, paso=step, _anchor=f"paso-{step}"), 303)


@page.post("/pasos/<step>")
@recorders
def record(folio: str, step: str) -> Response:
    """Seal the draft of a step, with what the form adds to it, as one entry."""
    house = current_house()
    desk = DraftDesk(house)
    key = desk.key(person().id, folio, step)
    try:
        stage_posted(desk, key)
        remove_posted(desk, key)
        draft = desk.existing(key)
        see_unchanged(house, draft, frozenset(request.form.getlist("letter_shown")))
        receipt = _seal(house, desk, draft)
    except (RequestReused, IdempotencyMismatch, StepNotOpen, HouseError) as error:
        if isinstance(error, HouseError) and error.code != "draft_gone":
            raise
        seq = _sealed_before(house, desk, key)
        if not seq:
            return _again(folio, step, error)
        desk.discard(key)
        return _already(folio, seq)
    except MENDABLE as error:
        return _again(folio, step, error)
    house.mailroom.noticed(receipt, person().id)
    desk.forget(draft)
    return _sealed(folio, receipt.seq)


def _sealed_before(house: House, desk: DraftDesk, key: DraftKey) -> int:
    """The person's own entry of the step that holds all the draft has: the same submit came twice. 0: it is another.

    Another tab may have sealed something else meanwhile; what is in the draft then was never sealed, and stays.
    """
    draft = desk.find(key)
    note = str(draft.fields.get("note", request.form.get("note", ""))).strip()
    brought = {file.sha256 for file in draft.files} | _posted_digests()
    for sealed in reversed(house.cases.view(key.folio).entries):
        entry = sealed.entry
        if entry.step == key.step and entry.actor == person().id:
            digests = {blob.sha256 for blob in entry.objects}
            return entry.seq if str(sealed.payload().get("note", "")) == note and brought <= digests else 0
    return 0


def _posted_digests() -> set[str]:
    """Of the files in this very request: the twin that was sealed first has emptied the draft they were in."""
    found = set()
    for file in (file for several in request.files.listvalues() for file in several if file.filename):
        file.stream.seek(0)
        found.add(hashlib.file_digest(file.stream, "sha256").hexdigest())  # type: ignore[arg-type]  # a binary stream
    return found


@page.post("/pasos/<step>/descartar")
@recorders
def discard(folio: str, step: str) -> Response:
    """Forget what waits in the draft of a step, for pages that show no form to do it in."""
    desk = DraftDesk(current_house())
    desk.discard(desk.key(person().id, folio, step))
    flash(_("El borrador se descartó."), "ok")
    return redirect(url_for("cases.show", folio=folio, paso=step, _anchor=f"paso-{step}"), 303)


def _seal(house: House, desk: DraftDesk, draft: Draft) -> Receipt:
    folio, step = draft.key.folio, draft.key.step
    definition = house.cases.definition(folio)
    found = definition.by_step.get(step)
    if found is None:
        raise UnknownStep(process=definition.process, step=step)
    with desk.submission(draft.key, draft) as submission:
        return house.cases.record(
            RecordStep(
                folio=folio,
                step=step,
                actor=actor_for(person(), found.roles),
                uploads=submission.uploads,
                data=typed(request.form),
                choice=request.form.get("choice", ""),
                note=request.form.get("note", "").strip(),
                reuse=reuses(),
                occurred_at=occurred_at(request.form.get("occurred_at", "")),
                acting_for=request.form.get("acting_for", ""),
                idempotency_key=key_posted(submission.idempotency_key),
            )
        )


@page.post("/pasos/<step>/dispensar")
@recorders
def waive(folio: str, step: str) -> Response:
    """Do without a step, with a reason that stays."""
    house = current_house()
    try:
        actor = actor_for(person(), house.cases.definition(folio).waiver_roles)
        reason = request.form.get("reason", "").strip()
        receipt = house.cases.waive(WaiveStep(folio, step, actor, reason, idempotency_key=key_posted("")))
    except MENDABLE as error:
        return _again(folio, step, error)
    return _sealed(folio, receipt.seq)


@page.post("/rechazar")
@recorders
def refuse(folio: str) -> Response:
    """Refuse the request of an open case on a ground of its definition, and say where it goes."""
    house = current_house()
    try:
        definition = house.cases.definition(folio)
        actor = actor_for(person(), (*definition.opening.roles, *definition.waiver_roles))
        asked = RefuseRequest(
            actor=actor,
            refusal=request.form.get("refusal", ""),
            folio=folio,
            note=request.form.get("note", "").strip(),
            idempotency_key=key_posted(""),
        )
        receipt = house.cases.refuse(asked)
    except MENDABLE as error:
        return _again(folio, "", error)
    return _sealed(folio, receipt.seq)


def _sealed(folio: str, seq: int) -> Response:
    return redirect(url_for("cases.show", folio=folio, sellada=seq, _anchor="recibo"), 303)


def _already(folio: str, seq: int) -> Response:
    """The same submit came twice: the first one was sealed."""
    flash(_("Ya estaba sellado: el envío llegó dos veces y se registró una sola."), "ok")
    return _sealed(folio, seq)


def _again(folio: str, step: str, error: Exception) -> Response:
    answer = answer_for(error)
    if answer is None or answer.code in {"unknown_case", "unknown_step"}:
        abort(404)
    return show_case(folio, step=step, answer=answer)

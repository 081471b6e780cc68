"""Corrections: an entry is never touched; another one supersedes it, with a reason, and both stay in view."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import BinaryIO, cast

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.evidence import Found, find
from web.pages.forms import MENDABLE, key_posted, occurred_at
from web.security import person, roles
from web.views.fields import FormField, form_field, typed
from web.views.lens import Lens
from web.views.step_form import Draft, step_form
from web.views.trouble import trouble_of
from web.wiring import current_house
from workflows.commands import Supersede, Upload
from workflows.definition import Definition

page = Blueprint("correcting", __name__, url_prefix="/casos/<folio>/entradas/<int:seq>/corregir")
recorders = roles(*RECORDERS)


@page.get("")
@recorders
def form(folio: str, seq: int) -> Response:
    """The correction's form, with what the entry says now."""
    return _form(folio, seq)


@page.post("")
@recorders
def correct(folio: str, seq: int) -> Response:
    """Seal the correction."""
    house = current_house()
    annul = request.form.get("how") == "annul"
    uploads = () if annul else _uploads()
    try:
        definition = house.cases.view(folio).definition
        receipt = house.cases.supersede(
            Supersede(
                folio=folio,
                seq=seq,
                actor=actor_for(person(), definition.correction_roles),
                reason=request.form.get("reason", "").strip(),
                uploads=uploads,
                data={} if annul else typed(request.form),
                choice="" if annul else request.form.get("choice", ""),
                note=request.form.get("note", "").strip(),
                keep=()
                if annul
                else tuple(int(raw) for raw in request.form.getlist("keep") if raw.isdecimal()),
                annul=annul,
                occurred_at=occurred_at(request.form.get("occurred_at", "")),
                idempotency_key=key_posted(""),
            )
        )
    except MENDABLE as error:
        return _form(folio, seq, answer_for(error))
    return redirect(url_for("cases.show", folio=folio, sellada=receipt.seq, _anchor="recibo"), 303)


def _uploads() -> tuple[Upload, ...]:
    return tuple(
        Upload(file.filename or "", cast("BinaryIO", file.stream), name.removeprefix("file."))
        for name, file in request.files.items(multi=True)
        if file.filename and name.startswith("file.")
    )


def _form(folio: str, seq: int, answer: Answer | None = None) -> Response:
    eyes = lens()
    found = find(folio, seq, eyes)
    definition = found.definition
    if definition is None:
        abort(404)
    trouble = trouble_of(answer, field_labels(definition, eyes), eyes) if answer else None
    posted = request.method == "POST"
    slots, choices = _places(found, definition, eyes)
    text = render_template(
        "pages/correct.html",
        folio=folio,
        line=found.line,
        slots=slots,
        choices=choices,
        fields=_fields(found, definition, eyes, (trouble.errors or {}) if trouble else {}),
        keep=[int(raw) for raw in request.form.getlist("keep") if raw.isdecimal()]
        if posted
        else [file.number for file in found.line.files],
        trouble=trouble,
        how=request.form.get("how", "replace"),
        reason=request.form.get("reason", ""),
        note=request.form.get("note", found.line.note),
        occurred=request.form.get("occurred_at", ""),
        key=request.form.get("idempotency_key", "") or f"fix:{secrets.token_hex(16)}",
    )
    return make_response(text, answer.status if answer else 200)


def _places(found: Found, definition: Definition, eyes: Lens) -> tuple[Sequence[object], Sequence[object]]:
    step = definition.by_step.get(found.sealed.entry.step)
    if step is None:
        return (), ()
    state = current_house().cases.view(found.sealed.entry.case).state
    chosen = str(found.sealed.entry.facts.get("choice", ""))
    shown = step_form(step, definition, state, (), eyes, Draft(choice=request.form.get("choice", chosen)))
    return shown.slots, shown.choices


def _fields(found: Found, definition: Definition, eyes: Lens, errors: Mapping[str, str]) -> list[FormField]:
    entry = found.sealed.entry
    step = definition.by_step.get(entry.step)
    opening = entry.seq == 1
    fields = (*(definition.opening.fields if opening else ()), *(step.fields if step else ()))
    payload = found.sealed.payload().get("data")
    now = {**(payload if isinstance(payload, dict) else {})}
    params = entry.facts.get("params")
    now.update(params if isinstance(params, dict) else {})
    posted = typed(request.form)
    return [
        form_field(
            field,
            definition,
            eyes,
            posted.get(field.name, str(now.get(field.name, "") or "")),
            errors.get(field.name, ""),
        )
        for field in fields
    ]

"""Corrections: an entry is never touched; another one supersedes it, with a reason, and both stay in view."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evidence.entry import parse_time
from identity.accounts import RECORDERS
from web.acting import actor_for
from web.drafts import DraftDesk
from web.errors import Answer, answer_for
from web.lettering import Offer, offer_of, see_unchanged
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.evidence import Found, find
from web.pages.forms import MENDABLE, draft_view, key_posted, occurred_at, remove_posted, stage_posted
from web.security import person, roles
from web.views.fields import FormField, form_field, typed
from web.views.lens import Lens
from web.views.standing import Principal, mending, principals
from web.views.step_form import SHOT, Draft, step_form
from web.views.trouble import trouble_of
from web.wiring import Draft as StoredDraft
from web.wiring import current_house
from workflows.casefile import entry_files
from workflows.commands import Supersede, Upload
from workflows.definition import Definition

page = Blueprint("correcting", __name__, url_prefix="/casos/<folio>/entradas/<int:seq>/corregir")
recorders = roles(*RECORDERS)
FIX = "corregir-"
"""Before the entry's number in the step of a correction's draft."""


@page.get("")
@recorders
def form(folio: str, seq: int) -> Response:
    """The correction's form, with what the entry says now."""
    return correction_form(folio, seq)


@page.post("")
@recorders
def correct(folio: str, seq: int) -> Response:
    """Seal the correction; what was posted waits in a draft of its own until it is sealed."""
    house = current_house()
    desk = DraftDesk(house)
    key = desk.key(person().id, folio, f"{FIX}{seq}")
    try:
        view = house.cases.view(folio)
        if not 1 <= seq <= len(view.entries):
            abort(404)
        allowed = mending(view.definition, view.state, view.entries, seq, lens()).roles
        stage_posted(desk, key)
        remove_posted(desk, key)
        if request.form.get("how") != "annul":
            shown = frozenset(request.form.getlist("letter_shown"))
            see_unchanged(house, desk.find(key), shown, view.entries[seq - 1].entry.step)
        with desk.submission(key) as submission:
            receipt = house.cases.supersede(_correction(folio, seq, allowed, submission.uploads))
    except MENDABLE as error:
        return correction_form(folio, seq, answer_for(error))
    desk.discard(key)
    return redirect(url_for("cases.show", folio=folio, sellada=receipt.seq, _anchor="recibo"), 303)


def _correction(folio: str, seq: int, allowed: Sequence[str], uploads: tuple[Upload, ...]) -> Supersede:
    """What the form asks for; an annulment brings nothing but its reason."""
    plain = Supersede(
        folio=folio,
        seq=seq,
        actor=actor_for(person(), allowed),
        reason=request.form.get("reason", "").strip(),
        idempotency_key=key_posted(""),
    )
    if request.form.get("how") == "annul":
        return replace(plain, annul=True)
    return replace(
        plain,
        uploads=uploads,
        data=typed(request.form),
        choice=request.form.get("choice", ""),
        note=request.form.get("note", "").strip(),
        keep=tuple(_ticked()),
        acting_for=request.form.get("acting_for", ""),
        occurred_at=occurred_at(request.form.get("occurred_at", "")),
    )


def correction_form(folio: str, seq: int, answer: Answer | None = None) -> Response:
    """The page, with what was typed: just now, or kept in the draft when a letter was written into it."""
    eyes = lens()
    found = find(folio, seq, eyes)
    definition, state = found.definition, found.state
    if definition is None or state is None:
        abort(404)
    standing = mending(definition, state, found.entries, seq, eyes)
    desk = DraftDesk(current_house())
    kept = desk.find(desk.key(person().id, folio, f"{FIX}{seq}"))
    said = _said(kept)
    house = current_house()
    letter = offer_of(house, definition.process, kept, found.sealed.entry.step)
    trouble = trouble_of(answer, field_labels(definition, eyes), eyes) if answer else None
    slots, choices = _places(found, definition, eyes, said)
    text = render_template(
        "pages/correct.html",
        folio=folio,
        line=found.line,
        slots=slots,
        choices=choices,
        fields=_fields(found, definition, eyes, (trouble.errors or {}) if trouble else {}, said),
        keep=_kept(found, kept, said, letter),
        letter=letter,
        letter_title=eyes.say(letter.title) if letter else "",
        form={"code": f"{FIX}{seq}"},
        trouble=trouble,
        files=draft_view(kept).files,
        mending=standing,
        principals=_principals(found, definition, eyes),
        acting_for=said.get("acting_for", _acting_for(found, eyes)),
        how=said.get("how", "replace" if standing.replace else "annul"),
        reason=said.get("reason", ""),
        note=said.get("note", found.line.note),
        occurred=said.get("occurred_at", ""),
        key=request.form.get("idempotency_key", "") or f"fix:{secrets.token_hex(16)}",
    )
    return make_response(text, answer.status if answer else 200)


def _said(kept: StoredDraft) -> Mapping[str, str]:
    """What was typed: as posted, else as the draft keeps it."""
    if request.method == "POST":
        return request.form
    return {name: text for name, text in kept.fields.items() if isinstance(text, str)}


def _kept(found: Found, kept: StoredDraft, said: Mapping[str, str], letter: Offer | None) -> list[int]:
    """The old files that count on: those ticked; at first all, but for the letter that a new one replaces."""
    if request.method == "POST":
        return _ticked()
    old = [file.number for file in found.line.files]
    if "keep" in kept.fields:
        raw = kept.fields["keep"]
        texts = raw if isinstance(raw, list) else [raw]
        old = [int(str(text)) for text in texts if str(text).isdecimal()]
    elif said:
        old = []
    if letter is None or not letter.file:
        return old
    slots = [item.get("slot") for item in entry_files(found.sealed)]
    return [number for number in old if slots[number] != letter.slot]


def _ticked() -> list[int]:
    """The old files that still count."""
    return [int(raw) for raw in request.form.getlist("keep") if raw.isdecimal()]


def _principals(found: Found, definition: Definition, eyes: Lens) -> tuple[Principal, ...]:
    step, house = definition.by_step.get(found.sealed.entry.step), current_house()
    return principals(definition, step, eyes, house.directory, house.clock()) if step else ()


def _acting_for(found: Found, eyes: Lens) -> str:
    """Whom the person acted for in the entry itself; nobody where somebody else sealed it."""
    entry = found.sealed.entry
    return str(entry.facts.get("acting_for", "")) if entry.actor == eyes.actor else ""


def _places(
    found: Found, definition: Definition, eyes: Lens, said: Mapping[str, str]
) -> tuple[Sequence[object], Sequence[object]]:
    step = definition.by_step.get(found.sealed.entry.step)
    if step is None:
        return (), ()
    state = current_house().cases.view(found.sealed.entry.case).state
    chosen = str(found.sealed.entry.facts.get("choice", ""))
    typed_shots = {name: text for name, text in said.items() if name.startswith(SHOT)}
    draft = Draft(choice=said.get("choice", chosen), shots=typed_shots)
    shown = step_form(step, definition, state, (), eyes, draft)
    return shown.slots, shown.choices


def _fields(
    found: Found, definition: Definition, eyes: Lens, errors: Mapping[str, str], said: Mapping[str, str]
) -> list[FormField]:
    entry = found.sealed.entry
    step = definition.by_step.get(entry.step)
    opening = entry.seq == 1
    definition = current_house().cases.with_lists(definition, parse_time(entry.at))
    fields = (*(definition.opening.fields if opening else ()), *(step.fields if step else ()))
    payload = found.sealed.payload().get("data")
    now = {**(payload if isinstance(payload, dict) else {})}
    params = entry.facts.get("params")
    now.update(params if isinstance(params, dict) else {})
    posted = typed(said)
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

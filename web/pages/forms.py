"""From a posted form to what a service takes: dates, reused files, uploads into the draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import request
from werkzeug.exceptions import BadRequest

from documents.refusals import FileRefused
from evidence import ports
from evidence.canonical import Json
from identity.accounts import IdentityError
from web.drafts import DraftDesk
from web.i18n import zone
from web.views.kinds import family_mark
from web.views.lens import size_text
from web.views.step_form import SHOT, Staged
from web.views.step_form import Draft as DraftView
from web.wiring import Draft, DraftKey, DraftTooLarge
from workflows.commands import Reuse
from workflows.errors import Refusal

MENDABLE = (
    Refusal,
    FileRefused,
    DraftTooLarge,
    IdentityError,
    ports.StoreUnavailable,
    ports.IdempotencyMismatch,
    ports.ReferenceTaken,
)
"""What a person can mend where they are: the page is shown again with the reason, and nothing typed is lost."""

_NOT_KEPT = frozenset(
    {"csrf_token", "idempotency_key", "letter_shown", "drop", "caso", "origen", "paso", "opcion"}
)
_LONGEST = 20_000


def occurred_at(text: str) -> datetime | None:
    """A ``datetime-local`` value in the house's zone; nothing for an empty one."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=zone())
    except ValueError as error:
        raise BadRequest("bad_request") from error


def reuses() -> tuple[Reuse, ...]:
    """The sealed files ticked for this step, each posted as ``slot:seq:object``."""
    found = []
    for raw in request.form.getlist("reuse"):
        slot, _colon, rest = raw.partition(":")
        seq, _colon, number = rest.partition(":")
        if not (seq.isdecimal() and number.isdecimal()):
            raise BadRequest("bad_request")
        found.append(Reuse(slot, int(seq), int(number)))
    return tuple(found)


def key_posted(fallback: str) -> str:
    """The idempotency key the form carries, else the draft's."""
    return request.form.get("idempotency_key", "")[:80] or fallback


def stage_posted(desk: DraftDesk, key: DraftKey) -> None:
    """Keep what was posted in the draft first, files included: whatever is refused later, nothing is lost.

    Files that can be taken stay even where another one cannot; the first that cannot is raised at the end.
    """
    fields: dict[str, Json] = {}
    for name in request.form:
        if name not in _NOT_KEPT:
            texts = [text[:_LONGEST] for text in request.form.getlist(name)]
            fields[name] = list(texts) if len(texts) > 1 else texts[0]
    begun = desk.save_fields(key, fields).id
    refused: list[Exception] = []
    for name, file in request.files.items(multi=True):
        if file.filename:
            try:
                slot = name.removeprefix("file.") if name.startswith("file.") else ""
                desk.add(key, file, slot, begun=begun)
            except (FileRefused, DraftTooLarge) as error:
                refused.append(error)
    if refused:
        raise refused[0]


def remove_posted(desk: DraftDesk, key: DraftKey) -> None:
    """Take out of the draft the waiting files that were ticked to be left out (``drop``)."""
    for file_id in request.form.getlist("drop"):
        desk.remove(key, file_id)


def draft_view(draft: Draft, errors: Mapping[str, str] | None = None) -> DraftView:
    """A stored draft as the step's form shows it."""
    texts = {name: value for name, value in draft.fields.items() if isinstance(value, str)}
    ticked = draft.fields.get("reuse", [])
    return DraftView(
        values={name.removeprefix("d."): value for name, value in texts.items() if name.startswith("d.")},
        files=tuple(
            Staged(file.id, file.name, family_mark(file.media, file.name), size_text(file.size), file.slot)
            for file in draft.files
        ),
        choice=texts.get("choice", ""),
        note=texts.get("note", ""),
        occurred=texts.get("occurred_at", ""),
        acting_for=texts.get("acting_for", ""),
        reuse=frozenset(str(value) for value in (ticked if isinstance(ticked, list) else [ticked])),
        errors=errors or {},
        shots={name: value for name, value in texts.items() if name.startswith(SHOT)},
    )

"""The JSON API of drafts; `web.drafts` says what each route takes and gives."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from documents.refusals import FileRefused
from evidence.canonical import Json
from identity.accounts import RECORDERS
from web.downloads import download
from web.drafts import DraftDesk
from web.errors import Answer, answer_for
from web.i18n import gettext
from web.lettering import MARK
from web.messages import WARNINGS
from web.security import person, roles
from web.views.papers import told_of_draft
from web.wiring import Draft, DraftFile, DraftKey, DraftTooLarge, HouseError, current_house

page = Blueprint("drafts", __name__, url_prefix="/borradores/<folio>/<step>")
recorders = roles(*RECORDERS)


@page.get("")
@recorders
def show(folio: str, step: str) -> Response:
    """The draft."""
    desk, key = _desk(folio, step)
    return jsonify(draft_json(desk, desk.find(key)))


@page.delete("")
@recorders
def discard(folio: str, step: str) -> tuple[str, int]:
    """Forget it."""
    desk, key = _desk(folio, step)
    desk.discard(key)
    return "", 204


@page.put("/campos")
@recorders
def save_fields(folio: str, step: str) -> Response:
    """Keep what was typed."""
    desk, key = _desk(folio, step)
    return jsonify(draft_json(desk, desk.save_fields(key, _body().get("fields"))))


@page.post("/archivos")
@recorders
def add_files(folio: str, step: str) -> tuple[Response, int]:
    """Stage files: what can be taken is taken, what cannot says why."""
    desk, key = _desk(folio, step)
    files = [file for file in request.files.getlist("archivo") if file.filename]
    if not files:
        raise HouseError("no_upload")
    taken, refused, slot = [], [], request.form.get("slot", "")[:40]
    for file in files:
        try:
            taken.append(file_json(desk.add(key, file, slot)[0]))
        except (FileRefused, DraftTooLarge) as error:
            refused.append({"name": file.filename or "", **_told(answer_for(error))})
    draft = draft_json(desk, desk.find(key))
    return jsonify(files=taken, refused=refused, draft=draft), 201 if taken else 422


@page.patch("/archivos/<file_id>")
@recorders
def set_slot(folio: str, step: str, file_id: str) -> Response:
    """Say which evidence a file is."""
    desk, key = _desk(folio, step)
    slot = _body().get("slot")
    if not isinstance(slot, str) or len(slot) > 40:
        raise HouseError("draft_field")
    return jsonify(draft_json(desk, desk.set_slot(key, file_id, slot)))


@page.delete("/archivos/<file_id>")
@recorders
def remove_file(folio: str, step: str, file_id: str) -> Response:
    """Take a file out."""
    desk, key = _desk(folio, step)
    return jsonify(draft_json(desk, desk.remove(key, file_id)))


@page.get("/archivos/<file_id>")
@recorders
def fetch_file(folio: str, step: str, file_id: str) -> Response:
    """The staged file itself."""
    desk, key = _desk(folio, step)
    file, stream = desk.open_file(key, file_id)
    return download(stream, file.name, size=file.size)


def _desk(folio: str, step: str) -> tuple[DraftDesk, DraftKey]:
    house = current_house()
    desk = DraftDesk(house)
    key = desk.key(person().id, folio, step)
    if not folio.startswith(("nuevo-", "varios-")) and house.index.get(folio) is None:
        raise HouseError("not_found")
    return desk, key


def _body() -> dict[str, Json]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise HouseError("draft_field")
    return body


def _told(answer: Answer | None) -> dict[str, Json]:
    return answer.as_json() if answer is not None else {}


def draft_json(desk: DraftDesk, draft: Draft) -> dict[str, Json]:
    """A draft as the pages' script knows it."""
    return {
        "id": draft.id,
        "folio": draft.key.folio,
        "step": draft.key.step,
        "fields": dict(draft.fields),
        "files": [file_json(file) for file in draft.files],
        "bytes": sum(file.size for file in draft.files),
        "limits": desk.limits,
        "updated_at": draft.updated_at,
    }


def file_json(file: DraftFile) -> dict[str, Json]:
    """A staged file; warnings come as sentences."""
    about = dict(file.about)
    checks = told_of_draft(about.pop("_paper", None), about.pop("_judged", None))
    warnings = about.pop("_warnings", [])
    about.pop(MARK, None)
    told: list[Json] = []
    if isinstance(warnings, list):
        told = [gettext(WARNINGS[code]) for code in warnings if isinstance(code, str) and code in WARNINGS]
    return {
        "id": file.id,
        "name": file.name,
        "slot": file.slot,
        "media": file.media,
        "family": file.family,
        "size": file.size,
        "sha256": file.sha256,
        "about": about,
        "warnings": told,
        "checks": [{"state": line.state, "text": line.text} for line in checks],
        "at": file.created_at,
    }

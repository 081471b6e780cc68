"""Everything an auditor is shown is logged before it leaves: who, what, when; in the room and outside it.

One hook for every page, so that a page nobody thought of is logged as well. Where the row cannot be written, the answer
is not given.
"""

from __future__ import annotations

from flask import Flask, Response, request

from identity.accounts import AUDITORS
from web.security import maybe_person
from web.wiring import current_house

_SILENT = frozenset({"static", "jobs.show", "look.theme", "look.style_guide"})
_SILENT_GROUPS = frozenset({"session", "health", "tlog", "requesting"})
_PARTS = ("folio", "seq", "number", "pid", "sid", "fid", "rid", "process", "version", "job_id", "step")
_LONGEST = 200


def install(app: Flask) -> None:
    """Log what is shown to auditors."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    endpoint = request.endpoint or ""
    group = endpoint.partition(".")[0]
    if request.method != "GET" or response.status_code != 200 or not endpoint:
        return response
    if endpoint in _SILENT or group in _SILENT_GROUPS:
        return response
    user = maybe_person()
    if user is None or not user.has_any(AUDITORS):
        return response
    named = request.view_args or {}
    subject = "/".join(str(named[part]) for part in _PARTS if part in named)[:_LONGEST]
    role = min(str(role) for role in user.roles & AUDITORS)
    current_house().room.log(user.id, role, endpoint, subject, str(named.get("eid", "")))
    return response

"""Everything an auditor is shown is logged before it leaves: who, what, when; in the room and outside it.

One hook for every page, so that a page nobody thought of is logged as well. Where the row cannot be written, the answer
is not given.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response, request

from identity.accounts import AUDITORS
from web.security import maybe_person
from web.wiring import current_house

_SILENT = frozenset({"static", "jobs.show", "look.theme", "look.style_guide"})
_SILENT_GROUPS = frozenset({"session", "health", "tlog", "requesting"})
_PARTS = (
    "folio",
    "seq",
    "number",
    "pid",
    "sid",
    "fid",
    "rid",
    "process",
    "version",
    "job_id",
    "step",
    "which",
)
_ASKED = ("entrada", "pagina")
_ONWARD = frozenset({301, 302, 303, 307, 308})
_LONGEST = 200


def install(app: Flask) -> None:
    """Log what is shown to auditors."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    endpoint = request.endpoint or ""
    group = endpoint.partition(".")[0]
    if not endpoint or not _shows(response) or endpoint in _SILENT or group in _SILENT_GROUPS:
        return response
    user = maybe_person()
    if user is None or not user.has_any(AUDITORS):
        return response
    named = request.view_args or {}
    role = min(str(role) for role in user.roles & AUDITORS)
    current_house().room.log(user.id, role, endpoint, _subject(named), str(named.get("eid", "")))
    return response


def _shows(response: Response) -> bool:
    """Whether the answer shows something: a page or file, a part of a file, or a form again after a refusal."""
    if request.method in {"GET", "HEAD"}:  # headers alone tell a file's name and size, and 304 what it is
        return response.status_code in {200, 206, 304}
    return request.method == "POST" and response.status_code not in _ONWARD and response.status_code < 500


def _subject(named: Mapping[str, object]) -> str:
    """What was shown; where the address names the entry beside the path, or a page of a file, that too."""
    parts = [str(named[part]) for part in _PARTS if part in named]
    parts += [value for name in _ASKED if (value := request.args.get(name, "")).isdecimal()]
    return "/".join(parts)[:_LONGEST]

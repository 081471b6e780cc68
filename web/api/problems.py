"""Refusals as problem details (RFC 9457): a stable ``code``, a title by status, and what happened in words."""

from __future__ import annotations

import json

from flask import Response, g, request

from evidence.canonical import Json
from web.answers import Answer
from web.api.callers import ROOT
from web.api.words import TITLES
from web.i18n import gettext

MEDIA = "application/problem+json"
TYPES = "/api#problem-"
"""Where each ``type`` is explained, for people: the page of the API."""


def is_api() -> bool:
    """Whether the request is to the API, known path or not."""
    return request.path.startswith(f"{ROOT}/") or request.path == ROOT


def problem(answer: Answer) -> Response:
    """The answer as a problem; its ``type`` is relative to the address asked."""
    told: dict[str, Json] = {
        "type": f"{TYPES}{answer.code}",
        "title": gettext(TITLES.get(answer.status, TITLES[400 if answer.status < 500 else 500])),
        "status": answer.status,
        "detail": f"{answer.message} {answer.advice}".strip(),
        "code": answer.code,
        "request": str(g.get("request_id", "")),
    }
    if answer.fields:
        told["fields"] = dict(answer.fields)
    if answer.problems:
        told["problems"] = [dict(item) for item in answer.problems]
    if answer.incident:
        told["incident"] = answer.incident
    return Response(json.dumps(told, ensure_ascii=False), content_type=MEDIA)

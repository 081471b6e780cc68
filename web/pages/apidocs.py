"""The page for people who are about to call the API; the machine's document is beside it."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from web.api.callers import ROOT
from web.api.registering import GROUPS
from web.security import public
from web.views.apidoc import group_lines, problem_lines, scope_lines

page = Blueprint("apidocs", __name__)


@page.get("/api")
@public
def show() -> str:
    """Operations, scopes and refusals; nothing of any case."""
    return render_template(
        "pages/apidocs.html",
        groups=group_lines(GROUPS),
        problems=problem_lines(),
        scopes=scope_lines(),
        root=request.host_url.rstrip("/") + ROOT,
        document=f"{ROOT}/openapi.json",
    )

"""How the pages look: the theme a person chose, and the guide that shows every piece once."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from web.i18n import gettext as _
from web.pages.context import THEME_COOKIE, THEMES, shell
from web.security import anyone, public, safe_next
from web.views.fields import FormField

page = Blueprint("look", __name__)
page.app_context_processor(shell)
_SPRITE = Path(__file__).resolve().parent.parent / "static" / "img" / "icons.svg"


@page.post("/tema")
@public
def theme() -> Response:
    """Remember light, dark or as the machine has it."""
    chosen = request.form.get("theme", "")
    response = redirect(safe_next(request.form.get("next")), 303)
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=31_536_000, secure=request.is_secure, httponly=True, samesite="Lax"
        )
    return response


@page.get("/guia-de-estilo")
@anyone
def style_guide() -> str:
    """Every component of the interface."""
    icons = re.findall(r'symbol id="([^"]+)"', _SPRITE.read_text(encoding="utf-8"))
    return render_template("pages/style_guide.html", icons=icons, fields=_fields())


def _fields() -> tuple[FormField, ...]:
    return (
        FormField(
            "nombre",
            _("Nombre completo"),
            "text",
            "Laura Méndez Ríos",
            hint=_("Como aparece en su identificación"),
            required=True,
        ),
        FormField(
            "rfc",
            _("RFC"),
            "text",
            "MERL850101AB",
            error=_("Le falta un carácter: una persona física tiene 13"),
            required=True,
            mono=True,
        ),
        FormField("zona", _("Zona"), "choice", options=(("cdmx", "CDMX"), ("nl", "Nuevo León"))),
        FormField("nota", _("Nota"), "long"),
    )

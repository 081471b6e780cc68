"""An agent's contact on one screen: from the call to its closing in one submit, sealed together or not at all."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from web import quicklog
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.forms import MENDABLE, key_posted, occurred_at
from web.quicklog import PENDING, PROCESS, SOLVED
from web.security import person, roles
from web.views.fields import FormField, form_field, typed
from web.views.trouble import trouble_of
from web.wiring import current_house
from workflows.commands import OpenCase, Receipt
from workflows.definition import Definition
from workflows.errors import OutOfScope, OutsideHours
from workflows.ports import CaseQuery
from workflows.standing import Verdict

page = Blueprint("attention", __name__, url_prefix="/atencion")
recorders = roles(*RECORDERS)

_PRESET = {"canal": "telefono", "identificacion": "clave_nombre", "urgencia": "media"}
_NEEDED = {"sistema": True, "pendiente": True, "verificacion": True, "folio_metlife": False}
"""Where one screen asks more than the step's own form, or less: the steps themselves come to the same."""
_KEYS_OFFERED = 12
_ARTICLES_OFFERED = 200


@page.get("/nueva")
@recorders
def new() -> Response:
    """An empty form; ``clave`` in the query begins with that agent."""
    known = request.args.get("clave", "")[:20]
    return _form({**_PRESET, **({"clave": known} if known else {})}, SOLVED)


@page.post("/nueva")
@recorders
def create() -> Response:
    """Record the contact with everything that was done in it; what is refused shows the form as it was typed."""
    values, end = _values(), _end()
    moment = occurred_at(request.form.get("occurred_at", ""))
    definition, house = _definition(), current_house()
    hours = quicklog.standing(definition, house.calendar, moment or house.clock(), values)
    outside = hours.verdict is Verdict.OUTSIDE
    if outside and not values.get("fuera_horario"):
        return _form(values, end, status=422)
    try:
        receipt = _record(definition, values, end, moment, alone=outside)
    except OutsideHours as error:  # it was refused, as asked: recorded, with a folio of its own
        return _recorded(str(error.fields.get("folio", "")), _("Quedó registrado como rechazado por horario"))
    except MENDABLE as error:
        answer = answer_for(error)
        return _form(values, end, answer=answer, spent=isinstance(error, OutOfScope))
    if outside:
        return _recorded(receipt.folio, _("Quedó en cola para la próxima apertura"))
    if end == PENDING:
        return redirect(url_for("cases.show", folio=receipt.folio, paso="10", _anchor="paso-10"), 303)
    return _recorded(receipt.folio, _("Contacto sellado"))


def _values() -> dict[str, str]:
    """What was typed; minutes that nobody typed or counted are those since the empty form was sent."""
    began = request.form.get("inicio", "")
    spent = current_house().clock().timestamp() - int(began) if began.isdecimal() else 0.0
    return {"duracion": str(max(1, math.ceil(spent / 60))), **typed(request.form)}


def _record(
    definition: Definition, values: Mapping[str, str], end: str, moment: datetime | None, *, alone: bool
) -> Receipt:
    command = OpenCase(
        process=PROCESS,
        actor=actor_for(person(), definition.opening.roles),
        data=quicklog.opening_of(definition, values),
        occurred_at=moment,
        idempotency_key=key_posted(""),
    )
    parts = () if alone else quicklog.parts_of(definition, values, end, moment)
    return current_house().cases.open_with(command, parts)


def _recorded(folio: str, what: str) -> Response:
    """Back to an empty form, ready for the next call, with what was just sealed."""
    flash(_("%(what)s: %(folio)s.", what=what, folio=folio), "ok")
    return redirect(url_for("attention.new", sellado=folio), 303)


def _end() -> str:
    end = request.form.get("fin", "")
    return end if end in quicklog.ENDS else SOLVED


def _when() -> str:
    """When the contact is said to have been: as typed, or as the page outside the hours was asked again with."""
    return request.form.get("occurred_at", "") or request.args.get("cuando", "")


def _ends() -> tuple[tuple[str, str, str], ...]:
    """How the contact may end: its value, and what is said of it."""
    return (
        (quicklog.SOLVED, _("Resuelto y confirmado"), _("Se cierra al sellar.")),
        (quicklog.LATER, _("Resuelto; se confirma después"), _("Queda abierto hasta confirmar.")),
        (quicklog.PENDING, _("No se resuelve ya"), _("Se investiga: ticket y fecha prometida.")),
    )


def _definition() -> Definition:
    return current_house().cases.with_lists(current_house().definitions.current(PROCESS))


def _form(
    values: Mapping[str, str],
    end: str,
    *,
    answer: Answer | None = None,
    spent: bool = False,
    status: int = 200,
) -> Response:
    definition, eyes, house = _definition(), lens(), current_house()
    trouble = trouble_of(answer, field_labels(definition, eyes), eyes) if answer else None
    moment = occurred_at(_when()) or house.clock()
    hours = quicklog.standing(definition, house.calendar, moment, values)
    key = "" if spent else request.form.get("idempotency_key", "")
    text = render_template(
        "pages/attention.html",
        fields=_fields(definition, values, (trouble.errors or {}) if trouble else {}),
        values=values,
        end=end,
        keys=_keys(),
        articles=_articles(),
        ends=_ends(),
        trouble=trouble,
        hours=hours,
        opens=f"{house.calendar.local(hours.opens):%d/%m/%Y %H:%M}" if hours.opens else "",
        outside=hours.verdict is Verdict.OUTSIDE,
        warning=hours.verdict is Verdict.WARNING,
        allowed=not eyes.roles.isdisjoint(definition.opening.roles),
        key=key or f"contact:{secrets.token_hex(16)}",
        began=request.form.get("inicio", "") or f"{house.clock().timestamp():.0f}",
        occurred=_when(),
        sealed=request.args.get("sellado", ""),
    )
    return make_response(text, answer.status if answer else status)


def _fields(
    definition: Definition, values: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, FormField]:
    """Every field of the process by its name; of those that several steps have, the first."""
    eyes = lens()
    found: dict[str, FormField] = {}
    forms = (definition.opening.fields, *(step.fields for step in definition.steps))
    for field in (field for fields in forms for field in fields):
        if field.name not in found:
            value, error = values.get(field.name, ""), errors.get(field.name, "")
            made = form_field(field, definition, eyes, value, error)
            found[field.name] = replace(made, required=_NEEDED.get(field.name, made.required))
    return found


def _keys() -> tuple[tuple[str, str], ...]:
    """Keys of the agents this person attended last, each with what it was about, to choose from."""
    query = CaseQuery(process=PROCESS, assignee=person().id, limit=40)
    titles = [row.title.partition(" · ") for row in current_house().index.find(query).rows]
    return tuple({key: about for key, _dot, about in reversed(titles) if key}.items())[-_KEYS_OFFERED:][::-1]


def _articles() -> tuple[tuple[str, str], ...]:
    """Knowledge articles to choose from, by the folio of the case they come from, the newest first."""
    found = current_house().articles.find(limit=_ARTICLES_OFFERED)
    return tuple((item.case_id, item.title) for item in found)

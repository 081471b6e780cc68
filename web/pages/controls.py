"""Controles: what is looked at every business day, one click when nothing was found, a list when something was."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from web.acting import actor_for
from web.controls import standings
from web.drafts import DraftDesk
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.i18n import ngettext
from web.pages.context import lens
from web.pages.forms import MENDABLE
from web.security import person, roles, signed_in
from web.views.controls import Line, Wrong, column_word, columns_words, control_line, rest_words, wrong_row
from web.views.trouble import Trouble, trouble_of
from web.wiring import DraftKey, House, current_house
from workflows.commands import OpenFindings, RecordControl, Upload
from workflows.controldesk import Opened
from workflows.definition import Definition, Series
from workflows.errors import UnknownProcess
from workflows.findings import Proposal

page = Blueprint("controls", __name__, url_prefix="/controles")
recorders = roles(*RECORDERS)
DRAFT = "control-"
"""Before the process in the key of the draft that holds a list between its preview and the opening."""

_PASTED = "lista_pegada.txt"


@dataclass(frozen=True, slots=True)
class _Pasted:
    """Pasted text on its way to the draft, as a file."""

    filename: str | None
    stream: BinaryIO


def lines(house: House) -> tuple[Line, ...]:
    """Every control as this person sees it; for the page and the inbox."""
    eyes = lens()
    return tuple(control_line(item, eyes) for item in standings(house))


@page.get("")
@signed_in
def overview() -> Response:
    """All controls: today, days missing, months closed."""
    return _overview()


@page.post("/<process>/<series>/sin-hallazgos")
@recorders
def nothing(process: str, series: str) -> Response:
    """Record that nothing was found on a day: one click."""
    definition, found = _control(process, series)
    step = definition.by_step[found.step]
    try:
        receipt = current_house().cases.controls.record(
            RecordControl(
                process,
                series,
                actor_for(person(), step.roles),
                0,
                request.form.get("dia", ""),
                idempotency_key=request.form.get("idempotency_key", ""),
            )
        )
    except MENDABLE as error:
        return _overview(answer_for(error))
    flash(
        _("Quedó sellado: sin hallazgos, entrada %(n)s de %(folio)s.", n=receipt.seq, folio=receipt.folio),
        "ok",
    )
    return redirect(
        url_for("inbox.today" if request.form.get("desde") == "bandeja" else "controls.overview"), 303
    )


@page.get("/<process>/<series>/lista")
@recorders
def form(process: str, series: str) -> Response:
    """Where a list is uploaded or pasted; one that waits is shown as it would go."""
    definition, found = _control(process, series)
    desk, key = _desk(process, series)
    if not desk.find(key).files:
        return _form(definition, found)
    return _preview(definition, found)


@page.post("/<process>/<series>/lista")
@recorders
def read(process: str, series: str) -> Response:
    """Keep the list as a draft and show what each row would do; nothing is sealed."""
    definition, found = _control(process, series)
    desk, key = _desk(process, series)
    pasted = request.form.get("texto", "").strip()
    file = request.files.get("lista")
    incoming = file if file is not None and file.filename else None
    if incoming is None and not pasted:
        abort(422, "no_upload")
    try:
        desk.discard(key)
        desk.add(key, incoming or _Pasted(_PASTED, io.BytesIO(pasted.encode())))
    except MENDABLE as error:
        return _form(definition, found, answer_for(error))
    return _preview(definition, found)


@page.post("/<process>/<series>/lista/abrir")
@recorders
def open_list(process: str, series: str) -> Response:
    """Seal the control with its list and open a case for each good row."""
    definition, found = _control(process, series)
    desk, key = _desk(process, series)
    try:
        with desk.submission(key) as submission:
            if not submission.uploads:
                return redirect(url_for("controls.form", process=process, series=series), 303)
            opened = current_house().cases.controls.open_findings(
                OpenFindings(
                    process,
                    series,
                    actor_for(person(), definition.opening.roles),
                    submission.uploads[0],
                    request.form.get("dia", ""),
                    request.form.get("note", "").strip(),
                )
            )
    except MENDABLE as error:
        return _preview(definition, found, answer_for(error))
    desk.discard(key)
    return _done(definition, found, opened)


@page.post("/<process>/<series>/lista/descartar")
@recorders
def discard(process: str, series: str) -> Response:
    """Forget a list that waits."""
    _control(process, series)
    desk, key = _desk(process, series)
    desk.discard(key)
    flash(_("El borrador se descartó."), "ok")
    return redirect(url_for("controls.form", process=process, series=series), 303)


def _control(process: str, series: str) -> tuple[Definition, Series]:
    try:
        definition = current_house().definitions.current(process)
    except UnknownProcess:
        abort(404)
    if series not in definition.by_series:
        abort(404)
    return definition, definition.by_series[series]


def _desk(process: str, series: str) -> tuple[DraftDesk, DraftKey]:
    desk = DraftDesk(current_house())
    return desk, desk.key(person().id, f"{DRAFT}{process}", series)


def _overview(answer: Answer | None = None) -> Response:
    text = render_template(
        "pages/controls.html",
        controls=lines(current_house()),
        trouble=_trouble(answer),
        key=secrets.token_hex(16),
    )
    return make_response(text, answer.status if answer else 200)


def _form(definition: Definition, series: Series, answer: Answer | None = None) -> Response:
    text = render_template(
        "pages/control_list.html",
        **_about(definition, series),
        proposal=None,
        opened=None,
        trouble=_trouble(answer),
    )
    return make_response(text, answer.status if answer else 200)


def _preview(definition: Definition, series: Series, answer: Answer | None = None) -> Response:
    """The list that waits, row by row."""
    desk, key = _desk(definition.process, series.code)
    files = desk.find(key).files
    if not files:
        return _form(definition, series, answer)
    try:
        staged, stream = desk.open_file(key, files[0].id)
        with stream:
            proposal = current_house().cases.controls.propose(
                definition.process, series.code, Upload(staged.name, stream)
            )
    except MENDABLE as error:
        desk.discard(key)
        return _form(definition, series, answer_for(error))
    text = render_template(
        "pages/control_list.html",
        **_about(definition, series),
        proposal=proposal,
        wrong=_wrong(proposal),
        rest=lambda row: rest_words(row, series),
        column_word=column_word,
        name=files[0].name,
        opened=None,
        trouble=_trouble(answer),
    )
    return make_response(text, answer.status if answer else 200)


def _done(definition: Definition, series: Series, opened: Opened) -> Response:
    told = ngettext("Se abrió %(num)d caso.", "Se abrieron %(num)d casos.", len(opened.cases))
    text = render_template(
        "pages/control_list.html",
        **_about(definition, series),
        proposal=None,
        opened=opened,
        told=told,
        wrong=[wrong_row(item) for item in opened.refused],
        trouble=None,
    )
    return make_response(text)


def _about(definition: Definition, series: Series) -> dict[str, object]:
    eyes = lens()
    return {
        "process": definition.process,
        "series": series.code,
        "control": eyes.say(series.name),
        "today": eyes.today().isoformat(),
        "day": _day_asked(eyes.today().isoformat()),
        "columns": columns_words(series),
        "grounds": {item.code: eyes.say(item.destination_name) for item in definition.grounds},
        "places": {item.destination: eyes.say(item.destination_name) for item in definition.grounds},
        "allowed": not eyes.roles.isdisjoint(definition.opening.roles),
    }


def _day_asked(today: str) -> str:
    """The day that a list is for: a past one where the page was asked for it, else today."""
    asked = request.values.get("dia", "")
    try:
        return min(date.fromisoformat(asked).isoformat(), today)
    except ValueError:
        return today


def _wrong(proposal: Proposal) -> list[Wrong]:
    return [wrong_row(item) for item in proposal.bad]


def _trouble(answer: Answer | None) -> Trouble | None:
    return trouble_of(answer, {}, lens()) if answer is not None else None

"""Populations, draws, tests and attributes of an engagement."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from auditing.attributes import attributes_of
from auditing.errors import AuditRefused
from auditing.fieldwork import Draw
from auditing.model import Method, Population
from auditing.population import Row, gaps_of
from auditing.sampling import cfr_size, new_seed
from web.downloads import download as send
from web.errors import Answer
from web.i18n import gettext as _
from web.inception import settle
from web.pages import auditsheets as lists
from web.pages.auditcases import show_case
from web.pages.auditforms import act, folios_typed, form_key, moment_asked
from web.pages.auditforms import page as shown
from web.pages.auditscope import lines_of
from web.pages.auditsheets import address, link_here
from web.pages.auditvisit import Visit, visit
from web.pages.context import process_names
from web.pages.forms import occurred_at
from web.security import anyone, fresh
from web.views.auditlists import population_row_columns, standing_cells, standing_headings
from web.views.audittables import spreadsheet
from web.views.auditwords import frequency_words
from web.views.tables import headings

page = Blueprint("auditfield", __name__, url_prefix="/auditoria/<eid>")
_GAPS = 50


@page.get("/poblaciones")
@anyone
def populations(eid: str) -> BaseResponse:
    """Populations frozen and samples drawn."""
    return _populations(visit(eid))


def _populations(found: Visit, answer: Answer | None = None) -> BaseResponse:
    terms = found.state.terms
    offered = [
        item for item in process_names(found.house) if not terms.processes or item.code in terms.processes
    ]
    return shown(
        "audit_populations",
        found,
        answer,
        offered=offered,
        listed=lists.populations(found),
        samples=lists.samples(found),
    )


@page.post("/poblaciones")
@anyone
def freeze(eid: str) -> BaseResponse:
    """Freeze a population from the log as it stands."""
    found, form = visit(eid), request.form

    def work() -> tuple[str, str]:
        if found.works:
            settle(found.house)  # what was sealed a moment ago is part of the log
        told = found.room.field.freeze(
            found.by(),
            eid,
            form.get("process", ""),
            form.get("start", ""),
            form.get("end", ""),
            title=form.get("title", ""),
            key=form_key(),
        )
        return _("Población congelada."), url_for("auditfield.population", eid=eid, pid=told.id)

    return act(work, lambda answer: _populations(found, answer))


@page.get("/poblaciones/<pid>")
@anyone
def population(eid: str, pid: str) -> BaseResponse:
    """A frozen population: its integrity record, its list by key, and the form that draws from it."""
    return _population(visit(eid), pid)


def _population(found: Visit, pid: str, answer: Answer | None = None) -> BaseResponse:
    told = _known_population(found, pid)
    frozen, moment = found.room.field.rows(found.state, pid), occurred_at(request.args.get("a_la_fecha", ""))
    told_list = _population_list(found, told, frozen)
    return shown(
        "audit_population",
        found,
        answer,
        population=told,
        listed=told_list,
        standing=lines_of(found, [row.folio for row in told_list.page.rows], moment),
        as_of=found.eyes.moment(moment) if moment else None,
        moments=_moments(found, told),
        link=link_here("auditfield.population", eid=found.state.id, pid=pid),
        asked=request.args,
        gaps=gaps_of(row.folio for row in frozen)[:_GAPS],
        checked=found.room.field.recompute(told) if request.args.get("comprobar") else None,
        seed=new_seed(),
        cfr=cfr_size(told.rows),
        frequencies=frequency_words(),
        samples=lists.samples(found, pid),
    )


def _population_list(found: Visit, told: Population, frozen: Sequence[Row]) -> lists.Listed[Row]:
    """The frozen list by folio or by opening; the state beside it is no part of it."""
    parts = {"eid": found.state.id, "pid": told.id}
    kept = {name: request.args.get(name, "") for name in ("orden", "a_la_fecha")}
    sheet = address("auditfield.population_file", {**parts, "form": "xlsx"}, kept) if found.downloads else ""
    link = link_here("auditfield.population", **parts)
    return lists.listed(_("Población"), frozen, population_row_columns(), lambda row: row.folio, link,
                        natural="folio", sheet=sheet)  # fmt: skip


def _moments(found: Visit, told: Population) -> list[tuple[str, str]]:
    """Dates worth looking at: when it was frozen, and the end of its period."""
    end = datetime.combine(date.fromisoformat(told.end), time(23, 59, 59))
    return [
        (_("al congelarla"), moment_asked(told.frozen.at, found.eyes)),
        (_("al fin del periodo"), end.isoformat()),
    ]


def _known_population(found: Visit, pid: str) -> Population:
    return found.state.population(pid) or abort(404)


@page.get("/poblaciones/<pid>/lista.<form>")
@anyone
@fresh
def population_file(eid: str, pid: str, form: str) -> Response:
    """The sealed list byte for byte (``csv``), or the same as a spreadsheet (``xlsx``)."""
    found = visit(eid)
    _known_population(found, pid)
    found.need_downloads()
    name = f"{eid}-{pid}"
    if form == "csv":
        data = found.room.field.file(found.state, pid)
        return send(io.BytesIO(data), f"{name}.csv", size=len(data))
    if form == "xlsx":
        told = _population_list(found, _known_population(found, pid), found.room.field.rows(found.state, pid))
        return _with_states(found, told, f"{name}.xlsx")
    return abort(404)


def _with_states(found: Visit, told: lists.Listed[Row], name: str) -> Response:
    """The frozen list in its order, and how each case stands today or stood at the moment asked for."""
    moment = occurred_at(request.args.get("a_la_fecha", ""))
    when = found.eyes.moment(moment or found.eyes.now).iso
    columns = [*headings(told.columns), *standing_headings()]

    def rows() -> Iterator[Sequence[str | int]]:
        for row in told.page.every:
            line = lines_of(found, [row.folio], moment).get(row.folio)
            yield [*(column.cell(row) for column in told.columns), *standing_cells(line), when]

    return spreadsheet(found.eyes, name, told.title, columns, rows())


@page.post("/poblaciones/<pid>/muestras")
@anyone
def draw(eid: str, pid: str) -> BaseResponse:
    """Draw a sample, or pick one with a reason."""
    found, form = visit(eid), request.form
    _known_population(found, pid)

    def work() -> tuple[str, str]:
        wanted = Draw(
            method=_method(form.get("method", "")),
            seed=form.get("seed", "").strip(),
            n=int(form["n"]) if form.get("n", "").isdecimal() and len(form["n"]) < 7 else 0,
            frequency=form.get("frequency", ""),
            picks=folios_typed(form.get("picks", "")),
            reason=form.get("reason", ""),
        )
        told = found.room.field.draw(found.by(), eid, pid, wanted, key=form_key())
        return _("Muestra extraída."), url_for("auditsample.sample", eid=eid, sid=told.id)

    return act(work, lambda answer: _population(found, pid, answer))


def _method(raw: str) -> Method:
    try:
        return Method(raw)
    except ValueError as error:
        raise AuditRefused("sample_size", wanted=raw[:20], most="") from error


@page.post("/muestras/<sid>/<folio>/pruebas")
@anyone
def test(eid: str, sid: str, folio: str) -> BaseResponse:
    """Seal the results of one case, and go to the next or stay."""
    found, form = visit(eid), request.form
    told = found.state.sample(sid) or abort(404)
    if folio not in told.folios:
        abort(404)
    results = {
        name.removeprefix("r."): (value, form.get(f"n.{name.removeprefix('r.')}", ""))
        for name, value in form.items()
        if name.startswith("r.") and value
    }

    def work() -> tuple[str, str]:
        found.room.field.test(found.by(), eid, sid, folio, results, key=form_key())
        place = told.folios.index(folio) + 1
        onward = told.folios[place] if form.get("onward") and place < told.n else folio
        when = request.args.get("a_la_fecha") or None
        return _("Pruebas selladas de %(folio)s.", folio=folio), url_for(
            "auditcases.show", eid=eid, folio=onward, muestra=sid, a_la_fecha=when
        )

    return act(work, lambda answer: show_case(found, folio, sid, answer))


@page.get("/atributos")
@anyone
def attributes(eid: str) -> BaseResponse:
    """What is tested, process by process."""
    return _attributes(visit(eid))


def _attributes(found: Visit, answer: Answer | None = None) -> BaseResponse:
    terms = found.state.terms
    offered = [
        item for item in process_names(found.house) if not terms.processes or item.code in terms.processes
    ]
    lists = [
        (item, attributes_of(found.state, item.code), item.code in found.state.attributes) for item in offered
    ]
    return shown("audit_attributes", found, answer, lists=lists)


@page.post("/atributos/<process>")
@anyone
def set_attributes(eid: str, process: str) -> BaseResponse:
    """Keep the ticked attributes of a process and add a new one."""
    found, form = visit(eid), request.form

    def work() -> tuple[str, str]:
        codes, names = form.getlist("code"), {}
        name = form.get("name", "").strip()
        if name:
            code = f"propio-{len(codes) + 1}"
            while code in codes:
                code += "x"
            codes, names = [*codes, code], {code: name}
        found.room.engagements.set_attributes(found.by(), eid, process, codes, names)
        return _("Atributos sellados."), url_for("auditfield.attributes", eid=eid, _anchor=process)

    return act(work, lambda answer: _attributes(found, answer))

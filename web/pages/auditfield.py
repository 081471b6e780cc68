"""Populations, samples, tests and attributes of an engagement."""

from __future__ import annotations

import io
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from auditing.attributes import attributes_of
from auditing.errors import AuditRefused
from auditing.fieldwork import Draw
from auditing.model import Attribute, Engagement, Method, Population, Result, Sample
from auditing.population import gaps_of
from auditing.sampling import cfr_size, new_seed, reproduces
from web.downloads import download as send
from web.errors import Answer
from web.i18n import gettext as _
from web.inception import settle
from web.pages.auditcases import show_case
from web.pages.auditforms import act, folios_typed, form_key
from web.pages.auditforms import page as shown
from web.pages.auditvisit import Visit, visit
from web.pages.context import process_names
from web.security import anyone
from web.views.audittables import exceptions_of, population_sheet, sample_sheet
from web.views.auditwords import frequency_words

page = Blueprint("auditfield", __name__, url_prefix="/auditoria/<eid>")
_ROWS = 100
_GAPS = 50
_SORTS = ("lugar", "folio", "resultado")


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A sample in the list, with how far its tests are."""

    sample: Sample
    process: str
    done: int
    total: int
    exceptions: int


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
        samples=[_sample_line(found.state, item) for item in reversed(found.state.samples)],
    )


def _sample_line(state: Engagement, sample: Sample) -> SampleLine:
    population = state.population(sample.population)
    process = population.process if population else ""
    done = sum(key[0] == sample.id for key in state.tests)
    total = sample.n * len(attributes_of(state, process))
    return SampleLine(sample, process, done, total, exceptions_of(state, sample))


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
    rows = found.room.field.rows(found.state, pid)
    falling = request.args.get("orden") == "desc"
    after = request.args.get("desde", "")
    ordered = rows[::-1] if falling else rows
    left = [row for row in ordered if not after or (row.folio < after if falling else row.folio > after)]
    gaps = gaps_of(row.folio for row in rows)
    return shown(
        "audit_population",
        found,
        answer,
        population=told,
        rows=[(row, found.eyes.moment(row.opened_at)) for row in left[:_ROWS]],
        following=left[_ROWS - 1].folio if len(left) > _ROWS else "",
        falling=falling,
        after=after,
        gaps=gaps[:_GAPS],
        checked=found.room.field.recompute(told) if request.args.get("comprobar") else None,
        seed=new_seed(),
        cfr=cfr_size(told.rows),
        frequencies=frequency_words(),
        samples=[_sample_line(found.state, item) for item in found.state.samples if item.population == pid],
    )


def _known_population(found: Visit, pid: str) -> Population:
    return found.state.population(pid) or abort(404)


@page.get("/poblaciones/<pid>/lista.<form>")
@anyone
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
        return population_sheet(found.room.field.rows(found.state, pid), found.eyes, f"{name}.xlsx")
    return abort(404)


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
        return _("Muestra extraída."), url_for("auditfield.sample", eid=eid, sid=told.id)

    return act(work, lambda answer: _population(found, pid, answer))


def _method(raw: str) -> Method:
    try:
        return Method(raw)
    except ValueError as error:
        raise AuditRefused("sample_size", wanted=raw[:20], most="") from error


@page.get("/muestras/<sid>")
@anyone
def sample(eid: str, sid: str) -> BaseResponse:
    """A sample as a matrix: cases by attributes, with what was tested."""
    found = visit(eid)
    told = found.state.sample(sid) or abort(404)
    population = _known_population(found, told.population)
    attributes = attributes_of(found.state, population.process)
    wanted = request.args.get("resultado", "")
    sort = request.args.get("orden", "") if request.args.get("orden", "") in _SORTS else "lugar"
    frozen = [row.folio for row in found.room.field.rows(found.state, told.population)]
    return shown(
        "audit_sample",
        found,
        sample=told,
        population=population,
        attributes=attributes,
        rows=_matrix(found.state, told, attributes, wanted, sort),
        reproduced=reproduces(told, frozen),
        wanted=wanted,
        sort=sort,
        line=_sample_line(found.state, told),
        first=_first_untested(found.state, told, attributes),
    )


def _matrix(
    state: Engagement, sample: Sample, attributes: tuple[Attribute, ...], wanted: str, sort: str
) -> list[tuple[int, str, list[object]]]:
    rows = []
    for place, folio in enumerate(sample.folios, 1):
        tests = [state.tests.get((sample.id, folio, item.code)) for item in attributes]
        found = {test.result if test else None for test in tests}
        keep = {
            "excepcion": Result.EXCEPTION in found,
            "pendiente": None in found,
            "probado": None not in found,
        }.get(wanted, True)
        if keep:
            rows.append((place, folio, tests))
    if sort == "folio":
        rows.sort(key=lambda row: row[1])
    if sort == "resultado":
        rows.sort(
            key=lambda row: (-sum(bool(test and test.result is Result.EXCEPTION) for test in row[2]), row[0])
        )
    return [(place, folio, list(tests)) for place, folio, tests in rows]


def _first_untested(state: Engagement, sample: Sample, attributes: tuple[Attribute, ...]) -> str:
    """The first case that still lacks a result; the first of all when none does."""
    lacking = (
        folio
        for folio in sample.folios
        if any((sample.id, folio, item.code) not in state.tests for item in attributes)
    )
    return next(lacking, sample.folios[0] if sample.folios else "")


@page.get("/muestras/<sid>/tabla.xlsx")
@anyone
def sample_table(eid: str, sid: str) -> Response:
    """The matrix as a spreadsheet."""
    found = visit(eid)
    told = found.state.sample(sid) or abort(404)
    found.need_downloads()
    population = _known_population(found, told.population)
    attributes = attributes_of(found.state, population.process)
    return sample_sheet(found.state, told, attributes, found.eyes, f"{eid}-{sid}.xlsx")


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
        return _("Pruebas selladas de %(folio)s.", folio=folio), url_for(
            "auditcases.show", eid=eid, folio=onward, muestra=sid
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

"""A sample: its cases by attributes, with what was tested and how each case stands or stood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from auditing.attributes import attributes_of
from auditing.model import Attribute, Population, Result, Sample, TestResult
from auditing.sampling import reproduces
from web.i18n import gettext as _
from web.pages.auditforms import page as shown
from web.pages.auditscope import lines_of
from web.pages.auditsheets import Listed, address, asked_whole, link_here, listed
from web.pages.auditvisit import Visit, visit
from web.pages.forms import occurred_at
from web.security import anyone, fresh
from web.views.auditlists import sample_line, standing_cells, standing_headings
from web.views.audittables import CaseLine, spreadsheet
from web.views.auditwords import attribute_name, result_sign
from web.views.tables import Column

page = Blueprint("auditsample", __name__, url_prefix="/auditoria/<eid>/muestras/<sid>")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A case of a sample: its place in the draw, and the test of each attribute."""

    place: int
    folio: str
    tests: tuple[TestResult | None, ...]

    @property
    def exceptions(self) -> int:
        """How many attributes came out as exceptions."""
        return sum(test is not None and test.result is Result.EXCEPTION for test in self.tests)

    @property
    def done(self) -> int:
        """How many attributes were tested."""
        return sum(test is not None for test in self.tests)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A sample as an address asks for it."""

    found: Visit
    sample: Sample
    population: Population
    attributes: tuple[Attribute, ...]
    listed: Listed[Drawn]

    def standing(self, folios: Sequence[str]) -> Mapping[str, CaseLine]:
        """How cases stand, at the moment asked for."""
        return lines_of(self.found, folios, occurred_at(request.args.get("a_la_fecha", "")))


@page.get("")
@anyone
def sample(eid: str, sid: str) -> BaseResponse:
    """The matrix: cases by attributes."""
    asked = _asked(eid, sid)
    found, told = asked.found, asked.sample
    moment = occurred_at(request.args.get("a_la_fecha", ""))
    frozen = [row.folio for row in found.room.field.rows(found.state, told.population)]
    return shown(
        "audit_sample",
        found,
        sample=told,
        population=asked.population,
        attributes=asked.attributes,
        listed=asked.listed,
        standing=asked.standing([row.folio for row in asked.listed.page.rows]),
        as_of=found.eyes.moment(moment) if moment else None,
        reproduced=reproduces(told, frozen),
        asked=request.args,
        link=link_here("auditsample.sample", eid=eid, sid=sid),
        line=sample_line(found.state, told),
        first=_first_untested(asked),
    )


@page.get("/tabla.xlsx")
@anyone
@fresh
def table(eid: str, sid: str) -> Response:
    """The matrix as it was filtered and sorted, whole: one row a case, two columns an attribute."""
    asked = _asked(eid, sid)
    found = asked.found
    found.need_downloads()
    columns = [(_("Lugar"), 8), (_("Folio"), 22)]
    for item in asked.attributes:
        columns += [(attribute_name(item, found.eyes), 18), (_("Nota"), 40)]
    moment = occurred_at(request.args.get("a_la_fecha", ""))
    when = found.eyes.moment(moment or found.eyes.now).iso

    def rows() -> Iterator[Sequence[str | int]]:
        for drawn in asked.listed.page.every:
            cells: list[str | int] = [drawn.place, drawn.folio]
            for test in drawn.tests:
                cells += [result_sign(test.result if test else None).word, test.note if test else ""]
            yield [*cells, *standing_cells(asked.standing([drawn.folio]).get(drawn.folio)), when]

    return spreadsheet(found.eyes, f"{eid}-{sid}.xlsx", sid, [*columns, *standing_headings()], rows())


def _asked(eid: str, sid: str) -> _Asked:
    found = visit(eid)
    told = found.state.sample(sid) or abort(404)
    population = found.state.population(told.population) or abort(404)
    attributes = attributes_of(found.state, population.process)
    tests = found.state.tests
    drawn = [
        Drawn(place, folio, tuple(tests.get((sid, folio, item.code)) for item in attributes))
        for place, folio in enumerate(told.folios, 1)
    ]
    sheet = address("auditsample.table", {"eid": eid, "sid": sid}, asked_whole()) if found.downloads else ""
    shown_list = listed(
        sid,
        [item for item in drawn if _wanted(item)],
        _columns(),
        lambda one: one.folio,
        link_here("auditsample.sample", eid=eid, sid=sid),
        natural="lugar",
        sheet=sheet,
    )
    return _Asked(found, told, population, attributes, shown_list)


def _wanted(drawn: Drawn) -> bool:
    return {
        "excepcion": drawn.exceptions > 0,
        "pendiente": drawn.done < len(drawn.tests),
        "probado": drawn.done == len(drawn.tests),
    }.get(request.args.get("resultado", ""), True)


def _columns() -> list[Column[Drawn]]:
    return [
        Column("lugar", _("Lugar"), 8, lambda one: one.place, number=True),
        Column("folio", _("Caso"), 22, lambda one: one.folio),
        Column("excepciones", _("Excepciones"), 12, lambda one: one.exceptions, number=True),
        Column("probados", _("Probados"), 12, lambda one: one.done, number=True),
    ]


def _first_untested(asked: _Asked) -> str:
    """The first case that still lacks a result; the first of all when none does."""
    folios, tests = asked.sample.folios, asked.found.state.tests
    lacking = (
        folio
        for folio in folios
        if any((asked.sample.id, folio, item.code) not in tests for item in asked.attributes)
    )
    return next(lacking, folios[0] if folios else "")

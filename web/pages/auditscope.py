"""The cases in scope as a list: filtered, sorted and paged by links, on any date, and as a spreadsheet.

As of a date a case's state is derived anew, so only what never changes (folio, opening) sorts then, and filters by
state are held against what was derived: some cases are looked at for each page, and the next goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from evidence.entry import format_time
from web.i18n import gettext as _
from web.pages.auditforms import page as shown
from web.pages.auditsheets import address, asked_whole, link_here
from web.pages.auditvisit import Visit, visit
from web.pages.context import definitions, in_force
from web.pages.forms import occurred_at
from web.security import anyone, fresh
from web.views.audittables import CaseLine, case_line, spreadsheet
from web.views.tables import Column, headings, heads
from workflows.ports import CaseQuery, CaseRow, Page

page = Blueprint("auditscope", __name__, url_prefix="/auditoria/<eid>/casos")
_ROWS = 50
_LOOKED_AT = 200
_BATCH = 500
_NATURAL = "-abierto"
_ORDERS = {
    "folio": "folio",
    "estado": "status",
    "excepciones": "exceptions",
    "abierto": "opened",
    "vence": "due",
}
_LASTING = frozenset({"folio", "abierto"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; ``moment`` is nothing for today."""

    process: str
    state: str
    text: str
    order: str
    moment: datetime | None

    def fits(self, line: CaseLine) -> bool:
        """Whether a derived line is of the state asked for; today the index has seen to it."""
        if self.moment is None:
            return True
        return {"abiertos": not line.closed, "cerrados": line.closed, "incompletos": not line.complete}.get(
            self.state, True
        )


@page.get("")
@anyone
def listing(eid: str) -> BaseResponse:
    """A page of the list."""
    found = visit(eid)
    codes = _codes(found)
    asked = _asked(codes)
    lines, following, total = _lines(found, asked, request.args.get("desde", ""))
    link = link_here("auditscope.listing", eid=eid)
    return shown(
        "audit_cases",
        found,
        lines=lines,
        total=total,
        codes=codes,
        process=asked.process,
        asked=request.args,
        as_of=found.eyes.moment(asked.moment) if asked.moment else None,
        link=link,
        heads=heads(_columns(found, asked), asked.order, link, natural=_NATURAL),
        first=link(desde="") if request.args.get("desde") else "",
        following=link(desde=following) if following else "",
        sheet=address("auditscope.table", {"eid": eid}, asked_whole()) if found.downloads else "",
    )


@page.get("/tabla.xlsx")
@anyone
@fresh
def table(eid: str) -> Response:
    """The same list, whole."""
    found = visit(eid)
    found.need_downloads()
    asked = _asked(_codes(found))
    columns = _columns(found, asked)
    rows = ([column.cell(line) for column in columns] for line in _every(found, asked))
    day = f"-{asked.moment:%Y%m%d-%H%M}" if asked.moment else ""
    return spreadsheet(
        found.eyes, f"{eid}-{asked.process}-casos{day}.xlsx", _("Casos"), headings(columns), rows
    )


def _codes(found: Visit) -> tuple[str, ...]:
    return found.state.terms.processes or tuple(item.process for item in in_force(found.house))


def _asked(codes: Sequence[str]) -> Asked:
    args = request.args
    moment = occurred_at(args.get("a_la_fecha", ""))
    order, process = args.get("orden", ""), args.get("proceso", "")
    known = _LASTING if moment is not None else frozenset(_ORDERS)
    return Asked(
        process=process if process in codes else codes[0],
        state=args.get("estado", ""),
        text=args.get("q", ""),
        order=order if order.removeprefix("-") in known else _NATURAL,
        moment=moment,
    )


def _columns(found: Visit, asked: Asked) -> list[Column[CaseLine]]:
    def sorts(code: str) -> bool:
        return asked.moment is None or code in _LASTING

    columns: list[Column[CaseLine]] = [
        Column("folio", _("Caso"), 22, lambda line: line.folio),
        Column("titulo", _("Título"), 40, lambda line: line.title, shown=False),
        Column("estado", _("Estado"), 28, lambda line: line.sign.word, sorts=sorts("estado")),
        Column("cerrado", _("Cerrado"), 10, lambda line: _yes(line.closed), shown=False),
        Column("completo", _("Expediente completo"), 12, lambda line: _yes(line.complete), shown=False),
        Column("avance", _("Avance"), 10, lambda line: line.progress, number=True, sorts=False),
        Column("excepciones", _("Excepciones"), 12, lambda line: line.exceptions, number=True,
               sorts=sorts("excepciones")),
        Column("abierto", _("Abierto"), 22, lambda line: line.opened.iso, title=_("Abierto (UTC)")),
    ]  # fmt: skip
    if asked.moment is None:
        columns.append(
            Column(
                "vence", _("Vence"), 22, lambda line: line.due.iso if line.due else "", title=_("Vence (UTC)")
            )
        )
    else:
        told = found.eyes.moment(asked.moment).iso
        columns.append(Column("fecha", _("Como estaba el (UTC)"), 22, lambda _line: told, shown=False))
    return columns


def _yes(told: bool) -> str:
    return _("sí") if told else _("no")


def _lines(found: Visit, asked: Asked, after: str) -> tuple[list[CaseLine], str, int | None]:
    """A page of lines, where the next begins, and how many there are in all (nothing: it would take deriving all)."""
    lines: list[CaseLine] = []
    looked = 0
    while True:
        rows = _find(found, asked, after, _ROWS)
        lines += _told(found, asked, rows.rows)
        looked, after = looked + len(rows.rows), rows.next
        if not after or len(lines) >= _ROWS or looked >= _LOOKED_AT:
            counted = asked.moment is None or not asked.state
            return lines, after, rows.total if counted else None


def _every(found: Visit, asked: Asked) -> Iterator[CaseLine]:
    after = ""
    while True:
        rows = _find(found, asked, after, _BATCH)
        yield from _told(found, asked, rows.rows)
        if not rows.next:
            return
        after = rows.next


def _find(found: Visit, asked: Asked, after: str, limit: int) -> Page[CaseRow]:
    terms, today = found.state.terms, asked.moment is None
    until = _midnight(found, terms.end, 1)
    if asked.moment is not None:
        until = min(until, format_time(asked.moment + timedelta(microseconds=1)))
    column = asked.order.removeprefix("-")
    query = CaseQuery(
        process=asked.process,
        opened_from=_midnight(found, terms.start, 0),
        opened_to=until,
        closed={"abiertos": False, "cerrados": True}.get(asked.state) if today else None,
        complete=False if today and asked.state == "incompletos" else None,
        text="" if found.masked else asked.text,
        order=_ORDERS[column],
        turned=asked.order.startswith("-") != (column == "abierto"),
        after=after,
        limit=limit,
    )
    try:
        return found.house.index.find(query)
    except ValueError:  # a cursor that this index did not give
        abort(400)


def _midnight(found: Visit, day: str, plus: int) -> str:
    """The first moment of a day in the house's zone, so many days on, as a ledger time."""
    here = datetime.combine(date.fromisoformat(day) + timedelta(days=plus), time(), found.room.chain.zone)
    return format_time(here)


def _told(found: Visit, asked: Asked, rows: Sequence[CaseRow]) -> Iterator[CaseLine]:
    known = definitions(found.house)
    for row in rows:
        if not found.room.chain.in_scope(found.state, row.folio):
            continue
        view = found.house.cases.view(row.folio, as_of=asked.moment) if asked.moment is not None else None
        title = "" if found.masked else row.title
        line = case_line(
            row, known(row.process, row.version), view.state if view else None, title, found.eyes
        )
        if asked.fits(line):
            yield line


def lines_of(found: Visit, folios: Sequence[str], moment: datetime | None) -> Mapping[str, CaseLine]:
    """Cases by folio as they are, or were at a moment; those not in scope or not opened by then are left out."""
    known, lines = definitions(found.house), dict[str, CaseLine]()
    for folio in folios:
        row = found.house.index.get(folio)
        late = moment is not None and row is not None and row.opened_at > format_time(moment)
        if row is None or late or not found.room.chain.in_scope(found.state, folio):
            continue
        view = found.house.cases.view(folio, as_of=moment) if moment is not None else None
        title = "" if found.masked else row.title
        lines[folio] = case_line(
            row, known(row.process, row.version), view.state if view else None, title, found.eyes
        )
    return lines

"""The lists of an engagement in the order and with the filters that an address asks for, as pages and as spreadsheets.

Both come from one place, so that a spreadsheet holds exactly what was filtered, whole, in the order that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from auditing.model import Finding, Item, Population, Result, Severity, Standing
from evidence.entry import EntryKind
from web.i18n import gettext as _
from web.pages.auditforms import page as shown
from web.pages.auditvisit import Visit, visit
from web.security import anyone, fresh
from web.views import auditlists as lists
from web.views.audittables import spreadsheet
from web.views.kinds import kind_sign
from web.views.lens import Lens
from web.views.tables import Arranged, BadPlace, Column, Link, arrange, headings

page = Blueprint("auditsheets", __name__, url_prefix="/auditoria/<eid>")
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Told]):
    """A list as asked for: its columns, the page of it, and the address of the spreadsheet (``""``: none is given)."""

    title: str
    columns: Sequence[Column[Told]]
    page: Arranged[Told]
    sheet: str = ""


def address(endpoint: str, parts: Mapping[str, str], asked: Mapping[str, str]) -> str:
    """The address of an endpoint with what is asked of it; empty members are left out."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return url_for(endpoint, **parts) + (f"?{query}" if query else "")  # type: ignore[arg-type]


def asked_whole() -> dict[str, str]:
    """What is asked of this page, without the place where a page of it begins."""
    return {name: value for name, value in request.args.items() if not name.endswith("desde")}


def link_here(endpoint: str, **parts: str) -> Link:
    """Makes addresses of a page with what is asked of it now, some members changed."""
    kept = request.args.to_dict()

    def link(**changed: str) -> str:
        return address(endpoint, parts, {**kept, **changed})

    return link


def listed(
    title: str,
    items: Iterable[Told],
    columns: Sequence[Column[Told]],
    name: Callable[[Told], str],
    link: Link,
    *,
    natural: str,
    prefix: str = "",
    sheet: str = "",
) -> Listed[Told]:
    """The page of a list that this request asks for; 400 where it asks for a place that is none."""
    try:
        found = arrange(items, columns, name, request.args, link, natural=natural, prefix=prefix)
    except BadPlace:
        abort(400)
    return Listed(title, columns, found, sheet)


def sheet_of(told: Listed[Told], eyes: Lens, name: str) -> Response:
    """The whole list, in its order, every column, as a spreadsheet."""
    rows = ([column.cell(item) for column in told.columns] for item in told.page.every)
    return spreadsheet(eyes, name, told.title, headings(told.columns), rows)


def _of(found: Visit, which: str, endpoint: str) -> tuple[Link, str]:
    """Addresses of a list of an engagement: the page's, and the spreadsheet's where it may be taken."""
    eid = found.state.id
    sheet = address("auditsheets.table", {"eid": eid, "which": which}, asked_whole())
    return link_here(endpoint, eid=eid), sheet if found.downloads else ""


def populations(found: Visit) -> Listed[Population]:
    """Populations, the newest first."""
    link, sheet = _of(found, "poblaciones", "auditfield.populations")
    return listed(_("Poblaciones"), found.state.populations, lists.population_columns(found.eyes), lambda one: one.id,
                  link, natural="-poblacion", sheet=sheet)  # fmt: skip


def samples(found: Visit, population: str = "") -> Listed[lists.SampleLine]:
    """Samples of the engagement, or of one population, the newest first."""
    link, sheet = _of(found, "muestras", "auditfield.populations")
    wanted = population or request.args.get("poblacion", "")
    if population:
        link = link_here("auditfield.population", eid=found.state.id, pid=population)
        sheet = sheet and url_for(
            "auditsheets.table", eid=found.state.id, which="muestras", poblacion=population
        )
    lines = [
        lists.sample_line(found.state, item)
        for item in found.state.samples
        if wanted in {"", item.population}
    ]
    return listed(_("Muestras"), lines, lists.sample_columns(found.eyes), lambda one: one.sample.id, link,
                  natural="-muestra", prefix="m_", sheet=sheet)  # fmt: skip


def tests(found: Visit) -> Listed[lists.TestLine]:
    """Tests, as their samples were drawn; by result, sample or attribute."""
    link, sheet = _of(found, "pruebas", "auditsheets.tests_page")
    lines = [one for one in lists.test_lines(found.state, found.eyes) if _asked_test(one)]
    return listed(_("Pruebas"), lines, lists.test_columns(found.eyes), _test_name, link,
                  natural="muestra", sheet=sheet)  # fmt: skip


def _asked_test(one: lists.TestLine) -> bool:
    told = {
        "resultado": str(one.test.result),
        "muestra": one.test.sample,
        "atributo": one.test.attribute,
    }
    return all(request.args.get(name, "") in {"", value} for name, value in told.items())


def _test_name(one: lists.TestLine) -> str:
    return f"{one.test.sample}/{one.test.folio}/{one.test.attribute}"


def findings(found: Visit) -> Listed[Finding]:
    """Findings, the newest first; by severity and standing."""
    link, sheet = _of(found, "hallazgos", "auditwork.findings")
    severity, standing = request.args.get("gravedad", ""), request.args.get("estado", "")
    kept = [
        item
        for item in found.state.findings
        if (severity not in set(Severity) or item.severity == severity)
        and {"abiertos": item.standing not in OVER, "cerrados": item.standing in OVER}.get(standing, True)
    ]
    return listed(_("Hallazgos"), kept, lists.finding_columns(found.eyes), lambda one: one.id, link,
                  natural="-hallazgo", sheet=sheet)  # fmt: skip


OVER = frozenset({Standing.CLOSED, Standing.WITHDRAWN})
"""Where nothing more is to be done about a finding."""

_ITEM_VIEWS: Mapping[str, frozenset[str]] = {
    "pendientes": frozenset({"asked", "returned"}),
    "respondidas": frozenset({"answered"}),
    "aceptadas": frozenset({"accepted"}),
}


def items(found: Visit) -> Listed[Item]:
    """The request list in the order asked; by where they stand."""
    link, sheet = _of(found, "solicitudes", "auditwork.items")
    wanted = _ITEM_VIEWS.get(request.args.get("ver", ""))
    kept = [item for item in found.state.items if wanted is None or item.state in wanted]
    return listed(_("Solicitudes"), kept, lists.item_columns(found.eyes), lambda one: one.id, link,
                  natural="solicitud", sheet=sheet)  # fmt: skip


def book(found: Visit) -> Listed[lists.BookLine]:
    """The chain, the newest first; by kind of entry."""
    link, sheet = _of(found, "bitacora", "audit.book")
    wanted = request.args.get("que", "")
    lines = [
        lists.book_line(item, found.eyes)
        for item in found.house.ledger.history(found.state.chain)
        if wanted in {"", str(item.entry.kind)}
    ]
    return listed(_("Bitácora del encargo"), lines, lists.book_columns(), lambda one: f"{one.line.seq:09}", link,
                  natural="-numero", sheet=sheet)  # fmt: skip


def book_kinds(found: Visit) -> list[tuple[str, str]]:
    """The kinds of entries that the chain has, with their words."""
    kinds = dict.fromkeys(item.entry.kind for item in found.house.ledger.history(found.state.chain))
    return [(str(kind), kind_sign(str(kind)).word) for kind in EntryKind if kind in kinds]


_LISTS: Mapping[str, Callable[[Visit], Listed]] = {  # type: ignore[type-arg]  # each of its own lines
    "poblaciones": populations,
    "muestras": samples,
    "pruebas": tests,
    "hallazgos": findings,
    "solicitudes": items,
    "bitacora": book,
}


@page.get("/tablas/<which>.xlsx")
@anyone
@fresh
def table(eid: str, which: str) -> Response:
    """A list as its page shows it with the same address, whole."""
    found = visit(eid)
    if which not in _LISTS:
        abort(404)
    found.need_downloads()
    return sheet_of(_LISTS[which](found), found.eyes, f"{eid}-{which}.xlsx")


@page.get("/pruebas")
@anyone
def tests_page(eid: str) -> BaseResponse:
    """Every test of every sample."""
    found = visit(eid)
    told = tests(found)
    state = found.state
    return shown(
        "audit_tests",
        found,
        listed=told,
        link=link_here("auditsheets.tests_page", eid=eid),
        results=list(Result),
        samples=[item.id for item in state.samples],
        asked=request.args,
    )

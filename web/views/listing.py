"""Lists of cases: rows in words, and filters that are links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.entry import format_time
from web.i18n import gettext as _
from web.views.inbox import Definitions
from web.views.kinds import Sign
from web.views.lens import Due, Lens, Moment
from web.views.tallies import COUNTED
from workflows.board import CaseSet
from workflows.definition import Definition
from workflows.ports import CaseQuery, CaseRow, Page

FILTERS = ("proceso", "estado", "vence", "orden", *COUNTED)
PAGE_ROWS = 40
COUNTED_ROWS = 200
"""A search that finds more tells so: nobody reads on that far, and counting all costs what the log is long."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter."""

    text: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A filter."""

    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list."""

    folio: str
    title: str
    sign: Sign
    closed: bool
    complete: bool
    next_step: str
    next_name: str
    due: Due | None
    progress: str
    opened: Moment


@dataclass(frozen=True, slots=True)
class Listing:
    """The page. ``kept`` are the filters that the search form must not lose.

    ``counted`` says in words which number of the board is listed, ``uncounted`` is the address without that filter.
    """

    query: str
    clear: str
    total: int
    beyond: bool
    rows: tuple[Row, ...]
    filters: tuple[Group, ...]
    kept: tuple[tuple[str, str], ...]
    first: str
    next: str
    counted: str = ""
    uncounted: str = ""


def query_of(asked: Mapping[str, str], now: datetime, counted: CaseSet | None = None) -> CaseQuery:
    """The index query that an address asks for; unknown values do not filter. ``counted``: a number of the board."""
    state = asked.get("estado", "todos" if counted else "abiertos")
    closed = {"abiertos": False, "cerrados": True}.get(state)
    until = {"hoy": now + timedelta(days=1), "vencidos": now}.get(asked.get("vence", ""))
    return CaseQuery(
        process=asked.get("proceso", ""),
        closed=None if asked.get("q") and "estado" not in asked else closed,
        complete=False if state == "incompletos" else None,
        text=asked.get("q", "").strip(),
        counted=counted,
        due_until=format_time(until) if until else "",
        order="due" if until or asked.get("orden") == "vence" else "opened",
        limit=PAGE_ROWS,
        after=asked.get("despues", ""),
        count_to=COUNTED_ROWS,
    )


def build_listing(
    page: Page[CaseRow],
    asked: Mapping[str, str],
    definitions: Definitions,
    processes: Sequence[str],
    lens: Lens,
    link: Callable[[Mapping[str, str]], str],
    counted: str = "",
) -> Listing:
    """The page of a result; ``link`` makes the address of a set of filters, ``counted`` are a board's words for it."""
    kept = {name: asked[name] for name in (*FILTERS, "q") if asked.get(name)}
    return Listing(
        query=asked.get("q", ""),
        clear=link({name: value for name, value in kept.items() if name != "q"}),
        total=page.total,
        beyond=page.beyond,
        rows=tuple(_row(row, definitions(row.process, row.version), lens) for row in page.rows),
        filters=_groups(kept, processes, link),
        kept=tuple((name, value) for name, value in kept.items() if name != "q"),
        first=link(kept) if asked.get("despues") else "",
        next=link({**kept, "despues": page.next}) if page.next else "",
        counted=counted,
        uncounted=link({name: value for name, value in kept.items() if name not in COUNTED})
        if counted
        else "",
    )


def _row(row: CaseRow, definition: Definition | None, lens: Lens) -> Row:
    document = row.document
    step = definition.by_step.get(str(document.get("next_step", ""))) if definition else None
    status = lens.say(definition.status_name(row.status)) if definition else row.status
    due = lens.due(row.next_due) if row.next_due else None
    return Row(
        folio=row.folio,
        title=row.title,
        sign=_sign(row, status, late=due is not None and due.state == "late"),
        closed=row.closed,
        complete=row.complete,
        next_step=step.code if step else "",
        next_name=lens.say(step.name) if step else "",
        due=due,
        progress=progress(document.get("steps")),
        opened=lens.moment(row.opened_at),
    )


def _sign(row: CaseRow, status: str, *, late: bool) -> Sign:
    if row.closed:
        return Sign(status, "ok" if row.complete else "warn", "check")
    return Sign(status, "late" if late else "wait", "clock" if row.document.get("waiting") else "target")


def progress(steps: object) -> str:
    """``12/27``: steps settled of those that count, from the stored states."""
    if not isinstance(steps, list):
        return ""
    states = [step for step in steps if isinstance(step, dict)]
    done = sum(step.get("status") in {"hecho", "dispensado"} for step in states)
    owed = sum(
        bool(step.get("mandatory")) and step.get("status") not in {"hecho", "dispensado"} for step in states
    )
    return f"{done}/{done + owed}"


def _groups(
    kept: Mapping[str, str], processes: Sequence[str], link: Callable[[Mapping[str, str]], str]
) -> tuple[Group, ...]:
    states = (
        ("abiertos", _("Abiertos")),
        ("cerrados", _("Cerrados")),
        ("incompletos", _("Expediente incompleto")),
        ("todos", _("Todos")),
    )
    limits = (("", _("Cualquier plazo")), ("vencidos", _("Vencidos")), ("hoy", _("Vencen en 24 horas")))
    orders = (("", _("Los más nuevos")), ("vence", _("Lo que vence antes")))
    state = "" if kept.get("q") else "todos" if kept.get("cuenta") else "abiertos"
    found = [
        _group(kept, link, _("Estado"), "estado", states, state),
        _group(kept, link, _("Plazo"), "vence", limits),
        _group(kept, link, _("Orden"), "orden", orders),
    ]
    if len(processes) > 1:
        codes = (("", _("Todos los procesos")), *((code, code) for code in processes))
        found.insert(0, _group(kept, link, _("Proceso"), "proceso", codes))
    return tuple(found)


def _group(
    kept: Mapping[str, str],
    link: Callable[[Mapping[str, str]], str],
    label: str,
    name: str,
    options: Sequence[tuple[str, str]],
    default: str = "",
) -> Group:
    """One row of filters: each option keeps what the others say."""
    now = kept.get(name, default)
    others = {key: value for key, value in kept.items() if key != name}
    chosen = tuple(
        Option(text, link({**others, name: value} if value else others), value == now)
        for value, text in options
    )
    return Group(label, chosen)

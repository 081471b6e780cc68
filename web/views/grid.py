"""The rows of a campaign as a grid: rows in words, filters and orders that are links, and who may decide what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from web.i18n import gettext as _
from web.views.lens import Lens, Moment
from workflows.definition import Definition
from workflows.ranges import format_ranges, spread_ranges
from workflows.rosterrules import RosterRules
from workflows.rosterview import (
    CHANGED,
    FIRM,
    OPEN,
    OWN,
    REMOVED,
    SILENT,
    UNDECIDED,
    RosterQuery,
    RosterRow,
    RosterView,
)

PAGE_ROWS = 100
FILTERS = ("area", "cam", "decision", "marca", "q", "orden")
"""Names of what an address of the grid may say; ``desde`` is the page."""

Link = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Word:
    """A value of the closed lists: its code, what people read, and its tone (ok, wait, warn, late, idle)."""

    code: str
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row. ``barred`` says why this person cannot decide it; ``sort`` are its keys by column."""

    number: int
    hid: str
    name: str
    kind: str
    area: str
    area_name: str
    status: Word
    decision: Word
    marks: tuple[Word, ...]
    who: str
    when: Moment | None
    seq: int
    flags: str
    link: str
    barred: str


@dataclass(frozen=True, slots=True)
class FilterOption:
    """One value of a filter, how many rows of the whole roster have it, and the address that asks for it."""

    value: str
    text: str
    number: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter; ``name`` is what the address calls it."""

    name: str
    label: str
    options: tuple[FilterOption, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that orders: ``href`` asks for it, or for the other way round; ``state`` is what ``aria-sort`` says."""

    key: str
    text: str
    href: str
    state: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the person may do: decide rows, resolve those that await somebody, or look. ``why`` says why not more.

    ``mail``: a decision of the director that somebody else records needs his mail.
    """

    decide: bool
    resolve: bool
    mail: bool
    why: str

    @property
    def any(self) -> bool:
        """Whether anything may be decided here."""
        return self.decide or self.resolve


@dataclass(frozen=True, slots=True)
class Grid:
    """The page. ``seen`` is the case's last entry; ``matching`` the numbers of all rows that match, as ranges."""

    folio: str
    title: str
    seen: int
    total: int
    all_rows: int
    rows: tuple[GridRow, ...]
    matching: str
    query: str
    kept: tuple[tuple[str, str], ...]
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    choices: tuple[Word, ...]
    standing: Standing
    decidable: bool
    first: int
    before: str
    after: str


def query_of(asked: Mapping[str, str], *, limit: int = PAGE_ROWS) -> RosterQuery:
    """The rows an address asks for; unknown values match nothing, an unknown order is the sheet's."""
    begin = asked.get("desde", "")
    return RosterQuery(
        text=asked.get("q", "").strip(),
        area=asked.get("area", ""),
        status=asked.get("cam", ""),
        decision=asked.get("decision", ""),
        flag=asked.get("marca", ""),
        sort=asked.get("orden", "number"),
        offset=int(begin) if begin.isdecimal() and len(begin) < 7 else 0,
        limit=limit,
    )


def build_grid(
    view: RosterView,
    definition: Definition,
    rules: RosterRules,
    asked: Mapping[str, str],
    lens: Lens,
    link: Link,
    *,
    title: str,
    seen: int,
) -> Grid:
    """One page of the grid; ``link`` makes the address of a set of filters."""
    query = query_of(asked)
    found = view.find(query)
    kept = {name: asked[name] for name in FILTERS if asked.get(name)}
    standing = standing_of(view, definition, rules, lens)
    later = query.offset + PAGE_ROWS
    return Grid(
        folio=view.folio,
        title=title,
        seen=seen,
        total=found.total,
        all_rows=len(view.rows),
        rows=tuple(grid_row(row, rules, standing, lens) for row in found.rows),
        matching=found.matching,
        query=query.text,
        kept=tuple((name, value) for name, value in kept.items() if name != "q"),
        filters=filters_of(view, rules, kept, lens, link),
        columns=_columns(kept, link),
        choices=tuple(decision_word(rules, item.code, lens) for item in rules.decisions),
        standing=standing,
        decidable=view.decidable,
        first=query.offset,
        before=link({**kept, "desde": str(max(0, query.offset - PAGE_ROWS))}) if query.offset else "",
        after=link({**kept, "desde": str(later)}) if later < found.total else "",
    )


def standing_of(view: RosterView, definition: Definition, rules: RosterRules, lens: Lens) -> Standing:
    """What the person may decide, by the roles of the steps that decisions are recorded in."""
    decide = _may(definition, lens, rules.review, rules.answers)
    resolve = _may(definition, lens, rules.resolve)
    performer = definition.by_step[rules.resolve].performer
    why = ""
    if not view.decidable:
        why = _("Ya hay un archivo final: las filas se deciden otra vez sólo si empieza otra ronda.")
    elif not decide and not resolve:
        names = (lens.role(definition, role) for role in definition.by_step[rules.answers].roles)
        why = _(
            "Deciden las filas: %(roles)s. Tu cuenta las ve, y ve quién decidió y por qué.",
            roles=", ".join(names),
        )
    elif not decide:
        why = _("Tú decides las discrepancias; las demás filas las decide la mesa de ayuda.")
    return Standing(
        decide=decide and view.decidable,
        resolve=resolve and view.decidable,
        mail=resolve and performer not in lens.roles,
        why=why,
    )


def _may(definition: Definition, lens: Lens, *steps: str) -> bool:
    return any(not lens.roles.isdisjoint(definition.by_step[step].roles) for step in steps)


def grid_row(row: RosterRow, rules: RosterRules, standing: Standing, lens: Lens) -> GridRow:
    """One row in words."""
    return GridRow(
        number=row.number,
        hid=row.hid,
        name=row.name,
        kind=row.kind,
        area=row.area,
        area_name=row.area_name,
        status=status_word(rules, row.status, lens),
        decision=decision_word(rules, row.decision, lens),
        marks=tuple(flag_word(flag) for flag in row.flags if flag in _SHOWN),
        who=lens.who(row.by) if row.by else "",
        when=lens.maybe(row.at),
        seq=row.seq,
        flags=" ".join(row.flags),
        link=row.link,
        barred=barred(row, standing),
    )


def barred(row: RosterRow, standing: Standing) -> str:
    """Why this person cannot decide this row; empty: they can."""
    if OPEN in row.flags or FIRM in row.flags:
        return "" if standing.resolve else _("la resuelve el director")
    return "" if standing.decide else standing.why


def decision_word(rules: RosterRules, code: str, lens: Lens) -> Word:
    """A decision; the missing one too."""
    found = rules.by_decision.get(code)
    if found is None:
        return Word("", _("sin decisión"), "idle")
    return Word(code, lens.say(found.name), "warn" if found.open else "late" if found.removes else "ok")


def status_word(rules: RosterRules, code: str, lens: Lens) -> Word:
    """What the house's register says of a row."""
    found = rules.by_status.get(code)
    if found is None:
        return Word("", _("sin extracto"), "idle")
    follows = rules.by_decision[found.silence]
    return Word(code, lens.say(found.name), "warn" if follows.open else "late" if follows.removes else "ok")


_SHOWN = (OWN, SILENT, CHANGED, FIRM, REMOVED)


def flag_word(flag: str) -> Word:
    """What makes a row remarkable."""
    words = {
        OPEN: (_("discrepancia"), "warn"),
        OWN: (_("autocertificación"), "warn"),
        SILENT: (_("por silencio"), "wait"),
        CHANGED: (_("cambiada"), "wait"),
        FIRM: (_("resuelta por el director"), "ok"),
        REMOVED: (_("baja ejecutada"), "ok"),
    }
    text, tone = words.get(flag, (flag, "idle"))
    return Word(flag, text, tone)


def filters_of(
    view: RosterView, rules: RosterRules, kept: Mapping[str, str], lens: Lens, link: Link
) -> tuple[Filter, ...]:
    """Every filter with its values and how many rows have each."""
    areas = [(area.area, area.name, area.rows) for area in view.areas]
    status = Counter(row.status or UNDECIDED for row in view.rows)
    decision = Counter(row.decision or UNDECIDED for row in view.rows)
    flags = Counter(flag for row in view.rows for flag in row.flags)
    decisions = [(item.code, lens.say(item.name), decision[item.code]) for item in rules.decisions]
    statuses = [(item.code, lens.say(item.name), status[item.code]) for item in rules.statuses]
    unknown = [(UNDECIDED, _("sin extracto"), status[UNDECIDED])] if status[UNDECIDED] else []
    marks = [(flag, flag_word(flag).text, flags[flag]) for flag in (OPEN, *_SHOWN) if flags[flag]]
    lists = (
        ("decision", _("Decisión"), [(UNDECIDED, _("sin decisión"), decision[UNDECIDED]), *decisions]),
        ("cam", _("CAM"), [*statuses, *unknown]),
        ("marca", _("Marca"), marks),
        ("area", _("Área"), areas),
    )
    return tuple(_filter(name, label, values, kept, link) for name, label, values in lists if values)


def _filter(
    name: str, label: str, values: Sequence[tuple[str, str, int]], kept: Mapping[str, str], link: Link
) -> Filter:
    now = kept.get(name, "")
    others = {key: value for key, value in kept.items() if key != name}
    return Filter(
        name,
        label,
        tuple(
            FilterOption(
                value, text, number, link(others if value == now else {**others, name: value}), value == now
            )
            for value, text, number in values
        ),
    )


def _columns(kept: Mapping[str, str], link: Link) -> tuple[Column, ...]:
    now = kept.get("orden", "number")
    others = {key: value for key, value in kept.items() if key != "orden"}
    names = (
        ("number", _("Fila")),
        ("name", _("Persona")),
        ("area", _("Área")),
        ("status", _("CAM")),
        ("decision", _("Decisión")),
        ("at", _("Quién y cuándo")),
    )
    found = []
    for key, text in names:
        upward = now == key
        state = "ascending" if upward else "descending" if now == f"-{key}" else ""
        found.append(Column(key, text, link({**others, "orden": f"-{key}" if upward else key}), state))
    return tuple(found)


def posted_rows(chosen: Sequence[str], ranges: str) -> str:
    """The rows of a posted form as ranges: boxes ticked one by one, or ranges as text; ``""`` for none.

    Raises:
        ValueError: neither numbers nor ranges.
    """
    numbers = {int(raw) for raw in chosen if raw.isdecimal() and len(raw) < 8}
    if ranges.strip():
        numbers.update(spread_ranges(ranges))
    return format_ranges(numbers)

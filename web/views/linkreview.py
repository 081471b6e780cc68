"""The page behind a personal link that asks an area to review its rows: those rows, what can be decided, how far it is.

Of each row it shows what the decision needs (key, name, kind, what the register says, the decision) and no address or
identifier of the tax office; of who decided, whether it was the person herself or the desk, and no names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from evidence.words import digest_words
from signing.levels import satisfies
from signing.links import Standing
from signing.records import Request
from web.i18n import gettext as _
from web.linkroom import LinkRoom
from web.views.campaign import Progress, progress_of
from web.views.grid import Grid, GridRow, build_grid, grid_row
from web.views.grid import Standing as May
from web.views.lens import Lens, Moment
from workflows.definition import Definition
from workflows.errors import NotACampaign
from workflows.rosterrules import RosterRules
from workflows.rosterview import RosterRow, RosterView


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """The request. ``open``: it waits for decisions; ``over``: its area's days have ended; ``window``: when they do."""

    id: str
    folio: str
    area: str
    asker: str
    note: str
    digest: str
    words: tuple[str, ...]
    window: Moment | None
    open: bool
    over: bool


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The whole page. ``others`` are further areas of the same person (id and name); ``closed``: a code is lacking."""

    item: ReviewItem
    grid: Grid | None
    progress: Progress | None
    others: tuple[tuple[str, str], ...]
    closed: bool
    call: str
    phone: str
    until: Moment


@dataclass(frozen=True, slots=True)
class Area:
    """One request with its rows, its rules and what may be done now; ``seen`` is the campaign's last entry.

    ``window`` is when the area's days end, as a ledger time.
    """

    request: Request
    roster: RosterView
    rules: RosterRules
    may: May
    over: bool
    seen: int
    definition: Definition
    window: str


def area_behind(standing: Standing, request: Request, room: LinkRoom) -> Area:
    """What a request leads to, as it stands now: the campaign is derived once. Raises `NotACampaign`."""
    desk = room.reviews
    case = room.office.cases.view(request.folio)
    roster = desk.rows(request)
    window = next((item.due_at for item in roster.areas), "")
    over = not standing.now < window
    waits = request.waits(standing.now)
    may = May(
        decide=waits and not over and roster.decidable,
        resolve=False,
        mail=False,
        why=_why(waits, over, roster.decidable),
    )
    if case.definition.roster is None:
        raise NotACampaign(folio=request.folio)
    return Area(
        request, roster, case.definition.roster, may, over, len(case.entries), case.definition, window
    )


def review_page(
    standing: Standing,
    area: Area,
    room: LinkRoom,
    asked: Mapping[str, str],
    lens: Lens,
    link: Callable[[Mapping[str, str]], str],
    phone: str,
) -> ReviewPage:
    """The page of one request; ``link`` makes the address of a set of filters."""
    request = area.request
    closed = not satisfies(standing.visit.factor, request.factor)
    waits = request.waits(standing.now)
    asker = room.office.people.person(request.asked_by)
    item = ReviewItem(
        id=request.id,
        folio=request.folio,
        area=_name(area.roster),
        asker=asker.name if asker else "",
        note=request.note,
        digest=request.digest,
        words=digest_words(request.digest),
        window=lens.maybe(area.window),
        open=waits,
        over=area.over,
    )
    shown = waits and not closed
    return ReviewPage(
        item=item,
        grid=_grid(area, asked, lens, link) if shown else None,
        progress=progress_behind(area, lens) if shown else None,
        others=tuple(
            (other.id, other.title) for other in standing.requests if other.id != request.id and not closed
        ),
        closed=waits and closed,
        call=standing.visit.call,
        phone=phone,
        until=lens.moment(standing.visit.expires_at),
    )


def rows_behind(area: Area, rows: tuple[RosterRow, ...] | list[RosterRow], lens: Lens) -> list[GridRow]:
    """Rows in words, without anybody's name but those of the rows."""
    return [_plain(grid_row(row, area.rules, area.may, lens), row, area.request) for row in rows]


def progress_behind(area: Area, lens: Lens) -> Progress:
    """How far the area is."""
    counts: dict[str, int] = {}
    for row in area.roster.rows:
        counts[row.decision] = counts.get(row.decision, 0) + 1
    return progress_of(counts, area.rules, lens)


def _grid(area: Area, asked: Mapping[str, str], lens: Lens, link: Callable[[Mapping[str, str]], str]) -> Grid:
    made = build_grid(
        area.roster, area.definition, area.rules, asked, lens, link, title=_name(area.roster), seen=area.seen
    )
    by_number = area.roster.by_number
    return replace(
        made,
        rows=tuple(rows_behind(area, [by_number[row.number] for row in made.rows], lens)),
        filters=tuple(group for group in made.filters if group.name != "area"),
        columns=tuple(column for column in made.columns if column.key != "area"),
        standing=area.may,
    )


def _plain(made: GridRow, row: RosterRow, request: Request) -> GridRow:
    who = ""
    if row.by:
        who = _("Tú") if row.by == request.signatory else _("Mesa de Ayuda")
    return replace(made, who=who, link="")


def _name(roster: RosterView) -> str:
    return next((item.name or item.area for item in roster.areas), "")


def _why(waits: bool, over: bool, decidable: bool) -> str:
    """Why nothing can be decided now; empty: it can, or the page says so otherwise."""
    if not waits:
        return ""
    if over:
        return _("El plazo de tu área terminó: lo que no decidiste se resuelve con lo que dice CAM.")
    return "" if decidable else _("Esta campaña ya no admite decisiones.")

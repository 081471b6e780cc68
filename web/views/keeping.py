"""How the data of a case stands, as pages show it: retention, holds, block, a request that waits, erasure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from evidence.entry import format_time, parse_time
from identity.accounts import ANSWERABLE
from web.views.lens import Lens, Moment
from web.views.saying import day_words
from web.wiring import House
from workflows.casefile import CaseView
from workflows.keepdesk import ASKERS, HOLDERS
from workflows.keeping import MARK, Asked, Hold
from workflows.ports import CaseQuery
from workflows.retention import GROUNDS, Retention, retention_of


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold that stands."""

    seq: int
    since: Moment
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A request for erasure that waits; ``own``: the person looking asked, and so cannot approve."""

    seq: int
    since: Moment
    who: str
    ground: str
    reason: str
    own: bool


@dataclass(frozen=True, slots=True)
class KeepingCard:
    """``until`` is the last day of retention as pages write it, ``""`` while the case is open.

    ``full``: the person looking answers for blocked data. ``may_…`` are what their roles allow.
    """

    folio: str
    years: int
    until: str
    over: bool
    closed: bool
    holds: tuple[HoldLine, ...]
    blocked: int
    asked: AskedLine | None
    erased: int
    full: bool
    may_hold: bool
    may_lift: bool
    may_ask: bool


def keeping_card(house: House, view: CaseView, eyes: Lens) -> KeepingCard:
    """The card of a case as it stands now, whatever moment the page shows."""
    keeping, kept = view.keeping, retention(house, view)
    answerable = frozenset(str(role) for role in ANSWERABLE)
    return KeepingCard(
        folio=view.state.folio,
        years=kept.years,
        until=day_words(kept.until.isoformat()) if kept.until else "",
        over=kept.over,
        closed=view.state.closed,
        holds=tuple(_hold(hold, eyes) for hold in keeping.holds),
        blocked=keeping.blocked,
        asked=_asked(keeping.asked, eyes) if keeping.asked else None,
        erased=keeping.erased,
        full=not eyes.roles.isdisjoint(answerable),
        may_hold=not eyes.roles.isdisjoint(HOLDERS),
        may_lift=not eyes.roles.isdisjoint(answerable),
        may_ask=not eyes.roles.isdisjoint(ASKERS),
    )


def retention(house: House, view: CaseView) -> Retention:
    """For how long a case is kept."""
    closing = view.state.closing
    closed = parse_time(view.entries[closing.seq - 1].entry.at) if closing is not None else None
    lists = house.catalogues.in_force
    return retention_of(view.definition.process, closed, lists, house.clock(), house.calendar)


def due(house: House, most: int) -> list[tuple[str, str]]:
    """Closed cases whose term is over and of which nothing was decided yet, the oldest first, with their titles.

    Looked for among those opened before the shortest term there is; at most ``most`` are told.
    """
    now, calendar, lists = house.clock(), house.calendar, house.catalogues.in_force
    processes = [item.process for item in house.definitions.processes()]
    shortest = min(retention_of(code, None, lists, now, calendar).years for code in processes)
    limit = format_time(now - timedelta(days=365 * shortest))
    query = CaseQuery(closed=True, opened_to=limit, order="opened", turned=True, limit=most)
    found: list[tuple[str, str]] = []
    while len(found) < most:
        page = house.index.find(query)
        for row in page.rows:
            tally = house.index.tally(row.folio)
            closed = parse_time(tally.closed_at) if tally is not None and tally.closed_at else None
            over = retention_of(row.process, closed, lists, now, calendar).over
            if over and not any(mark.kind == MARK for mark in house.index.references(row.folio)):
                found.append((row.folio, row.title))
        if not page.next:
            break
        query = replace(query, after=page.next)
    return found[:most]


def _hold(hold: Hold, eyes: Lens) -> HoldLine:
    return HoldLine(hold.seq, eyes.moment(hold.at), eyes.who(hold.actor), hold.reason.rstrip("."))


def _asked(asked: Asked, eyes: Lens) -> AskedLine:
    ground = GROUNDS.get(asked.ground)
    return AskedLine(
        asked.seq,
        eyes.moment(asked.at),
        eyes.who(asked.actor),
        eyes.say(ground) if ground else asked.ground,
        asked.reason,
        asked.actor == eyes.actor,
    )

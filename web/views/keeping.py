"""How the data of a case stands, as pages show it: retention, holds, block, a request that waits, erasure."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.entry import parse_time
from identity.accounts import ANSWERABLE
from web.views.lens import Lens, Moment
from web.views.saying import day_words
from web.wiring import House
from workflows.casefile import CaseView
from workflows.keepdesk import ASKERS, HOLDERS
from workflows.keeping import Asked, Hold
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

"""What boards and reports count of a case: its ending, its deadlines, what was out of the ordinary, how long it took.

Like the rest of a projection this is a function of the entries and the calendar, and knows no clock: whether a running
deadline has passed is for the reader to say, who has one. Lengths are natural days, so that cases can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum

from evidence.entry import Entry, parse_time
from evidence.ports import Figure, Tally
from workflows.definition import Definition, TimerEffect
from workflows.facts import facts_of
from workflows.state import CaseState, ExceptionCode, TimerState

DAY = timedelta(days=1)


class FigureKind(StrEnum):
    """What a figure is of. ``deadline``: a timer that alerts; reminders and closings are no promise of the desk."""

    EXCEPTION = "exception"
    ROUTE = "route"
    REFUSAL = "refusal"
    DEADLINE = "deadline"
    MEASURE = "measure"
    STATUS = "status"
    PARAM = "param"


def tally_of(definition: Definition, state: CaseState, entries: Sequence[Entry]) -> Tally:
    """The tally of a derived case; ``entries`` are those it was derived from, by ``seq``."""
    deadlines = [_deadline(timer, entries) for timer in state.timers if timer.effect == TimerEffect.ALERT]
    ended = [figure.days for figure in deadlines if figure.ended_at]
    closing, waiting = state.closing, state.waiting
    return Tally(
        outcome=closing.outcome if closing else "",
        closed_at=closing.at if closing else "",
        waits_for=waiting.who if waiting else "",
        waits=waiting.code if waiting else "",
        waits_since=waiting.since if waiting else "",
        days_open=(parse_time(closing.at) - parse_time(state.opened_at)) // DAY if closing else -1,
        days_late=max(ended, default=-1),
        figures=tuple(
            sorted(
                (*deadlines, *_figures(state, entries), *_measures(definition, state, entries)), key=_order
            )
        ),
    )


def days_between(start: str, end: str) -> int:
    """Natural days from one ledger time to another, begun ones counted; 0 where the second is not later."""
    lasted = parse_time(end) - parse_time(start)
    return max(0, -(-lasted // DAY))


def _deadline(timer: TimerState, entries: Sequence[Entry]) -> Figure:
    ended = _moment(entries[timer.ended_seq - 1]) if timer.ended_seq else ""
    return Figure(
        kind=FigureKind.DEADLINE,
        code=timer.timer,
        at=timer.started_at,
        step=timer.step,
        detail=str(timer.run),
        due_at=timer.due_at,
        ended_at=ended,
        days=days_between(timer.due_at, ended) if ended else 0,
    )


def _figures(state: CaseState, entries: Sequence[Entry]) -> Iterator[Figure]:
    for item in state.exceptions:
        if item.code is not ExceptionCode.OVERDUE:  # a matter of the clock: its deadline says so
            yield Figure(FigureKind.EXCEPTION, item.code, entries[item.seq - 1].at, item.step, item.detail)
    for route in state.routes:
        yield Figure(FigureKind.ROUTE, route.destination, entries[route.seq - 1].at, route.step, route.link)
    if state.closing and state.closing.refusal:
        yield Figure(
            FigureKind.REFUSAL, state.closing.refusal, state.closing.at, detail=state.closing.destination
        )
    for machine in state.machines:
        if machine.status:
            yield Figure(FigureKind.STATUS, machine.machine, machine.since, detail=machine.status)
    for name, value in state.params.items():
        yield Figure(FigureKind.PARAM, name, state.opened_at, detail=value)


def _measures(definition: Definition, state: CaseState, entries: Sequence[Entry]) -> Iterator[Figure]:
    """Spans that are known, dated by the entry that ended them."""
    ends = {span.code: span.end for span in definition.spans}
    for measure in state.measures:
        ending = state.step(ends[measure.measure]).entries
        if measure.days >= 0 and ending:
            at = entries[max(ending) - 1].at
            yield Figure(FigureKind.MEASURE, measure.measure, at, ends[measure.measure], days=measure.days)


def _moment(entry: Entry) -> str:
    """When it happened, by the same claim a deadline counts with."""
    return facts_of(entry).occurred_at or entry.at


def _order(figure: Figure) -> tuple[str, ...]:
    return figure.kind, figure.code, figure.at, figure.step, figure.detail

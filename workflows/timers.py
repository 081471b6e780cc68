"""Timers as evidence shows them: when each run began, when it is due, and what it still owes.

Which time counts: an alert or reminder runs from when its step *occurred* (a late recording must not buy time); a
closing runs from the later of occurred and recorded (nobody's case is closed on days they could not see).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evidence.entry import format_time, parse_time
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import Timer, TimerEffect
from workflows.state import TimerState, TimerStatus

WARN = "warn"
LIMIT = "limit"
CLOSE = "close"


@dataclass(slots=True)
class Run:
    """One run of a timer while entries are folded. ``ended`` is the moment that met it; ``how`` says so or cancels."""

    timer: Timer
    number: int
    started_seq: int
    started: datetime
    warn_at: datetime | None
    due_at: datetime
    ended_seq: int = 0
    ended: datetime | None = None
    how: TimerStatus | None = None
    fired: list[str] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Whether it still runs."""
        return self.how is None


def start(timer: Timer, number: int, seq: int, base: datetime, calendar: BusinessCalendar) -> Run:
    """Begin a run at a base moment. Raises `OutOfCalendar`."""
    warn = calendar.due(base, timer.warn, timer.unit) if timer.warn else None
    return Run(timer, number, seq, base, warn, calendar.due(base, timer.limit, timer.unit))


def base_moment(timer: Timer, occurred_at: str, recorded_at: str) -> datetime:
    """The moment from which (or at which) a timer counts; see the module's text."""
    recorded = parse_time(recorded_at)
    occurred = parse_time(occurred_at) if occurred_at else recorded
    return max(occurred, recorded) if timer.effect is TimerEffect.CLOSE else occurred


def meet(run: Run, seq: int, moment: datetime) -> None:
    """What the timer waited for has come."""
    run.ended_seq, run.ended = seq, moment
    run.how = TimerStatus.MET if moment <= run.due_at else TimerStatus.MET_LATE


def fire(run: Run, seq: int) -> None:
    """The closing has been recorded."""
    run.ended_seq, run.how = seq, TimerStatus.FIRED


def cancel(run: Run, seq: int) -> None:
    """The wait has lost its object."""
    run.ended_seq, run.how = seq, TimerStatus.CANCELLED


def state_of(run: Run, moment: datetime, blocks: Sequence[str], calendar: BusinessCalendar) -> TimerState:
    """The run at a moment. ``blocks`` are steps that must be met before a closing."""
    closing = run.timer.effect is TimerEffect.CLOSE
    return TimerState(
        timer=run.timer.code,
        step=run.timer.step,
        effect=str(run.timer.effect),
        unit=run.timer.unit,
        run=run.number,
        started_seq=run.started_seq,
        started_at=format_time(run.started),
        warn_at=format_time(run.warn_at) if run.warn_at else "",
        due_at=format_time(run.due_at),
        state=_status(run, moment),
        ended_seq=run.ended_seq,
        fired=tuple(run.fired),
        pending=tuple(_pending(run, moment, blocks, calendar)),
        blocked_by=tuple(blocks) if closing and run.active else (),
    )


def next_due(timers: Iterable[TimerState]) -> str:
    """The earliest deadline that nobody has met (a ledger time; it may have passed), ``""`` for none.

    A reminder that has been given is no deadline any more.
    """
    return min(
        (timer.due_at for timer in timers if not timer.ended_seq and timer.state != TimerStatus.FIRED),
        default="",
    )


def next_mark(timers: Iterable[TimerState]) -> str:
    """The next moment at which a timer has something to do (a ledger time), ``""`` for none.

    It may lie in the past: then it is due now. A closing that a missing step blocks is not due.
    """
    moments = []
    for timer in timers:
        if timer.ended_seq:
            continue
        if LIMIT not in timer.fired:
            early = timer.warn_at if timer.warn_at and WARN not in timer.fired else ""
            moments.append(early or timer.due_at)
        elif timer.effect == TimerEffect.CLOSE and not timer.blocked_by:
            moments.append(timer.due_at)
    return min(moments, default="")


def _status(run: Run, moment: datetime) -> TimerStatus:
    if run.how is not None:
        return run.how
    if moment > run.due_at:
        reminded = run.timer.effect is TimerEffect.REMIND and LIMIT in run.fired
        return TimerStatus.FIRED if reminded else TimerStatus.OVERDUE
    if run.warn_at is not None and moment > run.warn_at:
        return TimerStatus.WARNED
    return TimerStatus.RUNNING


def _pending(run: Run, moment: datetime, blocks: Sequence[str], calendar: BusinessCalendar) -> list[str]:
    """Marks whose time has come and that no entry has recorded. A warning nobody gave is moot once the limit passed."""
    if not run.active:
        return []
    if moment <= run.due_at:
        early = run.warn_at is not None and moment >= run.warn_at and WARN not in run.fired
        return [WARN] if early else []
    marks = [] if LIMIT in run.fired else [LIMIT]
    if run.timer.effect is TimerEffect.CLOSE and not blocks and _works(calendar, moment):
        marks.append(CLOSE)
    return marks


def _works(calendar: BusinessCalendar, moment: datetime) -> bool:
    try:
        return calendar.is_business_day(calendar.local_day(moment))
    except OutOfCalendar:
        return False

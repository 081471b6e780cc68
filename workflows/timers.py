"""Timers as evidence shows them: when each run began, when it is due, and what it still owes.

Which time counts: an alert or reminder runs from when its step *occurred* (a late recording must not buy time); a
closing runs from the later of occurred and recorded (nobody's case is closed on days they could not see). A pause is
judged the same way, from its other side: of an alert it begins once recorded, of a closing once it occurred.

Days on which a run was paused, for however little, do not count (`Pauses`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from evidence.entry import format_time, parse_time
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import Timer, TimerEffect
from workflows.state import TimerState, TimerStatus
from workflows.term import BY_STEP

WARN = "warn"
LIMIT = "limit"
CLOSE = "close"
SETTLE = "settle"
BEFORE = "before-"
"""Begins the marks of alerts that come before a date: ``before-10``, ``before-5``…"""
REMIND = "remind-"
"""Begins the marks of a reminder that repeats: ``remind-1``, ``remind-2``…"""
_REMINDER = re.compile(r"remind-[1-9][0-9]{0,3}")


@dataclass(slots=True)
class Run:
    """One run of a timer while entries are folded. ``ended`` is the moment that met it; ``how`` says so or cancels.

    ``pauses`` are the spans in which days did not count, the last one without an end while it lasts; then ``due_at``
    says when it would have been due.
    """

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
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    before: tuple[tuple[str, datetime], ...] = ()
    day: str = ""
    area: str = ""

    def copy(self) -> Run:
        """Another one that may go on by itself."""
        return replace(self, fired=list(self.fired), pauses=list(self.pauses))

    @property
    def paused(self) -> datetime | None:
        """Since when days do not count, ``None`` where they do."""
        return self.pauses[-1][0] if self.pauses and self.pauses[-1][1] is None else None

    @property
    def given(self) -> int:
        """How many reminders of a repeating one have been given."""
        return max((int(mark.removeprefix(REMIND)) for mark in self.fired if _is_reminder(mark)), default=0)

    @property
    def active(self) -> bool:
        """Whether it still runs."""
        return self.how is None


@dataclass(frozen=True, slots=True)
class Start:
    """What begins a run: which one (from 1) by which entry, its base moment, the date typed, the area asked."""

    number: int
    seq: int
    base: datetime
    day: str = ""
    area: str = ""


def start(timer: Timer, begun: Start, calendar: BusinessCalendar) -> Run:
    """Begin a run. Raises `OutOfCalendar`, and `ValueError` for a date that is none."""
    number, seq, base = begun.number, begun.seq, begun.base
    if timer.due_field is not None and "T" in begun.day:
        return Run(timer, number, seq, base, None, calendar.at(begun.day), day=begun.day)
    if timer.due_field is not None:
        due = calendar.back(_day(begun.day), timer.ahead)
        marks = [(f"{BEFORE}{n}", calendar.opening_of(calendar.back(due, n))) for n in timer.before]
        marks = [mark for mark in marks if mark[1] > base]
        return Run(
            timer, number, seq, base, None, calendar.closing_of(due), before=tuple(marks), day=begun.day
        )
    warn = calendar.due(base, timer.warn, timer.unit) if timer.warn else None
    due_at = calendar.due(base, timer.limit, timer.unit)
    return Run(timer, number, seq, base, warn, due_at, area=begun.area)


def pause(run: Run, moment: datetime) -> None:
    """Stop counting from the day of ``moment``. Nothing is left to pause once time was up."""
    if run.paused is None and moment <= run.due_at:
        ended = run.pauses[-1][1] if run.pauses else None
        run.pauses.append((max(moment, run.started, ended or run.started), None))


def resume(run: Run, moment: datetime, calendar: BusinessCalendar) -> None:
    """Count again from the day after ``moment``. Raises `OutOfCalendar`, and then counts as paused still."""
    since = run.paused
    if since is None:
        return
    spans = [*run.pauses[:-1], (since, max(since, moment))]
    warn = _counted(run, run.timer.warn, spans, calendar) if run.timer.warn else None
    run.due_at = _counted(run, run.timer.limit, spans, calendar)
    run.warn_at = warn
    run.pauses = spans


def recount(run: Run, calendar: BusinessCalendar) -> None:
    """Count a running run anew by another revision of the calendar. Raises `OutOfCalendar`, and changes nothing."""
    if run.timer.due_field is not None:
        fresh = start(run.timer, Start(run.number, run.started_seq, run.started, run.day), calendar)
        run.due_at, run.before = fresh.due_at, fresh.before
        return
    spans = [span for span in run.pauses if span[1] is not None]
    warn = _counted(run, run.timer.warn, spans, calendar) if run.timer.warn else None
    run.due_at, run.warn_at = _counted(run, run.timer.limit, spans, calendar), warn


def pause_moment(timer: Timer, occurred_at: str, recorded_at: str) -> datetime:
    """The moment at which a timer is paused: a late recording must not buy time, nor take a person's."""
    recorded = parse_time(recorded_at)
    occurred = parse_time(occurred_at) if occurred_at else recorded
    return occurred if timer.effect in BY_STEP else max(occurred, recorded)


def base_moment(timer: Timer, occurred_at: str, recorded_at: str) -> datetime:
    """The moment from which (or at which) a timer counts; see the module's text."""
    recorded = parse_time(recorded_at)
    occurred = parse_time(occurred_at) if occurred_at else recorded
    return max(occurred, recorded) if timer.effect in BY_STEP else occurred


def meet(run: Run, seq: int, moment: datetime) -> None:
    """What the timer waited for has come; while it was paused it cannot be late."""
    run.ended_seq, run.ended = seq, moment
    in_time = run.paused is not None or moment <= run.due_at or run.timer.effect is TimerEffect.WINDOW
    run.how = TimerStatus.MET if in_time else TimerStatus.MET_LATE


def fire(run: Run, seq: int) -> None:
    """The closing has been recorded."""
    run.ended_seq, run.how = seq, TimerStatus.FIRED


def cancel(run: Run, seq: int) -> None:
    """The wait has lost its object."""
    run.ended_seq, run.how = seq, TimerStatus.CANCELLED


def state_of(
    run: Run,
    moment: datetime,
    blocks: Sequence[str],
    calendar: BusinessCalendar,
    known: TimerState | None = None,
) -> TimerState:
    """The run at a moment. ``blocks`` are steps that must be met before a closing; ``known``: it at another moment."""
    state, pending = _status(run, moment), tuple(_pending(run, moment, blocks, calendar))
    if known is not None and (known.state, known.pending) == (state, pending) and not run.timer.every:
        return known
    closing = run.timer.effect in BY_STEP
    due = _reminder_due(run, moment, calendar) if run.timer.every and run.active else run.due_at
    held = run.paused if run.active else None
    return TimerState(
        timer=run.timer.code,
        step=run.timer.step,
        effect=str(run.timer.effect),
        unit=run.timer.unit,
        run=run.number,
        started_seq=run.started_seq,
        started_at=format_time(run.started),
        warn_at=format_time(run.warn_at) if run.warn_at and not held else "",
        due_at=format_time(due) if due and not held else "",
        state=state,
        ended_seq=run.ended_seq,
        fired=tuple(run.fired),
        pending=pending,
        blocked_by=tuple(blocks) if closing and run.active else (),
        paused_at=format_time(held) if held else "",
        left=_left(run, calendar) if held else 0,
        every=run.timer.every,
        before=tuple((mark, format_time(at)) for mark, at in run.before),
        notify=run.timer.notify,
        area=run.area,
        pauses=tuple(
            (format_time(since), format_time(until) if until else "") for since, until in run.pauses
        ),
    )


def next_due(timers: Iterable[TimerState]) -> str:
    """The earliest deadline that nobody has met (a ledger time; it may have passed), ``""`` for none.

    A reminder that has been given is no deadline any more; what is paused has none, and a window never is one.
    """
    return min((timer.due_at for timer in timers if timer.deadline), default="")


def next_mark(timers: Iterable[TimerState]) -> str:
    """The next moment at which a timer has something to do (a ledger time), ``""`` for none.

    It may lie in the past: then it is due now. A closing that a missing step blocks is not due.
    """
    moments = []
    for timer in timers:
        if timer.ended_seq or not timer.due_at or timer.effect == TimerEffect.WINDOW:
            continue
        if timer.every:
            moments.append(timer.due_at)
        elif LIMIT not in timer.fired:
            early = timer.warn_at if timer.warn_at and WARN not in timer.fired else ""
            moments.append(early or _next_before(timer) or timer.due_at)
        elif timer.effect in BY_STEP and not timer.blocked_by:
            moments.append(timer.due_at)
    return min(moments, default="")


def _next_before(timer: TimerState) -> str:
    """The moment of the first alert that comes after all that were given; ``""`` for none."""
    marks = [mark for mark, _ in timer.before]
    given = max((marks.index(mark) for mark in timer.fired if mark in marks), default=-1)
    return next((at for _, at in timer.before[given + 1 :]), "")


def _status(run: Run, moment: datetime) -> TimerStatus:
    if run.how is not None:
        return run.how
    if run.paused is not None:
        return TimerStatus.PAUSED
    if moment > run.due_at:
        return _after_limit(run)
    warned = run.warn_at is not None and moment > run.warn_at
    if warned or (run.before and moment >= run.before[0][1]):
        return TimerStatus.WARNED
    return TimerStatus.RUNNING


def _after_limit(run: Run) -> TimerStatus:
    if run.timer.effect is TimerEffect.WINDOW:
        return TimerStatus.LAPSED
    reminded = run.timer.effect is TimerEffect.REMIND and (LIMIT in run.fired or run.given > 0)
    return TimerStatus.FIRED if reminded else TimerStatus.OVERDUE


def _pending(run: Run, moment: datetime, blocks: Sequence[str], calendar: BusinessCalendar) -> list[str]:
    """Marks whose time has come and that no entry has recorded. A warning nobody gave is moot once the limit passed."""
    if not run.active or run.paused is not None or run.timer.effect is TimerEffect.WINDOW:
        return []
    if run.timer.every:
        come = _reminders_come(run, moment, calendar)
        return [f"{REMIND}{come}"] if come > run.given else []
    if moment <= run.due_at:
        early = run.warn_at is not None and moment >= run.warn_at and WARN not in run.fired
        return [WARN] if early else _pending_before(run, moment)
    marks = [] if LIMIT in run.fired else [LIMIT]
    if run.timer.effect in BY_STEP and not blocks and _works(calendar, moment):
        marks.append(str(run.timer.effect))
    return marks


def _pending_before(run: Run, moment: datetime) -> list[str]:
    """The latest alert whose time has come, if it was not given: the ones before it would be news of yesterday."""
    due = [mark for mark, at in run.before if at <= moment]
    return due[-1:] if due and due[-1] not in run.fired else []


def known_mark(timer: Timer, mark: str) -> bool:
    """Whether a mark is one that this timer can give."""
    if timer.every:
        return _is_reminder(mark)
    return mark in {WARN, LIMIT, *(f"{BEFORE}{n}" for n in timer.before)}


def _is_reminder(mark: str) -> bool:
    return _REMINDER.fullmatch(mark) is not None


def _day(text: str) -> date:
    """A date in its one spelling. Raises ValueError."""
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise ValueError(f"not a date: {text!r}")
    return found


def _reminders_come(run: Run, moment: datetime, calendar: BusinessCalendar) -> int:
    """The number of the last reminder whose time has come, 0 for none. Reminders nobody gave are not given later."""
    timer = run.timer
    if moment <= run.due_at:
        return 0
    first = calendar.local_day(run.due_at)
    with suppress(OutOfCalendar):
        number = calendar.between(first, calendar.local_day(moment), timer.unit) // timer.every
        last = calendar.closing_of(calendar.add(first, number * timer.every, timer.unit))
        return number + 1 if moment > last else number
    return max(run.given, 1)


def _reminder_due(run: Run, moment: datetime, calendar: BusinessCalendar) -> datetime | None:
    """When the reminder that is to be given next is due; ``None`` beyond the calendar."""
    number = max(_reminders_come(run, moment, calendar), run.given + 1)
    first = calendar.local_day(run.due_at)
    with suppress(OutOfCalendar):
        return calendar.closing_of(calendar.add(first, (number - 1) * run.timer.every, run.timer.unit))
    return None


def _counted(
    run: Run, days: int, spans: Sequence[tuple[datetime, datetime | None]], calendar: BusinessCalendar
) -> datetime:
    """When service closes on the ``days``-th day that counts: none on which the run was paused does."""
    unit = run.timer.unit
    day, left = calendar.local_day(run.started), days
    for since, until in spans:
        first, last = calendar.local_day(since), calendar.local_day(until or since)
        before = calendar.between(day, calendar.add(first, -1, "naturales"), unit)
        if before >= left:
            break
        left -= before
        day = max(day, last)
    return calendar.closing_of(calendar.add(day, left, unit))


def _left(run: Run, calendar: BusinessCalendar) -> int:
    """Days that remain of a paused run."""
    since = run.paused or run.started
    day = calendar.local_day(run.started)
    used = 0
    for first, last in [*run.pauses[:-1], (since, None)]:
        used += calendar.between(
            day, calendar.add(calendar.local_day(first), -1, "naturales"), run.timer.unit
        )
        day = max(day, calendar.local_day(last)) if last is not None else day
    return max(run.timer.limit - used, 0)


def _works(calendar: BusinessCalendar, moment: datetime) -> bool:
    try:
        return calendar.is_business_day(calendar.local_day(moment))
    except OutOfCalendar:
        return False

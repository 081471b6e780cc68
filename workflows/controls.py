"""Periodic controls as entries show them: which days of a period are owed, which were looked at, which were not.

Pure, and of the standard library: the offline verifier derives the same gaps from the same entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import Series
from workflows.state import ControlState

EVERY = ("habil",)
"""How often a control is owed; the first word of this closed vocabulary is every business day."""

PERIODS = ("month",)
"""For how long one case of a control lasts."""

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def period_of(day: date) -> str:
    """The period a day lies in, such as ``2026-01``."""
    return f"{day.year:04d}-{day.month:02d}"


def first_day(period: str) -> date:
    """The first day of a period.

    Raises:
        ValueError: it is no period.
    """
    found = _MONTH.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no month")
    return date(int(found[1]), int(found[2]), 1)


def last_day(period: str) -> date:
    """The last day of a period. Raises `ValueError`."""
    return first_day(following(period)) - timedelta(days=1)


def following(period: str) -> str:
    """The period after this one. Raises `ValueError`."""
    try:
        return period_of(first_day(period) + timedelta(days=31))
    except OverflowError as error:
        raise ValueError(f"there is no month after {period}") from error


def day_in(text: str) -> date | None:
    """A date as facts hold it, ``None`` for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None


def owed_days(since: date, period: str, calendar: BusinessCalendar) -> Iterator[date]:
    """The business days of a period from the day on which the control began.

    Raises:
        OutOfCalendar: the table does not reach so far.
    """
    day, last = max(since, first_day(period)), last_day(period)
    while day <= last:
        if calendar.is_business_day(day):
            yield day
        day += timedelta(days=1)


def over_at(period: str, calendar: BusinessCalendar) -> datetime:
    """When a period is closed: as service ends on the first business day after it.

    So its last day can be recorded the morning after. Raises `OutOfCalendar`.
    """
    return calendar.closing_of(calendar.add(last_day(period), 1, "habiles"))


@dataclass(slots=True)
class Control:
    """A control while entries are folded."""

    series: Series
    period: str
    since: date
    days: list[tuple[str, int, int]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Control:
        """Another one that may go on by itself."""
        return replace(self, days=list(self.days), counts=dict(self.counts))

    def state(self, moment: datetime, calendar: BusinessCalendar) -> ControlState:
        """What it amounts to at a moment: a day is missing once its service has closed."""
        return ControlState(
            series=self.series.code,
            period=self.period,
            since=self.since.isoformat(),
            days=tuple(self.days),
            gaps=tuple(self._gaps(moment, calendar)),
            counts=dict(self.counts),
        )

    def _gaps(self, moment: datetime, calendar: BusinessCalendar) -> Iterator[str]:
        looked = {day for day, _, _ in self.days}
        try:
            for day in owed_days(self.since, self.period, calendar):
                if calendar.closing_of(day) >= moment:
                    return
                if day.isoformat() not in looked:
                    yield day.isoformat()
        except OutOfCalendar:
            return

    def unexpected(self) -> bool:
        """Whether the reported volume lies outside what is expected; unknown until it is reported."""
        wanted, found = self.series.expected, self.counts.get("volume")
        return wanted is not None and found is not None and not wanted[0] <= found <= wanted[1]


def begun(series: Series | None, period: str, since: str) -> Control | None:
    """The control an opening states, ``None`` where it names no series or no period."""
    start = day_in(since)
    if series is None or start is None or period_of(start) != period:
        return None
    try:
        last_day(period)
    except ValueError:
        return None
    return Control(series, period, start)

"""When things happen in a story: business days and hours of the desk, and the clock that walks through them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from demo.rendering import ZONE
from workflows.calendar import BusinessCalendar


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that happens in a story: when, at which step, and what to do then."""

    moment: datetime
    step: str
    tell: Callable[[datetime], None]


class DemoClock:
    """A clock that is set; each reading moves it a little, as a real one would. Only the seeding has one."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        """The present of the story."""
        self._moment += timedelta(milliseconds=7, microseconds=131)
        return self._moment

    def set(self, moment: datetime) -> None:
        """Move forward to a moment; never back."""
        self._moment = max(self._moment, moment)


class Diary:
    """A cursor over business days: each entry is some days after the one before, at an hour of the desk."""

    def __init__(self, calendar: BusinessCalendar, opened: date, key: str) -> None:
        self._calendar = calendar
        self._key = key
        self.day = opened
        self.beats: list[Beat] = []

    def on(self, days: int, hour: str, step: str, tell: Callable[[datetime], None]) -> None:
        """Something happens ``days`` business days after the last entry, at ``hour`` (``HH:MM``)."""
        self.day = self._calendar.add(self.day, days, "habiles")
        self._note(hour, step, tell)

    def after(self, days: int, hour: str, step: str, tell: Callable[[datetime], None]) -> None:
        """Something happens ``days`` calendar days after the last entry, or on the next business day."""
        self.day = self._calendar.next_business_day(self.day + timedelta(days=days))
        self._note(hour, step, tell)

    def _note(self, hour: str, step: str, tell: Callable[[datetime], None]) -> None:
        chance = zlib.crc32(f"{self._key}{step}{len(self.beats)}".encode())
        local = datetime.combine(self.day, time.fromisoformat(hour), ZONE)
        moment = local.astimezone(UTC) + timedelta(seconds=chance % 53, microseconds=chance % 999_983)
        if self.beats and moment <= self.beats[-1].moment:
            raise ValueError(f"{self._key}: step {step} would come before {self.beats[-1].step}")
        self.beats.append(Beat(moment, step, tell))


def business_days_back(calendar: BusinessCalendar, now: datetime) -> list[date]:
    """The desk's days from today backwards, as far as the calendar goes."""
    days = []
    day = calendar.local_day(now)
    while day >= calendar.first:
        if calendar.is_business_day(day):
            days.append(day)
        day -= timedelta(days=1)
    return days

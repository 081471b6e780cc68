"""Business days as one family of pure functions over our own versioned table.

The rules (``docs/formats/process-definition.md``, "Days"): counting starts on the day after the event, whatever its
hour; the n-th day counted is the day due; it is due when service closes. *Hábiles* counts business days of the table,
*naturales* every day. Dates are those of the table's time zone. A date outside the years of the table is an error,
never a working day by silence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workflows.tables import DefinitionInvalid, Table, read_toml

UNITS = ("habiles", "naturales")
DEFAULT_CALENDAR = "mx-2026-1"

_FOLDER = files("workflows") / "calendars"  # also inside the verifier, which is one file
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OutOfCalendar(ValueError):
    """A date outside the years a table covers; a newer table is needed."""

    def __init__(self, day: date, first: date, last: date) -> None:
        super().__init__(f"{day} is outside {first} to {last}")
        self.day = day
        self.first = first
        self.last = last


@dataclass(frozen=True, slots=True)
class Revision:
    """A table and the ledger time from which it is in force (``""``: ever since)."""

    since: str
    calendar: BusinessCalendar


@dataclass(frozen=True)
class BusinessCalendar:
    """A table of days off and of service hours.

    ``id`` is ``mx-2026-1`` (region, year and revision of the table). ``service`` has, from Monday, the hours of each
    weekday or ``None`` for a day without service. ``closing`` is the hour by which something falls due on a day
    without service. ``revisions`` are all tables so far by when they came into force, this very one the last of them;
    empty where there was only this.
    """

    id: str
    zone: str
    first: date
    last: date
    service: tuple[tuple[time, time] | None, ...]
    closing: time
    holidays: Mapping[date, str]
    source: bytes
    revisions: tuple[Revision, ...] = ()

    @classmethod
    def load(cls, data: bytes) -> BusinessCalendar:
        """Read a table from TOML.

        Raises:
            DefinitionInvalid: with every problem found.
        """
        values = read_toml(data)
        problems: list[str] = []
        table = Table(values, "", problems)
        calendar = _read(table, data)
        table.close()
        if not problems:
            problems += _inconsistencies(calendar)
        if problems:
            raise DefinitionInvalid(problems)
        return calendar

    @classmethod
    def bundled(cls, calendar_id: str = DEFAULT_CALENDAR) -> BusinessCalendar:
        """A table that comes with the program. Raises `KeyError` for an unknown one."""
        if calendar_id not in bundled_calendars():
            raise KeyError(calendar_id)
        return cls.load((_FOLDER / f"{calendar_id}.toml").read_bytes())

    def in_force_at(self, moment: str) -> BusinessCalendar:
        """The table in force at a ledger time."""
        found = (item.calendar for item in reversed(self.revisions) if item.since <= moment)
        return next(found, self)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of this table and of all it revised."""
        return frozenset({self.id, *(item.calendar.id for item in self.revisions)})

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _business_days(self) -> tuple[date, ...]:
        """Every business day of the table, ascending: counting is a look-up."""
        span = (self.last - self.first).days + 1
        days = (self.first + timedelta(days=n) for n in range(span))
        return tuple(d for d in days if self.service[d.weekday()] and d not in self.holidays)

    def local_day(self, moment: datetime) -> date:
        """The date of a moment where the desk is.

        Raises:
            OutOfCalendar: the moment lies at an end of time, where no other zone can express it.
        """
        try:
            return moment.astimezone(self._zone).date()
        except OverflowError as error:
            raise OutOfCalendar(moment.date(), self.first, self.last) from error

    def local(self, moment: datetime) -> datetime:
        """The same moment on the desk's clock."""
        return moment.astimezone(self._zone)

    def hours_of(self, day: date) -> tuple[time, time] | None:
        """Opening and closing hours of a day, ``None`` where there is no service. Raises `OutOfCalendar`."""
        return self.service[day.weekday()] if self.is_business_day(day) else None

    def next_opening(self, moment: datetime) -> datetime:
        """When service opens next, in UTC: today if it has not opened yet, else on the next day with service.

        Raises:
            OutOfCalendar: the table ends before that.
        """
        today = self.local_day(moment)
        hours = self.hours_of(today)
        early = hours is not None and self.local(moment).time() < hours[0]
        day = today if early else self.next_business_day(today + timedelta(days=1))
        hours = self.service[day.weekday()]
        opening = hours[0] if hours is not None else self.closing
        return datetime.combine(day, opening, self._zone).astimezone(UTC)

    def at(self, text: str) -> datetime:
        """The moment of a local ``yyyy-mm-ddThh:mm``, in UTC. Raises ValueError for any other text."""
        moment = datetime.fromisoformat(text)
        if moment.isoformat(timespec="minutes") != text:
            raise ValueError(f"not a local moment: {text!r}")
        try:
            return moment.replace(tzinfo=self._zone).astimezone(UTC)
        except OverflowError as error:
            raise OutOfCalendar(moment.date(), self.first, self.last) from error

    def is_business_day(self, day: date) -> bool:
        """Whether the desk works that day."""
        self._check(day)
        return self.service[day.weekday()] is not None and day not in self.holidays

    def add(self, day: date, days: int, unit: str) -> date:
        """The day on which ``days`` days have passed since ``day`` (0: the day itself).

        Raises:
            OutOfCalendar: the count leaves the table.
        """
        self._check(day)
        if unit == "naturales" or days == 0:
            if not (self.first - day).days <= days <= (self.last - day).days:
                raise OutOfCalendar(self.last + timedelta(days=1), self.first, self.last)
            return day + timedelta(days=days)
        place = bisect_right(self._business_days, day) + days - 1
        if place >= len(self._business_days):
            raise OutOfCalendar(self.last + timedelta(days=1), self.first, self.last)
        return self._business_days[place]

    def back(self, day: date, days: int) -> date:
        """The business day that lies ``days`` business days before ``day`` (0: the day itself, whatever it is).

        Raises:
            OutOfCalendar: the count leaves the table.
        """
        self._check(day)
        if days == 0:
            return day
        place = bisect_left(self._business_days, day) - days
        if place < 0:
            raise OutOfCalendar(self.first - timedelta(days=1), self.first, self.last)
        return self._business_days[place]

    def between(self, start: date, end: date, unit: str) -> int:
        """Days counted from the day after ``start`` up to ``end``: 0 when ``end`` is not later."""
        self._check(start)
        self._check(end)
        if end <= start:
            return 0
        if unit == "naturales":
            return (end - start).days
        return bisect_right(self._business_days, end) - bisect_right(self._business_days, start)

    def due(self, event: datetime, days: int, unit: str) -> datetime:
        """When service closes on the day due, in UTC, for an event and a number of days."""
        return self.closing_of(self.add(self.local_day(event), days, unit))

    def closing_of(self, day: date) -> datetime:
        """When service closes on a day, in UTC; on days without service at the table's ``closing`` hour."""
        hours = self.service[day.weekday()]
        closing = hours[1] if hours and day not in self.holidays else self.closing
        return datetime.combine(day, closing, self._zone).astimezone(UTC)

    def opening_of(self, day: date) -> datetime:
        """When a day begins for the desk, in UTC: service opens, or on days without service the day itself begins."""
        hours = self.service[day.weekday()]
        opening = hours[0] if hours and day not in self.holidays else time.min
        return datetime.combine(day, opening, self._zone).astimezone(UTC)

    def next_business_day(self, day: date) -> date:
        """``day`` itself when the desk works, else the first day after it when it does."""
        self._check(day)
        place = bisect_left(self._business_days, day)
        if place >= len(self._business_days):
            raise OutOfCalendar(day, self.first, self.last)
        return self._business_days[place]

    def _check(self, day: date) -> None:
        if not self.first <= day <= self.last:
            raise OutOfCalendar(day, self.first, self.last)


def bundled_calendars() -> tuple[str, ...]:
    """Ids of the tables that come with the program."""
    names = (item.name for item in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def _read(table: Table, data: bytes) -> BusinessCalendar:
    service = table.table("service")
    hours = tuple(_hours(service, name) for name in _WEEKDAYS)
    service.close()
    holidays: dict[date, str] = {}
    for item in table.tables("holiday"):
        day = _date(item, "date")
        if day in holidays:
            item.problem("date", f"{day} stands there twice")
        holidays[day] = item.text("name")
        item.close()
    return BusinessCalendar(
        id=table.text("calendar"),
        zone=table.text("zone"),
        first=_date(table, "first"),
        last=_date(table, "last"),
        service=hours,
        closing=_time(table, "closing", table.text("closing")),
        holidays=holidays,
        source=data,
    )


def _hours(table: Table, key: str) -> tuple[time, time] | None:
    texts = table.texts(key)
    if not texts:
        return None
    if len(texts) != 2:
        table.problem(key, "must be the hours of opening and closing")
        return None
    opening, closing = _time(table, key, texts[0]), _time(table, key, texts[1])
    if opening >= closing:
        table.problem(key, "opens after it closes")
    return opening, closing


def _date(table: Table, key: str) -> date:
    try:
        return date.fromisoformat(table.text(key))
    except ValueError:
        table.problem(key, "must be a date (yyyy-mm-dd)")
        return date.min


def _time(table: Table, key: str, text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        table.problem(key, f"{text!r} is not an hour (hh:mm)")
        return time.min


def _inconsistencies(calendar: BusinessCalendar) -> list[str]:
    problems = []
    if calendar.last < calendar.first:
        problems.append("last: comes before first")
    if not any(calendar.service):
        problems.append("service: no weekday is worked")
    try:
        ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(f"zone: {calendar.zone!r} is not known here")
    problems += [
        f"holiday: {day} is outside the table" for day in calendar.holidays if not _inside(calendar, day)
    ]
    return problems


def _inside(calendar: BusinessCalendar, day: date) -> bool:
    return calendar.first <= day <= calendar.last

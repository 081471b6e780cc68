"""How much happens at the desk in a year: cases a month by process, spread over business days, each on its course."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from demo import accounts_courses, desk_courses
from demo.course import Course
from demo.names import Subject
from workflows.calendar import BusinessCalendar

MONTHS = 12
"""How many months before the present one everyday work begins."""

RECENT_MONTHS = 2
"""How many of the last months, this one among them, have cases that do not end."""

LAST_DAYS = 8
"""On how many of the last days of such a month they are opened: nobody leaves a case alone for a quarter."""

COURSES: Mapping[str, Sequence[Course]] = {
    "MA-001": accounts_courses.MA_001,
    "MA-002": accounts_courses.MA_002,
    "MA-003": accounts_courses.MA_003,
    "MA-006": desk_courses.MA_006,
    "MA-007": desk_courses.MA_007,
    "MA-008": accounts_courses.MA_008,
}

# From twelve months ago to this one: quiet in December and in the summer, busy after both.
PER_MONTH: Mapping[str, tuple[int, ...]] = {
    "MA-001": (1, 2, 3, 2, 2, 2, 2, 1, 2, 3, 2, 2, 1),
    "MA-002": (3, 3, 6, 6, 5, 5, 4, 3, 4, 7, 6, 6, 6),
    "MA-003": (2, 2, 4, 4, 3, 4, 3, 2, 3, 5, 4, 4, 4),
    "MA-006": (6, 6, 11, 10, 9, 10, 8, 7, 9, 12, 11, 11, 12),
    "MA-007": (12, 11, 22, 20, 18, 19, 16, 14, 18, 24, 22, 21, 20),
    "MA-008": (3, 3, 4, 4, 3, 4, 3, 2, 4, 5, 3, 4, 3),
}
"""How many cases are opened in each month."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A case to tell."""

    course: Course
    subject: Subject
    opened: date


def planned(present: datetime, calendar: BusinessCalendar, scale: float = 1.0) -> Iterator[Planned]:
    """Every case of the year, the same for the same present; with a ``scale`` below 1 fewer of the same courses.

    Whatever the scale, each course is taken before one is taken again.
    """
    numbers = count(1)
    today = calendar.local_day(present)
    for process, per_month in PER_MONTH.items():
        chance = random.Random(f"{process} {today:%Y-%m}")  # noqa: S311 - looks, not secrets
        courses = _Turns(COURSES[process], chance)
        wanted = _scaled(per_month, scale, len(COURSES[process]))
        for back, cases in zip(range(MONTHS, -1, -1), wanted, strict=True):
            days = _days(today, back, calendar)
            for _ in range(cases if days else 0):
                course = courses.next(back)
                among = days[-LAST_DAYS:] if course.lasting else days
                yield Planned(course, Subject(next(numbers)), chance.choice(among))


def _scaled(per_month: Sequence[int], scale: float, least: int) -> list[int]:
    """Fewer cases spread over the same months, but ``least`` in all where there are any."""
    done, wanted = 0.0, []
    for cases in per_month:
        before, done = int(done), done + cases * scale
        wanted.append(int(done) - before)
    month = len(wanted) - 2
    while scale and sum(wanted) < least:
        wanted[month] += 1
        month = (month - 1) % len(wanted)
    return wanted


class _Turns:
    """Which course comes next: each once, then by weight; lasting ones in the last months only."""

    def __init__(self, courses: Sequence[Course], chance: random.Random) -> None:
        self._courses = courses
        self._chance = chance
        self._untold = list(courses)

    def next(self, back: int) -> Course:
        """The course of a case opened so many months back."""
        among = [course for course in self._courses if back < RECENT_MONTHS or not course.lasting]
        fresh = [course for course in self._untold if course in among]
        if fresh:
            self._untold.remove(fresh[0])
            return fresh[0]
        return self._chance.choices(among, [course.weight for course in among])[0]


def first_of(today: date, back: int) -> date:
    """The first of the month so many months back."""
    year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    return date(year, month + 1, 1)


def _days(today: date, back: int, calendar: BusinessCalendar) -> list[date]:
    """The business days of the month so many months back, up to yesterday."""
    first = first_of(today, back)
    days = (first + timedelta(days=n) for n in range(31))
    return [
        day
        for day in days
        if day.month == first.month
        and day < today
        and calendar.first <= day
        and calendar.is_business_day(day)
    ]

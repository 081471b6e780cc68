"""Courses of everyday cases, as text that reads like a diary.

For example::

    0 09:12 open 2 3
    0 11:05 4 5 6{paquete=1}
    2 16:40 9:firmada
    12n 12:15 18

A line is a moment: business days (``n``: calendar days) after the line before, at an hour of the desk, and the steps
told then, each perhaps with the branch it takes and values of its own (``a|b``: one of them). Steps of one person in
one line are one set. ``refuse:ground`` refuses the request, ``waive:step`` does without a step.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from demo.rendering import ZONE
from workflows.calendar import BusinessCalendar

_LINE = re.compile(r"(\d+)(n?)\s+(\d\d:\d\d)\s+(.+)")
_WORD = re.compile(r"([\w!]+)(?::(\w+))?(?:\{([^}]*)\})?")
_FRIDAY = 4
_OPENS, _CLOSES_FRIDAY = 8 * 60, 15 * 60


class MalformedCourse(ValueError):
    """A line that cannot be read."""


@dataclass(frozen=True, slots=True)
class Word:
    """A step to tell, the branch it takes, and values of its own."""

    step: str
    choice: str = ""
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """What is told at one moment. ``days`` after the line before; ``natural``: calendar days."""

    days: int
    natural: bool
    hour: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Course:
    """One way a case of a process goes. ``weight``: how often, beside the other courses of the process.

    ``opening`` are values of the opening; ``opener`` is the role that opens. ``about`` says what a case of it shows. A
    ``lasting`` one never ends by itself: told in the last months only, so that a desk does not drown in open cases.
    """

    process: str
    name: str
    weight: int
    script: str
    opening: Mapping[str, str] = field(default_factory=dict)
    opener: str = "especialista"
    about: str = ""
    lasting: bool = False

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The script, read.

        Raises:
            MalformedCourse: naming the line.
        """
        return tuple(_line(text) for text in self.script.strip().splitlines())

    def moments(self, opened: date, key: str, calendar: BusinessCalendar) -> Iterator[tuple[Line, datetime]]:
        """When each line is told in a case opened on a business day; ``key`` makes minutes differ between cases."""
        day, last = opened, datetime.min.replace(tzinfo=UTC)
        for line in self.lines:
            if line.natural:
                day = calendar.next_business_day(day + timedelta(days=line.days))
            elif line.days:
                day = calendar.add(day, line.days, "habiles")
            moment = max(at_hour(day, line.hour, key), last + timedelta(minutes=2))
            yield line, moment
            last = moment


def _line(text: str) -> Line:
    found = _LINE.fullmatch(text.strip())
    if not found:
        raise MalformedCourse(text)
    words = tuple(_word(match) for match in _WORD.finditer(found[4]))
    return Line(int(found[1]), bool(found[2]), found[3], words)


def _word(match: re.Match[str]) -> Word:
    pairs = (pair.partition("=") for pair in (match[3] or "").split(";") if pair.strip())
    return Word(match[1], match[2] or "", {name.strip(): value.strip() for name, _, value in pairs})


def at_hour(day: date, hour: str, key: str) -> datetime:
    """The hour of the line, some minutes later as the case has it; Fridays end at three."""
    chance = zlib.crc32(f"{key} {day} {hour}".encode())
    wanted = time.fromisoformat(hour)
    minutes = wanted.hour * 60 + wanted.minute + chance % 13
    if day.weekday() == _FRIDAY:
        minutes = _OPENS + (minutes - _OPENS) * (_CLOSES_FRIDAY - _OPENS - 10) // (10 * 60)
    local = datetime.combine(day, time(minutes // 60, minutes % 60), ZONE)
    return local.astimezone(UTC) + timedelta(seconds=chance % 53, microseconds=chance % 999_983)

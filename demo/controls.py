"""The daily looks at CAM Pegasus and at Hermes, and the days on which nobody looked."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from demo.course import at_hour
from demo.diary import Beat
from demo.volume import Planned, first_of
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor, Receipt, RecordControl
from workflows.definition import Definition

LOOKS = ("cinthya", "rodrigo.pena", "daniela.ortiz")
"""Who looks, in turn."""
FORGOTTEN = 83
"""One day in about so many nobody looked; and one in the last days, so that a board has one to show."""
LOOKED_MONTHS = 6
"""For how many months the looks have been on record."""
RECENT = 4
"""How many business days ago that one is."""
AFTER = timedelta(minutes=4)
"""How long after service ends the system closes a month."""


class Controls(Protocol):
    """What of `workflows.controldesk.ControlDesk` is used."""

    def run(self) -> list[Receipt]: ...  # noqa: D102
    def record(self, command: RecordControl) -> Receipt: ...  # noqa: D102 - see the service


def daily_looks(
    controls: Controls,
    definitions: Iterable[Definition],
    plan: Iterable[Planned],
    ids: Mapping[str, str],
    calendar: BusinessCalendar,
    present: datetime,
    months: int,
) -> list[Beat]:
    """A beat for each business day and control of the last months; it finds as many as cases were opened that day."""
    found = Counter((one.course.process, one.opened) for one in plan)
    beats = []
    for definition in definitions:
        for series in definition.series:
            for day in _looked(definition.process, calendar, present, months):
                findings = found[definition.process, day]
                moment = at_hour(day, "08:50", f"{definition.process} {series.code}")

                def tell(
                    when: datetime,
                    process: str = definition.process,
                    code: str = series.code,
                    n: int = findings,
                ) -> None:
                    actor = Actor(id=ids[LOOKS[when.toordinal() % len(LOOKS)]], role="especialista")
                    key = f"demo:{process}:{code}:{when:%Y-%m-%d}"
                    controls.record(RecordControl(process, code, actor, n, idempotency_key=key))

                if moment < present:
                    beats.append(Beat(moment, series.step, tell))
    return beats + (_turns(controls, calendar, present, months) if beats else [])


def _turns(controls: Controls, calendar: BusinessCalendar, present: datetime, months: int) -> list[Beat]:
    """After service on the first business day of each month the system closes the month before, and counts it."""
    today = calendar.local_day(present)
    firsts = [calendar.next_business_day(first_of(today, back)) for back in range(months)]

    def turn(_when: datetime) -> None:
        controls.run()

    moments = [calendar.closing_of(day) + AFTER for day in firsts if day > calendar.first]
    return [Beat(moment, "", turn) for moment in moments if moment < present]


def _looked(process: str, calendar: BusinessCalendar, present: datetime, months: int) -> list[date]:
    today = calendar.local_day(present)
    since = max(first_of(today, months), calendar.first)
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    days = [day for day in days if calendar.is_business_day(day)]
    missed = days[-1 - RECENT : -RECENT] if process == "MA-002" else []
    return [day for day in days if day not in missed and zlib.crc32(f"{process} {day}".encode()) % FORGOTTEN]

"""For how long the data of a closed case is kept, and on which grounds it is erased.

The years of each process are a list of the house, `RETENTION`: published as entries, dated, never backwards. A process
it does not name is kept `DEFAULT_YEARS`, what the Código de Comercio asks of a merchant's letters. Of the years in
force when the case closed and those in force now the longer count: a list may lengthen what is kept, and never
shortens what was promised when a case ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from workflows.calendar import BusinessCalendar
from workflows.catalogues import RETENTION, CatalogueVersion
from workflows.step import Text

DEFAULT_YEARS = 10

TERM_OVER = "plazo_cumplido"
GROUNDS: Mapping[str, Text] = {
    TERM_OVER: Text("Plazo de conservación cumplido", "Retention period is over"),
    "orden_autoridad": Text("Lo ordena una autoridad o un tribunal", "Ordered by an authority or a court"),
    "sin_fundamento": Text(
        "Se obtuvieron o usaron sin fundamento legal", "Obtained or used without a legal basis"
    ),
    "dato_ajeno": Text(
        "Son de alguien ajeno al caso, o se registraron por error",
        "Of somebody foreign to the case, or recorded by mistake",
    ),
}
"""Grounds of an erasure. All but the first hold within the period of retention: the law gives each precedence over it.

That the person asks is no ground by itself while the data must be kept: then it is blocked until the term is over.
"""

InForce = Callable[[str, datetime], CatalogueVersion]
"""The list of a code in force at a moment."""


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many ``years`` after closing; ``until`` is the last day, ``None`` while the case is open."""

    years: int
    until: date | None
    over: bool


def retention_of(
    process: str, closed_at: datetime | None, in_force: InForce, now: datetime, calendar: BusinessCalendar
) -> Retention:
    """How long the data of a case of ``process`` is kept that closed at a moment (``None``: it is open)."""
    today = calendar.local_day(now)
    years = years_of(process, in_force(RETENTION, now), today)
    if closed_at is None:
        return Retention(years, None, over=False)
    closed = calendar.local_day(closed_at)
    years = max(years, years_of(process, in_force(RETENTION, closed_at), closed))
    until = _after(closed, years)
    return Retention(years, until, over=today > until)


def years_of(process: str, version: CatalogueVersion, day: date) -> int:
    """What a version of the list says of a process on a day."""
    item = next((item for item in version.valid(day) if item.code == process), None)
    told = item.values.get("years", "") if item is not None else ""
    return int(told) if told.isdecimal() else DEFAULT_YEARS


def _after(day: date, years: int) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if leap else day.day)

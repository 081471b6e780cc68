"""Periods of the board: a month, thirteen weeks or twelve months, in the house's days, as addresses and as words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from evidence.entry import format_time
from web.i18n import gettext as _
from web.views.lens import Lens
from workflows.board import Span

YEAR, QUARTER = "12m", "13s"
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of local days, ``last`` included. ``edges`` cut it for a plot: the starts, and the end after them."""

    code: str
    first: date
    last: date
    edges: tuple[date, ...]
    monthly: bool


def period_of(code: str, today: date) -> Period:
    """The period an address names; the last twelve months where it names none."""
    if code == QUARTER:
        monday = today - timedelta(days=today.weekday()) - 12 * _WEEK
        return _cut(code, monday, tuple(monday + n * _WEEK for n in range(14)), monthly=False)
    found = _MONTH.fullmatch(code)
    if found:
        return month_period(date(int(found[1]), int(found[2]), 1))
    edges = tuple(shifted(today.replace(day=1), n) for n in range(-11, 2))
    return _cut(YEAR, edges[0], edges, monthly=True)


def month_period(first: date) -> Period:
    """The month that begins with ``first``, cut at its Mondays."""
    end = shifted(first, 1)
    days = (first + timedelta(days=n) for n in range((end - first).days))
    edges = (first, *(day for day in days if day.weekday() == 0 and day != first), end)
    return _cut(f"{first:%Y-%m}", first, edges, monthly=False)


def shifted(first: date, months: int) -> date:
    """The first of the month some months later."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _cut(code: str, first: date, edges: tuple[date, ...], *, monthly: bool) -> Period:
    return Period(code, first, edges[-1] - timedelta(days=1), edges, monthly)


def span_of(first: date, last: date, lens: Lens) -> Span:
    """Local days, ``last`` included, as ledger times; what stands is counted at its end, or now if that is earlier."""
    until = start_of(last + timedelta(days=1), lens)
    return Span(start_of(first, lens), until, min(until, format_time(lens.now)))


def start_of(day: date, lens: Lens) -> str:
    """The ledger time at which a local day begins."""
    return format_time(datetime.combine(day, time(), lens.zone).astimezone(UTC))


def month_names() -> tuple[str, ...]:
    """Months from January, in words."""
    return (
        _("enero"), _("febrero"), _("marzo"), _("abril"), _("mayo"), _("junio"), _("julio"), _("agosto"),
        _("septiembre"), _("octubre"), _("noviembre"), _("diciembre"),
    )  # fmt: skip


def month_name(first: date) -> str:
    """«noviembre de 2026»."""
    return _("%(month)s de %(year)s", month=month_names()[first.month - 1], year=first.year)


def period_name(period: Period) -> str:
    """The period in words."""
    if period.code == YEAR:
        return _("12 meses, hasta %(month)s", month=month_name(period.edges[-2]))
    if period.code == QUARTER:
        return _(
            "13 semanas, del %(first)s al %(last)s", first=day_text(period.first), last=day_text(period.last)
        )
    return month_name(period.first)


def day_text(day: date) -> str:
    """``dd/mm/aaaa``."""
    return f"{day:%d/%m/%Y}"

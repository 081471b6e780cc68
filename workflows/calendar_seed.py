"""Writes a calendar table from the `holidays` library, to be read, corrected and kept.

``python -m workflows.calendar_seed mx-2026-1 > workflows/calendars/mx-2026-1.toml``

Nothing at run time uses that library: what counts is the table in ``workflows/calendars/``, which people may correct
(in a new revision) without waiting for anybody's release. A test says where table and library differ.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import holidays

_NAMES = {
    (1, 1): "Año Nuevo",
    (2, None): "Día de la Constitución",
    (3, None): "Natalicio de Benito Juárez",
    (5, 1): "Día del Trabajo",
    (9, 16): "Día de la Independencia",
    (10, 1): "Transmisión del Poder Ejecutivo Federal",
    (11, None): "Día de la Revolución",
    (12, 25): "Navidad",
}


def statutory(years: Iterable[int]) -> dict[date, str]:
    """The compulsory days of rest of the Ley Federal del Trabajo, article 74 (elections apart)."""
    return {day: _name(day) for day in sorted(holidays.country_holidays("MX", years=years))}


def banking(years: Iterable[int]) -> dict[date, str]:
    """The statutory days and those on which banks close too, as CNBV's yearly rule lists them."""
    span = list(years)
    found = statutory(span)
    found = {day: name for day, name in found.items() if (day.month, day.day) != (10, 1)}
    for year in span:
        sunday = easter(year)
        found[sunday - timedelta(days=3)] = "Jueves Santo"
        found[sunday - timedelta(days=2)] = "Viernes Santo"
        found[date(year, 11, 2)] = "Día de Muertos"
        found[date(year, 12, 12)] = "Día del Empleado Bancario"
    return dict(sorted(found.items()))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the anonymous algorithm of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def table(calendar_id: str, first: int, last: int, days: Mapping[date, str]) -> str:
    """The TOML text of a table."""
    head = f"""\
# Días inhábiles y horario de servicio. Una corrección es una revisión nueva (otro archivo) y sólo vale hacia adelante.
calendar = "{calendar_id}"
zone = "America/Mexico_City"
first = "{first}-01-01"
last = "{last}-12-31"
closing = "18:00"

[service]
monday = ["08:00", "18:00"]
tuesday = ["08:00", "18:00"]
wednesday = ["08:00", "18:00"]
thursday = ["08:00", "18:00"]
friday = ["08:00", "15:00"]
"""
    rows = [f'\n[[holiday]]\ndate = "{day}"\nname = "{name}"\n' for day, name in days.items()]
    return head + "".join(rows)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("id", help="such as mx-2026-1")
    parser.add_argument("--first", type=int, default=2024)
    parser.add_argument("--last", type=int, default=2035)
    parser.add_argument("--bank", action="store_true", help="with the days on which banks close")
    options = parser.parse_args()
    years = range(options.first, options.last + 1)
    days = banking(years) if options.bank else statutory(years)
    sys.stdout.write(table(options.id, options.first, options.last, days))


def _name(day: date) -> str:
    return _NAMES.get((day.month, day.day)) or _NAMES[day.month, None]


if __name__ == "__main__":
    main()

"""Populations: which cases of a process were opened in a period, taken from the log itself and kept as a file.

The file is UTF-8 text with LF ends: the line ``folio,opened_at,leaf``, then one line a case, sorted by folio.
``opened_at`` is the ledger time of the case's first entry and ``leaf`` its leaf hash, so that whoever holds the log
makes the same bytes again: all ``case.opened`` entries of the process among the first ``size`` of the log whose day, in
the zone named, lies in the period.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from evidence.entry import Entry, EntryKind, SealedEntry, parse_time

HEADER = "folio,opened_at,leaf"
MEDIA = "text/csv"
_OPENS = b'"kind":"case.opened"'


class MalformedPopulation(ValueError):
    """Bytes that are not the file of a population."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case of a population."""

    folio: str
    opened_at: str
    leaf: str


def day_of(at: str, zone: ZoneInfo) -> str:
    """The day of a ledger time in a zone, ``yyyy-mm-dd``."""
    return parse_time(at).astimezone(zone).date().isoformat()


def process_of(entry: Entry) -> str:
    """The process of an entry, without the version of its definition."""
    return entry.process.partition("@")[0]


def rows_of(
    entries: Iterable[SealedEntry], process: str, start: str, end: str, zone: ZoneInfo
) -> tuple[Row, ...]:
    """The population among entries of the log, sorted by folio."""
    return tuple(sorted(_rows(entries, process, start, end, zone), key=lambda row: row.folio))


def _rows(
    entries: Iterable[SealedEntry], process: str, start: str, end: str, zone: ZoneInfo
) -> Iterator[Row]:
    for sealed in entries:
        if _OPENS not in sealed.entry_bytes:  # spares parsing what cannot be one
            continue
        entry = sealed.entry
        first = entry.kind is EntryKind.CASE_OPENED and entry.seq == 1 and process_of(entry) == process
        if first and start <= day_of(entry.at, zone) <= end:
            yield Row(entry.case, entry.at, sealed.leaf)


def population_bytes(rows: Sequence[Row]) -> bytes:
    """The file."""
    lines = [HEADER, *(f"{row.folio},{row.opened_at},{row.leaf}" for row in rows)]
    return "".join(line + "\n" for line in lines).encode()


def parse_population(data: bytes) -> tuple[Row, ...]:
    """The inverse of `population_bytes`.

    Raises:
        MalformedPopulation: that function would not write these bytes.
    """
    try:
        rows = tuple(Row(*line.split(",")) for line in data.decode().splitlines()[1:])
    except (UnicodeDecodeError, TypeError) as error:
        raise MalformedPopulation(str(error)) from error
    if population_bytes(rows) != data:
        raise MalformedPopulation("other bytes than these rows give")
    return rows


def sha256_of(data: bytes) -> str:
    """SHA-256 (hex) of the file."""
    return hashlib.sha256(data).hexdigest()


def gaps_of(folios: Iterable[str]) -> tuple[str, ...]:
    """Folios missing between the first and the last of each series: folios are numbered without gaps."""
    series: dict[str, set[int]] = {}
    for folio in folios:
        name, _dash, number = folio.rpartition("-")
        if number.isdecimal():
            series.setdefault(name, set()).add(int(number))
    return tuple(
        f"{name}-{number:06d}"
        for name, found in sorted(series.items())
        for number in range(min(found), max(found) + 1)
        if number not in found
    )

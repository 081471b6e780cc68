"""The population a package was drawn from: who is in it, in which order the draw put them, and what its gaps are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from audit_exports.record import PackageFacts
from evidence.canonical import Json, canonical_bytes

_FOLIO = re.compile(r"(.+)-(\d{6,9})")
MOST_GAPS = 1000


@dataclass(frozen=True, slots=True)
class Member:
    """One case of the population. ``rank`` is its place in a draw (hex), ``""`` without one."""

    folio: str
    number: int
    process: str
    drawn: bool
    rank: str


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """One series of folios (process and year): ends, how many, and which numbers between the ends are not there.

    ``missing`` names at most `MOST_GAPS` of them, ``gaps`` counts all.
    """

    series: str
    first: str
    last: str
    rows: int
    gaps: int
    missing: tuple[int, ...]


def members_of(facts: PackageFacts, exported: Sequence[str]) -> Iterator[Member]:
    """Everybody, sorted by folio; without a sample the population is what was exported."""
    seed, drawn = facts.scope.seed, frozenset(exported)
    for number, folio in enumerate(facts.members if facts.scope.sample else sorted(exported), 1):
        rank = rank_of(seed, folio) if facts.scope.sample else ""
        yield Member(folio, number, process_of(folio), folio in drawn, rank)


def rank_of(seed: str, folio: str) -> str:
    """Where a folio comes in a draw: hex SHA-256(seed ‖ folio)."""
    return hashlib.sha256((seed + folio).encode()).hexdigest()


def process_of(folio: str) -> str:
    """``MA-001`` of ``MA-001-2026-000123``."""
    return "-".join(folio.split("-")[:2])


def series_facts(folios: Iterable[str]) -> list[SeriesFacts]:
    """The facts of each series among the folios."""
    numbers: dict[str, list[int]] = {}
    names: dict[str, dict[int, str]] = {}
    for folio in folios:
        if match := _FOLIO.fullmatch(folio):
            numbers.setdefault(match[1], []).append(int(match[2]))
            names.setdefault(match[1], {})[int(match[2])] = folio
    return [_facts(series, sorted(found), names[series]) for series, found in sorted(numbers.items())]


def integrity_bytes(facts: PackageFacts, folios: Sequence[str], table: str) -> bytes:
    """``poblacion-integridad.json``: the query, when it was true, and what can be checked of its answer.

    ``table`` is the SHA-256 (hex) of the population's CSV.
    """
    scope = facts.scope
    series: list[Json] = [{**asdict(item), "missing": list(item.missing)} for item in series_facts(folios)]
    value: dict[str, Json] = {
        "query": {
            "processes": list(scope.processes),
            "from": scope.start,
            "to": scope.end,
            "folios": list(scope.folios),
        },
        "as_of": facts.as_of,
        "log": facts.origin,
        "size": facts.size,
        "root": facts.root,
        "rows": len(folios),
        "first": min(folios, default=""),
        "last": max(folios, default=""),
        "series": series,
        "sample": scope.sample,
        "seed": scope.seed,
        "method": "first n by SHA-256(seed || folio), ties by folio" if scope.sample else "all",
        "sha256": table,
    }
    return canonical_bytes(value)


def _facts(series: str, numbers: Sequence[int], names: dict[int, str]) -> SeriesFacts:
    present = sorted(set(numbers))
    missing: list[int] = []
    for before, after in pairwise(present):
        room = MOST_GAPS - len(missing)
        missing += range(before + 1, min(after, before + 1 + room))
    gaps = present[-1] - present[0] + 1 - len(present)
    first, last = names[present[0]], names[present[-1]]
    return SeriesFacts(series, first, last, len(numbers), gaps, tuple(missing))

"""What a board counts: each number is defined as a set of cases, and the same set is what its link lists.

`CaseSet` names such a set; an index turns it into a condition, a `Board` into counts by process and code, both from one
place, so that a number and its list cannot part. Times are ledger times; ``since`` belongs to a span, ``until`` does
not. What stands at a moment is asked for ``at``, which is never later than the present.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from evidence.ports import Figure


class Which(StrEnum):
    """Kinds of sets. In a span: opened, closed, closed by punctuality, and what figures were dated in it.

    At the moment ``at``: standing (open then), overdue (a deadline passed, and nobody had met it by then), by age. Now:
    waiting. ``code`` narrows to one band, ground, destination and so on; for `WAITING` ``""`` is the desk's own turn.
    """

    OPENED = "abiertos-en"
    CLOSED = "cerrados-en"
    OUTCOME = "resultado"
    ON_TIME = "a-tiempo"
    LATE = "tarde"
    NO_DEADLINE = "sin-plazo"
    STANDING = "pendientes"
    AGE = "edad"
    OVERDUE = "vencidos-al"
    WAITING = "espera"
    EXCEPTION = "excepcion"
    ROUTE = "turnado"
    REFUSAL = "rechazo"
    MEASURE = "tiempo"


@dataclass(frozen=True, slots=True)
class Band:
    """Lengths in days above ``over`` and up to ``upto`` (``None``: any)."""

    code: str
    over: int
    upto: int | None


LATE_BANDS = (Band("1", 0, 1), Band("5", 1, 5), Band("15", 5, 15), Band("mas", 15, None))
AGE_BANDS = (
    Band("7", -1, 7),
    Band("15", 7, 15),
    Band("30", 15, 30),
    Band("60", 30, 60),
    Band("mas", 60, None),
)
BANDS: dict[Which, tuple[Band, ...]] = {
    Which.LATE: LATE_BANDS,
    Which.OVERDUE: LATE_BANDS,
    Which.AGE: AGE_BANDS,
}
ANY = "*"
"""The code of a set that is not narrowed to one."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, and the moment at which what stands is counted."""

    since: str
    until: str
    at: str


@dataclass(frozen=True, slots=True)
class CaseSet:
    """The cases that one number counts. A code that does not exist is an empty set."""

    which: Which
    span: Span
    code: str = ANY


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases of a process are in the set with that code, with the sum and the most of its lengths in days.

    Lengths are those of the set's kind: from opening to closing, how late, or how long a measured span was; else 0.
    """

    process: str
    code: str
    cases: int
    days: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """Every set of a span: `Board.counts` of all kinds (``each``), and of those with figures as wholes (``whole``)."""

    each: Mapping[Which, tuple[Count, ...]]
    whole: Mapping[Which, tuple[Count, ...]]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A figure and the case it belongs to."""

    folio: str
    process: str
    figure: Figure


class Board(Protocol):
    """Counts over the tallies; never an authority, as reproducible as the projections."""

    def counts(self, which: Which, span: Span, process: str = "", *, each: bool = True) -> tuple[Count, ...]:
        """Counts by process and code, sorted; sets that are empty are absent. ``process`` narrows to one.

        Kinds without codes of their own have ``ANY``; a case is in several codes where it has several figures. Without
        ``each`` codes are not told apart, and every case of a process counts once.
        """
        ...

    def every_count(self, span: Span, process: str = "") -> Counts:
        """All of them at once, at a cost that the desk's age does not change for a span of the house's days."""
        ...

    def flow(self, which: Which, edges: Sequence[str], process: str = "") -> tuple[Count, ...]:
        """Cases opened or closed between each edge (a ledger time) and the next; the code is the earlier edge."""
        ...

    def total(self, wanted: CaseSet, process: str = "") -> int:
        """How many different cases are in a set."""
        ...

    def occurrences(self, kind: str, span: Span, process: str = "") -> tuple[Occurrence, ...]:
        """Every figure of a kind dated in the span, by process, time and case."""
        ...

    def follow(self) -> None:
        """Count what has changed since, so that a board asked for next has less to do. Raises `StoreUnavailable`."""
        ...

    def count_anew(self) -> tuple[str, ...]:
        """Make anew what sums are kept; gives the days (local, yyyy-mm-dd) whose sums were wrong.

        Safe beside people at work. Raises `StoreUnavailable`.
        """
        ...

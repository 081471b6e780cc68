"""How far one step of a case has come while its entries are read, and what its evidence still lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from workflows.definition import Evidence, Wait


@dataclass(slots=True)
class Progress:
    """What has come of one step so far. ``entries`` are of the current round, ``past`` of earlier ones."""

    entries: list[int] = field(default_factory=list)
    past: list[int] = field(default_factory=list)
    done: bool = False
    done_day: datetime | None = None
    choice: str = ""
    unmet: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    enough: int = 0
    wait: Wait | None = None
    waived: int = 0
    duties_waived: int = 0
    round: int = 1
    last_at: str = ""
    last_seq: int = 0

    def copy(self) -> Progress:
        """Another one that may go on by itself."""
        return replace(self, entries=list(self.entries), past=list(self.past))


def process_of(folio: str) -> str:
    """The process that a folio (``MA-006-2026-000001``) belongs to."""
    return "-".join(folio.split("-")[:2])


def lacking(evidence: Evidence, filled: Iterable[str]) -> tuple[str, ...]:
    """The slots still missing from the alternative that lacks least, the first of equals; empty: satisfied."""
    have = set(filled)
    gaps = [tuple(slot for slot in wanted if slot not in have) for wanted in evidence.alternatives()]
    return min(gaps, key=len)

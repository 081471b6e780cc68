"""What auditors viewed and took: written before it is handed over, read by those who keep the house."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from auditing.desk import ViewsSeal
from evidence.canonical import canonical_bytes


@dataclass(frozen=True, slots=True)
class View:
    """One answer given to an auditor.

    ``at`` is a ledger time; ``engagement`` is empty outside the room; ``what`` names the page or file, ``subject`` the
    case, entry or list it shows (``folio``, ``folio/seq``, ``folio/seq/file``), ``number`` the row's own.
    """

    at: str
    engagement: str
    actor: str
    role: str
    what: str
    subject: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class ViewPage:
    """Some rows, newest first; ``next`` is where the next page goes on (0: none), ``total`` all that match."""

    rows: tuple[View, ...]
    next: int
    total: int


class ViewLog(Protocol):
    """A durable log that only grows. Any number of threads and processes; raises `StoreUnavailable` alone."""

    def add(self, view: View) -> None:
        """Keep a row; durable when it returns. ``number`` is given here."""
        ...

    def page(self, *, engagement: str = "", actor: str = "", before: int = 0, limit: int = 50) -> ViewPage:
        """Rows before a number (0: from the newest); empty members do not filter."""
        ...

    def all(self, *, engagement: str = "") -> Iterator[View]:
        """Every row, oldest first, streamed."""
        ...


def seal_of(views: Iterable[View]) -> ViewsSeal:
    """Count and SHA-256 over the rows, one canonical JSON array of at, actor, role, what, subject and LF each."""
    digest, count = hashlib.sha256(), 0
    for view in views:
        digest.update(canonical_bytes([view.at, view.actor, view.role, view.what, view.subject]) + b"\n")
        count += 1
    return ViewsSeal(count, digest.hexdigest())

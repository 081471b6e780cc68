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


VIEW_ORDERS = ("at", "actor", "what", "subject", "engagement")
"""What a page of views may be ordered by; those of equal value by when they were."""


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """Which views: empty members do not filter.

    ``order`` is one of `VIEW_ORDERS`, rising, or falling where ``falls``; ``after`` is the opaque cursor of the page
    before.
    """

    engagement: str = ""
    actor: str = ""
    what: str = ""
    order: str = "at"
    falls: bool = True
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ViewPage:
    """Some rows; ``next`` is the cursor of the next page (``""``: none), ``total`` all that match."""

    rows: tuple[View, ...]
    next: str
    total: int


class ViewLog(Protocol):
    """A durable log that only grows. Any number of threads and processes; raises `StoreUnavailable` alone."""

    def add(self, view: View) -> None:
        """Keep a row; durable when it returns. ``number`` is given here."""
        ...

    def page(self, query: ViewQuery) -> ViewPage:
        """A page by keyset. Raises `ValueError` for an order or a cursor that is none."""
        ...

    def whats(self, engagement: str = "") -> tuple[str, ...]:
        """Every ``what`` there is, sorted."""
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

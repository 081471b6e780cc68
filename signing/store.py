"""Where requests, links and visits are kept: the port, with its contract written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from signing.records import Link, LinkItem, Request, Status, Visit


class LinkStore(Protocol):
    """Durable rows, shared by every worker.

    Each method is one atomic step; those that answer ``bool`` say whether they were the one that changed the row.
    Errors: `evidence.ports.StoreUnavailable`, then nothing has changed.
    """

    def add_request(self, request: Request) -> None:
        """Keep a new request."""
        ...

    def request(self, request_id: str) -> Request | None:
        """A request by id."""
        ...

    def of_case(self, folio: str) -> Sequence[Request]:
        """The requests of a case, the oldest first; void ones left out."""
        ...

    def waiting_for(self, signatory: str) -> Sequence[Request]:
        """Requests that wait for a person, the oldest first."""
        ...

    def everything(self, *, waiting: bool, limit: int = 500) -> Sequence[Request]:
        """The latest requests, the newest first; with ``waiting`` only those that wait."""
        ...

    def unseen(self) -> Sequence[Request]:
        """Requests that brought something back which is to be looked at again (see `again`), the oldest first."""
        ...

    def due(self, now: datetime, unfinished_before: datetime) -> Sequence[Request]:
        """Requests expired, to be reminded of or looked at again, or left ``new`` or ``claimed`` since before."""
        ...

    def move(self, request_id: str, start: Sequence[Status], end: Status) -> bool:
        """Change a request's status, if it is one of ``start``."""
        ...

    def claim(self, request: Request, claim: str, now: datetime, stale: datetime) -> bool:
        """Take a request for one signature by one conditional statement.

        It must be pending in this generation with this document and not expired; or claimed since before ``stale``,
        by somebody who died over it.
        """
        ...

    def release(self, request_id: str, claim: str, status: Status, again_at: str | None = None) -> bool:
        """End one's own claim: back to pending, or as the request ended; ``again_at``: to be looked at once more."""
        ...

    def renew(self, request_id: str, signatory: str = "", details: Mapping[str, str] | None = None) -> bool:
        """Kill all links of a waiting request by its next generation; perhaps with another signatory and details."""
        ...

    def remind(self, request_id: str, expected: str, following: str) -> bool:
        """Move the next reminder from ``expected``, and count it."""
        ...

    def again(self, request_id: str, expected: str, following: str) -> bool:
        """Move the next look at a request that was signed, or returned, from ``expected``; ``""``: none."""
        ...

    def add_link(self, link: Link, items: Sequence[LinkItem]) -> None:
        """Keep a new link with what it leads to."""
        ...

    def link(self, token_hash: str) -> Link | None:
        """A link by the SHA-256 of its secret."""
        ...

    def items(self, token_hash: str) -> Sequence[LinkItem]:
        """What a link leads to, in its order."""
        ...

    def count_fetch(self, token_hash: str) -> int:
        """Count one more fetch of a link; gives how many there have been."""
        ...

    def add_visit(self, visit: Visit) -> None:
        """Keep a new visit."""
        ...

    def visit(self, visit_id: str) -> Visit | None:
        """A visit by its public id."""
        ...

    def callers(self, request_id: str, now: datetime) -> Sequence[Visit]:
        """Visits behind links to a request that wait for a code, the newest first."""
        ...

    def call(self, visit_id: str, reference: str) -> None:
        """Note that a visit asks for a code, under a short reference."""
        ...

    def set_code(self, visit_id: str, code_id: str, code_hash: str, until: str) -> bool:
        """Give a visit that asks for one a fresh code; earlier ones of it end."""
        ...

    def try_code(self, visit_id: str, most: int) -> int:
        """Count an attempt before it is judged; gives its number, 0 when there were ``most`` already."""
        ...

    def verified(self, visit_id: str, code_id: str, factor: str) -> bool:
        """The code was right: it is used up, and the visit has the factor."""
        ...

    def prove(self, visit_id: str, factor: str) -> bool:
        """The visitor proved a factor of their own: the visit has it."""
        ...

    def purge(self, before: datetime) -> int:
        """Forget visits and links that ended before; returns how many."""
        ...

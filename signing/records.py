"""Rows of requests, links and visits: what must be known to open and close doors. None of them is evidence.

Times are ledger times; ``""`` means not yet. A link's secret and a visit's are kept as their SHA-256 only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from evidence.entry import BlobRef


class Purpose(StrEnum):
    """What a personal link is for. A closed vocabulary: facts name it, and each has one handler of pages."""

    SIGN = "sign"
    ANSWER = "answer"
    UPLOAD = "upload"
    REVIEW = "review"
    SECRET = "secret"  # noqa: S105 - the purpose's name


class Status(StrEnum):
    """Where a request's row stands.

    ``new``: its entry may not be written yet; ``claimed``: somebody's signature is under way; ``void``: it was never
    written. The rest are how requests end, in the words of `workflows.requests`.
    """

    NEW = "new"
    PENDING = "pending"
    CLAIMED = "claimed"
    SIGNED = "signed"
    ANSWERED = "answered"
    SHOWN = "shown"
    RETURNED = "returned"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REPORTED = "reported"
    VOID = "void"


OPEN = frozenset({Status.PENDING, Status.CLAIMED})
"""A request in one of these still waits for its answer."""

DONE = frozenset({Status.SIGNED, Status.ANSWERED, Status.SHOWN, Status.RETURNED, Status.DECLINED})
"""The person behind the link answered: their visit still says so."""


@dataclass(frozen=True, slots=True)
class Request:
    """One person asked for one thing about one document.

    ``document`` is the frozen object and ``name`` what it is called; ``generation`` counts what kills earlier links;
    ``asker_mark`` and ``asker_device`` are HMACs of where it was asked from. ``details`` are the purpose's own.
    """

    id: str
    purpose: Purpose
    folio: str
    step: str
    signatory: str
    asked_by: str
    document: BlobRef
    name: str
    expires_at: str
    created_at: str
    factor: str = ""
    delegable: bool = False
    status: Status = Status.NEW
    generation: int = 1
    remind_at: str = ""
    reminders: int = 0
    claim: str = ""
    claimed_at: str = ""
    asker_mark: str = ""
    asker_device: str = ""
    note: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What people call the document: its name without what only machines need."""
        words = " ".join(self.name.removesuffix(".pdf").replace("_", " ").split())
        return words[:1].upper() + words[1:]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the document."""
        return self.document.sha256

    def waits(self, now: str) -> bool:
        """Whether it can still be answered at a ledger time."""
        return self.status in OPEN and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Link:
    """A personal link: ``token_hash`` is the hex SHA-256 of its secret, ``id`` what entries call it.

    ``request`` is the one it was mailed for; `LinkItem` says which others the same person finds behind it.
    """

    token_hash: str
    id: str
    purpose: Purpose
    request: str
    signatory: str
    created_at: str
    expires_at: str
    fetches: int = 0


@dataclass(frozen=True, slots=True)
class LinkItem:
    """That a link leads to a request, as it was then: another document or generation, and it leads there no more."""

    token_hash: str
    request: str
    digest: str
    generation: int

    def leads_to(self, request: Request, link: Link) -> bool:
        """Whether the binding holds: same purpose, signatory, document and generation."""
        return (request.id, request.digest, request.generation) == (
            self.request,
            self.digest,
            self.generation,
        ) and (request.purpose, request.signatory) == (link.purpose, link.signatory)


@dataclass(frozen=True, slots=True)
class Visit:
    """A person behind a link, in one browser. ``id`` stands in addresses, the cookie's secret does not.

    ``factor`` is what was verified beside the link. ``call`` is the short reference read out to the help desk, once a
    code was asked for; ``code_hash`` (an HMAC), ``code_id``, ``code_until`` and ``code_tries`` are of the last code.
    """

    id: str
    cookie_hash: str
    token_hash: str
    signatory: str
    opened_at: str
    expires_at: str
    factor: str = ""
    call: str = ""
    code_id: str = ""
    code_hash: str = ""
    code_until: str = ""
    code_tries: int = 0

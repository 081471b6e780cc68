"""Requests to people who answer through a personal link, as the entries of their case tell them.

Like every state it is derived and never written: from facts alone, tolerant of what a stranger's package may hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from evidence.entry import Entry, EntryKind
from workflows.errors import RequestSettled, UnknownRequest
from workflows.facts import Facts, facts_of

PENDING = "pending"
ENDINGS = {
    EntryKind.DOCUMENT_SIGNED: "signed",
    EntryKind.ANSWER_GIVEN: "answered",
    EntryKind.SECRET_SHOWN: "shown",
    EntryKind.DOCUMENT_RETURNED: "returned",
    EntryKind.REVIEW_FINISHED: "answered",
    EntryKind.SIGNATURE_DECLINED: "declined",
    EntryKind.SIGNATURE_WITHDRAWN: "withdrawn",
    EntryKind.LINK_EXPIRED: "expired",
    EntryKind.LINK_REPORTED: "reported",
}
"""How a request ends, by the kind of the entry that ends it; the first one counts."""

ASKING = {
    "answer": EntryKind.ANSWER_REQUESTED,
    "secret": EntryKind.SECRET_LEFT,
    "upload": EntryKind.RETURN_REQUESTED,
    "review": EntryKind.REVIEW_REQUESTED,
}
"""How a request begins, by its purpose; all others are for signatures."""

BEGINNINGS = frozenset({EntryKind.SIGNATURE_REQUESTED, *ASKING.values()})
"""How any request begins; the fact ``signatory`` says who is asked."""

VIA_LINK = "link"
"""The door of who acts through a personal link: the actor is whom the link was made for."""

LINK_ROLE = "enlace"
"""The role of whoever fetched a link: nobody in particular."""


@dataclass(frozen=True, slots=True)
class RequestState:
    """One request. ``seq``, ``at`` are of the entry that asked, ``ended_seq``, ``ended_at`` of the one that ended it.

    ``signatory`` is who is asked now; ``principal`` in whose place, once it was delegated (``""``: nobody's).
    ``marks`` say, by the kind of entry, when each thing happened last; ``counts`` how often.
    """

    request: str
    purpose: str
    step: str
    signatory: str
    asked_by: str
    digest: str
    expires_at: str
    factor: str
    seq: int
    at: str
    status: str = PENDING
    principal: str = ""
    level: str = ""
    ended_seq: int = 0
    ended_at: str = ""
    seal: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Whether it still waits for its answer."""
        return self.status == PENDING


def requests_of(entries: Sequence[Entry]) -> tuple[RequestState, ...]:
    """The requests of one case, in the order they were made."""
    found: dict[str, RequestState] = {}
    for entry in entries:
        facts = facts_of(entry)
        if not facts.request:
            continue
        known = found.get(facts.request)
        if known is None:
            if entry.kind in BEGINNINGS:
                found[facts.request] = _asked(entry, facts)
            continue
        found[facts.request] = _told(known, entry, facts)
    return tuple(found.values())


def request_of(entries: Sequence[Entry], folio: str, request: str) -> RequestState:
    """One request of a case. Raises `UnknownRequest`."""
    found = next((item for item in requests_of(entries) if item.request == request), None)
    if found is None:
        raise UnknownRequest(folio=folio, request=request)
    return found


def waiting(entries: Sequence[Entry], folio: str, request: str) -> RequestState:
    """One request of a case that waits for its answer. Raises `UnknownRequest`, `RequestSettled`."""
    found = request_of(entries, folio, request)
    if not found.waits:
        raise RequestSettled(request=request, why=found.status, seq=found.ended_seq, at=found.ended_at)
    return found


def _asked(entry: Entry, facts: Facts) -> RequestState:
    return RequestState(
        request=facts.request,
        purpose=facts.purpose,
        step=entry.step,
        signatory=facts.signatory,
        asked_by=entry.actor,
        digest=facts.digest,
        expires_at=facts.expires_at,
        factor=facts.factor,
        seq=entry.seq,
        at=entry.at,
    )


def _told(known: RequestState, entry: Entry, facts: Facts) -> RequestState:
    """A request after one more entry about it."""
    kind = str(entry.kind)
    marks = {**known.marks, kind: entry.at}
    counts = {**known.counts, kind: known.counts.get(kind, 0) + 1}
    later = replace(known, marks=marks, counts=counts)
    if entry.kind is EntryKind.SIGNATURE_DELEGATED and known.waits:
        return replace(later, signatory=facts.delegate, principal=known.principal or known.signatory)
    if entry.kind is EntryKind.DOCUMENT_STAMPED:
        return replace(later, seal=dict(facts.seal))
    if entry.kind in ENDINGS and known.waits:
        return replace(
            later,
            status=ENDINGS[entry.kind],
            ended_seq=entry.seq,
            ended_at=entry.at,
            level=facts.level,
            seal=dict(facts.seal),
        )
    return later

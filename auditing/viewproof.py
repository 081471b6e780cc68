"""What auditors viewed, committed to by the log: a row that is changed or lost afterwards shows.

Daily the log says how many rows there are and their RFC 6962 root, in ``views.committed`` of the chain `VIEWS_CASE`.
The leaf of a row is the canonical JSON array of its number, ``at``, engagement, actor, role, ``what`` and subject.
So each commitment holds all rows before it, and a lost or changed one is missed by every later commitment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from auditing.views import View, ViewLog
from evidence.canonical import Json, canonical_bytes
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry, format_time
from evidence.findings import Code, Finding
from evidence.ports import Composition, LedgerStore
from evidence.tree import Frontier, leaf_hash

VIEWS_CASE = "system:views"
FACT = "views"
SETTLED = timedelta(minutes=2)
"""Younger rows are not committed to: one with a smaller number may still be on its way into the table."""


@dataclass(frozen=True, slots=True)
class ViewsCommitment:
    """The first ``count`` rows, by number, have this root (hex)."""

    count: int
    root: str

    def as_fact(self) -> dict[str, Json]:
        """The member ``views`` of the entry's facts."""
        return {"count": self.count, "root": self.root}


def leaf_of(view: View) -> bytes:
    """The leaf hash of a row."""
    told: list[Json] = [view.number, view.at, view.engagement, view.actor, view.role, view.what, view.subject]
    return leaf_hash(canonical_bytes(told))


def commitment_of(facts: Mapping[str, Json]) -> ViewsCommitment | None:
    """The commitment in the facts of an entry; ``None`` where it is not well formed."""
    found = facts.get(FACT)
    if not isinstance(found, dict) or found.keys() != {"count", "root"}:
        return None
    count, root = found["count"], found["root"]
    if type(count) is not int or count < 0 or not isinstance(root, str):
        return None
    return ViewsCommitment(count, root)


def newest(ledger: LedgerStore) -> tuple[ViewsCommitment, SealedEntry] | None:
    """The newest commitment and its entry; ``None`` where there is none yet."""
    for sealed in reversed(ledger.history(VIEWS_CASE)):
        found = commitment_of(sealed.entry.facts)
        if sealed.entry.kind is EntryKind.VIEWS_COMMITTED and found is not None:
            return found, sealed
    return None


def commit_views(ledger: LedgerStore, views: ViewLog, now: datetime) -> ViewsCommitment | None:
    """Append a commitment to the settled rows; nothing where there are no more than were committed to.

    Safe in several processes: the entry's idempotency key is the number of rows, and so many rows have one root.

    Raises:
        StoreUnavailable.
    """
    until, known = format_time(now - SETTLED), newest(ledger)
    frontier = Frontier()
    for row in takewhile(lambda row: row.at <= until, views.all()):
        frontier.append(leaf_of(row))
    made = ViewsCommitment(frontier.size, frontier.root().hex())
    if made.count <= (known[0].count if known else 0):
        return None
    entry = EntryDraft(SYSTEM, SYSTEM, EntryKind.VIEWS_COMMITTED, facts={FACT: made.as_fact()})
    ledger.append(
        VIEWS_CASE,
        lambda _history: Composition((entry,)),
        idempotency_key=f"views/{made.count}",
        request_digest=made.root,
    )
    return made


def check_views(ledger: LedgerStore, views: ViewLog) -> Iterator[Finding]:
    """Every commitment held against the rows that are there."""
    wanted = dict[int, list[tuple[str, str]]]()
    for sealed in ledger.history(VIEWS_CASE):
        subject, told = f"{VIEWS_CASE}/{sealed.entry.seq}", commitment_of(sealed.entry.facts)
        if told is None:
            yield Finding(Code.VIEWS_DIFFER, subject, "a commitment to views", "none that can be read")
        else:
            wanted.setdefault(told.count, []).append((subject, told.root))
    frontier = Frontier()
    yield from _met(wanted.pop(0, []), frontier)
    for row in views.all() if wanted else ():
        frontier.append(leaf_of(row))
        yield from _met(wanted.pop(frontier.size, []), frontier)
        if not wanted:
            return
    for count, late in sorted(wanted.items()):
        for subject, _root in late:
            yield Finding(Code.VIEWS_DIFFER, subject, f"{count} views", f"{frontier.size} views")


def _met(told: Iterable[tuple[str, str]], frontier: Frontier) -> Iterator[Finding]:
    for subject, claimed in told:
        found = frontier.root().hex()
        if claimed != found:
            expected = f"{frontier.size} views under {claimed}"
            yield Finding(Code.VIEWS_DIFFER, subject, expected, f"under {found}")

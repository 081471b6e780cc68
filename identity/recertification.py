"""Recertification of this system's own users: a campaign over everybody's roles, folded from ``system:access``.

The rows of a campaign are the roles that people hold by the chain when it is opened: the chain is the roster, and needs
no copy of itself. State is the fold of the same chain, so that a decision is judged and written in one append, and no
role changes in a campaign without the entry that says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind, SealedEntry
from identity.accounts import Role
from identity.tenures import Held, apply, role_of, text_of


class RowState(StrEnum):
    """Where one role of one person stands.

    ``suspended``: nobody decided in time, so the role ended; ``gone``: it ended otherwise while the campaign ran.
    """

    PENDING = "pending"
    KEPT = "kept"
    REMOVED = "removed"
    SUSPENDED = "suspended"
    GONE = "gone"


DECIDED = frozenset({RowState.KEPT, RowState.REMOVED, RowState.GONE})


@dataclass(slots=True)
class Row:
    """One role of one person: its state, and who decided it when by which entry (``seq`` 0: nobody yet).

    ``since`` and ``until`` are the term it was held by when the review began (``until`` ``""``: without an end);
    ``suspended_at`` is when silence ended it, whatever was decided afterwards.
    """

    subject: str
    role: Role
    since: str
    until: str = ""
    state: RowState = RowState.PENDING
    by: str = ""
    at: str = ""
    seq: int = 0
    reason: str = ""
    suspended_at: str = ""

    def term(self, now: str) -> dict[str, Json] | None:
        """What is left of its term at ``now``, as facts of an entry that gives it back; ``None``: nothing is."""
        if self.until and self.until <= now:
            return None
        begun: dict[str, Json] = {"since": self.since} if self.since > now else {}
        return {**begun, "until": self.until} if self.until else begun


@dataclass(slots=True)
class Campaign:
    """One review: who answers for it, until when, and its rows. Times are ledger times; ``""``: not yet."""

    id: str
    owner: str
    opened_by: str
    opened_at: str
    seq: int
    due_at: str
    rows: dict[tuple[str, Role], Row] = field(default_factory=dict)
    expired_at: str = ""
    closed_at: str = ""

    @property
    def open(self) -> bool:
        """Whether decisions are still taken."""
        return not self.closed_at

    def count(self, *states: RowState) -> int:
        """How many rows stand so."""
        return sum(1 for row in self.rows.values() if row.state in states)

    @property
    def undecided(self) -> list[Row]:
        """Rows that wait for somebody: pending, or suspended by silence."""
        return [row for row in self.rows.values() if row.state not in DECIDED]

    def people(self) -> dict[str, list[Row]]:
        """Rows by person."""
        found: dict[str, list[Row]] = {}
        for row in self.rows.values():
            found.setdefault(row.subject, []).append(row)
        return found


def campaigns(chain: Iterable[SealedEntry]) -> list[Campaign]:
    """Every campaign, the oldest first; what cannot be read, or is out of its turn, changes nothing."""
    held: Held = {}
    found: list[Campaign] = []
    for sealed in chain:
        entry = sealed.entry
        now = found[-1] if found and found[-1].open else None
        if entry.kind is EntryKind.RECERTIFICATION_OPENED:
            if now is not None:
                now.closed_at = entry.at  # the next one begins where this one ended
            found.append(_opened(entry, held))
        elif now is not None and text_of(entry.facts, "recertification") == now.id:
            _said(now, sealed)
        elif now is not None and entry.kind is EntryKind.ACCESS_REVOKED:
            key = role_of(entry)
            row = now.rows.get(key) if key is not None else None
            if row is not None and row.state is not RowState.SUSPENDED:
                row.state, row.at = RowState.GONE, entry.at
        apply(held, entry)
    return found


def _opened(entry: Entry, held: Held) -> Campaign:
    facts = entry.facts
    made = Campaign(
        text_of(facts, "recertification"),
        text_of(facts, "owner"),
        entry.actor,
        entry.at,
        entry.seq,
        text_of(facts, "due_at"),
    )
    for key, holding in sorted(held.items()):
        if not holding.ended(entry.at):
            made.rows[key] = Row(*key, holding.since, holding.until)
    return made


def _said(campaign: Campaign, sealed: SealedEntry) -> None:
    """An entry of the campaign's own."""
    entry = sealed.entry
    if entry.kind is EntryKind.RECERTIFICATION_DECIDED:
        for name, state in (("keeps", RowState.KEPT), ("removes", RowState.REMOVED)):
            for role in _roles(entry.facts, name):
                row = campaign.rows.get((text_of(entry.facts, "subject"), role))
                if row is not None:
                    row.state, row.by, row.at, row.seq = state, entry.actor, entry.at, entry.seq
                    row.reason = _reason(sealed)
    elif entry.kind is EntryKind.RECERTIFICATION_EXPIRED:
        campaign.expired_at = entry.at
        for row in campaign.rows.values():
            if row.state is RowState.PENDING:
                row.state, row.suspended_at, row.seq = RowState.SUSPENDED, entry.at, entry.seq
    elif entry.kind is EntryKind.RECERTIFICATION_CLOSED:
        campaign.closed_at = entry.at


def _roles(facts: Mapping[str, Json], name: str) -> list[Role]:
    told = facts.get(name)
    return [Role(item) for item in told if item in set(Role)] if isinstance(told, list) else []


def _reason(sealed: SealedEntry) -> str:
    data = sealed.payload().get("data")
    reason = data.get("reason") if isinstance(data, dict) else ""
    return reason if isinstance(reason, str) else ""

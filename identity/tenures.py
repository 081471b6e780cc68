"""Who holds which role by the chain ``system:access`` alone: what reviews and expiries are judged by.

The rows of the accounts' store are what is asked at each request; the chain is what happened. Both agree, save after a
crash between the two (decision 0043), which repeating the act completes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind, SealedEntry
from identity.accounts import Role

PERSON = "u-"


@dataclass(frozen=True, slots=True)
class Holding:
    """A role that a person has by entry ``seq``, from ``since`` to ``until`` (ledger times; ``""``: without an end)."""

    subject: str
    role: Role
    seq: int
    since: str
    until: str = ""

    def ended(self, now: str) -> bool:
        """Whether its own end has come."""
        return bool(self.until) and self.until <= now


Held = dict[tuple[str, Role], Holding]


def holdings(chain: Iterable[SealedEntry]) -> Held:
    """What is held after the chain's last entry."""
    held: Held = {}
    for sealed in chain:
        apply(held, sealed.entry)
    return held


def apply(held: Held, entry: Entry) -> None:
    """What an entry of the chain gives or takes; others change nothing."""
    key = role_of(entry)
    if key is None:
        return
    if entry.kind is EntryKind.ACCESS_REVOKED:
        held.pop(key, None)
        return
    since = text_of(entry.facts, "since") or entry.at
    held[key] = Holding(*key, entry.seq, since, text_of(entry.facts, "until"))


def role_of(entry: Entry) -> tuple[str, Role] | None:
    """The person and the role that an entry gives or takes."""
    facts = entry.facts
    if entry.kind not in {EntryKind.ACCESS_GRANTED, EntryKind.ACCESS_REVOKED} or "token" in facts:
        return None
    subject, role = text_of(facts, "subject"), text_of(facts, "role")
    if not subject.startswith(PERSON) or role not in set(Role):
        return None
    return subject, Role(role)


def text_of(facts: Mapping[str, Json], name: str) -> str:
    """A fact that is text; ``""`` where it is absent or anything else."""
    value = facts.get(name, "")
    return value if isinstance(value, str) else ""

"""Invitations: a personal link by which somebody sets the first password of an account that was made for them.

What is kept of a link is its SHA-256; the link itself stands in one mail and nowhere else. It is good once, until its
moment, and only while a newer one was not sent to the same account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class InvitationState(StrEnum):
    """How far an invitation has got; taken: somebody is setting the password; replaced: a newer one was sent."""

    OPEN = "open"
    TAKEN = "taken"
    USED = "used"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation of ``account`` to ``place``, by the account ``invited_by``; times are ledger times."""

    token_hash: str
    id: str
    account: str
    place: str
    invited_by: str
    created_at: str
    expires_at: str
    state: InvitationState = InvitationState.OPEN

    def good(self, now: str) -> bool:
        """Whether it can still be used."""
        return self.state is InvitationState.OPEN and now < self.expires_at


class InvitationStore(Protocol):
    """Durable. Any number of threads and processes; raises `evidence.ports.StoreUnavailable` alone."""

    def add(self, invitation: Invitation) -> None:
        """Keep it; every open one of the same account is replaced in the same step."""
        ...

    def find(self, token_hash: str) -> Invitation | None:
        """The invitation of a link."""
        ...

    def of(self, account: str) -> Sequence[Invitation]:
        """Every invitation of an account, oldest first."""
        ...

    def take(self, token_hash: str, now: str) -> bool:
        """Take an open one whose moment has not come, in one conditional statement; whether it was had."""
        ...

    def used(self, token_hash: str) -> None:
        """A taken one led to a password."""
        ...


def awaited(invitations: Sequence[Invitation]) -> bool:
    """Whether an account was made by invitation and its owner never came: nobody knows its password."""
    return bool(invitations) and all(item.state is not InvitationState.USED for item in invitations)

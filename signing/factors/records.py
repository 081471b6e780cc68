"""Rows of second factors that belong to a person, and the port that keeps them. None of them is evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

TOTP = "totp"
"""A code of an authenticator application (RFC 6238)."""
PASSKEY = "passkey"
"""A key pair of one's own (WebAuthn): its private half never leaves the person's device, or what it is synced by."""


class FactorState(StrEnum):
    """``new``: shown, and not confirmed by a good code yet."""

    NEW = "new"
    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """One factor of one person. Times are ledger times.

    ``content`` is its secret, encrypted, or a passkey's public half; empty once revoked. ``counter`` is the last time
    step used (RFC 6238, section 5.2: a code is accepted once), or a passkey's last signature count. ``until`` ends an
    enrolment that is not confirmed; ``tries`` counts attempts of the window that ends at ``tries_until``. ``label`` is
    what its owner calls it, ``used_at`` when it was last proven.
    """

    id: str
    owner: str
    kind: str
    content: bytes
    created_at: str
    until: str
    state: FactorState = FactorState.NEW
    counter: int = 0
    tries: int = 0
    tries_until: str = ""
    label: str = ""
    used_at: str = ""


class FactorStore(Protocol):
    """Durable rows, shared by every worker; each method is one atomic step.

    Errors: `evidence.ports.StoreUnavailable`, then nothing has changed.
    """

    def add(self, factor: OwnFactor) -> None:
        """Keep a new one; what its owner had begun of that kind, and never confirmed, is forgotten."""
        ...

    def factor(self, factor_id: str) -> OwnFactor | None:
        """One by id."""
        ...

    def of(self, owner: str) -> Sequence[OwnFactor]:
        """Those of a person that are in force."""
        ...

    def everyone(self) -> Sequence[OwnFactor]:
        """All that are or were in force, the newest first."""
        ...

    def attempt(self, factor_id: str, now: str, until: str, most: int) -> int:
        """Count an attempt before it is judged; its number in the window, 0 when there were ``most`` already."""
        ...

    def activate(self, factor_id: str, counter: int, slot: str = "") -> bool:
        """Put a new one in force; ``False`` when its place is taken, or it is not new any more.

        Its place is ``slot``, or where that is empty the one that its owner has for the kind.
        """
        ...

    def in_slot(self, slot: str) -> OwnFactor | None:
        """The one in force that has a place."""
        ...

    def advance(self, factor_id: str, counter: int) -> bool:
        """Use up a time step of one in force; ``False`` when it, or a later one, was used before."""
        ...

    def count(self, factor_id: str, counter: int, at: str) -> bool:
        """A passkey in force was used; ``False`` when its count did not grow (none at all, 0, is no count)."""
        ...

    def revoke(self, factor_id: str) -> bool:
        """End one in force and destroy its secret."""
        ...


class ChallengeStore(Protocol):
    """What a browser was asked to sign, until it answers: once, for minutes. Atomic, shared by every worker.

    Errors: `evidence.ports.StoreUnavailable`, then nothing has changed.
    """

    def keep(self, challenge: str, purpose: str, scope: str, content: bytes, until: str) -> None:
        """Keep one by its SHA-256 (hex); an earlier one of the same purpose and scope ends."""
        ...

    def find(self, challenge: str, purpose: str, scope: str, now: str) -> bytes | None:
        """Its content, as `take` would give it; it stays."""
        ...

    def take(self, challenge: str, purpose: str, scope: str, now: str) -> bytes | None:
        """Give its content out and forget it, if it is of this purpose and scope and its time is not over."""
        ...

    def purge(self, before: str) -> int:
        """Forget those whose time was over by then; how many."""
        ...

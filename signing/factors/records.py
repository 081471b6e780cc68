"""Rows of second factors that belong to a person, and the port that keeps them. None of them is evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

TOTP = "totp"
"""A code of an authenticator application (RFC 6238)."""


class FactorState(StrEnum):
    """``new``: shown, and not confirmed by a good code yet."""

    NEW = "new"
    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """One factor of one person. Times are ledger times.

    ``content`` is its secret, encrypted; empty once revoked. ``counter`` is the last time step used (RFC 6238, section
    5.2: a code is accepted once). ``until`` ends an enrolment that is not confirmed; ``tries`` counts attempts of the
    window that ends at ``tries_until``.
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

    def activate(self, factor_id: str, counter: int) -> bool:
        """Put a new one in force; ``False`` when its owner has one of the kind, or it is not new any more."""
        ...

    def advance(self, factor_id: str, counter: int) -> bool:
        """Use up a time step of one in force; ``False`` when it, or a later one, was used before."""
        ...

    def revoke(self, factor_id: str) -> bool:
        """End one in force and destroy its secret."""
        ...

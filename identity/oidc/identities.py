"""Which person of the directory is which account: bound by ``iss`` and ``sub`` together, and by nothing else.

OpenID Connect Core 1.0, section 5.7: no other claim is stable, or unique; an address of mail is given to the next
employee. Each binding's coming and going is an entry of ``system:access`` (fact ``factor``: ``directory``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence.entry import format_time
from evidence.ports import Clock
from identity.access import Granter
from identity.accounts import new_opaque
from identity.factors import FactorLog
from identity.oidc.errors import DirectoryTaken

DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class BoundIdentity:
    """``subject`` of ``issuer`` enters as ``account`` from ``since`` on; ``until`` is ``""`` while it does."""

    id: str
    account: str
    issuer: str
    subject: str
    since: str
    until: str = ""


class IdentityStore(Protocol):
    """Durable; each method one atomic step. Raises `evidence.ports.StoreUnavailable` alone."""

    def bind(self, identity: BoundIdentity) -> bool:
        """Keep it; ``False`` when its subject or its account is bound already."""
        ...

    def find(self, issuer: str, subject: str) -> BoundIdentity | None:
        """The binding in force of a person of the directory."""
        ...

    def of(self, account: str) -> BoundIdentity | None:
        """The binding in force of an account."""
        ...

    def everyone(self) -> Sequence[BoundIdentity]:
        """All in force, by account."""
        ...

    def release(self, identity_id: str, until: str) -> bool:
        """End one; ``False`` when it was not in force."""
        ...


class IdentityDesk:
    """Binds and releases, each with its entry: the entry before a binding counts, its end before the entry."""

    def __init__(self, store: IdentityStore, log: FactorLog, clock: Clock) -> None:
        self.store = store
        self._log = log
        self._clock = clock

    def bind(self, account: str, issuer: str, subject: str, by: Granter) -> BoundIdentity:
        """From now on this person of the directory enters as this account; binding the same twice is once.

        Raises:
            DirectoryTaken: either is bound to something else.
        """
        known, held = self.store.find(issuer, subject), self.store.of(account)
        if known is not None and known == held:
            return known
        if known is not None or held is not None:
            raise DirectoryTaken
        made = BoundIdentity(new_opaque("oi-"), account, issuer, subject, format_time(self._clock()))
        private = {"identity": {"issuer": issuer, "subject": subject}}
        self._log.enrolled(account, DIRECTORY, made.id, by, private)  # type: ignore[arg-type]  # texts are JSON
        if not self.store.bind(made):
            self._log.revoked(account, DIRECTORY, made.id, by)  # somebody was quicker: it never counted
            raise DirectoryTaken
        return made

    def release(self, account: str, by: Granter, reason: str = "") -> bool:
        """They enter by the directory no more; whether they did."""
        held = self.store.of(account)
        if held is None or not self.store.release(held.id, format_time(self._clock())):
            return False
        self._log.revoked(account, DIRECTORY, held.id, by, {"note": reason} if reason else None)
        return True

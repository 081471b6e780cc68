"""What signing with an e.firma asks of the outside: who judges certificates and letters, where prepared ones wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.canonical import Json
from signing.ports import SignedDocument, Stamp


@dataclass(frozen=True, slots=True)
class Accepted:
    """A certificate that may sign, as told by who judged it: what is recorded of it, and the certificate (DER)."""

    certificate: bytes
    name: str
    facts: dict[str, Json]


class EfirmaSigner(Protocol):
    """`signing.efirmaroom.EfirmaRoom`, which knows pyHanko; this desk does not. Safe for threads.

    Every method raises `EfirmaInvalid`, `DocumentUnfit` or `SigningUnavailable`.
    """

    def accept(self, certificate: bytes, rfc: str, at: datetime) -> Accepted:
        """Judge a certificate."""
        ...

    def prepare(
        self, pdf: bytes, accepted: Accepted, *, reason: str, stamp: Stamp, at: datetime
    ) -> tuple[bytes, bytes]:
        """A letter ready to be signed, as bytes for the store, and what the browser shall sign."""
        ...

    def complete(self, prepared: bytes, signature: bytes, shown: bytes, at: datetime) -> SignedDocument:
        """The letter signed, sealed and judged."""
        ...


class PreparationStore(Protocol):
    """Letters that wait for their signature. Atomic, shared by every worker; raises `StoreUnavailable`."""

    def keep(self, preparation: str, visit: str, request: str, content: bytes, until: str) -> None:
        """Keep one; an earlier one of the same visit and request ends."""
        ...

    def take(self, preparation: str, visit: str, request: str, now: str) -> bytes | None:
        """Give one out and forget it, if it is of this visit and request and its time is not over."""
        ...

    def purge(self, before: str) -> int:
        """Forget those whose time was over by then; how many."""
        ...

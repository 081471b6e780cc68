"""The outbox: mails that wait to be sent, and how far each one has got.

A mail is *waiting*, then *handing* (from just before the server may take it until its answer is kept), then *sent*,
*failed* (nobody tries any more) or *cancelled* (what it was for no longer holds). ``told`` says that its case knows.
The id follows from the key, and the Message-ID from the id: the same mail is never another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from workflows.mailing import Addressee, MailRequest

ID_DIGITS = 32


class MailState(StrEnum):
    """How far a mail has got."""

    WAITING = "waiting"
    HANDING = "handing"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


SETTLED = frozenset({MailState.SENT, MailState.FAILED, MailState.CANCELLED})


def mail_id(key: str) -> str:
    """The id of the mail with that idempotency key: 32 hex digits, which give nothing of the key away."""
    return hashlib.sha256(b"constancia/v1/mail\n" + key.encode()).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail of the outbox.

    ``attempts`` were made and failed. Times are ledger times: ``due_at`` of the next attempt, ``dated_at`` what the
    mail's Date says (that of the first handing: a mail handed over again is the same bytes), ``""`` for not yet.
    ``trouble`` is a code, ``detail`` what the other side said. ``doubt``: a handing ended without an answer, so that
    the mail may have arrived twice. ``sealed``: the values of ``request.secrets``, encrypted; empty once it is settled.
    ``addressed`` and ``locale``: to whom and in which language it was first handed over; what is handed over again, and
    the copy a case keeps, are to the same and in the same. Empty until then.
    """

    id: str
    request: MailRequest
    state: MailState
    created_at: str
    due_at: str
    attempts: int = 0
    dated_at: str = ""
    settled_at: str = ""
    trouble: str = ""
    detail: str = ""
    told: bool = False
    doubt: bool = False
    sealed: bytes = b""
    addressed: tuple[Addressee, ...] = ()
    locale: str = ""

    def message_id(self, domain: str) -> str:
        """The mail's Message-ID, with its angle brackets."""
        return f"<{self.id}@{domain}>"


class Outbox(Protocol):
    """Durable, idempotent by key, safe for several senders at once.

    Who claims a mail holds it until ``until``; every later word of it names the same ``owner`` and answers whether it
    was still theirs. Errors: `evidence.ports.StoreUnavailable`, then nothing has changed.
    """

    def enqueue(
        self, request: MailRequest, sealed: bytes = b"", files: Mapping[int, bytes] | None = None
    ) -> str:
        """Keep the request, durably, and return the mail's id; a key that is known writes nothing.

        ``files`` are the bytes of those of ``request.files`` that lie nowhere else, by their place. They are kept and
        forgotten with the mail's words.
        """
        ...

    def claim(self, owner: str, now: datetime, until: datetime, limit: int = 1) -> Sequence[QueuedMail]:
        """Take mails that are due: waiting ones, and ones whose sender fell silent while handing."""
        ...

    def claim_one(self, wanted: str, owner: str, now: datetime, until: datetime) -> QueuedMail | None:
        """Take the mail of that id, due or not, unless it is settled or somebody else's at the moment."""
        ...

    def hand(
        self, wanted: str, owner: str, dated_at: str, to: Sequence[Addressee] = (), locale: str = ""
    ) -> bool:
        """Write down that the server may take the mail from here on: dated when, to whom, in which language."""
        ...

    def accepted(self, wanted: str, owner: str, at: datetime, detail: str = "") -> bool:
        """The server took it: it is sent."""
        ...

    def postpone(self, wanted: str, owner: str, due: datetime, trouble: str, detail: str) -> bool:
        """An attempt failed before the server could take the mail: try again at ``due``."""
        ...

    def doubt(self, wanted: str, owner: str, due: datetime, detail: str) -> bool:
        """The server's answer never came: the mail stays *handing*, to be looked at again at ``due``."""
        ...

    def settle(
        self, wanted: str, owner: str, state: MailState, at: datetime, trouble: str, detail: str
    ) -> bool:
        """Give up (*failed*), or take back (*cancelled*). Whatever ends a mail destroys its sealed secrets."""
        ...

    def untold(self, limit: int = 20) -> Sequence[QueuedMail]:
        """Mails that are sent or failed and whose case does not know yet."""
        ...

    def file(self, wanted: str, place: int) -> bytes | None:
        """The bytes of a file that waits with its mail."""
        ...

    def tell(self, wanted: str) -> None:
        """Their case knows: what filled the mail is forgotten here, for the sealed copy holds it."""
        ...

    def get(self, wanted: str) -> QueuedMail | None:
        """A mail by id."""
        ...

    def of_case(self, case: str) -> Sequence[QueuedMail]:
        """Every mail of a case that is still here, the oldest first."""
        ...

    def latest(self, limit: int = 100) -> Sequence[QueuedMail]:
        """The last mails asked for, the newest first."""
        ...

    def purge(self, before: datetime) -> int:
        """Forget settled and told mails that were settled before; returns how many."""
        ...

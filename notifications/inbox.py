"""Mails that arrived: what each says, which case it may belong to, and what a person made of it.

Software proposes and a person decides: a mail is *waiting* until somebody files it in a case or puts it aside. Only a
mail server's own report that a mail of ours came back is filed by itself (*bounce*).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from evidence.canonical import Json


class IncomingState(StrEnum):
    """What became of a mail that arrived. ``repeated``: it is another copy of one that is here."""

    WAITING = "waiting"
    FILED = "filed"
    DISCARDED = "discarded"
    BOUNCE = "bounce"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Match:
    """A case a mail may belong to, and by what: ``references``, ``subject``, ``body`` or ``address``."""

    folio: str
    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mail seems to answer: a case's step, the branch it means (``""``: none), the words it was read in."""

    folio: str
    step: str
    slot: str
    choice: str
    phrase: str


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail that arrived.

    ``id`` is the SHA-256 (hex) of its bytes as fetched. ``about`` is what `documents.mail` read out of it, or
    ``refused`` with the code for which it could not be read. ``facts`` are those of its origin: ``dkim``, ``domain``,
    ``authserv``. ``twin``: the id of an earlier mail with the same Message-ID and other content.
    """

    id: str
    mailbox: str
    uid: str
    message_id: str
    arrived_at: str
    about: Mapping[str, Json]
    facts: Mapping[str, str]
    matches: tuple[Match, ...] = ()
    answer: Answer | None = None
    state: IncomingState = IncomingState.WAITING
    case: str = ""
    settled_at: str = ""
    settled_by: str = ""
    note: str = ""
    twin: str = ""
    size: int = field(default=0)

    def text(self, name: str) -> str:
        """A text of ``about``, empty where it is none."""
        value = self.about.get(name, "")
        return value if isinstance(value, str) else ""

    def addresses(self, name: str) -> tuple[tuple[str, str], ...]:
        """Names and addresses of a header."""
        found = self.about.get(name, [])
        pairs = found if isinstance(found, list) else []
        return tuple(
            (str(item.get("name", "")), str(item.get("address", "")))
            for item in pairs
            if isinstance(item, dict)
        )

    @property
    def sender(self) -> str:
        """The first address it says to come from: a claim."""
        found = self.addresses("from")
        return found[0][1] if found else ""


def written_at(mail: IncomingMail, now: datetime) -> datetime | None:
    """When the mail says it was written, where that can be: not after it arrived."""
    try:
        said = datetime.fromisoformat(mail.text("date"))
    except ValueError:
        return None
    return said if said.tzinfo is not None and said <= now else None


class Inbox(Protocol):
    """Mails that arrived, durable, each once. Errors: `evidence.ports.StoreUnavailable`."""

    def position(self, mailbox: str) -> tuple[int, int]:
        """UIDVALIDITY and the last UID taken from a mailbox; zeros for one never looked at."""
        ...

    def keep(self, mail: IncomingMail, raw: bytes, position: tuple[int, int]) -> bool:
        """Keep a mail and how far its mailbox was read, together; ``False``: these very bytes were here already."""
        ...

    def advance(self, mailbox: str, position: tuple[int, int]) -> None:
        """Note how far a mailbox was read."""
        ...

    def raw(self, wanted: str) -> bytes | None:
        """The bytes as fetched; ``None`` once they are in a case, or forgotten."""
        ...

    def get(self, wanted: str) -> IncomingMail | None:
        """A mail by id."""
        ...

    def of_message(self, message_id: str) -> Sequence[IncomingMail]:
        """Mails with that Message-ID, the earliest first."""
        ...

    def waiting(self, limit: int = 100) -> Sequence[IncomingMail]:
        """Mails nobody has filed, the oldest first."""
        ...

    def latest(self, limit: int = 100) -> Sequence[IncomingMail]:
        """The last mails that arrived, whatever became of them, the newest first."""
        ...

    def count_waiting(self) -> int:
        """How many wait."""
        ...

    def of_case(self, folio: str) -> Sequence[IncomingMail]:
        """Waiting mails whose first match is that case."""
        ...

    def settle(
        self, wanted: str, state: IncomingState, *, case: str, by: str, note: str, at: datetime
    ) -> bool:
        """Say what became of a waiting mail; ``False`` when it was not waiting. A filed mail's bytes are let go."""
        ...

    def purge(self, before: datetime) -> int:
        """Forget mails settled before; returns how many."""
        ...

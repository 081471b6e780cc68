"""What a verifier trusts, from its own arguments and never from the package."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from audit_exports.letters import LetterSaid
from evidence.note import VerifierKey
from evidence.policy import Policy


class StampJudge(Protocol):
    """Judges RFC 3161 responses over a message; an `evidence.outside.StampVerifier` that also knows today."""

    def __call__(self, response: bytes, message: bytes) -> datetime | None:
        """The time the response proves, judged as of that time; raises ``ValueError`` where it proves nothing."""
        ...

    def ended(self, response: bytes, message: bytes) -> bool:
        """Whether the certificates behind a response that was good have ended since."""
        ...


class LetterJudge(Protocol):
    """Asks a PDF for its signatures."""

    def judge(self, pdf: bytes) -> LetterSaid | None:
        """What was found; ``None`` where nothing could be."""
        ...


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys of logs (a key's name is its log's origin), and what else the verifier brings.

    ``keys`` include the policy's logs. ``receipt`` is that of the export, ``counterparties`` are receipts that others
    kept of entries of theirs, ``since`` a checkpoint note kept from
    earlier, ``stamps`` judges time stamps, ``letters`` asks signed letters, and
    ``not_before`` is a moment to which the package must at least reach.
    """

    keys: tuple[VerifierKey, ...] = ()
    receipt: bytes | None = None
    counterparties: tuple[bytes, ...] = ()
    policy: Policy = field(default_factory=Policy)
    since: bytes | None = None
    stamps: StampJudge | None = None
    letters: LetterJudge | None = None
    not_before: datetime | None = None

    def origin(self, claimed: str) -> str:
        """The log to expect: the claimed one when a key is for it, else that of the first key."""
        names = [key.name for key in self.keys]
        return claimed if claimed in names or not names else names[0]

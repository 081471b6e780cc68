"""What the log tells of the seal of letters: which certificate signs them from here on, under which root.

A letter carries its seal's certificate, and its entry that certificate's digest; an entry ``seal.published`` of
``system:seals`` says beforehand, under every later checkpoint, that this certificate is the organisation's. So a letter
sealed with another one, by whoever got hold of the desk, shows as one that nobody had announced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind

SEALS_CASE = "system:seals"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Change(StrEnum):
    """The first seal of the log; another certificate under the same root; another root."""

    FIRST = "first"
    RENEWED = "renewed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class SealFact:
    """What a ``seal.published`` entry says: SHA-256 (hex) of the seal's certificate and of its root's, DER."""

    change: Change
    certificate: str
    root: str

    def as_facts(self) -> dict[str, Json]:
        """The entry's facts."""
        return {"seal": {"change": str(self.change), "certificate": self.certificate, "root": self.root}}


def seal_of_entry(entry: Entry) -> SealFact | None:
    """The seal an entry tells of; ``None`` where it tells of none, or malformed."""
    if entry.kind is not EntryKind.SEAL_PUBLISHED or entry.case != SEALS_CASE:
        return None
    told = entry.facts.get("seal")
    if not isinstance(told, dict) or told.get("change") not in {str(item) for item in Change}:
        return None
    digests = [told.get("certificate"), told.get("root")]
    if not all(isinstance(item, str) and _DIGEST.fullmatch(item) for item in digests):
        return None
    return SealFact(Change(str(told["change"])), str(digests[0]), str(digests[1]))


def next_fact(history: Iterable[Entry], certificate: str, root: str) -> SealFact | None:
    """What is to be told of a seal after these entries; ``None`` where the latest tells it already."""
    told = [fact for fact in map(seal_of_entry, history) if fact is not None]
    if not told:
        return SealFact(Change.FIRST, certificate, root)
    last = told[-1]
    if (last.certificate, last.root) == (certificate, root):
        return None
    return SealFact(Change.RENEWED if last.root == root else Change.REPLACED, certificate, root)

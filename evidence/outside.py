"""Anchors that lie with others: cosignatures and time stamps that the log tells of, held against what one trusts.

The log's own word that it was anchored is worth nothing. A cosignature counts if its key is a witness of the verifier's
policy; a time stamp if the verifier's own `StampVerifier` accepts it; and both only for a note that agrees with the
recomputed tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from evidence.anchored import COSIGNATURE, AnchorFact, anchor_of
from evidence.checkpoint import peek_checkpoint
from evidence.entry import BlobRef, Entry, EntryKind, format_time
from evidence.findings import Code, Finding
from evidence.note import InvalidSignature, NoteError, UnverifiedNote, open_note
from evidence.policy import Policy
from evidence.ports import BlobCorrupt, BlobMissing, BlobStore, StoreUnavailable

StampVerifier = Callable[[bytes, bytes], datetime | None]
"""From an RFC 3161 response and the message to the time it proves; ``None`` for an authority one does not know.

Raises ``ValueError`` for a response by a known authority that does not show what it should.
"""

MAX_ANCHOR_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Anchor:
    """An anchor that holds: its level, who gave it, the size it fixes, and the time they state (a ledger time)."""

    level: str
    name: str
    size: int
    time: str


@dataclass(frozen=True, slots=True)
class Told:
    """An anchor the log tells of."""

    fact: AnchorFact
    objects: tuple[BlobRef, ...]
    subject: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a verifier trusts beside the log's keys: logs and witnesses of a policy, and a judge of time stamps.

    ``not_before``: what is known of the log must reach at least to this moment.
    """

    policy: Policy = field(default_factory=Policy)
    stamps: StampVerifier | None = None
    not_before: datetime | None = None


class OutsideAnchors:
    """Collects what the log tells, then judges it.

    Args:
        trust: whose witnesses and stamps count.
        every: judge each anchor, not only the newest of each name.
    """

    def __init__(self, trust: Trust, *, every: bool) -> None:
        self._policy = trust.policy
        self._stamps = trust.stamps
        self._every = every
        self._told: list[Told] = []
        self.findings: list[Finding] = []

    def see(self, entry: Entry, subject: str) -> None:
        """Take note of an entry."""
        if entry.kind is not EntryKind.ANCHOR_RECORDED:
            return
        fact = anchor_of(entry)
        if fact is None:
            self._find(subject, "an anchor with its two objects", "none that can be read")
            return
        if not self._every:
            self._told = [told for told in self._told if _who(told.fact) != _who(fact)]
        self._told.append(Told(fact, entry.objects, subject))

    def notes(self, blobs: BlobStore) -> Iterator[tuple[Told, bytes, bytes]]:
        """Each anchor with its note and what came back; what cannot be read is a finding of the objects' check."""
        for told in self._told:
            try:
                note, answer = (_read(blobs, ref) for ref in told.objects)
            except (BlobMissing, BlobCorrupt, StoreUnavailable):
                continue
            yield told, note, answer

    def judge(self, told: Told, note: bytes, answer: bytes) -> Anchor | None:
        """The anchor, if somebody trusted gave it for this very note."""
        try:
            if peek_checkpoint(note).size != told.fact.size:
                raise ValueError("the note is of another size than the entry says")
            if told.fact.kind == COSIGNATURE:
                return self._cosigned(told, note, answer)
            moment = self._stamps(answer, note) if self._stamps is not None else None
        except (NoteError, ValueError) as error:
            self._find(told.subject, f"a {told.fact.kind} of size {told.fact.size}", str(error))
            return None
        if moment is None:
            return None
        return Anchor("A2", told.fact.name, told.fact.size, format_time(moment))

    def _cosigned(self, told: Told, note: bytes, answer: bytes) -> Anchor | None:
        if not answer.startswith(note):
            raise ValueError("the cosigned note is not the note with more signatures")
        try:
            opened = open_note(answer, self._policy.witness_keys)
        except UnverifiedNote:
            return None  # by nobody this policy knows
        except InvalidSignature as error:
            raise ValueError(f"not by {error.name}") from error
        seconds = opened.verified[0].seconds
        moment = format_time(datetime.fromtimestamp(seconds, UTC))
        return Anchor("A3", opened.verified[0].name, told.fact.size, moment)

    def _find(self, subject: str, expected: str, found: str) -> None:
        self.findings.append(Finding(Code.ANCHOR_INVALID, subject, expected, found))


def _who(fact: AnchorFact) -> tuple[str, str]:
    return fact.kind, fact.name


def _read(blobs: BlobStore, ref: BlobRef) -> bytes:
    if ref.size > MAX_ANCHOR_BYTES:
        raise BlobCorrupt(ref.key, f"at most {MAX_ANCHOR_BYTES} bytes", str(ref.size))
    with blobs.open(ref) as stream:
        return stream.read()

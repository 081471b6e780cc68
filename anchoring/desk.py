"""Anchoring a checkpoint everywhere it can be, and telling each anchor by an entry.

An anchor is an entry ``anchor.recorded`` of the case ``system:anchors``. Its objects are the note as the log signed it
and, in second place, what came back: the note with the witness's line, or the authority's response. What could not be
reached is reported and tried again when the log is anchored next; nothing is recorded for it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from anchoring.timestamps import REPLY_MEDIA, Authority, BadToken
from anchoring.transport import Unreachable
from anchoring.witnesses import WitnessClient, WitnessRefuses
from evidence.anchored import ANCHORS_CASE, COSIGNATURE, TIMESTAMP, AnchorFact, anchor_of
from evidence.checkpoint import peek_checkpoint
from evidence.completeness import grown_since
from evidence.entry import SYSTEM, BlobRef, EntryDraft, EntryKind, SealedEntry, format_time
from evidence.ports import BlobStore, Clock, Composition, LedgerStore
from evidence.publisher import NOTE_MEDIA, RETENTION

RENEW_WITHIN = timedelta(days=90)
"""A stamp whose signer's certificate ends so soon wants a later stamp over it."""

RENEW_EVERY = timedelta(days=30)
"""A stamp younger than this is not renewed: its authority has no longer certificate yet."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchor that was recorded."""

    kind: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Missed:
    """An anchor that could not be had now; ``alarming`` where it is no mere absence: a witness contradicts the log."""

    kind: str
    name: str
    reason: str
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one round."""

    anchored: tuple[Anchored, ...] = ()
    missed: tuple[Missed, ...] = ()


class AnchorDesk:
    """Anchors the log's checkpoints; safe to run in several processes, each anchor is recorded once."""

    def __init__(
        self,
        ledger: LedgerStore,
        blobs: BlobStore,
        clock: Clock,
        witnesses: Sequence[WitnessClient] = (),
        authorities: Sequence[Authority] = (),
        *,
        retention: timedelta = RETENTION,
    ) -> None:
        self._ledger = ledger
        self._blobs = blobs
        self._clock = clock
        self._witnesses = tuple(witnesses)
        self._authorities = tuple(authorities)
        self._retention = retention

    @property
    def configured(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self._witnesses or self._authorities)

    def grown(self) -> bool:
        """Whether the newest checkpoint covers entries that no anchor covers, the anchors' own apart."""
        latest = self._ledger.latest_checkpoint()
        if latest is None:
            return False
        covered = max((fact.size for fact in map(_fact, self._history()) if fact is not None), default=0)
        return grown_since(self._ledger, covered, latest[0])

    def ageing(self) -> bool:
        """Whether the newest stamp of a configured authority should be followed by one of a longer certificate.

        A stamp over a later checkpoint renews every earlier one (RFC 4998, section 5.2): the tree under it holds the
        entries that name note and response of each by their SHA-256. While the log grows that happens by itself.

        Raises:
            StoreError: a response cannot be read.
        """
        newest: dict[str, SealedEntry] = {}
        for sealed in self._history():
            fact = _fact(sealed)
            if fact is not None and fact.kind == TIMESTAMP:
                newest[fact.name] = sealed
        return any(self._ages(item, newest[item.name]) for item in self._authorities if item.name in newest)

    def _ages(self, authority: Authority, sealed: SealedEntry) -> bool:
        note, response = (self._read(blob) for blob in sealed.entry.objects)
        try:
            stamp = authority.judge(response, note)
        except BadToken:
            return True  # by certificates that are no longer configured: a new one is wanted
        now = self._clock()
        return now - stamp.made_at >= RENEW_EVERY and stamp.certified_until - now < RENEW_WITHIN

    def _read(self, blob: BlobRef) -> bytes:
        with self._blobs.open(blob) as stream:
            return stream.read()

    def anchor(self, note: bytes) -> Outcome:
        """Have a signed note of this log cosigned and stamped by everybody who is configured.

        Raises:
            StoreError: the anchor was had and could not be kept; the next round has it again.
        """
        size = peek_checkpoint(note).size
        asked = [
            _tried(COSIGNATURE, item.name, size, partial(self._cosigned, item, note))
            for item in self._witnesses
        ]
        asked += [
            _tried(TIMESTAMP, item.name, size, partial(self._stamped, item, note))
            for item in self._authorities
        ]
        return Outcome(
            tuple(item for item in asked if isinstance(item, Anchored)),
            tuple(item for item in asked if isinstance(item, Missed)),
        )

    def _cosigned(self, witness: WitnessClient, note: bytes) -> None:
        cosigned, signature = witness.cosign(self._ledger, note)
        moment = datetime.fromtimestamp(signature.seconds, UTC)
        self._record(COSIGNATURE, witness.name, note, cosigned, NOTE_MEDIA, moment)

    def _stamped(self, authority: Authority, note: bytes) -> None:
        stamp = authority.stamp(note)
        self._record(TIMESTAMP, authority.name, note, stamp.response, REPLY_MEDIA, stamp.made_at)

    def _record(self, kind: str, name: str, note: bytes, answer: bytes, media: str, moment: datetime) -> None:
        until = self._clock() + self._retention
        objects = (
            self._blobs.put(io.BytesIO(note), media=NOTE_MEDIA, retain_until=until),
            self._blobs.put(io.BytesIO(answer), media=media, retain_until=until),
        )
        fact = AnchorFact(kind, name, peek_checkpoint(note).size, format_time(moment))
        draft = EntryDraft(
            SYSTEM, SYSTEM, EntryKind.ANCHOR_RECORDED, objects=objects, facts={"anchor": fact.as_json()}
        )
        digest = hashlib.sha256(note).hexdigest()
        self._ledger.append(
            ANCHORS_CASE,
            lambda _history: Composition((draft,)),
            idempotency_key=f"anchor/{kind}/{name}/{digest}",
            request_digest=digest,
        )

    def _history(self) -> Sequence[SealedEntry]:
        return self._ledger.history(ANCHORS_CASE)


def _tried(kind: str, name: str, size: int, work: Callable[[], None]) -> Anchored | Missed:
    try:
        work()
    except (Unreachable, BadToken) as error:
        return Missed(kind, name, str(error))
    except WitnessRefuses as error:
        return Missed(kind, name, str(error), alarming=True)
    return Anchored(kind, name, size)


def _fact(sealed: SealedEntry) -> AnchorFact | None:
    return anchor_of(sealed.entry)

"""Signing the tree head: the one place where the log commits itself, and therefore refuses when in doubt.

The last signed head is kept by a `CheckpointGuard` outside the main database. Whatever the database says is compared
with it before anything is signed: a restored backup, a shorter log or a rewritten one never gets a second signature.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from evidence.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from evidence.entry import format_time
from evidence.note import SigningKey, VerifierKey
from evidence.ports import BlobCorrupt, BlobStore, CheckpointGuard, Clock, GuardEmpty, LedgerStore, RolledBack
from evidence.proofs import head_of, prove_consistency
from evidence.tiles import MalformedTile
from evidence.tree import InvalidProof

NOTE_MEDIA = "text/plain; charset=utf-8"
RETENTION = timedelta(days=3653)
HEARTBEAT = timedelta(hours=1)


class Publisher:
    """Signs and keeps the ledger's head whenever it has grown; safe to run in several processes at once.

    Args:
        ledger: whose head is signed; its origin is the key's name.
        guard: remembers the last signed head.
        key: the log's signing key, or what gives the keys of the moment: two while one is being replaced.
        clock: gives the time of publication, kept beside the note (the note itself has none).
        blobs: receives a copy of every note, locked for ``retention``.
        heartbeat: how long an idle log stays silent before `publish` gives its note again.
        retention: how long the copies are locked.
    """

    def __init__(
        self,
        ledger: LedgerStore,
        guard: CheckpointGuard,
        key: SigningKey | Callable[[], Sequence[SigningKey]],
        clock: Clock,
        blobs: BlobStore | None = None,
        *,
        heartbeat: timedelta = HEARTBEAT,
        retention: timedelta = RETENTION,
    ) -> None:
        self._ledger = ledger
        self._guard = guard
        self._keys = key if callable(key) else lambda: (key,)
        self._clock = clock
        self._blobs = blobs
        self._heartbeat = heartbeat
        self._retention = retention
        self._published: tuple[int, datetime] | None = None
        self._copied: bytes | None = None

    def publish(self) -> bytes | None:
        """`sign`, then `copy`: the note, or ``None`` when neither had anything to do.

        Raises:
            What `sign` raises. StoreUnavailable: the note may be signed and saved already; call again.
        """
        note = self.sign()
        return self.copy() or note

    def copy(self) -> bytes | None:
        """Put the newest note into the object store, where this instance has not; gives it, or ``None``.

        The log is signed without it: whoever must not wait for the object store calls `sign`, and this apart.

        Raises:
            StoreUnavailable: call again.
        """
        kept = self._ledger.latest_checkpoint() if self._blobs is not None else None
        if self._blobs is None or kept is None or kept[1] == self._copied:
            return None
        note = kept[1]
        self._blobs.put(io.BytesIO(note), media=NOTE_MEDIA, retain_until=self._clock() + self._retention)
        self._copied = note
        return note

    def sign(self) -> bytes | None:
        """Sign the head if it has grown, or give the same note again when the heartbeat is due.

        The order is: check, sign, advance the guard, save. Killed between any two of them, the next call does the
        rest: Ed25519 is deterministic, so the same head and keys give the same note.

        Returns:
            The note, or ``None`` when there is nothing new (or another signer was quicker).

        Raises:
            RolledBack: the database is behind, or contradicts, what was signed last; nothing is signed.
            BlobCorrupt: tiles and stored frontier disagree; nothing is signed.
            StoreUnavailable: the database does not answer; call again.
        """
        last = self._guard.last()  # before the head: a quicker signer must not look like a rollback
        head = _trusted_head(self._ledger)
        check_not_behind(self._ledger, last, head)
        now = self._clock()
        if head.size == 0 or not self._due(head, now):
            return None
        note = sign_checkpoint(head, *self._keys())
        new = head.size, head.root
        if last != new and not self._guard.advance(last, new):
            return None
        self._ledger.save_checkpoint(head.size, note, format_time(now))
        self._published = head.size, now
        self._copied = None
        return note

    def _due(self, head: Checkpoint, now: datetime) -> bool:
        """Grown, not yet published by this instance (which also heals a publication cut short), or silent too long."""
        if self._published is None or self._published[0] != head.size:
            return True
        return now - self._published[1] >= self._heartbeat


def check_not_behind(ledger: LedgerStore, last: tuple[int, bytes] | None, head: Checkpoint) -> None:
    """Refuse a head that does not continue the last signed one.

    Raises:
        RolledBack: shorter, another root at the same size, or not an extension.
        GuardEmpty: nothing is known to be signed although the database keeps checkpoints (see `restore_guard`).
    """
    if last is None:
        kept = ledger.latest_checkpoint()
        if kept is not None:
            raise GuardEmpty(kept[0], head.size, "the guard is empty but checkpoints have been signed")
        return
    size, root = last
    if head.size < size:
        raise RolledBack(size, head.size, "the database is behind the last signed checkpoint")
    try:
        prove_consistency(ledger, Checkpoint(ledger.origin, size, root), head)
    except InvalidProof as error:
        raise RolledBack(size, head.size, f"the database is not a continuation: {error}") from error


def restore_guard(
    ledger: LedgerStore, guard: CheckpointGuard, note: bytes, keys: Iterable[VerifierKey]
) -> Checkpoint:
    """Give an empty guard (after a move or its loss) the latest note known from outside the database.

    Raises:
        NoteError: not a checkpoint of this log by one of these keys.
        RolledBack: the database does not continue it, or the guard is not empty.
    """
    checkpoint = open_checkpoint(note, keys, ledger.origin)
    signed = checkpoint.size, checkpoint.root
    check_not_behind(ledger, signed, _trusted_head(ledger))
    if not guard.advance(None, signed):
        raise RolledBack(checkpoint.size, ledger.tree_size(), "the guard is not empty")
    return checkpoint


def _trusted_head(ledger: LedgerStore) -> Checkpoint:
    """The head from the tiles, held against the stored frontier where both are of the same size."""
    try:
        head = head_of(ledger)
    except MalformedTile as error:
        raise BlobCorrupt("tile", "whole tiles", str(error)) from error
    stored = ledger.root()
    if ledger.tree_size() == head.size and stored != head.root:  # sizes only grow: this root is of this size
        raise BlobCorrupt("frontier", head.root.hex(), stored.hex())
    return head

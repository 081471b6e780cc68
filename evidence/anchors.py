"""Signed checkpoints held against the recomputed tree, and against each other.

A checkpoint is compared by size *and* root. The log's own (kept) ones, those the verifier brings (known) and locked
copies found in the object store are treated alike; what contradicts the log is reported with both notes.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.checks import check_checkpoint
from evidence.entry import BlobRef
from evidence.findings import Code, Finding
from evidence.note import NoteError, VerifierKey
from evidence.objects import is_locked
from evidence.ports import BlobStore, blob_key

_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint note to be met at ``size``; ``kept`` ones are the log's own, filed under that size."""

    size: int
    note: bytes
    subject: str
    kept: bool


class AnchorChecker:
    """Meets notes in order of size while the tree is replayed; memory does not grow with those that agree."""

    def __init__(self, keys: Iterable[VerifierKey], log: str) -> None:
        self._keys = tuple(keys)
        self._log = log
        self._agreeing: deque[bytes] = deque(maxlen=_REMEMBERED)
        self._contradicting: list[tuple[Checkpoint, bytes]] = []
        self.covered = 0
        self.findings: list[Finding] = []

    def in_order(self, kept: Iterable[tuple[int, bytes]], known: Iterable[bytes]) -> Iterator[Note]:
        """All notes by size; known ones that are no checkpoints become findings at once."""
        brought = []
        for number, note in enumerate(known, 1):
            subject = f"known checkpoint {number}"
            try:
                brought.append(Note(peek_checkpoint(note).size, note, subject, kept=False))
            except NoteError as error:
                self.findings.append(
                    Finding(Code.CHECKPOINT_MALFORMED, subject, "a signed checkpoint", str(error))
                )
        brought.sort(key=_size)
        ours = (Note(size, note, f"checkpoint {size}", kept=True) for size, note in kept)
        return merge(ours, brought, key=_size)

    def meet(self, item: Note, root: bytes | None, size: int) -> None:
        """Hold a note against the recomputed root of its size, ``None`` where the log, of ``size``, is shorter."""
        checkpoint, trusted = self._open(item)
        if checkpoint is None:
            return
        if checkpoint.size != item.size:
            self._find(Code.CHECKPOINT_MISFILED, item.subject, str(item.size), str(checkpoint.size))
        elif root is None:
            self._find(Code.LOG_TRUNCATED, item.subject, f"{checkpoint.size} entries", f"{size} entries")
        elif root != checkpoint.root:
            self._find(Code.CHECKPOINT_ROOT, item.subject, checkpoint.root.hex(), root.hex())
            if trusted:
                self._contradicting.append((checkpoint, item.note))
        elif trusted and checkpoint.size:
            self._agreeing.append(item.note)
            self.covered = max(self.covered, checkpoint.size)

    def finish(self) -> None:
        """After the last note: forks, and whether anything vouches for the log at all."""
        if not self._keys:
            self._find(Code.KEY_NONE, "log", "a verifier key", "none")
        elif not self._agreeing:
            self._find(Code.CHECKPOINT_NONE, "log", "a checkpoint by a given key that agrees", "none")
        for checkpoint, note in self._contradicting:
            other = self._agreeing[-1] if self._agreeing else self._rival(checkpoint)
            if other is not None:
                self._find(Code.LOG_FORKED, f"size {checkpoint.size}", other.decode(), note.decode())

    def level(self, blobs: BlobStore | None, now: datetime) -> str:
        """``A1`` where a copy of one of the latest agreeing notes is locked in the store, else ``A0`` or ``none``."""
        if not self._agreeing:
            return "none"
        if blobs is not None and any(is_locked(blobs, copy_of(note), now) for note in self._agreeing):
            return "A1"
        return "A0"

    def _open(self, item: Note) -> tuple[Checkpoint | None, bool]:
        """The checkpoint and whether a given key signed it; the log's own notes are compared even where none did."""
        checkpoint, findings = check_checkpoint(item.note, self._keys, log=self._log, subject=item.subject)
        if checkpoint is not None:
            return checkpoint, True
        self.findings += [found for found in findings if self._keys or found.code != Code.CHECKPOINT_KEY]
        try:
            claimed = peek_checkpoint(item.note)
        except NoteError:
            return None, False
        return (claimed, False) if item.kept and claimed.origin == self._log else (None, False)

    def _rival(self, checkpoint: Checkpoint) -> bytes | None:
        """Another signed note of the same size with another root."""
        return next(
            (
                note
                for other, note in self._contradicting
                if other.size == checkpoint.size and other.root != checkpoint.root
            ),
            None,
        )

    def _find(self, code: Code, subject: str, expected: str, found: str) -> None:
        self.findings.append(Finding(code, subject, expected, found))


def copy_of(note: bytes) -> BlobRef:
    """Where the publisher's copy of a note lies in the object store."""
    digest = hashlib.sha256(note).hexdigest()
    return BlobRef(digest, len(note), "text/plain; charset=utf-8", blob_key(digest))


def _size(item: Note) -> int:
    return item.size

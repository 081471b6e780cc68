"""Objects held against the entries that name them, in all four directions.

A row without its object, an object without a row, an object with other bytes, an object with another version or a
shorter retention. Copies of signed checkpoints lie in the same store and count as known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from evidence.entry import BlobRef, format_time
from evidence.findings import Code, Finding
from evidence.ports import BlobCorrupt, BlobMissing, BlobStore, StoredBlob, StoreUnavailable
from evidence.processes import processors

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

CHUNK = 1 << 18
_SEVERAL = 4
_WAITING = 32
"""Groups that may be given before the first of them is told of."""
_GROUP, _GROUP_BYTES = 8, 4 << 20
"""Objects a thread is given at a time, or fewer that have so many bytes: handing over costs as much as opening."""


class ObjectChecker:
    """Checks references and remembers them; `leftovers` then tells what nobody refers to.

    With ``full`` objects are read by several threads, which let go of the interpreter's lock while they read and hash:
    what is found comes later, in order, and `settle` has the rest. Memory: one key per object while ``full``; none
    otherwise.
    """

    def __init__(self, blobs: BlobStore, *, full: bool) -> None:
        self._blobs = blobs
        self._full = full
        self._known: set[str] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: deque[Future[tuple[list[Finding], int]]] = deque()
        self._group: list[tuple[BlobRef, str]] = []
        self._group_bytes = 0
        self.objects_checked = 0
        self.bytes_checked = 0

    def know(self, key: str) -> None:
        """Take a key as accounted for."""
        self._known.add(key)

    def check(self, ref: BlobRef, subject: str) -> list[Finding]:
        """Is the object there as the entry says? With ``full`` its bytes are read and hashed by the store's stream.

        With ``full`` the answer may be about an object given earlier.
        """
        self.objects_checked += 1
        name = f"{subject} {ref.key}"
        if not self._full:
            return self._checked(ref, name)[0]
        self._known.add(ref.key)
        self._group.append((ref, name))
        self._group_bytes += ref.size
        if len(self._group) >= _GROUP or self._group_bytes >= _GROUP_BYTES:
            self.hand_over()
        return self._told() if len(self._under_way) > _WAITING else []

    def hand_over(self) -> None:
        """Nothing is kept back any longer: let what was given be read while the caller does something else."""
        if self._group:
            self._under_way.append(self._threads().submit(self._checked_all, self._group))
            self._group, self._group_bytes = [], 0

    def settle(self) -> list[Finding]:
        """What is found of the objects that are still being read; the last thing asked of `check`."""
        self.hand_over()
        findings = []
        while self._under_way:
            findings += self._told()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        return findings

    def check_copy(self, ref: BlobRef, subject: str) -> list[Finding]:
        """Is the publisher's copy of a note, where there is one, still that note? Takes its key as accounted for.

        A copy that is missing is no finding: a publisher killed between saving and copying leaves none.
        """
        self.know(ref.key)
        name = f"{subject} {ref.key}"
        try:
            with self._blobs.open(ref) as stream:
                while stream.read(CHUNK):
                    pass
        except BlobMissing:
            return []
        except BlobCorrupt as error:
            return [Finding(Code.OBJECT_DIFFERS, name, error.expected, error.found)]
        except StoreUnavailable as error:
            return [Finding(Code.OBJECT_UNAVAILABLE, name, "an answer", str(error))]
        return []

    def leftovers(self) -> Iterator[StoredBlob]:
        """Objects in the store under keys that no entry checked so far and no known note has."""
        return (stored for stored in self._blobs.list() if stored.key not in self._known)

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - where objects are read only

            self._pool = ThreadPoolExecutor(min(processors(), _SEVERAL), "objects")
        return self._pool

    def _told(self) -> list[Finding]:
        findings, size = self._under_way.popleft().result()
        self.bytes_checked += size
        return findings

    def _checked_all(self, group: list[tuple[BlobRef, str]]) -> tuple[list[Finding], int]:
        findings: list[Finding] = []
        size = 0
        for ref, name in group:
            found, read = self._checked(ref, name)
            findings += found
            size += read
        return findings, size

    def _checked(self, ref: BlobRef, name: str) -> tuple[list[Finding], int]:
        """Findings, and how many bytes were read."""
        try:
            findings, size = _compare(ref, self._blobs.stat(ref), name), 0
            if self._full:
                found, size = self._read(ref, name)
                findings += found
        except BlobMissing:
            return [self._missing(ref, name)], 0
        except StoreUnavailable as error:
            return [Finding(Code.OBJECT_UNAVAILABLE, name, "an answer", str(error))], 0
        return findings, size

    def _read(self, ref: BlobRef, name: str) -> tuple[list[Finding], int]:
        size = 0
        try:
            with self._blobs.open(ref) as stream:
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
        except BlobCorrupt as error:
            return [Finding(Code.OBJECT_DIFFERS, name, error.expected, error.found)], size
        return [], size

    def _missing(self, ref: BlobRef, name: str) -> Finding:
        """Tell an object that is gone from one that is there in another version only."""
        if ref.version:
            try:
                other = self._blobs.stat(BlobRef(ref.sha256, ref.size, ref.media, ref.key))
            except BlobMissing:
                pass
            else:
                return Finding(Code.OBJECT_VERSION, name, ref.version, other.version)
        return Finding(Code.OBJECT_MISSING, name, ref.sha256, "nothing")


def is_locked(blobs: BlobStore, ref: BlobRef, now: datetime) -> bool:
    """Whether the store holds this content under a retention that is still running."""
    try:
        until = blobs.stat(ref).retain_until
    except (BlobMissing, StoreUnavailable):
        return False
    return until > format_time(now)


def _compare(ref: BlobRef, stored: StoredBlob, name: str) -> list[Finding]:
    findings = []
    if stored.size != ref.size:
        findings.append(Finding(Code.OBJECT_DIFFERS, name, f"{ref.size} bytes", f"{stored.size} bytes"))
    if ref.version and stored.version != ref.version:
        findings.append(Finding(Code.OBJECT_VERSION, name, ref.version, stored.version))
    if stored.retain_until < ref.retain_until:  # ledger times order as their texts, and "" comes first
        findings.append(Finding(Code.OBJECT_RETENTION, name, ref.retain_until, stored.retain_until or "none"))
    return findings

"""The ports of `evidence` in memory: small and honest, for the tests of everything above them.

They keep the written contracts (the contract suites run against them too) and nothing beyond: no files, no processes.
Tests may change `MemoryLedger.rows` or `MemoryBlobStore.objects` by hand to play the part of a tamperer.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

from evidence.entry import BlobRef, MalformedEntry, SealedEntry, format_time, genesis_hash, parse_entry, seal
from evidence.heads import CaseHead
from evidence.ports import (
    BlobCorrupt,
    BlobMissing,
    Clock,
    Compose,
    Composition,
    IdempotencyMismatch,
    Projection,
    ReferenceTaken,
    StoredBlob,
    blob_key,
)
from evidence.rows import Row as StoredRow
from evidence.tiles import grow
from evidence.tree import HASH_BYTES, Frontier, leaf_hash


def system_clock() -> datetime:
    """The present."""
    return datetime.now(UTC)


@dataclass
class Row:
    """What a database row would hold: two index columns beside the sealed entry."""

    case: str
    seq: int
    sealed: SealedEntry

    def stored(self) -> StoredRow:
        """The row as a store shows it; columns it does not keep are those of the bytes."""
        sealed = self.sealed
        held = (sealed.index, sealed.leaf, sealed.entry_bytes, sealed.payload_bytes, sealed.salt)
        try:
            told = parse_entry(sealed.entry_bytes)
        except MalformedEntry:
            return StoredRow(*held, self.case, self.seq, *[""] * 7)
        columns = (told.prev, told.at, told.actor, told.role, str(told.kind), told.process, told.step)
        return StoredRow(*held, self.case, self.seq, *columns)


class MemoryLedger:
    """A `LedgerStore` in a list; one lock makes every operation atomic."""

    def __init__(
        self,
        origin: str = "constancia.example/prueba",
        *,
        clock: Clock = system_clock,
        new_salt: Callable[[], bytes] = lambda: os.urandom(32),
    ) -> None:
        self._origin = origin
        self._clock = clock
        self._new_salt = new_salt
        self._lock = threading.RLock()
        self.rows: list[Row] = []
        self.frontier = Frontier()
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.notes: dict[int, tuple[bytes, str]] = {}
        self.projections: dict[str, Projection] = {}
        self._receipts: dict[str, tuple[str, list[str]]] = {}
        self._series: dict[str, int] = {}

    @property
    def origin(self) -> str:
        return self._origin

    def append(
        self, case: str, compose: Compose, *, idempotency_key: str = "", request_digest: str = ""
    ) -> Sequence[SealedEntry]:
        with self._lock:
            earlier = self._earlier(idempotency_key, request_digest)
            if earlier is not None:
                return earlier
            history = self.history(case)
            return self._write(case, history, compose(history), idempotency_key, request_digest)

    def open_case(
        self,
        series: str,
        compose: Callable[[str], Composition],
        *,
        idempotency_key: str = "",
        request_digest: str = "",
    ) -> Sequence[SealedEntry]:
        with self._lock:
            earlier = self._earlier(idempotency_key, request_digest)
            if earlier is not None:
                return earlier
            number = self._series.get(series, 0) + 1
            case = f"{series}-{number:06d}"
            written = self._write(case, [], compose(case), idempotency_key, request_digest)
            self._series[series] = number
            return written

    def unwithheld(self, case: str) -> Sequence[SealedEntry]:
        """As it was sealed."""
        return self.history(case)

    def known(self, case: str) -> Sequence[SealedEntry]:
        """What there is: nobody else writes here."""
        return self.history(case)

    def history(self, case: str) -> Sequence[SealedEntry]:
        with self._lock:
            return [row.sealed for row in self.rows if row.case == case]

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[SealedEntry]:
        with self._lock:
            rows = {row.sealed.index: row.sealed for row in self.rows if row.sealed.index is not None}
        return (rows[index] for index in sorted(rows) if index >= start and (stop is None or index < stop))

    def unsequenced(self) -> Iterator[SealedEntry]:
        with self._lock:
            return iter([row.sealed for row in self.rows if row.sealed.index is None])

    def let_go(self) -> None:
        """There is none."""

    def stored_rows(self, start: int = 0, stop: int | None = None) -> Iterator[StoredRow]:
        with self._lock:
            places = {row.sealed.index: row for row in self.rows if row.sealed.index is not None}
        chosen = (index for index in sorted(places) if index >= start and (stop is None or index < stop))
        return (places[index].stored() for index in chosen)

    def unsequenced_rows(self) -> Iterator[StoredRow]:
        with self._lock:
            return iter([row.stored() for row in self.rows if row.sealed.index is None])

    def cases(self) -> Iterator[str]:
        with self._lock:
            return iter(sorted({row.case for row in self.rows}))

    def heads(self, size: int) -> Iterator[CaseHead]:
        last = {
            row.case: row for row in self.rows if row.sealed.index is not None and row.sealed.index < size
        }
        return (
            CaseHead(case, last[case].seq, bytes.fromhex(last[case].sealed.leaf))
            for case in sorted(last, key=str.encode)
        )

    def sequence(self, limit: int = 1024) -> int:
        with self._lock:
            waiting = [row for row in self.rows if row.sealed.index is None][:limit]
            for row in waiting:
                found = leaf_hash(row.sealed.entry_bytes).hex()
                if found != row.sealed.leaf:
                    raise BlobCorrupt(f"{row.case}/{row.seq}", row.sealed.leaf, found)
            size = self.frontier.size
            for tile, data in grow(
                self.frontier, [bytes.fromhex(row.sealed.leaf) for row in waiting], self.tile
            ):
                self.tiles[tile.level, tile.n] = data
            for index, row in enumerate(waiting, size):
                row.sealed = replace(row.sealed, index=index)
            return len(waiting)

    def tree_size(self) -> int:
        return self.frontier.size

    def root(self) -> bytes:
        return self.frontier.root()

    def tile(self, level: int, n: int, width: int) -> bytes:
        data = self.tiles.get((level, n), b"")
        if not 0 < width * HASH_BYTES <= len(data):
            raise BlobMissing(f"tile {level}/{n}.p/{width}")
        return data[: width * HASH_BYTES]

    def save_checkpoint(self, size: int, note: bytes, published_at: str) -> None:
        with self._lock:
            self.notes.setdefault(size, (note, published_at))

    def checkpoints(self, since: int = 0) -> Iterator[tuple[int, bytes]]:
        with self._lock:
            return iter([(size, self.notes[size][0]) for size in sorted(self.notes) if size >= since])

    def latest_checkpoint(self) -> tuple[int, bytes] | None:
        with self._lock:
            return max(self.checkpoints(), default=None)

    def cache_discrepancies(self) -> Iterator[tuple[str, str, str]]:
        return iter(())

    def replace_projection(self, projection: Projection) -> None:
        with self._lock:
            self._check_references(projection)
            self.projections[projection.case] = projection

    def remove_projection(self, case: str) -> None:
        with self._lock:
            if any(row.case == case for row in self.rows):
                raise ValueError(f"{case} has entries")
            self.projections.pop(case, None)

    def _earlier(self, key: str, digest: str) -> list[SealedEntry] | None:
        if key not in self._receipts:
            return None
        known, leaves = self._receipts[key]
        if known != digest:
            raise IdempotencyMismatch(key)
        return [row.sealed for row in self.rows if row.sealed.leaf in leaves]

    def _write(
        self, case: str, history: Sequence[SealedEntry], composed: Composition, key: str, digest: str
    ) -> list[SealedEntry]:
        if not composed.drafts:
            raise ValueError("a composition needs at least one draft")
        seq = len(history)
        prev = history[-1].leaf if history else genesis_hash(self._origin, case)
        written: list[SealedEntry] = []
        for draft in composed.drafts:
            seq += 1
            at = format_time(self._clock())
            sealed = seal(
                draft, log=self._origin, case=case, seq=seq, prev=prev, at=at, salt=self._new_salt()
            )
            written.append(sealed)
            prev = sealed.leaf
        if composed.project is not None:
            self.replace_projection(composed.project([*history, *written]))
        self.rows += [Row(case, item.entry.seq, item) for item in written]
        if key:
            self._receipts[key] = (digest, [row.leaf for row in written])
        return written

    def _check_references(self, projection: Projection) -> None:
        for wanted in projection.references:
            for other in self.projections.values():
                same = any(
                    (ref.kind, ref.value) == (wanted.kind, wanted.value)
                    for ref in other.references
                    if ref.unique
                )
                if wanted.unique and same and other.case != projection.case:
                    raise ReferenceTaken(wanted.kind, wanted.value, other.case)


class MemoryBlobStore:
    """A `BlobStore` in a dict; ``locking`` makes it keep the retention it is given."""

    def __init__(self, *, locking: bool = True) -> None:
        self.objects: dict[str, tuple[StoredBlob, bytes]] = {}
        self._locking = locking

    def put(
        self,
        source: BinaryIO,
        *,
        media: str,
        retain_until: datetime | None = None,
        case: str = "",  # noqa: ARG002
    ) -> BlobRef:
        data = source.read()
        digest = hashlib.sha256(data).hexdigest()
        key = blob_key(digest)
        until = format_time(retain_until) if retain_until is not None and self._locking else ""
        if key in self.objects:
            until = max(until, self.objects[key][0].retain_until)
        self.objects[key] = (StoredBlob(key, "", len(data), until), data)
        return BlobRef(digest, len(data), media, key, "", until)

    def open(self, ref: BlobRef) -> AbstractContextManager[BinaryIO]:
        self.stat(ref)
        return _CheckedBytes(self.objects[ref.key][1], ref)

    def stat(self, ref: BlobRef) -> StoredBlob:
        if ref.key not in self.objects or ref.version not in ("", self.objects[ref.key][0].version):
            raise BlobMissing(ref.key)
        return self.objects[ref.key][0]

    def list(self) -> Iterator[StoredBlob]:
        return iter([stored for stored, _ in self.objects.values()])


class _CheckedBytes(io.BytesIO):
    """A stream that refuses to end when what was stored is not what was sealed."""

    def __init__(self, data: bytes, ref: BlobRef) -> None:
        super().__init__(data)
        self._data = data
        self._ref = ref

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        if self.tell() == len(self._data):
            found = hashlib.sha256(self._data).hexdigest()
            if found != self._ref.sha256:
                raise BlobCorrupt(self._ref.key, self._ref.sha256, found)
        return chunk


class MemoryGuard:
    """A `CheckpointGuard` in a variable."""

    def __init__(self) -> None:
        self.signed: tuple[int, bytes] | None = None
        self._lock = threading.Lock()

    def last(self) -> tuple[int, bytes] | None:
        return self.signed

    def advance(self, expected: tuple[int, bytes] | None, new: tuple[int, bytes]) -> bool:
        with self._lock:
            if self.signed != expected:
                return False
            self.signed = new
            return True

"""The tree made again from the entries, and compared with what is stored: tiles, frontier, size."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.findings import Code, Finding
from evidence.ports import BlobCorrupt, BlobMissing, LedgerStore
from evidence.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, TileHashReader
from evidence.tree import HASH_BYTES, Frontier, subtree_root


class TreeReplay:
    """Takes leaf hashes in order of the log and checks every tile as it fills; memory is one tile a level."""

    def __init__(self, ledger: LedgerStore) -> None:
        self._ledger = ledger
        self._frontier = Frontier()
        self._rows: list[bytearray] = []
        self._places: list[int] = []

    @property
    def size(self) -> int:
        """Leaves taken so far."""
        return self._frontier.size

    def root(self) -> bytes:
        """The root over the leaves taken so far."""
        return self._frontier.root()

    def take(self, leaves: list[bytes]) -> list[Finding]:
        """Add leaf hashes; findings about the tiles they complete."""
        findings = []
        for level, hashes in enumerate(self._frontier.extend(leaves)[::TILE_HEIGHT]):
            if level == len(self._rows):
                self._rows.append(bytearray())
                self._places.append(0)
            row = self._rows[level]
            row += b"".join(hashes)
            while len(row) >= TILE_WIDTH * HASH_BYTES:
                findings += self._compare(level, bytes(row[: TILE_WIDTH * HASH_BYTES]))
                del row[: TILE_WIDTH * HASH_BYTES]
                self._places[level] += 1
        return findings

    def finish(self, size: int | None) -> Iterator[Finding]:
        """After the last leaf: partial tiles, number of entries and, if the log stood still, its stored root."""
        for level, row in enumerate(self._rows):
            if row:
                yield from self._compare(level, bytes(row))
        if size is not None and self.size != size:
            yield Finding(Code.TREE_SIZE, "log", str(size), str(self.size))
        try:
            stored = self._ledger.root()
            stood_still = self._ledger.tree_size() == self.size
        except BlobCorrupt as error:
            yield Finding(Code.TREE_ROOT, f"size {self.size}", self.root().hex(), error.found)
            return
        if stood_still and stored != self.root():
            yield Finding(Code.TREE_ROOT, f"size {self.size}", self.root().hex(), stored.hex())

    def root_at(self, size: int) -> bytes | None:
        """The root of an earlier size, from the tiles just checked; ``None`` where they do not give one."""
        try:
            return subtree_root(0, size, TileHashReader(self.size, self._ledger.tile))
        except (BlobMissing, ValueError):
            return None

    def _compare(self, level: int, expected: bytes) -> list[Finding]:
        tile = Tile(level, self._places[level], len(expected) // HASH_BYTES)
        try:
            stored = self._ledger.tile(tile.level, tile.n, tile.width)
        except (BlobMissing, ValueError) as error:  # a store may meet damage while it puts a tile together
            return [Finding(Code.TREE_TILE, tile.path, "a tile", str(error))]
        if stored == expected:
            return []
        place = next(
            (at for at, (one, other) in enumerate(zip(expected, stored, strict=False)) if one != other), None
        )
        found = f"{len(stored)} bytes" if place is None else f"another hash {place // HASH_BYTES}"
        return [Finding(Code.TREE_TILE, tile.path, f"{len(expected)} bytes of hashes", found)]

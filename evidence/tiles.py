"""The tree as C2SP ``tlog-tiles``: coordinates, paths, growth, a tile-backed hash reader and entry bundles.

A tile of level ``l`` and number ``n`` holds up to 256 consecutive hashes of complete subtrees of ``256**l`` leaves.
Only full tiles are hashed into the level above; the rightmost tile of a level may be partial (``width`` < 256).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidence.tree import HASH_BYTES, Frontier, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_LEVEL = 63
MAX_BUNDLED_ENTRY = 2**16 - 1

ReadTile = Callable[[int, int, int], bytes]
"""From ``(level, n, width)`` to ``width`` hashes of 32 bytes, concatenated."""

_NUMBER = re.compile(r"(?:x[0-9]{3}/)*[0-9]{3}")
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")
_LEVEL = re.compile(r"0|[1-9][0-9]?")
_CACHED_TILES = 64


class MalformedTile(ValueError):
    """A path, tile or bundle that is not as tlog-tiles writes it."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Coordinates of a tile; ``width`` 256 is a full one. Level -1 stands for entry bundles."""

    level: int
    n: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The resource below the log's prefix, such as ``tile/0/x001/x234/067.p/8``."""
        level = "entries" if self.level < 0 else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_encode_number(self.n)}{partial}"


def parse_path(path: str) -> Tile:
    """The inverse of `Tile.path`; refuses any other spelling.

    Raises:
        MalformedTile: unknown form, leading zeroes, level above 63, or width not in 1..255.
    """
    parts = path.split("/", 2)
    if len(parts) != 3 or parts[0] != "tile" or (parts[1] != "entries" and not _LEVEL.fullmatch(parts[1])):
        raise MalformedTile(path)
    level = -1 if parts[1] == "entries" else int(parts[1])
    number, partial, width_text = parts[2].partition(".p/")
    if not _NUMBER.fullmatch(number) or (partial and not _WIDTH.fullmatch(width_text)):
        raise MalformedTile(path)
    tile = Tile(
        level, int(number.replace("/", "").replace("x", "")), int(width_text) if partial else TILE_WIDTH
    )
    if level > MAX_LEVEL or tile.path != path:
        raise MalformedTile(path)
    return tile


def tile_width(level: int, n: int, size: int) -> int:
    """How many hashes tile ``n`` of ``level`` has in a tree of ``size`` leaves: 0 (no such tile) to 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - n * TILE_WIDTH))


def tiles_of(size: int) -> Iterator[Tile]:
    """All Merkle tiles of a tree of ``size`` leaves, level by level."""
    return new_tiles(0, size)


def new_tiles(old: int, new: int) -> Iterator[Tile]:
    """The tiles to write when a tree grows from ``old`` to ``new`` leaves: new, wider, or now full."""
    level = 0
    while new >> (TILE_HEIGHT * level):
        before, after = old >> (TILE_HEIGHT * level), new >> (TILE_HEIGHT * level)
        if after > before:
            for n in range(before // TILE_WIDTH, (after - 1) // TILE_WIDTH + 1):
                yield Tile(level, n, tile_width(level, n, new))
        level += 1


def grow(frontier: Frontier, leaves: Sequence[bytes], read_tile: ReadTile) -> list[tuple[Tile, bytes]]:
    """Extend a tree by leaf hashes; returns the tiles to write with their bytes and advances ``frontier``.

    ``read_tile`` is asked only for the partial tiles of the old tree that these leaves widen, one a level.
    """
    old = frontier.size
    finished = frontier.extend(leaves)
    written = []
    for tile in new_tiles(old, frontier.size):
        held = tile_width(tile.level, tile.n, old)
        kept = read_tile(tile.level, tile.n, held) if held else b""
        _check_tile(kept, held)
        begin = tile.n * TILE_WIDTH + held - (old >> (TILE_HEIGHT * tile.level))
        fresh = finished[tile.level * TILE_HEIGHT][begin : begin + tile.width - held]
        written.append((tile, kept + b"".join(fresh)))
    return written


class TileHashReader:
    """A `HashReader` over the tiles of a tree of ``size`` leaves; keeps a few tiles, reads each once.

    It believes the tiles: whoever makes a proof checks it against a root before giving it away.
    """

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self.size = size
        self._read_tile = read_tile
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree; ``ValueError`` when the tree does not hold all of it."""
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise ValueError(f"no complete subtree ({level}, {index}) in a tree of {self.size}")
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        data = self._tile(tile_level, first // TILE_WIDTH)
        begin = first % TILE_WIDTH * HASH_BYTES
        return _fold(data[begin : begin + (HASH_BYTES << height)])

    def _tile(self, level: int, n: int) -> bytes:
        data = self._tiles.get((level, n))
        if data is None:
            width = tile_width(level, n, self.size)
            data = self._read_tile(level, n, width)
            _check_tile(data, width)
            if len(self._tiles) >= _CACHED_TILES:
                self._tiles.pop(next(iter(self._tiles)))
            self._tiles[level, n] = data
        return data


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile's bytes."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry's bytes after their length as big-endian uint16.

    Raises:
        MalformedTile: an entry longer than 65,535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_BUNDLED_ENTRY:
            raise MalformedTile(f"an entry of {len(entry)} bytes does not fit a bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        MalformedTile: truncated, or more than 256 entries.
    """
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise MalformedTile("the bundle is truncated")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) > TILE_WIDTH:
        raise MalformedTile(f"{len(entries)} entries in one bundle")
    return entries


def _fold(data: bytes) -> bytes:
    hashes = split_hashes(data)
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def _check_tile(data: bytes, width: int) -> None:
    if len(data) != width * HASH_BYTES:
        raise MalformedTile(f"a tile of width {width} has {len(data)} bytes")


def _encode_number(n: int) -> str:
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.append(f"x{n % 1000:03d}")
    return "/".join(reversed(groups))

"""Tiles: coordinates and paths of tlog-tiles, growth, the hash reader and entry bundles."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.tiles import (
    MalformedTile,
    Tile,
    TileHashReader,
    decode_bundle,
    encode_bundle,
    grow,
    new_tiles,
    parse_path,
    split_hashes,
    tile_width,
    tiles_of,
)
from evidence.tree import Frontier, inclusion_proof, leaf_hash, root_of, subtree_root, verify_inclusion


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 5, 3), "tile/0/005.p/3"),
        (Tile(3, 1234067), "tile/3/x001/x234/067"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (Tile(-1, 1234067, 8), "tile/entries/x001/x234/067.p/8"),
    ],
)
def test_paths_are_those_of_tlog_tiles(tile: Tile, path: str) -> None:
    """Coordinates become the resource names of the specification, and back."""
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/08",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/٠٠٠",
        "tile/0/../000",
        "/tile/0/000",
        "tile/entries/1",
    ],
)
def test_other_spellings_of_a_path_are_refused(path: str) -> None:
    """Leading zeroes, missing groups, foreign digits and widths out of range are no tiles."""
    with pytest.raises(MalformedTile):
        parse_path(path)


def test_the_specification_s_own_example() -> None:
    """A tree of 70,000 has 273 full level-0 tiles, a partial of 112, one full and one of 17 above, one of 1 on top."""
    tiles = list(tiles_of(70_000))
    assert [tile.width for tile in tiles if tile.level == 0] == [256] * 273 + [112]
    assert [tile.width for tile in tiles if tile.level == 1] == [256, 17]
    assert [tile.width for tile in tiles if tile.level == 2] == [1]
    assert {tile.level for tile in tiles} == {0, 1, 2}
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert tile_width(1, 0, 255) == 0


@settings(max_examples=30)
@given(batches=st.lists(st.integers(0, 1500), min_size=1, max_size=5))
def test_growing_writes_just_the_new_tiles_and_they_hold_the_tree(batches: list[int]) -> None:
    """However a tree grows, its tiles are right, only changed ones are written, and proofs from them verify."""
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(sum(batches))]
    frontier = Frontier()
    stored: dict[tuple[int, int], bytes] = {}

    def read(level: int, n: int, width: int) -> bytes:
        return stored[level, n][: width * 32]

    for batch in batches:
        old = frontier.size
        written = grow(frontier, leaves[old : old + batch], read)
        assert [tile for tile, _ in written] == list(new_tiles(old, old + batch))
        for tile, data in written:
            assert len(data) == tile.width * 32
            assert data.startswith(stored.get((tile.level, tile.n), b""))
            stored[tile.level, tile.n] = data
    assert set(stored) == {(tile.level, tile.n) for tile in tiles_of(len(leaves))}
    reader = TileHashReader(len(leaves), read)
    assert subtree_root(0, len(leaves), reader) == frontier.root() == root_of(leaves)
    for index in {0, len(leaves) // 2, len(leaves) - 1} if leaves else ():
        path = inclusion_proof(index, len(leaves), reader)
        verify_inclusion(leaves[index], index, len(leaves), path, frontier.root())
    assert [
        item
        for data in (stored[0, n] for n in range((len(leaves) + 255) // 256))
        for item in split_hashes(data)
    ] == leaves


def test_a_tile_of_the_wrong_length_is_refused() -> None:
    """A store that answers with too few hashes is not believed."""
    reader = TileHashReader(300, lambda _level, _n, width: bytes(32 * width - 1))
    with pytest.raises(MalformedTile):
        reader(0, 0)
    with pytest.raises(ValueError, match="no complete subtree"):
        reader(0, 300)


def test_the_reader_keeps_few_tiles() -> None:
    """Reading far and wide does not keep the whole tree in memory."""
    reads: list[int] = []

    def read(_level: int, n: int, width: int) -> bytes:
        reads.append(n)
        return bytes(32 * width)

    reader = TileHashReader(256 * 100, read)
    for n in range(100):
        reader(0, n * 256)
        reader(0, n * 256 + 1)
    assert reads == list(range(100))
    assert len(reader._tiles) == 64


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_round_trip(entries: list[bytes]) -> None:
    """Entries come back as they went in, and a cut bundle is refused."""
    bundle = encode_bundle(entries)
    assert decode_bundle(bundle) == entries
    if bundle:
        with pytest.raises(MalformedTile):
            decode_bundle(bundle[:-1])


def test_bundles_refuse_what_they_cannot_carry() -> None:
    """An entry beyond 65,535 bytes, or more than 256 entries, is no bundle."""
    assert encode_bundle([b"ab"]) == b"\x00\x02ab"
    with pytest.raises(MalformedTile):
        encode_bundle([bytes(65_536)])
    with pytest.raises(MalformedTile):
        decode_bundle(encode_bundle([b""] * 257))

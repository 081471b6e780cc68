"""The log as a stranger follows it over HTTP: everything he needs to recompute the root himself, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.checkpoint import open_checkpoint
from evidence.entry import EntryDraft, EntryKind, parse_entry
from evidence.ports import Composition
from evidence.tiles import TileHashReader, decode_bundle, tiles_of
from evidence.tree import inclusion_proof, leaf_hash, root_of, subtree_root, verify_inclusion
from tests.fakes.installation import ORIGIN, Browser, Installation
from web.inception import settle

COUNT = 600


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with more than two tiles' worth of entries."""
    made = Installation(tmp_path_factory.mktemp("log") / "data")
    drafts = tuple(EntryDraft("u-1", "especialista", EntryKind.EVIDENCE_RECORDED) for _ in range(COUNT))
    made.house.ledger.append("MA-001-2026-000001", lambda _history: Composition(drafts))
    settle(made.house)
    yield made
    made.close()


@pytest.fixture
def stranger(place: Installation) -> Browser:
    """Somebody without an account."""
    return place.stranger()


def fetch(stranger: Browser, path: str) -> bytes:
    """A resource below the log's prefix."""
    answer = stranger.get(f"/log/{path}")
    assert answer.status_code == 200, path
    return bytes(answer.data)


def test_a_stranger_recomputes_the_signed_root(place: Installation, stranger: Browser) -> None:
    """From the entries alone, and from the tiles alone; both are what the checkpoint signs."""
    head = open_checkpoint(fetch(stranger, "checkpoint"), [place.house.vkey], ORIGIN)
    assert head.size > COUNT
    bundles = [fetch(stranger, f"tile/entries/{n:03d}") for n in range(head.size // 256)]
    bundles.append(fetch(stranger, f"tile/entries/{head.size // 256:03d}.p/{head.size % 256}"))
    entries = [entry for bundle in bundles for entry in decode_bundle(bundle)]
    assert len(entries) == head.size
    assert root_of([leaf_hash(entry) for entry in entries]) == head.root
    assert {parse_entry(entry).log for entry in entries} == {ORIGIN}
    read = TileHashReader(head.size, lambda level, n, width: _tile(stranger, level, n, width))
    assert subtree_root(0, head.size, read) == head.root
    verify_inclusion(
        leaf_hash(entries[300]), 300, head.size, inclusion_proof(300, head.size, read), head.root
    )
    for tile in tiles_of(head.size):
        assert len(fetch(stranger, tile.path)) == 32 * tile.width


def _tile(stranger: Browser, level: int, n: int, width: int) -> bytes:
    partial = "" if width == 256 else f".p/{width}"
    return fetch(stranger, f"tile/{level}/{n:03d}{partial}")


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/003",
        "tile/0/002.p/255",
        "tile/1/000",
        "tile/2/000.p/1",
        "tile/entries/002.p/255",
        "tile/entries/9",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/64/000.p/1",
        "tile/-1/000",
        "tile/0/../../checkpoint",
        "tile/entries/x001/000",
        "tile",
        "",
    ],
)
def test_what_is_not_signed_or_not_spelled_so_is_not_there(stranger: Browser, path: str) -> None:
    """Wider or later tiles than the checkpoint covers, and every other spelling, are not found."""
    assert stranger.get(f"/log/{path}").status_code == 404


def test_tiles_may_be_kept_for_ever_and_the_checkpoint_may_not(stranger: Browser) -> None:
    """A cache in front needs no other word."""
    assert "immutable" in stranger.get("/log/tile/0/000").headers["Cache-Control"]
    assert stranger.get("/log/checkpoint").headers["Cache-Control"] == "no-cache"


def test_an_installation_may_keep_its_entries_to_itself(tmp_path: Path) -> None:
    """Tree and checkpoint are still there to be followed."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_LOG_ENTRIES": "false"})
    settle(made.house)
    stranger = made.stranger()
    size = made.house.ledger.tree_size()
    assert stranger.get(f"/log/tile/entries/000.p/{size}").status_code == 404
    assert stranger.get(f"/log/tile/0/000.p/{size}").status_code == 200
    made.close()

"""The log for any C2SP client: newest checkpoint, Merkle tiles and entry bundles, as ``tlog-tiles`` lays them out.

Entries hold no personal data, but they tell how a desk works; `Settings.log_entries` keeps the bundles to itself where
that is too much. Whoever follows tree and checkpoints alone still notices a rewrite.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort

from evidence.ports import BlobMissing
from evidence.tiles import TILE_WIDTH, MalformedTile, Tile, encode_bundle, parse_path, tile_width
from web.security import public
from web.wiring import House, current_house

page = Blueprint("tlog", __name__, url_prefix="/log")

_NEWEST = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"


@page.get("/checkpoint")
@public
def checkpoint() -> Response:
    """The newest signed tree head; 404 before the first."""
    kept = current_house().ledger.latest_checkpoint()
    if kept is None:
        abort(404)
    return _bytes(kept[1], "text/plain; charset=utf-8", _NEWEST)


@page.get("/tile/<path:place>")
@public
def tile(place: str) -> Response:
    """A Merkle tile or an entry bundle of the tree that the newest checkpoint signs; it never changes again."""
    house = current_house()
    try:
        wanted = parse_path(f"tile/{place}")
        data = _data(house, wanted)
    except (MalformedTile, BlobMissing):
        abort(404)
    return _bytes(data, "application/octet-stream", _FOR_EVER)


def _data(house: House, wanted: Tile) -> bytes:
    """The bytes at these coordinates.

    Raises:
        BlobMissing: beyond what is signed, or not for strangers.
    """
    kept = house.ledger.latest_checkpoint()
    level = max(wanted.level, 0)
    if kept is None or wanted.width > tile_width(level, wanted.n, kept[0]):
        raise BlobMissing(wanted.path)
    if wanted.level >= 0:
        return house.ledger.tile(wanted.level, wanted.n, wanted.width)
    if not house.settings.log_entries:
        raise BlobMissing(wanted.path)
    start = wanted.n * TILE_WIDTH
    return encode_bundle(row.entry_bytes for row in house.ledger.entries(start, start + wanted.width))


def _bytes(data: bytes, media: str, caching: str) -> Response:
    answer = Response(data, content_type=media)
    answer.headers["Cache-Control"] = caching
    return answer

"""Giving entries their place in the log: indices, frontier and tiles, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, text, update

from evidence.ports import BlobCorrupt
from evidence.tiles import TILE_WIDTH, Tile, grow
from evidence.tree import leaf_hash
from storage.ledger_tables import log_entry, log_state, tile
from storage.reader import read_frontier, read_tile

_LOCK = 0x636F_6E73_7402
_SILENT_MS = 4000
"""A sequencer that falls silent inside its transaction (stopped, cut off) loses it, and the lock, after this long."""
_COLUMNS = (
    log_entry.c.id,
    log_entry.c.case_id,
    log_entry.c.case_seq,
    log_entry.c.leaf,
    log_entry.c.entry_bytes,
)
_WAITING: Select[Any] = (
    select(*_COLUMNS).where(log_entry.c.log_index.is_(None)).order_by(log_entry.c.id).limit(bindparam("most"))
)
_PLACED: Select[Any] = (
    select(log_entry.c.log_index, *_COLUMNS)
    .where(log_entry.c.log_index >= bindparam("start"))
    .order_by(log_entry.c.log_index)
)
_PLACE = (
    update(log_entry)
    .where(log_entry.c.id == bindparam("row"), log_entry.c.log_index.is_(None))
    .values(log_index=bindparam("place"))
)
_LAST = select(func.max(log_entry.c.log_index))


def sequence(connection: Connection, origin: str, limit: int) -> int:
    """Place at most ``limit`` waiting entries; `LedgerStore.sequence` is the contract.

    Raises:
        BlobCorrupt: bytes that do not hash to their leaf, before or after the write, or a log whose indices do not
            end where its frontier does. The transaction must then be rolled back.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {_SILENT_MS}"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    frontier = read_frontier(connection, origin, lock=True)
    size = frontier.size
    _check_end(connection, size)
    waiting = connection.execute(_WAITING, {"most": limit}).all()
    if not waiting:
        return 0
    leaves = [_rehashed(row) for row in waiting]
    connection.execute(
        _PLACE, [{"row": row.id, "place": size + offset} for offset, row in enumerate(waiting)]
    )

    def held(level: int, n: int, width: int) -> bytes:
        return read_tile(connection, level, n, width)

    _save_tiles(connection, grow(frontier, leaves, held))
    state = {"size": frontier.size, "frontier": b"".join(frontier.hashes)}
    connection.execute(update(log_state).values(state))
    _check_placed(connection, size, leaves)
    return len(leaves)


def _check_end(connection: Connection, size: int) -> None:
    last = connection.execute(_LAST).scalar_one()
    found = 0 if last is None else last + 1
    if found != size:
        raise BlobCorrupt("log_state", f"{size} sequenced entries", f"{found}")


def _rehashed(row: Row[Any]) -> bytes:
    found = leaf_hash(row.entry_bytes)
    if found.hex() != row.leaf:
        raise BlobCorrupt(f"{row.case_id}/{row.case_seq}", row.leaf, found.hex())
    return found


def _save_tiles(connection: Connection, tiles: Sequence[tuple[Tile, bytes]]) -> None:
    """Keep full tiles, and partial ones above level 0 (see `storage.reader.read_tile`)."""
    rows = [
        {"level": item.level, "n": item.n, "width": item.width, "bytes": data}
        for item, data in tiles
        if item.level > 0 or item.width == TILE_WIDTH
    ]
    if rows:
        connection.execute(insert(tile), rows)


def _check_placed(connection: Connection, start: int, leaves: Sequence[bytes]) -> None:
    """Read the batch again as it will be committed: what the tree holds must be what the rows hold."""
    placed = connection.execute(_PLACED, {"start": start}).all()
    found = [(row.log_index, _rehashed(row)) for row in placed]
    if found != list(enumerate(leaves, start=start)):
        raise BlobCorrupt("log_entry", f"{len(leaves)} entries from {start}", f"{len(found)} others")

"""Reading the ledger: histories for use, streams for verification, the tree as tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Row, Select, bindparam, func, select, text

from evidence.entry import SealedEntry, genesis_hash
from evidence.heads import CaseHead
from evidence.ports import BlobCorrupt, BlobMissing
from evidence.quarantine import without
from evidence.rows import Row as StoredRow
from evidence.tiles import TILE_WIDTH
from evidence.tree import HASH_BYTES, Frontier
from storage.appending import ERASED, LOOK, driver_style
from storage.border import WrongLog, answered
from storage.database import all_rows, reading, swiftly
from storage.histories import Histories, Known
from storage.ledger_tables import checkpoint, log_entry, log_state, tile
from storage.rows import SEALED, WHOLE, as_found, stored, trusted

if TYPE_CHECKING:
    from storage.ciphers.keys import CaseKeys

PAGE = 256
"""Entries read in one short transaction: a slow consumer of a stream holds no lock and no snapshot."""

ROWS_PAGE = 1024
"""Rows for verification, which is quick with each."""

HEADS_PAGE = 4096
"""Heads of cases in one transaction: three short columns each."""

_HISTORY = SEALED.where(log_entry.c.case_id == bindparam("case")).order_by(log_entry.c.case_seq)
_SPAN = (
    SEALED.where(log_entry.c.log_index >= bindparam("start"), log_entry.c.log_index < bindparam("stop"))
    .order_by(log_entry.c.log_index)
    .limit(PAGE)
)
_PENDING = (
    SEALED.where(log_entry.c.log_index.is_(None), log_entry.c.id > bindparam("after"))
    .order_by(log_entry.c.id)
    .limit(PAGE)
)
_ROWS_PENDING = (
    select(log_entry.c.id, *WHOLE.selected_columns)
    .select_from(*WHOLE.get_final_froms())
    .where(log_entry.c.log_index.is_(None), log_entry.c.id > bindparam("after"))
    .order_by(log_entry.c.id)
    .limit(ROWS_PAGE)
)
_CASES = (
    select(log_entry.c.case_id)
    .where(log_entry.c.case_id > bindparam("after"))
    .distinct()
    .order_by(log_entry.c.case_id)
    .limit(PAGE)
)
_LAST = (
    select(log_entry.c.case_id, func.max(log_entry.c.case_seq).label("seq"))
    .where(log_entry.c.log_index < bindparam("size"), log_entry.c.case_id > bindparam("after"))
    .group_by(log_entry.c.case_id)
    .order_by(log_entry.c.case_id)
    .limit(HEADS_PAGE)
    .subquery()
)
_HEADS = (
    select(log_entry.c.case_id, log_entry.c.case_seq, log_entry.c.leaf)
    .join(_LAST, (log_entry.c.case_id == _LAST.c.case_id) & (log_entry.c.case_seq == _LAST.c.seq))
    .order_by(log_entry.c.case_id)
)
_LEAVES = (
    select(log_entry.c.leaf)
    .where(log_entry.c.log_index >= bindparam("start"), log_entry.c.log_index < bindparam("stop"))
    .order_by(log_entry.c.log_index)
)
_TILE = select(tile.c.bytes).where(
    tile.c.level == bindparam("level"), tile.c.n == bindparam("n"), tile.c.width >= bindparam("width")
)
_PLACES = select(log_entry.c.case_seq, log_entry.c.log_index).where(
    log_entry.c.case_id == bindparam("case"), log_entry.c.case_seq > bindparam("after")
)
_STORED_TILE = "SELECT bytes FROM tile WHERE level = :level AND n = :n AND width >= :width LIMIT 1"
_STATE = select(log_state.c.origin, log_state.c.size, log_state.c.frontier)
_NOTES = (
    select(checkpoint.c.size, checkpoint.c.note)
    .where(checkpoint.c.size >= bindparam("since"))
    .order_by(checkpoint.c.size)
    .limit(PAGE)
)
_NO_END = 2**62


@cache
def _rows_span(dialect: str) -> str:
    """In the driver's words: what SQLAlchemy makes of a row costs as much again as reading it."""
    where = "log_entry.log_index >= :start AND log_entry.log_index < :stop"
    return driver_style(f"{WHOLE} WHERE {where} ORDER BY log_entry.log_index LIMIT :page", dialect)


def read_history(
    connection: Connection, origin: str, case: str, keys: CaseKeys | None = None
) -> tuple[SealedEntry, ...]:
    """A case's entries, each checked against its leaf and its predecessor before anybody uses it.

    Raises:
        BlobCorrupt: changed bytes, or a broken chain.
    """
    history = tuple(trusted(row, keys) for row in connection.execute(_HISTORY, {"case": case}))
    prev = genesis_hash(origin, case)
    for seq, sealed in enumerate(history, start=1):
        if (sealed.entry.case, sealed.entry.seq, sealed.entry.prev) != (case, seq, prev):
            raise BlobCorrupt(f"{case}/{seq}", prev, sealed.entry.prev)
        prev = sealed.leaf
    return history


def read_frontier(connection: Connection, origin: str, *, lock: bool = False) -> Frontier:
    """The stored frontier of the log.

    Raises:
        WrongLog: the database holds no log or another one.
        BlobCorrupt: the stored frontier is not one.
    """
    row = connection.execute(_STATE.with_for_update() if lock else _STATE).one_or_none()
    check_origin(origin, None if row is None else row.origin)
    assert row is not None  # noqa: S101 - check_origin has refused that
    hashes = [row.frontier[at : at + HASH_BYTES] for at in range(0, len(row.frontier), HASH_BYTES)]
    try:
        return Frontier(row.size, hashes)
    except (TypeError, ValueError) as error:
        raise BlobCorrupt("log_state", f"frontier of {row.size}", str(error)) from error


def check_origin(wanted: str, found: str | None) -> None:
    """Refuse a database without a log (an empty one is never begun by accident) or with another log."""
    if found is None:
        raise WrongLog("this database holds no log yet; begin one with storage.ledger.start_log")
    if found != wanted:
        raise WrongLog(f"this database holds the log {found!r}, not {wanted!r}")


def read_tile(connection: Connection, level: int, n: int, width: int) -> bytes:
    """A Merkle tile's bytes.

    A narrower tile is a prefix of a wider one. Level-0 tiles are kept once they are full; until then the leaves of the
    entries serve, so that a quiet log does not write 8 KiB for every entry.

    Raises:
        BlobMissing: no such tile.
    """
    if not 0 < width <= TILE_WIDTH:
        raise BlobMissing(f"tile/{level}/{n}.p/{width}")
    need = width * HASH_BYTES
    found = connection.execute(_TILE, {"level": level, "n": n, "width": width}).scalars().first()
    if found is None and level == 0:
        start = n * TILE_WIDTH
        leaves = connection.execute(_LEAVES, {"start": start, "stop": start + width}).scalars()
        found = b"".join(_hash(leaf) for leaf in leaves)
    if found is None or len(found) < need:
        raise BlobMissing(f"tile/{level}/{n}.p/{width}")
    return bytes(found[:need])


def _hash(leaf: object) -> bytes:
    """A leaf column's hash; where somebody wrote what is no hash, the empty bytes make the tile a missing one."""
    try:
        return bytes.fromhex(str(leaf))
    except ValueError:
        return b""


def _first_without_place(entries: Sequence[SealedEntry]) -> int:
    """The ``seq`` of the first entry that had no place in the log; the last one's where all had."""
    first = len(entries)
    while first > 1 and entries[first - 2].index is None:
        first -= 1
    return first


def _stands(known: Known, found: tuple[Any, ...]) -> bool:
    """Whether the database still shows what is known of a case."""
    last, count = known.last, len(known.entries)
    return found[:6] == (count, last.leaf, last.leaf, last.entry_bytes, count, known.erased)


class LedgerReader:
    """The reading half of the ledger store; every answer comes from one short transaction, streams from several."""

    def __init__(self, engine: Engine, origin: str, keys: CaseKeys | None = None) -> None:
        self._engine = engine
        self.keys = keys
        self._origin = origin
        self._histories = Histories()

    def history(self, case: str) -> Sequence[SealedEntry]:
        """A case's entries by ``seq``, each checked against its leaf and its predecessor; see the port.

        Checked by this call, or by an earlier one of this process as long as the head is the same (decision 0013).

        Raises:
            BlobCorrupt: the case's entries are not those that were sealed.
        """
        known = self._histories.get(case)
        if known is not None:
            first = _first_without_place(known.entries)
            found = self._look(case, first)
            if _stands(known, found):
                same = found[-1] == known.entries[first - 1].index
                return known.entries if same else self._placed(case, known, first)
        with reading(self._engine) as connection:
            erased = connection.execute(
                text(ERASED)
            ).scalar_one()  # before the rows: an erasure meanwhile is noticed
            history = read_history(connection, self._origin, case, self.keys)
        history = without(history)
        if history:
            self._histories.keep(case, Known(history, erased))
        return history

    def known(self, case: str) -> Sequence[SealedEntry]:
        """What this process has checked of a case, perhaps some time ago; see the port. Asks no database."""
        found = self._histories.get(case)
        return found.entries if found is not None else ()

    def unwithheld(self, case: str) -> Sequence[SealedEntry]:
        """A case's entries with the payloads that stand in quarantine: for who decides about those. Raises likewise."""
        with reading(self._engine) as connection:
            return read_history(connection, self._origin, case, self.keys)

    def _look(self, case: str, first: int) -> tuple[Any, ...]:
        """What the database shows of a case that has entries, in one statement; empty where it knows none.

        ``first``: the entry whose place in the log is asked for.
        """
        look = driver_style(LOOK, self._engine.dialect.name)
        with answered(), swiftly(self._engine) as driver:
            return tuple(driver.execute(look, {"case": case, "first": first}).fetchone() or ())

    def _placed(self, case: str, known: Known, first: int) -> Sequence[SealedEntry]:
        """The entries with the places in the log that they have been given since, from the ``first`` on."""
        with reading(self._engine) as connection:
            places = connection.execute(_PLACES, {"case": case, "after": first - 1}).all()
        given = {row.case_seq: row.log_index for row in places}
        later = (
            replace(item, index=given.get(n)) for n, item in enumerate(known.entries[first - 1 :], first)
        )
        entries = (*known.entries[: first - 1], *later)
        self._histories.keep(case, replace(known, entries=entries))
        return entries

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[SealedEntry]:
        """Sequenced entries by index, as found: damage is for the verifier to report, so nothing is checked here."""
        end = _NO_END if stop is None else stop
        pages = self._pages(_SPAN, "start", start, lambda row: row.log_index + 1, {"stop": end})
        return (as_found(row, self.keys) for row in pages)

    def unsequenced(self) -> Iterator[SealedEntry]:
        """Entries without an index by row number, as found."""
        pages = self._pages(_PENDING, "after", -1, lambda row: row.id)
        return (as_found(row, self.keys) for row in pages)

    def let_go(self) -> None:
        """Close the connections at rest; each process then opens its own (SQLite's locks belong to a process)."""
        self._engine.dispose()

    def stored_rows(self, start: int = 0, stop: int | None = None) -> Iterator[StoredRow]:
        """Sequenced entries by index with their columns, as found."""
        end, at = _NO_END if stop is None else stop, start
        span = _rows_span(self._engine.dialect.name)
        while at < end:
            with answered(), swiftly(self._engine) as driver:
                rows = all_rows(self._engine, driver, span, {"start": at, "stop": end, "page": ROWS_PAGE})
            yield from stored(rows, self.keys)
            if len(rows) < ROWS_PAGE:
                return
            at = rows[-1][0] + 1

    def unsequenced_rows(self) -> Iterator[StoredRow]:
        """Entries without an index by row number, with their columns, as found."""
        pages = self._pages(_ROWS_PENDING, "after", -1, lambda row: row.id, page=ROWS_PAGE)
        return stored((row[1:] for row in pages), self.keys)

    def cases(self) -> Iterator[str]:
        """Every case that has an entry, sorted by code point."""
        return (row.case_id for row in self._pages(_CASES, "after", "", lambda row: row.case_id))

    def heads(self, size: int) -> Iterator[CaseHead]:
        """The last entry of each case among the first ``size``; see the port."""
        rows = self._pages(_HEADS, "after", "", lambda row: row.case_id, {"size": size}, HEADS_PAGE)
        return (CaseHead(row.case_id, row.case_seq, _hash(row.leaf)) for row in rows)

    def tree_size(self) -> int:
        """Number of sequenced entries."""
        with reading(self._engine) as connection:
            return read_frontier(connection, self._origin).size

    def root(self) -> bytes:
        """The root from the stored frontier."""
        with reading(self._engine) as connection:
            return read_frontier(connection, self._origin).root()

    def tile(self, level: int, n: int, width: int) -> bytes:
        """A Merkle tile's bytes; see `read_tile`."""
        need = width * HASH_BYTES
        stored = driver_style(_STORED_TILE, self._engine.dialect.name)
        with answered(), swiftly(self._engine) as driver:
            found = driver.execute(stored, {"level": level, "n": n, "width": width}).fetchone()
        if width > 0 and found is not None and isinstance(found[0], bytes) and len(found[0]) >= need:
            return found[0][:need]
        with reading(self._engine) as connection:
            return read_tile(connection, level, n, width)

    def checkpoints(self, since: int = 0) -> Iterator[tuple[int, bytes]]:
        """Kept checkpoints of at least this size, ascending."""
        return ((row.size, row.note) for row in self._pages(_NOTES, "since", since, lambda row: row.size + 1))

    def latest_checkpoint(self) -> tuple[int, bytes] | None:
        """The largest kept checkpoint."""
        newest = select(checkpoint.c.size, checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else (row.size, row.note)

    def _pages(
        self,
        query: Select[Any],
        name: str,
        first: int | str,
        following: Callable[[Row[Any]], int | str],
        fixed: dict[str, Any] | None = None,
        page: int = PAGE,
    ) -> Iterator[Row[Any]]:
        """Rows of a keyset query, page after page; ``name`` is the parameter that says where the next page begins."""
        at = first
        while True:
            with reading(self._engine) as connection:
                rows = connection.execute(query, {**(fixed or {}), name: at}).all()
            yield from rows
            if len(rows) < page:
                return
            at = following(rows[-1])

"""The part of somebody with full rights on the database: past the triggers, and tidy enough to hide it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, delete, select, text, update

from evidence.entry import EntryDraft, EntryKind, SealedEntry, seal
from evidence.tiles import TILE_WIDTH, grow
from evidence.tree import Frontier
from storage.database import writing
from storage.ledger_tables import case_head, checkpoint, idempotency, log_entry, log_state, payload, tile
from storage.rows import indexed


@contextmanager
def without_triggers(engine: Engine) -> Iterator[Connection]:
    """A connection for which neither triggers nor foreign keys exist; both are put back at the end."""
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
        return
    with _without_foreign_keys(engine) as connection:
        triggers = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        ).all()
        for name, _ in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        for _, statement in triggers:
            connection.exec_driver_sql(statement)


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def run(engine: Engine, statement: str, **values: object) -> None:
    """One statement past the triggers."""
    with without_triggers(engine) as connection:
        connection.execute(text(statement), values)


def cut_tail(engine: Engine, size: int) -> None:
    """Remove every entry from index ``size`` on, and mend heads, tree, checkpoints and keys accordingly (R1)."""
    with without_triggers(engine) as connection:
        gone = select(log_entry.c.leaf).where(log_entry.c.log_index >= size)
        connection.execute(delete(payload).where(payload.c.leaf.in_(gone)))
        connection.execute(delete(log_entry).where(log_entry.c.log_index >= size))
        connection.execute(delete(idempotency))
        _mend(connection)


def rewrite_tail(
    engine: Engine, rows: Sequence[SealedEntry], edit: Callable[[SealedEntry], EntryDraft]
) -> None:
    """Replace these last entries by others of the same number, sealed and linked anew (R2)."""
    with without_triggers(engine) as connection:
        links: dict[str, str] = {}
        for row in rows:
            prev = links.get(row.entry.prev, row.entry.prev)
            forged = seal(
                edit(row),
                log=row.entry.log,
                case=row.entry.case,
                seq=row.entry.seq,
                prev=prev,
                at=row.entry.at,
                salt=bytes(32),
            )
            links[row.leaf] = forged.leaf
            connection.execute(delete(payload).where(payload.c.leaf == row.leaf))
            values = {**indexed(forged.entry), "leaf": forged.leaf, "entry_bytes": forged.entry_bytes}
            connection.execute(update(log_entry).where(log_entry.c.leaf == row.leaf).values(**values))
            connection.execute(
                payload.insert(), {"leaf": forged.leaf, "salt": forged.salt, "bytes": forged.payload_bytes}
            )
        _mend(connection)


def other_note(row: SealedEntry) -> EntryDraft:
    """The same entry with another text."""
    entry = row.entry
    return EntryDraft(
        actor=entry.actor,
        role=entry.role,
        kind=EntryKind(entry.kind),
        process=entry.process,
        step=entry.step,
        objects=entry.objects,
        refs=entry.refs,
        facts=entry.facts,
        payload={"note": "nunca pasó"},
    )


def move_case(engine: Engine, case: str, to: str) -> None:
    """Give a case's rows another folio without touching the bytes (R9)."""
    with without_triggers(engine) as connection:
        connection.execute(update(log_entry).where(log_entry.c.case_id == case).values(case_id=to))
        connection.execute(update(case_head).where(case_head.c.case_id == case).values(case_id=to))


def _mend(connection: Connection) -> None:
    """Make heads, frontier and tiles agree with the rows, and drop checkpoints that no longer can."""
    rows = connection.execute(
        select(log_entry).where(log_entry.c.log_index.is_not(None)).order_by(log_entry.c.log_index)
    ).all()
    connection.execute(delete(case_head))
    heads = {row.case_id: (row.case_seq, row.leaf) for row in sorted(rows, key=lambda row: row.case_seq)}
    for case, (seq, leaf) in heads.items():
        connection.execute(case_head.insert(), {"case_id": case, "seq": seq, "leaf": leaf})
    connection.execute(delete(tile))
    connection.execute(delete(checkpoint))
    frontier = Frontier()
    for made, data in grow(frontier, [bytes.fromhex(row.leaf) for row in rows], lambda _l, _n, _w: b""):
        if made.level > 0 or made.width == TILE_WIDTH:
            values = {"level": made.level, "n": made.n, "width": made.width, "bytes": data}
            connection.execute(tile.insert(), values)
    connection.execute(update(log_state).values(size=frontier.size, frontier=b"".join(frontier.hashes)))


def flipped(data: bytes, at: int) -> bytes:
    """The same bytes with one bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

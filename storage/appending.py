"""Entries sealed beforehand for a head that is known: written where that head still stands, else not at all.

Sealing, deriving and projecting need no database, so they are done before the transaction, on the history this process
has checked. What is left for the transaction are a few statements in the driver's own words; the first of them moves
the head, and only if head, last entry (byte by byte), number of entries and erasures are those that were composed on.
On PostgreSQL they are one statement, hence one round trip and one commit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evidence.entry import SealedEntry
from evidence.ports import Errand, Projection
from storage.histories import Known
from storage.projections import projection_row
from storage.rows import entry_row

ERASED_COUNT = (
    "(SELECT count(*) FROM log_entry "
    "WHERE kind IN ('erasure.executed', 'quarantine.placed', 'quarantine.destroyed'))"
)
"""What makes payloads go or be withheld, in any case; the index of migration 0027 has just these entries."""
LOOK = f"""
SELECT h.seq, h.leaf, e.leaf, e.entry_bytes, (SELECT count(*) FROM log_entry WHERE case_id = h.case_id), {ERASED_COUNT},
       (SELECT log_index FROM log_entry WHERE case_id = h.case_id AND case_seq = :first)
FROM case_head h LEFT JOIN log_entry e ON e.case_id = h.case_id AND e.case_seq = h.seq WHERE h.case_id = :case
"""  # noqa: S608 - constants
ERASED = f"SELECT {ERASED_COUNT}"
_MOVE = f"""
UPDATE case_head SET seq = :new_seq, leaf = :new_leaf
WHERE case_id = :case AND seq = :seq AND leaf = :leaf
AND EXISTS (SELECT 1 FROM log_entry e WHERE e.case_id = :case AND e.case_seq = :seq AND e.leaf = :leaf
            AND e.entry_bytes = :last)
AND (SELECT count(*) FROM log_entry e WHERE e.case_id = :case) = :seq
AND {ERASED_COUNT} = :erased"""  # noqa: S608 - constants
ENTRY = "case_id case_seq prev recorded_at actor role kind process step leaf entry_bytes".split()
PAYLOAD = "leaf salt bytes".split()
REQUEST = "key request_digest case_id first_seq last_seq".split()
_NAME = re.compile(r":([a-z_0-9]+)")


@dataclass(frozen=True, slots=True)
class Request:
    """What identifies a request to itself when it comes again; an empty key means it cannot."""

    key: str = ""
    digest: str = ""

    def row(self, sealed: Sequence[SealedEntry]) -> dict[str, Any]:
        """How it is remembered, with what it wrote."""
        first, last = sealed[0].entry, sealed[-1].entry
        return {
            "key": self.key,
            "request_digest": self.digest,
            "case_id": first.case,
            "first_seq": first.seq,
            "last_seq": last.seq,
        }


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be written to a case whose last entry is that of ``known``; ``payloads`` are rows, one an entry."""

    known: Known
    sealed: tuple[SealedEntry, ...]
    projection: Projection | None
    errands: tuple[Errand, ...]
    request: Request
    changes: dict[str, Any] | None
    """The projection's columns that change; ``None`` where more than columns may have to change."""
    payloads: tuple[dict[str, Any], ...]

    @property
    def after(self) -> Known:
        """The case once this is written."""
        return Known((*self.known.entries, *self.sealed), self.known.erased, self.projection)

    @property
    def extra(self) -> bool:
        """Whether more is to be written than entries, request and the columns of a projection that is there."""
        return bool(self.errands) or (self.projection is not None and self.changes is None)


def changes(old: Projection | None, new: Projection | None) -> dict[str, Any] | None:
    """The columns in which two projections differ; ``None`` where more than columns may have to change."""
    if new is None:
        return {}
    if old is None or (old.tally, old.article) != (new.tally, new.article):
        return None
    if old.references != new.references and set(old.references) != set(new.references):
        return None
    before, after = projection_row(old), projection_row(new)
    return {name: value for name, value in after.items() if value != before[name]}


def move(prepared: Prepared) -> tuple[str, dict[str, Any]]:
    """The statement that moves the head, with its values; it changes one row, or the case is no longer as known."""
    known, last = prepared.known, prepared.sealed[-1]
    return _MOVE, {
        "case": last.entry.case,
        "seq": len(known.entries),
        "leaf": known.last.leaf,
        "last": known.last.entry_bytes,
        "erased": known.erased,
        "new_seq": last.entry.seq,
        "new_leaf": last.leaf,
    }


def statements(prepared: Prepared) -> list[tuple[str, list[Any]]]:
    """What follows on SQLite, in its order, with values by position; without the extras."""
    found = []
    for sealed, payload in zip(prepared.sealed, prepared.payloads, strict=True):
        row = entry_row(sealed)
        found.append((_insert("log_entry", tuple(ENTRY)), [row[name] for name in ENTRY]))
        row = payload
        found.append((_insert("payload", tuple(PAYLOAD)), [row[name] for name in PAYLOAD]))
    if changed := prepared.changes:
        found.append((_update(tuple(changed)), [*changed.values(), prepared.sealed[0].entry.case]))
    if prepared.request.key:
        row = prepared.request.row(prepared.sealed)
        found.append((_insert("idempotency", tuple(REQUEST)), [row[name] for name in REQUEST]))
    return found


def one_statement(prepared: Prepared) -> tuple[str, dict[str, Any]]:
    """All of it as one statement for PostgreSQL, with its values by name; it gives one row: whether the head moved."""
    values = move(prepared)[1]
    for n, sealed in enumerate(prepared.sealed):
        values |= _numbered("e", n, entry_row(sealed)) | _numbered("p", n, prepared.payloads[n])
    changed = prepared.changes or {}
    values |= _numbered("c", 0, changed)
    if prepared.request.key:
        values |= _numbered("r", 0, prepared.request.row(prepared.sealed))
    return _combined(len(prepared.sealed), tuple(changed), bool(prepared.request.key)), values


def driver_style(statement: str, dialect: str) -> str:
    """A statement with ``:name`` placeholders as the driver of that database spells them."""
    return statement if dialect == "sqlite" else _psycopg(statement)


@lru_cache(maxsize=256)
def _psycopg(statement: str) -> str:
    return _NAME.sub(r"%(\1)s", statement)


@lru_cache(maxsize=256)
def _combined(entries: int, changed: tuple[str, ...], keyed: bool) -> str:
    parts = [f"moved AS ({_MOVE} RETURNING case_id)"]
    for table, letter, names in (("log_entry", "e", ENTRY), ("payload", "p", PAYLOAD)):
        rows = [f"SELECT {_placed(letter, n, names)} FROM moved" for n in range(entries)]  # noqa: S608 - our names
        source = rows[0] if entries == 1 else f"{' UNION ALL '.join(rows)} ORDER BY 2"
        parts.append(f"added_{table} AS (INSERT INTO {table} ({', '.join(names)}) {source})")
    if changed:
        sets = ", ".join(f"{name} = :c0_{name}" for name in changed)
        parts.append(
            f"changed AS (UPDATE projection SET {sets} FROM moved WHERE projection.case_id = moved.case_id)"  # noqa: S608
        )
    if keyed:
        columns, row = ", ".join(REQUEST), _placed("r", 0, REQUEST)
        parts.append(f"asked AS (INSERT INTO idempotency ({columns}) SELECT {row} FROM moved)")  # noqa: S608
    return _psycopg(f"WITH {', '.join(parts)} SELECT count(*) FROM moved")  # noqa: S608 - our own names throughout


def _placed(letter: str, n: int, names: Sequence[str]) -> str:
    return ", ".join(f":{letter}{n}_{name}" for name in names)


def _numbered(letter: str, n: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{letter}{n}_{name}": value for name, value in row.items()}


@lru_cache(maxsize=64)
def _insert(table: str, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our names


@lru_cache(maxsize=256)
def _update(names: tuple[str, ...]) -> str:
    return f"UPDATE projection SET {', '.join(f'{name} = ?' for name in names)} WHERE case_id = ?"  # noqa: S608

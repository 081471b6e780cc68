"""Many prepared appends written by a handful of statements, instead of a handful each: for group commit on SQLite.

Every statement lets go of the interpreter's lock and waits to get it back, behind whatever the other threads compute
meanwhile. A round of twenty appends is therefore written by as many statements as one append: the heads are moved by
one, and only if each of them still stands as it was composed on; then the rows of each table follow in one statement.
Whatever does not fit is written one by one: two appends to one case, errands, a projection that changes more than
columns.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from storage.appending import ENTRY, ERASED_COUNT, PAYLOAD, REQUEST, Prepared, move
from storage.rows import entry_row

_MOVED = ("case", "seq", "leaf", "last", "erased", "new_seq", "new_leaf")
_MOVE = f"""
UPDATE case_head SET seq = w.new_seq, leaf = w.new_leaf FROM ?
WHERE case_head.case_id = w.case_id AND case_head.seq = w.seq AND case_head.leaf = w.leaf
AND EXISTS (SELECT 1 FROM log_entry e WHERE e.case_id = w.case_id AND e.case_seq = w.seq AND e.leaf = w.leaf
            AND e.entry_bytes = w.last)
AND (SELECT count(*) FROM log_entry e WHERE e.case_id = w.case_id) = w.seq
AND {ERASED_COUNT} = w.erased"""  # noqa: S608 - constants
_MOST_VALUES = 30_000
"""Values of one statement: SQLite takes 32,766."""

Batch = tuple[str, list[Any]]


def together(prepared: Sequence[Prepared]) -> list[int]:
    """Which of them can be written at once, by their place: one of a case, with nothing besides rows."""
    cases: set[str] = set()
    found = []
    for n, item in enumerate(prepared):
        case = item.known.last.entry.case
        if case not in cases and not item.extra and not item.errands:
            found.append(n)
        cases.add(case)
    return found


def write_together(driver: sqlite3.Connection, prepared: Sequence[Prepared]) -> bool:
    """Write them, in an open transaction; false, and nothing to be kept, where any of their cases has moved.

    Raises:
        sqlite3.IntegrityError: a request's key was used before. What was written is to be taken back.
    """
    statement, values = _heads(prepared)
    if driver.execute(statement, values).rowcount != len(prepared):
        return False
    for following, row in _rows(prepared):
        driver.execute(following, row)
    return True


def _heads(prepared: Sequence[Prepared]) -> Batch:
    rows = [move(item)[1] for item in prepared]
    return _moving(len(rows)), [row[name] for row in rows for name in _MOVED]


def _rows(prepared: Sequence[Prepared]) -> Iterable[Batch]:
    sealed = [item for one in prepared for item in one.sealed]
    asked = [one.request.row(one.sealed) for one in prepared if one.request.key]
    changed: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for one in prepared:
        if changes := one.changes:
            changed[tuple(changes)].append({"case_id": one.known.last.entry.case, **changes})
    return chain(
        _inserts("log_entry", ENTRY, [entry_row(item) for item in sealed]),
        _inserts("payload", PAYLOAD, [row for one in prepared for row in one.payloads]),
        _inserts("idempotency", REQUEST, asked),
        *(_updates(names, rows) for names, rows in changed.items()),
    )


def _inserts(table: str, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> Iterable[Batch]:
    most = _MOST_VALUES // len(names)
    for at in range(0, len(rows), most):
        part = rows[at : at + most]
        yield _inserting(table, tuple(names), len(part)), [row[name] for row in part for name in names]


def _updates(names: tuple[str, ...], rows: Sequence[dict[str, Any]]) -> Iterable[Batch]:
    yield _updating(names, len(rows)), [row[name] for row in rows for name in ("case_id", *names)]


def _places(names: int, rows: int) -> str:
    return ", ".join([f"({', '.join('?' * names)})"] * rows)


@lru_cache(maxsize=64)
def _moving(rows: int) -> str:
    return _MOVE.replace("?", _values(("case_id", *_MOVED[1:]), rows))


@lru_cache(maxsize=256)
def _inserting(table: str, names: tuple[str, ...], rows: int) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {_places(len(names), rows)}"  # noqa: S608 - our names


@lru_cache(maxsize=256)
def _updating(names: tuple[str, ...], rows: int) -> str:
    sets = ", ".join(f"{name} = w.{name}" for name in names)
    source = _values(("case_id", *names), rows)
    return f"UPDATE projection SET {sets} FROM {source} WHERE projection.case_id = w.case_id"  # noqa: S608 - our names


def _values(names: Sequence[str], rows: int) -> str:
    """A table ``w`` of given values. No WITH before the statement: the driver would not count what it changes."""
    columns = ", ".join(f"column{n} AS {name}" for n, name in enumerate(names, start=1))
    return f"(SELECT {columns} FROM (VALUES {_places(len(names), rows)})) AS w"  # noqa: S608 - our names

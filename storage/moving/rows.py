"""Rows of any table as lines of text, alike on SQLite and PostgreSQL, and back.

A line is the JSON array of a row's values in the order of the columns, bytes as base64; lines are ordered by the
table's key. The same rows are therefore the same bytes on either database, which is what proves a copy.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    TableClause,
    Text,
    column,
    func,
    insert,
    select,
    table,
    text,
)
from sqlalchemy.types import TypeEngine

from storage.metadata import Bytes, metadata
from storage.moving.errors import MovingRefused
from storage.schema import DECLARING

FLEETING = frozenset(
    {
        "api_answer",
        "api_rate",
        "board_mark",
        "board_sum",
        "factor_challenge",
        "job",
        "link_preparation",
        "link_visit",
        "login_session",
        "login_throttle",
    }
)
"""Tables of what lives for minutes or hours in one place, and sums that a copy makes for itself.

Nobody is signed in where a copy begins its life; the triggers mark each of its days when its tallies are put in.
"""

DRAFTS = frozenset({"draft", "draft_file"})
"""Work that nobody has sealed: its files wait in the staging directory."""

_BATCH = 500
_TYPES: dict[str, TypeEngine[Any]] = {"bytes": Bytes(), "text": Text(), "int": Integer(), "bool": Boolean()}


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table: its columns as ``(name, type)``, type one of bytes, text, int, bool; and what orders its rows."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As it stands in a backup."""
        return {"name": self.name, "columns": [list(item) for item in self.columns], "key": list(self.key)}

    @classmethod
    def from_json(cls, value: Any) -> TableLayout:
        """Read it back; raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else."""
        columns = tuple((str(name), str(kind)) for name, kind in value["columns"])
        key = tuple(str(name) for name in value["key"])
        names = {name for name, _ in columns}
        if not key or not names.issuperset(key) or any(kind not in _TYPES for _, kind in columns):
            raise ValueError(f"no layout of a table: {value['name']}")
        return cls(str(value["name"]), columns, key)

    @property
    def clause(self) -> TableClause:
        """The table for statements, whatever this program's own tables look like by now."""
        return table(self.name, *(column(name, _TYPES[kind]) for name, kind in self.columns))


def layouts(*, drafts: bool = False) -> tuple[TableLayout, ...]:
    """Every table that is copied, each after those it refers to; the log's own state comes last, as a beginning."""
    assert DECLARING  # noqa: S101 - importing the schema is what fills the description of the tables
    left = FLEETING if drafts else FLEETING | DRAFTS
    found = [_layout(item) for item in metadata.sorted_tables if item.name not in left]
    return tuple(sorted(found, key=lambda item: item.name == "log_state"))


def _layout(item: Table) -> TableLayout:
    columns = tuple((col.name, _kind(col)) for col in item.columns)
    return TableLayout(item.name, columns, tuple(col.name for col in item.primary_key.columns))


def _kind(col: Column[Any]) -> str:
    for name, kinds in (("bytes", (Bytes, LargeBinary)), ("bool", Boolean), ("int", Integer), ("text", Text)):
        if isinstance(col.type, kinds):
            return name
    raise TypeError(f"{col} has a type that cannot be copied")


def lines(connection: Connection, layout: TableLayout) -> Iterator[bytes]:
    """The rows of a table as lines, each with its newline; streamed."""
    clause = layout.clause
    wanted = select(*clause.c).order_by(*(clause.c[name] for name in layout.key))
    binary = [kind == "bytes" for _, kind in layout.columns]
    for row in connection.execute(wanted, execution_options={"yield_per": _BATCH}):
        yield _line(row, binary)


def _line(row: Iterable[Any], binary: Sequence[bool]) -> bytes:
    values = [
        base64.b64encode(value).decode() if packed and value is not None else value
        for value, packed in zip(row, binary, strict=True)
    ]
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def read_line(line: bytes, layout: TableLayout) -> dict[str, Any]:
    """A line as a row by column.

    Raises:
        MovingRefused: ``backup_damaged``: it is none of this table.
    """
    try:
        values = json.loads(line)
        return {
            name: base64.b64decode(value, validate=True) if kind == "bytes" and value is not None else value
            for (name, kind), value in zip(layout.columns, values, strict=True)
        }
    except (ValueError, TypeError, binascii.Error) as error:
        raise MovingRefused("backup_damaged", detail=layout.name) from error


def load(connection: Connection, layout: TableLayout, rows: Iterable[bytes]) -> int:
    """Insert lines into an existing table; how many there were."""
    adding, count = insert(layout.clause), 0
    waiting = (read_line(line, layout) for line in rows)
    while batch := list(islice(waiting, _BATCH)):
        connection.execute(adding, batch)
        count += len(batch)
    return count


def count_on(connection: Connection, layout: TableLayout) -> None:
    """Let a table that numbers its own rows go on after the highest number (SQLite does by itself)."""
    if (
        connection.dialect.name != "postgresql"
        or layout.key != ("id",)
        or ("id", "int") not in layout.columns
    ):
        return
    sequence = connection.execute(
        text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": layout.name}
    ).scalar_one()
    highest = connection.execute(select(func.max(layout.clause.c.id))).scalar_one()
    if sequence and highest:
        connection.execute(text("SELECT setval(:name, :highest)"), {"name": sequence, "highest": highest})


def digest(connection: Connection, layout: TableLayout) -> str:
    """SHA-256 of a table's lines."""
    found = hashlib.sha256()
    for line in lines(connection, layout):
        found.update(line)
    return found.hexdigest()


def split_lines(chunks: Iterable[bytes], member: str) -> Iterator[bytes]:
    """Chunks of a member as lines without their newlines; ``member`` is its name, for the refusal.

    Raises:
        MovingRefused: ``backup_damaged``: the last line does not end.
    """
    rest = b""
    for chunk in chunks:
        whole = (rest + chunk).split(b"\n")
        rest = whole.pop()
        yield from whole
    if rest:
        raise MovingRefused("backup_damaged", detail=member)

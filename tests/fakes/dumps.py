"""What lies in the SQLite databases of an installation, for tests that look for what must not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

# Virtual tables cannot all be scanned; the tables beneath them hold what they hold.
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"


def dump(data: Path) -> str:
    """Every value of every row of every database under a folder, a line each; bytes as far as they are UTF-8."""
    return "\n".join(value for path in sorted(data.rglob("*.sqlite3")) for value in _values(path))


def _values(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = _text
        for (table,) in database.execute(_TABLES).fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - names of our own tables
                yield from (_text(value) if isinstance(value, bytes) else str(value) for value in row)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

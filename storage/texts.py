"""`workflows.ports.TextIndex` in an SQLite file of its own, with SQLite's full-text index (FTS5).

The file is a cache beside the data, the same whatever database the ledger has: each server fills its own from the
ledger, and deleting it loses nothing. It holds what sealed files say, so it is as private as they are (mode 0600).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from evidence.ports import StoreUnavailable
from workflows.ports import TextHit, TextPlace

_SCHEMA = """
CREATE TABLE IF NOT EXISTS progress (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS file (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS place (
  file INTEGER NOT NULL REFERENCES file (id), folio TEXT NOT NULL, seq INTEGER NOT NULL, object INTEGER NOT NULL,
  leaf TEXT NOT NULL, PRIMARY KEY (folio, seq, object)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS place_file ON place (file);
CREATE INDEX IF NOT EXISTS place_leaf ON place (leaf);
CREATE VIRTUAL TABLE IF NOT EXISTS body USING fts5(text, tokenize = 'unicode61 remove_diacritics 2', prefix = '3');
INSERT OR IGNORE INTO progress VALUES (1, 0);
"""
_FOUND = """
SELECT place.folio, place.seq, place.object, snippet(body, 0, char(2), char(3), '…', 24)
FROM body JOIN place ON place.file = body.rowid WHERE body MATCH ? AND ({within})
ORDER BY body.rank, place.folio, place.seq LIMIT ?
"""
_SECONDS = 30


class SqliteTextIndex:
    """The index in one file, made when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ready = False

    def position(self) -> int:
        """See the port."""
        with self._open() as connection:
            return int(connection.execute("SELECT position FROM progress").fetchone()[0])

    def known(self, sha256: str) -> bool:
        """See the port."""
        with self._open() as connection:
            found = connection.execute("SELECT 1 FROM file WHERE sha256 = ?", (sha256,)).fetchone()
        return found is not None

    def add(self, sha256: str, text: str, places: Sequence[TextPlace]) -> None:
        """See the port."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            fresh = connection.execute("INSERT OR IGNORE INTO file (sha256) VALUES (?)", (sha256,)).rowcount
            (number,) = connection.execute("SELECT id FROM file WHERE sha256 = ?", (sha256,)).fetchone()
            if fresh:
                connection.execute("INSERT INTO body (rowid, text) VALUES (?, ?)", (number, text))
            rows = [(number, item.folio, item.seq, item.object, item.leaf) for item in places]
            connection.executemany("INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?, ?)", rows)
            connection.commit()

    def forget(self, leaf: str) -> None:
        """See the port. The index is merged into one, so that no deleted word stays, and freed pages are wiped."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            files = connection.execute("DELETE FROM place WHERE leaf = ? RETURNING file", (leaf,)).fetchall()
            for (number,) in files:
                if connection.execute("SELECT 1 FROM place WHERE file = ?", (number,)).fetchone() is None:
                    connection.execute("DELETE FROM body WHERE rowid = ?", (number,))
                    connection.execute("DELETE FROM file WHERE id = ?", (number,))
            if files:
                connection.execute("INSERT INTO body (body) VALUES ('optimize')")
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def reached(self, position: int) -> None:
        """See the port."""
        with self._open() as connection:
            connection.execute("UPDATE progress SET position = max(position, ?)", (position,))

    def search(self, words: Sequence[str], limit: int, processes: Sequence[str] = ()) -> tuple[TextHit, ...]:
        """See the port."""
        wanted = " AND ".join(
            '"' + word.replace('"', '""') + '"*' for word in words if any(map(str.isalnum, word))
        )
        if not wanted:
            return ()
        begun = [f"{process}-" for process in processes]
        query = _FOUND.format(within=" OR ".join(["instr(place.folio, ?) = 1"] * len(begun)) or "1")
        with self._open() as connection:
            rows = connection.execute(query, (wanted, *begun, limit)).fetchall()
        return tuple(TextHit(folio, seq, place, _pieces(shown)) for folio, seq, place, shown in rows)

    def clear(self) -> None:
        """See the port."""
        with self._open() as connection:
            connection.executescript("BEGIN IMMEDIATE; DELETE FROM place; DELETE FROM body; DELETE FROM file; "
                                     "UPDATE progress SET position = 0; COMMIT")  # fmt: skip

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._ready:
                self._path.touch(mode=0o600)
                os.chmod(self._path, 0o600)  # noqa: PTH101 - it may have been there, wider
            with closing(sqlite3.connect(self._path, timeout=_SECONDS, isolation_level=None)) as connection:
                connection.execute("PRAGMA secure_delete = ON")
                if not self._ready:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.executescript(_SCHEMA)
                    self._ready = True
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"text index: {error}") from error


def _pieces(snippet: str) -> tuple[tuple[str, bool], ...]:
    """A snippet with its marks as pieces."""
    pieces: list[tuple[str, bool]] = []
    for n, part in enumerate(snippet.split("\x02")):
        hit, end, rest = part.partition("\x03")
        if n and end:
            pieces += [(hit, True), (rest, False)]
        else:
            pieces.append((part, False))
    return tuple((" ".join(text.split(" ")), hit) for text, hit in pieces if text)

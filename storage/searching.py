"""Finding cases by pieces of words, by an index as the database has one; the same answers as reading every text.

SQLite keeps the trigrams of each piece of `projection.search_text` (FTS5, tokenizer ``trigram``) by triggers of the
table itself: a text that grew at its end adds its end, anything else takes the case's pieces out and puts the new text
in. Whatever writes or clears the column keeps the index, and nothing of a case stays when its text goes. PostgreSQL
has ``pg_trgm`` where the server offers it; without it texts are read (`indexed` tells). Words of one or two letters are
no trigram and are always read, of the cases that the other words leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, column, literal_column, select, table, text
from sqlalchemy.exc import ProgrammingError

from storage.border import answered
from storage.database import is_sqlite, reading, writing
from storage.ledger_tables import projection

OWN = "case_search"
"""What the names of the index's tables and triggers begin with."""
POSTGRESQL_INDEX = f"{OWN}_words"
_SHORTEST = 3
_PIECE = table(f"{OWN}_piece", column("id"), column("case_id"))
_SEARCH = table(OWN, column("rowid"), column(OWN))

EMPTY_SQLITE = (f"INSERT INTO {OWN} ({OWN}) VALUES ('delete-all')", f"DELETE FROM {OWN}_piece")  # noqa: S608
_BATCH = 500
FEW = 500
"""Pieces of texts: a word in no more of them is rare."""
_PIECES_WITH = f"SELECT rowid FROM {OWN} WHERE {OWN} MATCH ? LIMIT ?"  # noqa: S608 - constants
_UNKNOWN = f"""
SELECT case_id FROM projection p WHERE case_id > ? AND search_text <> ''
AND NOT EXISTS (SELECT 1 FROM {OWN}_piece WHERE case_id = p.case_id AND start = 1) ORDER BY case_id LIMIT {_BATCH}
"""  # noqa: S608 - constants
_PIECES = f"""
INSERT INTO {OWN}_piece (case_id, start, length)
SELECT case_id, 1, length(search_text) FROM projection WHERE case_id = ?
"""  # noqa: S608 - constants
_WORDS = f"""
INSERT INTO {OWN} (rowid, words)
SELECT id, search_text FROM {OWN}_piece JOIN projection USING (case_id) WHERE case_id = ? AND start = 1
"""  # noqa: S608 - constants
_TIDY = f"INSERT INTO {OWN} ({OWN}) VALUES ('optimize')"  # noqa: S608 - constants
_OFFERED = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"
_THERE = "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexname = :name"


def holds(engine: Engine, word: str, *, many: bool = False, read: bool = False) -> ColumnElement[bool]:
    """The condition that a case's search text holds a folded word, anywhere in it.

    ``many``: the rows are walked in their order and looked up in what the index gives, instead of the other way round,
    which would fetch and sort all of them for the first page. ``read``: the index is not asked (see `lead_of`).
    """
    plain = projection.c.search_text.contains(word, autoescape=True)
    if read or len(word) < _SHORTEST or not is_sqlite(engine):
        return plain  # PostgreSQL's index serves the very same condition
    found = select(_SEARCH.c.rowid).where(_SEARCH.c[OWN].op("MATCH")(_phrase(word)))
    case = (
        literal_column("+projection.case_id") if many else projection.c.case_id
    )  # no index for an expression
    return case.in_(select(_PIECE.c.case_id).where(_PIECE.c.id.in_(found)))


@dataclass(frozen=True, slots=True)
class Lead:
    """The word whose pieces a search goes through; ``rare`` where they are few. Other words are read in the texts."""

    word: str
    rare: bool


def lead_of(connection: Connection, words: Sequence[str]) -> Lead | None:
    """The first rare one of the words, or else the first that the index knows.

    ``None`` where there is no such word, and on PostgreSQL, whose planner knows how common each is.
    """
    if connection.dialect.name != "sqlite":
        return None
    long = [word for word in words if len(word) >= _SHORTEST]
    rare = next((word for word in long if _is_rare(connection, word)), "")
    return Lead(rare or long[0], bool(rare)) if long else None


def led_by(lead: Lead, wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The cases that hold the lead and meet what else is wanted, in no order: whoever stops early has read no more."""
    pieces = _SEARCH.join(_PIECE, _PIECE.c.id == _SEARCH.c.rowid).join(
        projection, projection.c.case_id == _PIECE.c.case_id
    )
    found = select(projection.c.case_id).distinct().select_from(pieces)
    return found.where(_SEARCH.c[OWN].op("MATCH")(_phrase(lead.word)), *wanted)


def _is_rare(connection: Connection, word: str) -> bool:
    found = connection.exec_driver_sql(_PIECES_WITH, (_phrase(word), FEW + 1)).all()
    return len(found) <= FEW


def _phrase(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def offer_postgresql_index(connection: Connection) -> bool:
    """Make the index on PostgreSQL where it is not there; false without ``pg_trgm``, or without the right to use it."""
    if not connection.exec_driver_sql(_OFFERED).scalar_one():
        return False
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            connection.exec_driver_sql(
                f"CREATE INDEX IF NOT EXISTS {POSTGRESQL_INDEX} ON projection USING gin (search_text gin_trgm_ops)"
            )
    except ProgrammingError:  # the role may not, or it lies in a schema out of our path: an administrator may
        return False
    return True


def indexed(engine: Engine) -> bool:
    """Whether searches go by an index. Raises `StoreUnavailable`."""
    if is_sqlite(engine):
        return True
    with reading(engine) as connection:
        return bool(connection.execute(text(_THERE), {"name": POSTGRESQL_INDEX}).scalar_one())


def index_anew(engine: Engine) -> bool:
    """Make the index again from the texts; whether there is one. Trigrams of texts that are gone go for good.

    On SQLite in short transactions, beside people at work: cases not reached yet are not found by their words
    meanwhile. On PostgreSQL an index that was missing is made, if the server has the extension by now.
    """
    if not is_sqlite(engine):
        with answered(), writing(engine) as connection:
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {POSTGRESQL_INDEX}")
            return offer_postgresql_index(connection)
    with answered(), writing(engine) as connection:
        for statement in EMPTY_SQLITE:
            connection.exec_driver_sql(statement)
    after: str | None = ""
    while after is not None:
        with answered(), writing(engine) as connection:
            after = _index_next(connection, after)
    with answered(), writing(engine) as connection:
        connection.exec_driver_sql(_TIDY)
    return True


def tidy(engine: Engine) -> None:
    """Let trigrams of texts that are gone go for good, as an erasure wants it; PostgreSQL's vacuum does it there."""
    if is_sqlite(engine):
        with answered(), writing(engine) as connection:
            connection.exec_driver_sql(_TIDY)


def _index_next(connection: Connection, after: str) -> str | None:
    """Index the next cases behind a folio; the last of them, ``None`` at the end."""
    folios = connection.exec_driver_sql(_UNKNOWN, (after,)).scalars().all()
    for folio in folios:
        connection.exec_driver_sql(_PIECES, (folio,))
        connection.exec_driver_sql(_WORDS, (folio,))
    return folios[-1] if folios else None

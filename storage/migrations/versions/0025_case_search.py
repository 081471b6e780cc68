"""Cases are found by an index of trigrams instead of by reading every text.

On a PostgreSQL that does not offer ``pg_trgm`` nothing is made and texts are read as before; `flask cases rebuild` makes
the index once the extension is there.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

from alembic import op

from storage.searching import POSTGRESQL_INDEX, offer_postgresql_index

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OWN = "case_search"
_PUT = f"""
INSERT INTO {OWN}_piece (case_id, start, length) SELECT {{case}}, {{start}}, {{length}} WHERE {{length}} > 0;
INSERT INTO {OWN} (rowid, words)
    SELECT id, substr({{text}}, start, length) FROM {OWN}_piece WHERE case_id = {{case}} AND start = {{start}};
"""  # noqa: S608 - constants
_TAKE = f"""
INSERT INTO {OWN} ({OWN}, rowid, words)
    SELECT 'delete', id, substr(old.search_text, start, length) FROM {OWN}_piece WHERE case_id = old.case_id;
DELETE FROM {OWN}_piece WHERE case_id = old.case_id;
"""  # noqa: S608 - constants
_GREW = "substr(new.search_text, 1, length(old.search_text) + 1) = old.search_text || ' '"
_PUT_WHOLE = _PUT.format(case="new.case_id", text="new.search_text", start="1", length="length(new.search_text)")
_PUT_END = _PUT.format(
    case="new.case_id",
    text="new.search_text",
    start="length(old.search_text) + 2",
    length="length(new.search_text) - length(old.search_text) - 1",
)
_INDEX = (
    f"CREATE TABLE {OWN}_piece (id INTEGER PRIMARY KEY, case_id TEXT NOT NULL, start INTEGER NOT NULL, "
    "length INTEGER NOT NULL, UNIQUE (case_id, start))",
    f"CREATE VIRTUAL TABLE {OWN} USING fts5(words, content = '', columnsize = 0, "
    "tokenize = 'trigram case_sensitive 1')",
    f"CREATE TRIGGER {OWN}_new AFTER INSERT ON projection BEGIN {_PUT_WHOLE} END",
    f"CREATE TRIGGER {OWN}_grown AFTER UPDATE OF search_text ON projection "
    f"WHEN new.search_text <> old.search_text AND new.case_id = old.case_id AND {_GREW} BEGIN {_PUT_END} END",
    f"CREATE TRIGGER {OWN}_changed AFTER UPDATE OF search_text, case_id ON projection "
    f"WHEN (new.search_text <> old.search_text OR new.case_id <> old.case_id) "
    f"AND NOT (new.case_id = old.case_id AND {_GREW}) BEGIN {_TAKE} {_PUT_WHOLE} END",
    f"CREATE TRIGGER {OWN}_gone AFTER DELETE ON projection BEGIN {_TAKE} END",
)
_FILL = (
    f"INSERT INTO {OWN}_piece (case_id, start, length) "
    "SELECT case_id, 1, length(search_text) FROM projection WHERE search_text <> ''",
    f"INSERT INTO {OWN} (rowid, words) SELECT id, search_text FROM {OWN}_piece JOIN projection USING (case_id)",
)
_DROP = (
    *(f"DROP TRIGGER {OWN}_{name}" for name in ("new", "grown", "changed", "gone")),
    f"DROP TABLE {OWN}",
    f"DROP TABLE {OWN}_piece",
)


def upgrade() -> None:
    """Make the index, and fill it."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        offer_postgresql_index(connection)
        return
    for statement in (*_INDEX, *_FILL):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Without it. The extension stays: others may use it."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {POSTGRESQL_INDEX}")
        return
    for statement in _DROP:
        connection.exec_driver_sql(statement)

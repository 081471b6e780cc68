"""The ledger's tables: what is append-only, and the caches beside it.

``log_entry``, ``payload``, ``tile`` and ``checkpoint`` only ever grow; triggers (migration 0001) refuse the rest.
``case_head``, ``projection``, ``reference``, ``tally``, ``figure`` and ``article`` are caches of the entries.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from storage.metadata import Bytes, Count, Name, metadata

log_entry = Table(
    "log_entry",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    Column("log_index", Count, nullable=True),
    Column("case_id", Name, nullable=False),
    Column("case_seq", Integer, nullable=False),
    Column("prev", Name, nullable=False),
    Column("leaf", Name, nullable=False),
    Column("entry_bytes", Bytes, nullable=False),
    Column("recorded_at", Name, nullable=False),
    Column("actor", Name, nullable=False),
    Column("role", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("process", Name, nullable=False),
    Column("step", Name, nullable=False),
    UniqueConstraint("log_index"),
    UniqueConstraint("case_id", "case_seq"),
    UniqueConstraint("case_id", "prev"),
    UniqueConstraint("leaf"),
)
Index(
    "ix_log_entry_unsequenced",
    log_entry.c.id,
    sqlite_where=log_entry.c.log_index.is_(None),
    postgresql_where=log_entry.c.log_index.is_(None),
)
Index(
    "ix_log_entry_erasures",
    log_entry.c.id,
    sqlite_where=text("kind IN ('erasure.executed', 'quarantine.placed', 'quarantine.destroyed')"),
    postgresql_where=text("kind IN ('erasure.executed', 'quarantine.placed', 'quarantine.destroyed')"),
)

payload = Table(
    "payload",
    metadata,
    Column("leaf", Name, ForeignKey(log_entry.c.leaf), primary_key=True),
    Column("salt", Bytes, nullable=False),
    Column("bytes", Bytes, nullable=False),
)

case_head = Table(
    "case_head",
    metadata,
    Column("case_id", Name, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("leaf", Name, nullable=False),
)

log_state = Table(
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("origin", Name, nullable=False),
    Column("size", Count, nullable=False),
    Column("frontier", Bytes, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

tile = Table(
    "tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", Count, primary_key=True, autoincrement=False),
    Column("width", Integer, primary_key=True, autoincrement=False),
    Column("bytes", Bytes, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", Count, primary_key=True, autoincrement=False),
    Column("note", Bytes, nullable=False),
    Column("published_at", Name, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", Name, primary_key=True),
    Column("request_digest", Name, nullable=False),
    Column("case_id", Name, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
)

folio_series = Table(
    "folio_series",
    metadata,
    Column("series", Name, primary_key=True),
    Column("last", Count, nullable=False),
)

projection = Table(
    "projection",
    metadata,
    Column("case_id", Name, primary_key=True),
    Column("process", Name, nullable=False),
    Column("version", Name, nullable=False),
    Column("opened_at", Name, nullable=False),
    Column("updated_at", Name, nullable=False),
    Column("status", Name, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("next_due", Name, nullable=False),
    Column("next_mark", Name, nullable=False),
    Column("assignee", Name, nullable=False),
    Column("title", Name, nullable=False),
    Column("document", Bytes, nullable=False),
    Column("search_text", Name, nullable=False),
)
Index("ix_projection_opened_at_case_id", projection.c.opened_at, projection.c.case_id)
Index(
    "ix_projection_next_due",
    projection.c.next_due,
    projection.c.case_id,
    sqlite_where=text("next_due <> ''"),
    postgresql_where=text("next_due <> ''"),
)
Index(
    "ix_projection_next_mark",
    projection.c.next_mark,
    projection.c.case_id,
    sqlite_where=text("next_mark <> ''"),
    postgresql_where=text("next_mark <> ''"),
)

Index(
    "ix_projection_open",
    projection.c.process,
    projection.c.case_id,
    sqlite_where=text("closed IS 0"),
    postgresql_where=text("closed IS false"),
)
Index(
    "ix_projection_owing",
    projection.c.process,
    projection.c.case_id,
    sqlite_where=text("closed IS 1 AND complete IS 0"),
    postgresql_where=text("closed IS true AND complete IS false"),
)

reference = Table(
    "reference",
    metadata,
    Column("case_id", Name, primary_key=True),
    Column("kind", Name, primary_key=True),
    Column("value", Name, primary_key=True),
    Column("is_unique", Boolean, nullable=False),
)
Index("ix_reference_kind_value", reference.c.kind, reference.c.value)
Index(
    "uq_reference_owner",
    reference.c.kind,
    reference.c.value,
    unique=True,
    sqlite_where=reference.c.is_unique.is_(True),
    postgresql_where=reference.c.is_unique.is_(True),
)

tally = Table(
    "tally",
    metadata,
    Column("case_id", Name, primary_key=True),
    Column("process", Name, nullable=False),
    Column("opened_at", Name, nullable=False),
    Column("outcome", Name, nullable=False),
    Column("closed_at", Name, nullable=False),
    Column("waits_for", Name, nullable=False),
    Column("waits", Name, nullable=False),
    Column("waits_since", Name, nullable=False),
    Column("days_open", Integer, nullable=False),
    Column("days_late", Integer, nullable=False),
)
"""What boards count, one narrow row a case: `projection` holds documents and texts that a count must not read past."""
Index("ix_tally_opened_at", tally.c.opened_at, tally.c.process, tally.c.closed_at)
Index(
    "ix_tally_closed_at",
    tally.c.closed_at,
    tally.c.process,
    tally.c.opened_at,
    tally.c.outcome,
    tally.c.days_open,
    tally.c.days_late,
)

article = Table(
    "article",
    metadata,
    Column("case_id", Name, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("step", Name, nullable=False),
    Column("title", Name, nullable=False),
    Column("problem", Name, nullable=False),
    Column("solution", Name, nullable=False),
    Column("words", Name, nullable=False),
    Column("at", Name, nullable=False),
    Column("process", Name, nullable=False),
    Column("search_text", Name, nullable=False),
)
Index("ix_article_at", article.c.at, article.c.case_id)

figure = Table(
    "figure",
    metadata,
    Column("case_id", Name, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("process", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("code", Name, nullable=False),
    Column("at", Name, nullable=False),
    Column("step", Name, nullable=False),
    Column("detail", Name, nullable=False),
    Column("due_at", Name, nullable=False),
    Column("ended_at", Name, nullable=False),
    Column("days", Integer, nullable=False),
)
Index(
    "ix_figure_kind_at",
    figure.c.kind,
    figure.c.at,
    figure.c.code,
    figure.c.process,
    figure.c.case_id,
    figure.c.days,
)
Index(
    "ix_figure_deadline",
    figure.c.kind,  # the same in every row of it, yet first: without statistics SQLite would take ix_figure_kind_at
    figure.c.ended_at,
    figure.c.due_at,
    sqlite_where=text("kind = 'deadline'"),
    postgresql_where=text("kind = 'deadline'"),
)

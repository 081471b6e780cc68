"""The ledger: entries, payloads, tree, checkpoints, and the caches beside them, with the triggers that refuse rewriting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()

APPEND_ONLY = ("payload", "tile", "checkpoint")
ENTRY_COLUMNS = (
    "id", "case_id", "case_seq", "prev", "leaf", "entry_bytes",
    "recorded_at", "actor", "role", "kind", "process", "step",
)
TABLES = (
    "reference", "projection", "folio_series", "idempotency", "checkpoint",
    "tile", "log_state", "case_head", "payload", "log_entry",
)


def upgrade() -> None:
    _entries()
    _tree()
    _caches()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION constancia_append_only()")
        op.execute("DROP FUNCTION constancia_log_state()")


def _entries() -> None:
    op.create_table(
        "log_entry",
        sa.Column("id", COUNT, autoincrement=True, nullable=False),
        sa.Column("log_index", COUNT, nullable=True),
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("case_seq", sa.Integer(), nullable=False),
        sa.Column("prev", NAME, nullable=False),
        sa.Column("leaf", NAME, nullable=False),
        sa.Column("entry_bytes", BYTES, nullable=False),
        sa.Column("recorded_at", NAME, nullable=False),
        sa.Column("actor", NAME, nullable=False),
        sa.Column("role", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("process", NAME, nullable=False),
        sa.Column("step", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_entry"),
        sa.UniqueConstraint("log_index", name="uq_log_entry_log_index"),
        sa.UniqueConstraint("case_id", "case_seq", name="uq_log_entry_case_id_case_seq"),
        sa.UniqueConstraint("case_id", "prev", name="uq_log_entry_case_id_prev"),
        sa.UniqueConstraint("leaf", name="uq_log_entry_leaf"),
    )
    op.create_index(
        "ix_log_entry_unsequenced",
        "log_entry",
        ["id"],
        sqlite_where=sa.text("log_index IS NULL"),
        postgresql_where=sa.text("log_index IS NULL"),
    )
    op.create_table(
        "payload",
        sa.Column("leaf", NAME, nullable=False),
        sa.Column("salt", BYTES, nullable=False),
        sa.Column("bytes", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("leaf", name="pk_payload"),
        sa.ForeignKeyConstraint(["leaf"], ["log_entry.leaf"], name="fk_payload_leaf"),
    )


def _tree() -> None:
    op.create_table(
        "log_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", NAME, nullable=False),
        sa.Column("size", COUNT, nullable=False),
        sa.Column("frontier", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_state"),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_state_single")),
    )
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", COUNT, autoincrement=False, nullable=False),
        sa.Column("width", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bytes", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("level", "n", "width", name="pk_tile"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", COUNT, autoincrement=False, nullable=False),
        sa.Column("note", BYTES, nullable=False),
        sa.Column("published_at", NAME, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoint"),
    )


def _caches() -> None:
    op.create_table(
        "case_head",
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("leaf", NAME, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_head"),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", NAME, nullable=False),
        sa.Column("request_digest", NAME, nullable=False),
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency"),
    )
    op.create_table(
        "folio_series",
        sa.Column("series", NAME, nullable=False),
        sa.Column("last", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("series", name="pk_folio_series"),
    )
    _projection()
    _reference()


def _projection() -> None:
    op.create_table(
        "projection",
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("process", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("opened_at", NAME, nullable=False),
        sa.Column("updated_at", NAME, nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("next_due", NAME, nullable=False),
        sa.Column("next_mark", NAME, nullable=False),
        sa.Column("assignee", NAME, nullable=False),
        sa.Column("title", NAME, nullable=False),
        sa.Column("document", BYTES, nullable=False),
        sa.Column("search_text", NAME, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_projection"),
    )
    op.create_index("ix_projection_opened_at_case_id", "projection", ["opened_at", "case_id"])
    op.create_index("ix_projection_updated_at_case_id", "projection", ["updated_at", "case_id"])
    op.create_index(
        "ix_projection_next_due",
        "projection",
        ["next_due", "case_id"],
        sqlite_where=sa.text("next_due <> ''"),
        postgresql_where=sa.text("next_due <> ''"),
    )
    op.create_index(
        "ix_projection_next_mark",
        "projection",
        ["next_mark", "case_id"],
        sqlite_where=sa.text("next_mark <> ''"),
        postgresql_where=sa.text("next_mark <> ''"),
    )


def _reference() -> None:
    op.create_table(
        "reference",
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("value", NAME, nullable=False),
        sa.Column("is_unique", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "kind", "value", name="pk_reference"),
    )
    op.create_index("ix_reference_kind_value", "reference", ["kind", "value"])
    op.create_index(
        "uq_reference_owner",
        "reference",
        ["kind", "value"],
        unique=True,
        sqlite_where=sa.text("is_unique IS 1"),
        postgresql_where=sa.text("is_unique IS true"),
    )


def _sqlite_triggers() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    for table in ("log_entry", "log_state"):
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in ENTRY_COLUMNS)
    op.execute(
        "CREATE TRIGGER log_entry_no_update BEFORE UPDATE ON log_entry "
        f"WHEN OLD.log_index IS NOT NULL OR NEW.log_index IS NULL OR {changed} "
        "BEGIN SELECT RAISE(ABORT, 'log_entry is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER log_state_no_rewind BEFORE UPDATE ON log_state "
        "WHEN NEW.id IS NOT OLD.id OR NEW.origin IS NOT OLD.origin OR NEW.size < OLD.size "
        "BEGIN SELECT RAISE(ABORT, 'log_state only grows'); END"
    )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION constancia_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    op.execute(
        "CREATE FUNCTION constancia_log_state() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'log_state only grows' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in (*APPEND_ONLY, "log_entry", "log_state"):
        verbs = "UPDATE OR DELETE" if table in APPEND_ONLY else "DELETE"
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE {verbs} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION constancia_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION constancia_append_only()"
        )
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in ENTRY_COLUMNS)
    op.execute(
        "CREATE TRIGGER log_entry_no_update BEFORE UPDATE ON log_entry FOR EACH ROW "
        f"WHEN (OLD.log_index IS NOT NULL OR NEW.log_index IS NULL OR {changed}) "
        "EXECUTE FUNCTION constancia_append_only()"
    )
    op.execute(
        "CREATE TRIGGER log_state_no_rewind BEFORE UPDATE ON log_state FOR EACH ROW "
        "WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.origin IS DISTINCT FROM OLD.origin OR NEW.size < OLD.size) "
        "EXECUTE FUNCTION constancia_log_state()"
    )

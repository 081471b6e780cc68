"""One file of a case made unreadable: headers of files wrapped anew, and payloads under the key that follows.

A payload goes also where an entry of its own case says that it was destroyed in quarantine and names its leaf; and a
payload that lies encrypted may be encrypted anew in a case of which something was destroyed so.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ERASURE = sa.text("kind = 'erasure.executed'")
_TAKING = sa.text("kind IN ('erasure.executed', 'quarantine.placed', 'quarantine.destroyed')")
_ERASED = (
    "EXISTS (SELECT 1 FROM log_entry own JOIN log_entry erasure ON erasure.case_id = own.case_id "
    "WHERE own.leaf = OLD.leaf AND erasure.kind = 'erasure.executed' AND {leaf})"
)
_NAMED = (
    "EXISTS (SELECT 1 FROM log_entry own JOIN log_entry erasure ON erasure.case_id = own.case_id "
    "WHERE own.leaf = OLD.leaf AND {leaf} AND (erasure.kind = 'erasure.executed' "
    "OR (erasure.kind = 'quarantine.destroyed' AND {part})))"
)
_REKEYED = (
    "EXISTS (SELECT 1 FROM log_entry own JOIN log_entry gone ON gone.case_id = own.case_id "
    "WHERE own.leaf = OLD.leaf AND gone.kind = 'quarantine.destroyed')"
)
_PART = "'\"' || own.case_seq || '\":\"payload'"


def upgrade() -> None:
    """A table, an index that also counts quarantines, and the two ways through the triggers."""
    op.create_table(
        "case_header",
        sa.Column("object", NAME, nullable=False),
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("key_id", NAME, nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("object", name="pk_case_header"),
    )
    op.create_index("ix_case_header_case_id", "case_header", ["case_id"])
    _index(_TAKING)
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_delete(
            _NAMED.format(
                leaf="instr(erasure.entry_bytes, CAST(OLD.leaf AS BLOB)) > 0",
                part=f"instr(erasure.entry_bytes, CAST({_PART} AS BLOB)) > 0",
            )
        )
        op.execute("DROP TRIGGER payload_no_update")
        op.execute(
            "CREATE TRIGGER payload_no_update BEFORE UPDATE ON payload WHEN NOT (NEW.leaf IS OLD.leaf "
            "AND length(OLD.salt) = 0 AND length(NEW.salt) = 0 AND substr(NEW.bytes, 1, 1) = x'01' "
            f"AND {_REKEYED}) BEGIN SELECT RAISE(ABORT, 'payload is append-only'); END"
        )
        return
    _postgresql_delete(
        _NAMED.format(
            leaf="position(convert_to(OLD.leaf, 'UTF8') IN erasure.entry_bytes) > 0",
            part=f"position(convert_to({_PART}, 'UTF8') IN erasure.entry_bytes) > 0",
        )
    )
    op.execute(
        "CREATE FUNCTION constancia_payload_rekeyed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.leaf = OLD.leaf AND length(OLD.salt) = 0 AND length(NEW.salt) = 0 "
        f"AND substring(NEW.bytes FROM 1 FOR 1) = '\\x01'::bytea AND {_REKEYED} THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'payload is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute("DROP TRIGGER payload_append_only ON payload")
    op.execute(
        "CREATE TRIGGER payload_append_only BEFORE UPDATE ON payload "
        "FOR EACH ROW EXECUTE FUNCTION constancia_payload_rekeyed()"
    )


def downgrade() -> None:
    """Without them; files whose header was wrapped anew cannot be read any more."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_delete(_ERASED.format(leaf="instr(erasure.entry_bytes, CAST(OLD.leaf AS BLOB)) > 0"))
        op.execute("DROP TRIGGER payload_no_update")
        op.execute(
            "CREATE TRIGGER payload_no_update BEFORE UPDATE ON payload "
            "BEGIN SELECT RAISE(ABORT, 'payload is append-only'); END"
        )
    else:
        _postgresql_delete(
            _ERASED.format(leaf="position(convert_to(OLD.leaf, 'UTF8') IN erasure.entry_bytes) > 0")
        )
        op.execute("DROP TRIGGER payload_append_only ON payload")
        op.execute("DROP FUNCTION constancia_payload_rekeyed()")
        op.execute(
            "CREATE TRIGGER payload_append_only BEFORE UPDATE ON payload "
            "FOR EACH ROW EXECUTE FUNCTION constancia_append_only()"
        )
    _index(_ERASURE)
    op.drop_table("case_header")


def _index(which: sa.TextClause) -> None:
    op.drop_index("ix_log_entry_erasures", "log_entry")
    op.create_index("ix_log_entry_erasures", "log_entry", ["id"], sqlite_where=which, postgresql_where=which)


def _sqlite_delete(named: str) -> None:
    op.execute("DROP TRIGGER payload_no_delete")
    op.execute(
        f"CREATE TRIGGER payload_no_delete BEFORE DELETE ON payload WHEN NOT {named} "
        "BEGIN SELECT RAISE(ABORT, 'payload is append-only'); END"
    )


def _postgresql_delete(named: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION constancia_payload_erased() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {named} THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'payload is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )

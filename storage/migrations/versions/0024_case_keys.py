"""Keys of cases, wrapped for the master key; and payloads that an erasure names may be deleted.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAMED = (
    "EXISTS (SELECT 1 FROM log_entry own JOIN log_entry erasure ON erasure.case_id = own.case_id "
    "WHERE own.leaf = OLD.leaf AND erasure.kind = 'erasure.executed' AND {names})"
)


def upgrade() -> None:
    """Two tables; and a payload goes only where an entry of its own case says so and names its leaf."""
    op.create_table(
        "case_key",
        sa.Column("id", COUNT, autoincrement=True, nullable=False),
        sa.Column("key_id", NAME, nullable=False),
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("recipient", NAME, nullable=False),
        sa.Column("master", NAME, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_key"),
        sa.UniqueConstraint("key_id", name="uq_case_key_key_id"),
    )
    op.create_index("ix_case_key_case_id", "case_key", ["case_id", "id"])
    op.create_table(
        "case_key_gone",
        sa.Column("key_id", NAME, nullable=False),
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("destroyed_at", NAME, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_case_key_gone"),
    )
    if op.get_bind().dialect.name == "sqlite":
        named = _NAMED.format(names="instr(erasure.entry_bytes, CAST(OLD.leaf AS BLOB)) > 0")
        op.execute("DROP TRIGGER payload_no_delete")
        op.execute(
            f"CREATE TRIGGER payload_no_delete BEFORE DELETE ON payload WHEN NOT {named} "
            "BEGIN SELECT RAISE(ABORT, 'payload is append-only'); END"
        )
        return
    named = _NAMED.format(names="position(convert_to(OLD.leaf, 'UTF8') IN erasure.entry_bytes) > 0")
    op.execute(
        "CREATE FUNCTION constancia_payload_erased() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {named} THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'payload is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute("DROP TRIGGER payload_append_only ON payload")
    op.execute(
        "CREATE TRIGGER payload_append_only BEFORE UPDATE ON payload "
        "FOR EACH ROW EXECUTE FUNCTION constancia_append_only()"
    )
    op.execute(
        "CREATE TRIGGER payload_no_delete BEFORE DELETE ON payload "
        "FOR EACH ROW EXECUTE FUNCTION constancia_payload_erased()"
    )


def downgrade() -> None:
    """Without them; what is encrypted stays so, and nobody can read it any more."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER payload_no_delete")
        op.execute(
            "CREATE TRIGGER payload_no_delete BEFORE DELETE ON payload "
            "BEGIN SELECT RAISE(ABORT, 'payload is append-only'); END"
        )
    else:
        op.execute("DROP TRIGGER payload_no_delete ON payload")
        op.execute("DROP TRIGGER payload_append_only ON payload")
        op.execute("DROP FUNCTION constancia_payload_erased()")
        op.execute(
            "CREATE TRIGGER payload_append_only BEFORE UPDATE OR DELETE ON payload "
            "FOR EACH ROW EXECUTE FUNCTION constancia_append_only()"
        )
    op.drop_table("case_key_gone")
    op.drop_table("case_key")

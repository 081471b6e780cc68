"""What auditors viewed: a log that only grows, with the triggers that refuse the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = ("at", "engagement", "actor", "role", "what", "subject")


def upgrade() -> None:
    op.create_table(
        "audit_view",
        sa.Column("id", COUNT, autoincrement=True, nullable=False),
        *(sa.Column(name, NAME, nullable=False) for name in TEXTS),
        sa.PrimaryKeyConstraint("id", name="pk_audit_view"),
    )
    op.create_index("ix_audit_view_engagement", "audit_view", ["engagement", "id"])
    op.create_index("ix_audit_view_actor", "audit_view", ["actor", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_view_no_{verb.lower()} BEFORE {verb} ON audit_view "
                "BEGIN SELECT RAISE(ABORT, 'audit_view is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER audit_view_append_only BEFORE UPDATE OR DELETE ON audit_view "
            "FOR EACH ROW EXECUTE FUNCTION constancia_append_only()"
        )
        op.execute(
            "CREATE TRIGGER audit_view_no_truncate BEFORE TRUNCATE ON audit_view "
            "FOR EACH STATEMENT EXECUTE FUNCTION constancia_append_only()"
        )


def downgrade() -> None:
    op.drop_table("audit_view")

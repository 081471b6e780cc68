"""Second factors of accounts: recovery codes, and which browser a session is and when it last proved one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("agent", "proven_at"):
        op.add_column("login_session", sa.Column(name, NAME, nullable=False, server_default=""))
    op.create_table(
        "recovery_code",
        sa.Column("mark", NAME, nullable=False),
        sa.Column("owner", NAME, nullable=False),
        sa.Column("batch", NAME, nullable=False),
        sa.Column("created_at", NAME, nullable=False),
        sa.Column("used_at", NAME, nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_recovery_code"),
        sa.ForeignKeyConstraint(["owner"], ["account.id"], name="fk_recovery_code_owner"),
    )
    op.create_index("ix_recovery_code_owner", "recovery_code", ["owner"])


def downgrade() -> None:
    op.drop_table("recovery_code")
    for name in ("agent", "proven_at"):
        op.drop_column("login_session", name)

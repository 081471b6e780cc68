"""Passkeys: what their owner calls them, when they were used last, and what browsers were asked to sign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("label", "used_at"):
        op.add_column("own_factor", sa.Column(name, NAME, nullable=False, server_default=""))
    op.create_table(
        "factor_challenge",
        sa.Column("id", NAME, nullable=False),
        sa.Column("purpose", NAME, nullable=False),
        sa.Column("scope", NAME, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("until", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_factor_challenge"),
    )
    op.create_index("uq_factor_challenge", "factor_challenge", ["purpose", "scope"], unique=True)


def downgrade() -> None:
    op.drop_table("factor_challenge")
    for name in ("label", "used_at"):
        op.drop_column("own_factor", name)

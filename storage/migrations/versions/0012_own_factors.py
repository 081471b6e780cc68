"""Second factors that people enrolled, encrypted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "own_factor",
        sa.Column("id", NAME, nullable=False),
        sa.Column("owner", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", NAME, nullable=False),
        sa.Column("until", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tries_until", NAME, nullable=False),
        sa.Column("slot", NAME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_own_factor"),
    )
    op.create_index("ix_own_factor_owner", "own_factor", ["owner"])
    op.create_index("uq_own_factor_slot", "own_factor", ["slot"], unique=True)


def downgrade() -> None:
    op.drop_table("own_factor")

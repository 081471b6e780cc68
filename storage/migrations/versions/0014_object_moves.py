"""Which version of the present object store stands for the one an entry names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "object_move",
        sa.Column("key", NAME, nullable=False),
        sa.Column("sealed_version", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.PrimaryKeyConstraint("key", "sealed_version", name="pk_object_move"),
    )


def downgrade() -> None:
    op.drop_table("object_move")

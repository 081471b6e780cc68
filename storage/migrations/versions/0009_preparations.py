"""Letters that wait for the signature of an e.firma."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "link_preparation",
        *(sa.Column(name, NAME, nullable=False) for name in ("id", "visit", "request")),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("until", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_preparation"),
    )
    op.create_index("uq_link_preparation", "link_preparation", ["visit", "request"], unique=True)


def downgrade() -> None:
    op.drop_table("link_preparation")

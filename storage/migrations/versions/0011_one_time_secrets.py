"""Secrets that wait behind a personal link, encrypted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "link_secret",
        sa.Column("request", NAME, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("request", name="pk_link_secret"),
        sa.ForeignKeyConstraint(["request"], ["link_request.id"], name="fk_link_secret_request"),
    )


def downgrade() -> None:
    op.drop_table("link_secret")

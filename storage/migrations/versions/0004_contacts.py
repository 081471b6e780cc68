"""People without an account, and the paper that appoints somebody in another's place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "contact",
        *(sa.Column(name, NAME, nullable=False) for name in ("id", "email", "name", "phone", "created_at")),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
    )
    op.create_index("ix_contact_email", "contact", ["email"])
    for table in ("post_holder", "backup"):
        op.add_column(table, sa.Column("paper", NAME, nullable=False, server_default=""))


def downgrade() -> None:
    for table in ("backup", "post_holder"):
        op.drop_column(table, "paper")
    op.drop_table("contact")

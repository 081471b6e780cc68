"""Languages of contacts and mails, to whom a mail was first handed over, and files that wait with their mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ADDED = (("contact", "locale"), ("outgoing_mail", "addressed"), ("outgoing_mail", "locale"))


def upgrade() -> None:
    for table, name in ADDED:
        op.add_column(table, sa.Column(name, NAME, nullable=False, server_default=""))
    op.create_table(
        "outgoing_file",
        sa.Column("mail_id", NAME, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", "place", name="pk_outgoing_file"),
    )


def downgrade() -> None:
    op.drop_table("outgoing_file")
    for table, name in reversed(ADDED):
        op.drop_column(table, name)

"""Mails that arrived and wait for a person, and how far each mailbox was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BEFORE = ("id", "mailbox", "uid", "message_id", "arrived_at")
BYTES = ("about", "facts", "matches", "answer")
AFTER = ("state", "case_id", "settled_at", "settled_by", "note", "twin")


def upgrade() -> None:
    op.create_table(
        "incoming_mail",
        *(sa.Column(name, NAME, nullable=False) for name in BEFORE),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("size", COUNT, nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in BYTES),
        *(sa.Column(name, NAME, nullable=False) for name in AFTER),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_mail"),
    )
    op.create_index("ix_incoming_mail_state", "incoming_mail", ["state", "arrived_at"])
    op.create_index("ix_incoming_mail_case_id", "incoming_mail", ["case_id"])
    op.create_index("ix_incoming_mail_message_id", "incoming_mail", ["message_id"])
    op.create_table(
        "mailbox_position",
        sa.Column("mailbox", NAME, nullable=False),
        sa.Column("validity", COUNT, nullable=False),
        sa.Column("uid", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_mailbox_position"),
    )


def downgrade() -> None:
    op.drop_table("mailbox_position")
    op.drop_table("incoming_mail")

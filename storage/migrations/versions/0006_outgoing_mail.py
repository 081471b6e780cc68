"""The outbox: mails asked for in the transactions that write entries, and how far each has got."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIMES = ("created_at", "due_at", "dated_at", "settled_at", "leased_until")


def upgrade() -> None:
    op.create_table(
        "outgoing_mail",
        sa.Column("id", NAME, nullable=False),
        *(sa.Column(name, NAME, nullable=False) for name in ("request_key", "case_id")),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("body", "sealed")),
        sa.Column("state", NAME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *(sa.Column(name, NAME, nullable=False) for name in (*TIMES, "owner", "trouble", "detail")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("told", "doubt")),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_mail"),
    )
    op.create_index("ix_outgoing_mail_state", "outgoing_mail", ["state", "due_at"])
    op.create_index("ix_outgoing_mail_case_id", "outgoing_mail", ["case_id"])
    op.create_index("ix_outgoing_mail_created_at", "outgoing_mail", ["created_at"])


def downgrade() -> None:
    op.drop_table("outgoing_mail")

"""Subscriptions of other systems, and messages that wait for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "webhook",
        *_texts("id", "service", "token", "url", "kinds", "processes"),
        sa.Column("position", COUNT, nullable=False),
        *_texts("created_at"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former", sa.LargeBinary(), nullable=False),
        *_texts("former_until", "closed_at", "trouble"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_service", "webhook", ["service"])
    op.create_table(
        "webhook_delivery",
        *_texts("id", "webhook"),
        sa.Column("log_index", COUNT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *_texts("state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_texts("created_at", "due_at", "settled_at", "leased_until", "owner"),
        sa.Column("status", sa.Integer(), nullable=False),
        *_texts("trouble"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
    )
    op.create_index("ix_webhook_delivery_state", "webhook_delivery", ["state", "due_at"])
    op.create_index("ix_webhook_delivery_webhook", "webhook_delivery", ["webhook", "created_at"])


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")

"""Requests to people without an account, their personal links, and visits behind them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "link_request",
        *_texts("id", "purpose", "folio", "step", "signatory", "asked_by"),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        *_texts("digest", "name", "expires_at", "created_at", "factor"),
        sa.Column("delegable", sa.Boolean(), nullable=False),
        *_texts("status"),
        sa.Column("generation", sa.Integer(), nullable=False),
        *_texts("remind_at"),
        sa.Column("reminders", sa.Integer(), nullable=False),
        *_texts("claim", "claimed_at", "asker_mark", "asker_device", "note"),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_request"),
    )
    op.create_index("ix_link_request_folio", "link_request", ["folio"])
    op.create_index("ix_link_request_signatory", "link_request", ["signatory", "status"])
    op.create_index("ix_link_request_status", "link_request", ["status", "created_at"])
    op.create_table(
        "personal_link",
        *_texts("token_hash", "id", "purpose", "request", "signatory", "created_at", "expires_at"),
        sa.Column("fetches", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_personal_link"),
        sa.ForeignKeyConstraint(["request"], ["link_request.id"], name="fk_personal_link_request"),
    )
    op.create_index("ix_personal_link_expires_at", "personal_link", ["expires_at"])
    op.create_table(
        "link_item",
        *_texts("token_hash"),
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("request", "digest"),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", "position", name="pk_link_item"),
        sa.ForeignKeyConstraint(
            ["token_hash"], ["personal_link.token_hash"], name="fk_link_item_token_hash", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["request"], ["link_request.id"], name="fk_link_item_request"),
    )
    op.create_index("ix_link_item_request", "link_item", ["request"])
    op.create_table(
        "link_visit",
        *_texts("id", "cookie_hash", "token_hash", "signatory", "opened_at", "expires_at"),
        *_texts("factor", "call", "code_id", "code_hash", "code_until"),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_visit"),
        sa.ForeignKeyConstraint(
            ["token_hash"], ["personal_link.token_hash"], name="fk_link_visit_token_hash", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_link_visit_token_hash", "link_visit", ["token_hash"])
    op.create_index("ix_link_visit_expires_at", "link_visit", ["expires_at"])


def downgrade() -> None:
    for table in ("link_visit", "link_item", "personal_link", "link_request"):
        op.drop_table(table)

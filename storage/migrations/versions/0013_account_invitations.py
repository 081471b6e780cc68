"""Invitations: personal links by which somebody sets the first password of their account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TEXTS = ("token_hash", "id", "account", "place", "invited_by", "created_at", "expires_at", "state")


def upgrade() -> None:
    op.create_table(
        "account_invitation",
        *(sa.Column(name, NAME, nullable=False) for name in TEXTS),
        sa.PrimaryKeyConstraint("token_hash", name="pk_account_invitation"),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name="fk_account_invitation_account"
        ),
    )
    op.create_index("ix_account_invitation_account", "account_invitation", ["account"])


def downgrade() -> None:
    op.drop_table("account_invitation")

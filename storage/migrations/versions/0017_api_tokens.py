"""Services, their tokens, remembered answers and rates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "service",
        *_texts("id", "name", "role", "created_at", "closed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
    )
    op.create_table(
        "api_token",
        *_texts(
            "id", "token_hash", "service", "scopes", "processes", "created_at", "expires_at", "revoked_at", "used_at"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
    )
    op.create_index("uq_api_token_token_hash", "api_token", ["token_hash"], unique=True)
    op.create_index("ix_api_token_service", "api_token", ["service"])
    op.create_table(
        "api_answer",
        *_texts("service", "request_key", "digest"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *_texts("created_at", "leased_until"),
        sa.PrimaryKeyConstraint("service", "request_key", name="pk_api_answer"),
    )
    op.create_index("ix_api_answer_created_at", "api_answer", ["created_at"])
    op.create_table(
        "api_rate",
        *_texts("token"),
        sa.Column("minute", COUNT, nullable=False),
        sa.Column("used", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_api_rate"),
    )


def downgrade() -> None:
    for table in ("api_rate", "api_answer", "api_token", "service"):
        op.drop_table(table)

"""What an append asks and keeps: erasures by an index of their own, and no order by change that nobody reads.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ERASURE = sa.text("kind = 'erasure.executed'")


def upgrade() -> None:
    """One index for another."""
    op.create_index(
        "ix_log_entry_erasures", "log_entry", ["id"], sqlite_where=_ERASURE, postgresql_where=_ERASURE
    )
    op.drop_index("ix_projection_updated_at_case_id", "projection")


def downgrade() -> None:
    """And back."""
    op.create_index("ix_projection_updated_at_case_id", "projection", ["updated_at", "case_id"])
    op.drop_index("ix_log_entry_erasures", "log_entry")

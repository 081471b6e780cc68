"""Open cases, and closed ones that still owe something, are found without reading past all the others.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two partial indexes, as small as what is left to do."""
    op.create_index(
        "ix_projection_open",
        "projection",
        ["process", "case_id"],
        sqlite_where=sa.text("closed IS 0"),
        postgresql_where=sa.text("closed IS false"),
    )
    op.create_index(
        "ix_projection_owing",
        "projection",
        ["process", "case_id"],
        sqlite_where=sa.text("closed IS 1 AND complete IS 0"),
        postgresql_where=sa.text("closed IS true AND complete IS false"),
    )


def downgrade() -> None:
    """Without them."""
    op.drop_index("ix_projection_owing", "projection")
    op.drop_index("ix_projection_open", "projection")

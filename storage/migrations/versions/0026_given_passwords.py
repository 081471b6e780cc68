"""Passwords that somebody else gave, and that open nothing until their person has chosen another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those there are stay as they are: who chose them is not known any more."""
    op.add_column("account", sa.Column("given", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("account", "given")

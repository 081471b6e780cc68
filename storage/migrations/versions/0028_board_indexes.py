"""What boards count of closed cases and of figures is read from an index alone, and unmet deadlines are a range.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_CLOSED = ("ix_tally_closed_at", "tally", ["closed_at", "process", "opened_at"])
_FIGURES = ("ix_figure_kind_at", "figure", ["kind", "at", "code", "process", "case_id"])


def upgrade() -> None:
    """The same indexes: with what is summed beside what is counted, and deadlines by kind, then by their end."""
    _made_anew(*_CLOSED, more=["outcome", "days_open", "days_late"])
    _made_anew(*_FIGURES, more=["days"])
    _deadlines(["kind", "ended_at", "due_at"])


def downgrade() -> None:
    """Without it."""
    _made_anew(*_CLOSED)
    _made_anew(*_FIGURES)
    _deadlines(["ended_at", "due_at"])


def _made_anew(name: str, table: str, columns: list[str], more: list[str] | None = None) -> None:
    op.drop_index(name, table)
    op.create_index(name, table, [*columns, *(more or [])])


def _deadlines(columns: list[str]) -> None:
    which = sa.text("kind = 'deadline'")
    op.drop_index("ix_figure_deadline", "figure")
    op.create_index("ix_figure_deadline", "figure", columns, sqlite_where=which, postgresql_where=which)

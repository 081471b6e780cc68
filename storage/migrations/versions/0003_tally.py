"""What boards count of each case: caches, filled by every append and by `flask cases rebuild`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tally",
        *_texts("case_id", "process", "opened_at", "outcome", "closed_at", "waits_for", "waits", "waits_since"),
        sa.Column("days_open", sa.Integer(), nullable=False),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_tally"),
    )
    op.create_index("ix_tally_opened_at", "tally", ["opened_at", "process", "closed_at"])
    op.create_index("ix_tally_closed_at", "tally", ["closed_at", "process", "opened_at"])
    op.create_table(
        "figure",
        *_texts("case_id"),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("process", "kind", "code", "at", "step", "detail", "due_at", "ended_at"),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "n", name="pk_figure"),
    )
    op.create_index("ix_figure_kind_at", "figure", ["kind", "at", "code", "process", "case_id"])
    op.create_index(
        "ix_figure_deadline", "figure", ["ended_at", "due_at"],
        sqlite_where=sa.text("kind = 'deadline'"), postgresql_where=sa.text("kind = 'deadline'"),
    )


def downgrade() -> None:
    op.drop_table("figure")
    op.drop_table("tally")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, nullable=False) for name in names]

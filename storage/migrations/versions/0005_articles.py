"""Articles of the knowledge base, as the cases' entries write them: a cache like the projections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TEXTS = ("process", "step", "title", "problem", "solution", "words", "at", "search_text")


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("case_id", NAME, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        *(sa.Column(name, NAME, nullable=False) for name in TEXTS),
        sa.PrimaryKeyConstraint("case_id", name="pk_article"),
    )
    op.create_index("ix_article_at", "article", ["at", "case_id"])


def downgrade() -> None:
    op.drop_table("article")

"""In which language mails go out: of contacts, and of a mail from its first handing on, with whom it was addressed to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ADDED = (("contact", "locale"), ("outgoing_mail", "addressed"), ("outgoing_mail", "locale"))


def upgrade() -> None:
    for table, name in ADDED:
        op.add_column(table, sa.Column(name, NAME, nullable=False, server_default=""))


def downgrade() -> None:
    for table, name in reversed(ADDED):
        with op.batch_alter_table(table) as change:
            change.drop_column(name)

"""Long tasks wait in their table until a worker takes them, and are taken again when it dies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ADDED = ("lease_until", "attempts", "worker", "args")


def upgrade() -> None:
    with op.batch_alter_table("job") as batch:
        batch.add_column(sa.Column("args", sa.LargeBinary(), nullable=False, server_default=sa.text("'{}'")))
        batch.add_column(sa.Column("worker", NAME, nullable=False, server_default=""))
        batch.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")))
        batch.add_column(sa.Column("lease_until", NAME, nullable=False, server_default=""))
    op.create_index("ix_job_state_started_at", "job", ["state", "started_at"])


def downgrade() -> None:
    op.drop_index("ix_job_state_started_at", "job")
    with op.batch_alter_table("job") as batch:
        for name in ADDED:
            batch.drop_column(name)

"""People of the company's directory, and by which door a session came in.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("door", "sid"):
        op.add_column("login_session", sa.Column(name, NAME, nullable=False, server_default=""))
    op.create_table(
        "account_identity",
        sa.Column("id", NAME, nullable=False),
        sa.Column("account", NAME, nullable=False),
        sa.Column("issuer", NAME, nullable=False),
        sa.Column("subject", NAME, nullable=False),
        sa.Column("since", NAME, nullable=False),
        sa.Column("until", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_identity"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_account_identity_account"),
    )
    for name, columns in (("subject", ["issuer", "subject"]), ("account", ["account"])):
        op.create_index(
            f"uq_account_identity_{name}",
            "account_identity",
            columns,
            unique=True,
            sqlite_where=sa.text("until = ''"),
            postgresql_where=sa.text("until = ''"),
        )


def downgrade() -> None:
    op.drop_table("account_identity")
    for name in ("door", "sid"):
        op.drop_column("login_session", name)

"""People, sessions, posts, drafts and jobs: what is not evidence and may change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()

TABLES = (
    "job", "draft_file", "draft", "backup", "post_holder", "login_throttle", "login_session", "role_grant", "account",
)


def upgrade() -> None:
    _accounts()
    _doors()
    _posts()
    _work()


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, NAME, nullable=False) for name in names]


def _accounts() -> None:
    op.create_table(
        "account",
        *_texts("id", "email", "name", "password_hash", "locale"),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_texts("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("email", name="uq_account_email"),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", COUNT, autoincrement=True, nullable=False),
        *_texts("user_id", "role", "since", "until", "granted_by"),
        sa.PrimaryKeyConstraint("id", name="pk_role_grant"),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name="fk_role_grant_user_id"),
    )
    op.create_index("ix_role_grant_user_id", "role_grant", ["user_id"])
    op.create_index(
        "uq_role_grant_in_force", "role_grant", ["user_id", "role"], unique=True,
        sqlite_where=sa.text("until = ''"), postgresql_where=sa.text("until = ''"),
    )


def _doors() -> None:
    op.create_table(
        "login_session",
        *_texts("token_hash", "user_id", "created_at", "seen_at"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_login_session"),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name="fk_login_session_user_id"),
    )
    op.create_index("ix_login_session_user_id", "login_session", ["user_id"])
    op.create_table(
        "login_throttle",
        *_texts("key"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_texts("last_at", "shut_until"),
        sa.PrimaryKeyConstraint("key", name="pk_login_throttle"),
    )


def _posts() -> None:
    op.create_table(
        "post_holder",
        sa.Column("id", COUNT, autoincrement=True, nullable=False),
        *_texts("post", "actor"),
        sa.Column("rank", sa.Integer(), nullable=False),
        *_texts("since", "until"),
        sa.PrimaryKeyConstraint("id", name="pk_post_holder"),
    )
    op.create_index("ix_post_holder_post", "post_holder", ["post", "since"])
    op.create_table(
        "backup",
        sa.Column("id", COUNT, autoincrement=True, nullable=False),
        *_texts("actor", "principal", "since", "until"),
        sa.PrimaryKeyConstraint("id", name="pk_backup"),
    )
    op.create_index("ix_backup_actor", "backup", ["actor", "principal"])


def _work() -> None:
    op.create_table(
        "draft",
        *_texts("id", "user_id", "folio", "step"),
        sa.Column("fields", BYTES, nullable=False),
        *_texts("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.UniqueConstraint("user_id", "folio", "step", name="uq_draft_user_id_folio_step"),
    )
    op.create_table(
        "draft_file",
        *_texts("id", "draft_id"),
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("name", "slot", "media", "family"),
        sa.Column("size", COUNT, nullable=False),
        *_texts("sha256"),
        sa.Column("about", BYTES, nullable=False),
        *_texts("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_draft_file"),
        sa.UniqueConstraint("draft_id", "position", name="uq_draft_file_draft_id_position"),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name="fk_draft_file_draft_id", ondelete="CASCADE"),
    )
    op.create_table(
        "job",
        *_texts("id", "kind", "owner", "state"),
        sa.Column("done", COUNT, nullable=False),
        sa.Column("total", COUNT, nullable=False),
        sa.Column("result", BYTES, nullable=False),
        *_texts("started_at", "beat_at"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )

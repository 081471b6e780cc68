"""Tables of people and their work in progress. None of them is evidence: the log holds opaque ids only.

Times are ledger times (``evidence.entry.format_time``), which sort as text; ``""`` means not yet.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint, false, text

from storage.metadata import Bytes, Count, Name, metadata

account = Table(
    "account",
    metadata,
    Column("id", Name, primary_key=True),
    Column("email", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("password_hash", Name, nullable=False),
    Column("locale", Name, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("given", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("email"),
)

role_grant = Table(
    "role_grant",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    Column("user_id", Name, ForeignKey(account.c.id), nullable=False),
    Column("role", Name, nullable=False),
    Column("since", Name, nullable=False),
    Column("until", Name, nullable=False),
    Column("granted_by", Name, nullable=False),
)
Index("ix_role_grant_user_id", role_grant.c.user_id)
Index(
    "uq_role_grant_in_force",
    role_grant.c.user_id,
    role_grant.c.role,
    unique=True,
    sqlite_where=role_grant.c.until == "",
    postgresql_where=role_grant.c.until == "",
)

login_session = Table(
    "login_session",
    metadata,
    Column("token_hash", Name, primary_key=True),
    Column("user_id", Name, ForeignKey(account.c.id), nullable=False),
    Column("created_at", Name, nullable=False),
    Column("seen_at", Name, nullable=False),
    Column("agent", Name, nullable=False, server_default=""),
    Column("proven_at", Name, nullable=False, server_default=""),
    Column("door", Name, nullable=False, server_default=""),
    Column("sid", Name, nullable=False, server_default=""),
)
Index("ix_login_session_user_id", login_session.c.user_id)

account_identity = Table(
    "account_identity",
    metadata,
    Column("id", Name, primary_key=True),
    Column("account", Name, ForeignKey(account.c.id), nullable=False),
    Column("issuer", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("since", Name, nullable=False),
    Column("until", Name, nullable=False),
)
"""Who of the company's directory enters as which account."""
Index(
    "uq_account_identity_subject",
    account_identity.c.issuer,
    account_identity.c.subject,
    unique=True,
    sqlite_where=account_identity.c.until == "",
    postgresql_where=account_identity.c.until == "",
)
Index(
    "uq_account_identity_account",
    account_identity.c.account,
    unique=True,
    sqlite_where=account_identity.c.until == "",
    postgresql_where=account_identity.c.until == "",
)

account_invitation = Table(
    "account_invitation",
    metadata,
    Column("token_hash", Name, primary_key=True),
    Column("id", Name, nullable=False),
    Column("account", Name, ForeignKey(account.c.id), nullable=False),
    Column("place", Name, nullable=False),
    Column("invited_by", Name, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("expires_at", Name, nullable=False),
    Column("state", Name, nullable=False),
)
"""Links by which somebody sets the first password of their account; the link itself is in one mail alone."""
Index("ix_account_invitation_account", account_invitation.c.account)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("mark", Name, primary_key=True),
    Column("owner", Name, ForeignKey(account.c.id), nullable=False),
    Column("batch", Name, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("used_at", Name, nullable=False),
)
"""Codes for when a second factor is out of reach, as HMACs; shown once, used once."""
Index("ix_recovery_code_owner", recovery_code.c.owner)

login_throttle = Table(
    "login_throttle",
    metadata,
    Column("key", Name, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("last_at", Name, nullable=False),
    Column("shut_until", Name, nullable=False),
)

post_holder = Table(
    "post_holder",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    Column("post", Name, nullable=False),
    Column("actor", Name, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("since", Name, nullable=False),
    Column("until", Name, nullable=False),
    Column("paper", Name, nullable=False, server_default=""),
)
Index("ix_post_holder_post", post_holder.c.post, post_holder.c.since)

backup = Table(
    "backup",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    Column("actor", Name, nullable=False),
    Column("principal", Name, nullable=False),
    Column("since", Name, nullable=False),
    Column("until", Name, nullable=False),
    Column("paper", Name, nullable=False, server_default=""),
)
Index("ix_backup_actor", backup.c.actor, backup.c.principal)

contact = Table(
    "contact",
    metadata,
    Column("id", Name, primary_key=True),
    Column("email", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("phone", Name, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("locale", Name, nullable=False, server_default=""),
)
Index("ix_contact_email", contact.c.email)

draft = Table(
    "draft",
    metadata,
    Column("id", Name, primary_key=True),
    Column("user_id", Name, nullable=False),
    Column("folio", Name, nullable=False),
    Column("step", Name, nullable=False),
    Column("fields", Bytes, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("updated_at", Name, nullable=False),
    UniqueConstraint("user_id", "folio", "step"),
)

draft_file = Table(
    "draft_file",
    metadata,
    Column("id", Name, primary_key=True),
    Column("draft_id", Name, ForeignKey(draft.c.id, ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Name, nullable=False),
    Column("slot", Name, nullable=False),
    Column("media", Name, nullable=False),
    Column("family", Name, nullable=False),
    Column("size", Count, nullable=False),
    Column("sha256", Name, nullable=False),
    Column("about", Bytes, nullable=False),
    Column("created_at", Name, nullable=False),
    UniqueConstraint("draft_id", "position"),
)

job = Table(
    "job",
    metadata,
    Column("id", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("owner", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("done", Count, nullable=False),
    Column("total", Count, nullable=False),
    Column("result", Bytes, nullable=False),
    Column("started_at", Name, nullable=False),
    Column("beat_at", Name, nullable=False),
    Column("args", Bytes, nullable=False, server_default=text("'{}'")),
    Column("worker", Name, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", Name, nullable=False, server_default=""),
)
"""Long tasks, waiting or run; ``args`` is emptied when one ends."""
Index("ix_job_state_started_at", job.c.state, job.c.started_at)

"""What auditors viewed: a table that only grows (triggers of migration 0007 refuse the rest)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from storage.metadata import Count, Name, metadata

audit_view = Table(
    "audit_view",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    Column("at", Name, nullable=False),
    Column("engagement", Name, nullable=False),
    Column("actor", Name, nullable=False),
    Column("role", Name, nullable=False),
    Column("what", Name, nullable=False),
    Column("subject", Name, nullable=False),
)
Index("ix_audit_view_engagement", audit_view.c.engagement, audit_view.c.id)
Index("ix_audit_view_actor", audit_view.c.actor, audit_view.c.id)

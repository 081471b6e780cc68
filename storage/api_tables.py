"""Tables of the API: services and their tokens, answers by idempotency key, and what each token used of its rate.

Times are ledger times, ``""`` for not yet. Of a token its digest is kept and nothing else.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table

from storage.metadata import Bytes, Count, Name, metadata

service = Table(
    "service",
    metadata,
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("role", Name, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("closed_at", Name, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Name, primary_key=True),
    Column("token_hash", Name, nullable=False),
    Column("service", Name, nullable=False),
    Column("scopes", Name, nullable=False),
    Column("processes", Name, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("expires_at", Name, nullable=False),
    Column("revoked_at", Name, nullable=False),
    Column("used_at", Name, nullable=False),
)
"""``scopes`` and ``processes`` are words separated by blanks."""
Index("uq_api_token_token_hash", api_token.c.token_hash, unique=True)
Index("ix_api_token_service", api_token.c.service)

api_answer = Table(
    "api_answer",
    metadata,
    Column("service", Name, nullable=False),
    Column("request_key", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Bytes, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("leased_until", Name, nullable=False),
    PrimaryKeyConstraint("service", "request_key", name="pk_api_answer"),
)
"""``status`` 0: somebody is working on it until ``leased_until``."""
Index("ix_api_answer_created_at", api_answer.c.created_at)

api_rate = Table(
    "api_rate",
    metadata,
    Column("token", Name, primary_key=True),
    Column("minute", Count, nullable=False),
    Column("used", Count, nullable=False),
)
"""``minute`` is the number of the minute, counted from 1970."""

webhook = Table(
    "webhook",
    metadata,
    Column("id", Name, primary_key=True),
    Column("service", Name, nullable=False),
    Column("token", Name, nullable=False),
    Column("url", Name, nullable=False),
    Column("kinds", Name, nullable=False),
    Column("processes", Name, nullable=False),
    Column("position", Count, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("secret", Bytes, nullable=False),
    Column("former", Bytes, nullable=False),
    Column("former_until", Name, nullable=False),
    Column("closed_at", Name, nullable=False),
    Column("trouble", Name, nullable=False),
)
"""``secret`` and ``former`` are encrypted under a key that is in no database."""
Index("ix_webhook_service", webhook.c.service)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", Name, primary_key=True),
    Column("webhook", Name, nullable=False),
    Column("log_index", Count, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("state", Name, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("due_at", Name, nullable=False),
    Column("settled_at", Name, nullable=False),
    Column("leased_until", Name, nullable=False),
    Column("owner", Name, nullable=False),
    Column("status", Integer, nullable=False),
    Column("trouble", Name, nullable=False),
)
Index("ix_webhook_delivery_state", webhook_delivery.c.state, webhook_delivery.c.due_at)
Index("ix_webhook_delivery_webhook", webhook_delivery.c.webhook, webhook_delivery.c.created_at)

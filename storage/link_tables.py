"""Tables of requests, personal links and visits. None of them is evidence; secrets are in them as hashes only.

Times are ledger times, which sort as text; ``""`` means not yet.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table

from storage.metadata import Bytes, Name, metadata

link_request = Table(
    "link_request",
    metadata,
    Column("id", Name, primary_key=True),
    Column("purpose", Name, nullable=False),
    Column("folio", Name, nullable=False),
    Column("step", Name, nullable=False),
    Column("signatory", Name, nullable=False),
    Column("asked_by", Name, nullable=False),
    Column("document", Bytes, nullable=False),
    Column("digest", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("expires_at", Name, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("factor", Name, nullable=False),
    Column("delegable", Boolean, nullable=False),
    Column("status", Name, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("remind_at", Name, nullable=False),
    Column("reminders", Integer, nullable=False),
    Column("claim", Name, nullable=False),
    Column("claimed_at", Name, nullable=False),
    Column("asker_mark", Name, nullable=False),
    Column("asker_device", Name, nullable=False),
    Column("note", Name, nullable=False),
    Column("details", Bytes, nullable=False),
)
Index("ix_link_request_folio", link_request.c.folio)
Index("ix_link_request_signatory", link_request.c.signatory, link_request.c.status)
Index("ix_link_request_status", link_request.c.status, link_request.c.created_at)

personal_link = Table(
    "personal_link",
    metadata,
    Column("token_hash", Name, primary_key=True),
    Column("id", Name, nullable=False),
    Column("purpose", Name, nullable=False),
    Column("request", Name, ForeignKey(link_request.c.id), nullable=False),
    Column("signatory", Name, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("expires_at", Name, nullable=False),
    Column("fetches", Integer, nullable=False),
)
Index("ix_personal_link_expires_at", personal_link.c.expires_at)

link_item = Table(
    "link_item",
    metadata,
    Column(
        "token_hash",
        Name,
        ForeignKey(personal_link.c.token_hash, ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", Integer, primary_key=True),
    Column("request", Name, ForeignKey(link_request.c.id), nullable=False),
    Column("digest", Name, nullable=False),
    Column("generation", Integer, nullable=False),
)
Index("ix_link_item_request", link_item.c.request)

link_visit = Table(
    "link_visit",
    metadata,
    Column("id", Name, primary_key=True),
    Column("cookie_hash", Name, nullable=False),
    Column(
        "token_hash",
        Name,
        ForeignKey(personal_link.c.token_hash, ondelete="CASCADE"),
        nullable=False,
    ),
    Column("signatory", Name, nullable=False),
    Column("opened_at", Name, nullable=False),
    Column("expires_at", Name, nullable=False),
    Column("factor", Name, nullable=False),
    Column("call", Name, nullable=False),
    Column("code_id", Name, nullable=False),
    Column("code_hash", Name, nullable=False),
    Column("code_until", Name, nullable=False),
    Column("code_tries", Integer, nullable=False),
)
Index("ix_link_visit_token_hash", link_visit.c.token_hash)
Index("ix_link_visit_expires_at", link_visit.c.expires_at)

link_preparation = Table(
    "link_preparation",
    metadata,
    Column("id", Name, primary_key=True),
    Column("visit", Name, nullable=False),
    Column("request", Name, nullable=False),
    Column("content", Bytes, nullable=False),
    Column("until", Name, nullable=False),
)
"""Letters that wait for the signature of an e.firma: once, for minutes, of one visit and request."""
Index("uq_link_preparation", link_preparation.c.visit, link_preparation.c.request, unique=True)

link_secret = Table(
    "link_secret",
    metadata,
    Column("request", Name, ForeignKey(link_request.c.id), primary_key=True),
    Column("content", Bytes, nullable=False),
)
"""Secrets that wait to be shown once, encrypted under a key that is not in the database; empty once destroyed."""

own_factor = Table(
    "own_factor",
    metadata,
    Column("id", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("content", Bytes, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("until", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tries_until", Name, nullable=False),
    Column("slot", Name),
    Column("label", Name, nullable=False, server_default=""),
    Column("used_at", Name, nullable=False, server_default=""),
)
"""Second factors of people's own, encrypted as `link_secret` (passkeys: the public half).

``slot`` is taken by the one in force of its kind; of passkeys, by each credential.
"""
Index("ix_own_factor_owner", own_factor.c.owner)
Index("uq_own_factor_slot", own_factor.c.slot, unique=True)

factor_challenge = Table(
    "factor_challenge",
    metadata,
    Column("id", Name, primary_key=True),
    Column("purpose", Name, nullable=False),
    Column("scope", Name, nullable=False),
    Column("content", Bytes, nullable=False),
    Column("until", Name, nullable=False),
)
"""What a browser was asked to sign with a passkey, until it answers: once, for minutes."""
Index("uq_factor_challenge", factor_challenge.c.purpose, factor_challenge.c.scope, unique=True)

"""Tables of the post office: mails that wait to be sent. Work in progress, not evidence: the log holds what was sent.

Times are ledger times, ``""`` for not yet. ``sealed`` is the one place with a link's secret: encrypted under a key that
is in no database, and emptied as soon as the mail has gone.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table

from storage.metadata import Bytes, Name, metadata

outgoing_mail = Table(
    "outgoing_mail",
    metadata,
    Column("id", Name, primary_key=True),
    Column("request_key", Name, nullable=False),
    Column("case_id", Name, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("sealed", Bytes, nullable=False),
    Column("state", Name, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Name, nullable=False),
    Column("due_at", Name, nullable=False),
    Column("dated_at", Name, nullable=False),
    Column("settled_at", Name, nullable=False),
    Column("leased_until", Name, nullable=False),
    Column("owner", Name, nullable=False),
    Column("trouble", Name, nullable=False),
    Column("detail", Name, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("doubt", Boolean, nullable=False),
)
Index("ix_outgoing_mail_state", outgoing_mail.c.state, outgoing_mail.c.due_at)
Index("ix_outgoing_mail_case_id", outgoing_mail.c.case_id)
Index("ix_outgoing_mail_created_at", outgoing_mail.c.created_at)

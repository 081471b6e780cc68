"""Tables of the post office: mails that wait to be sent, and mails that arrived and wait for a person.

Work in progress, not evidence: the log holds what was sent, and what was filed.

Times are ledger times, ``""`` for not yet. ``sealed`` is the one place with a link's secret: encrypted under a key that
is in no database, and emptied as soon as the mail has gone.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table

from storage.metadata import Bytes, Count, Name, metadata

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
    Column("addressed", Name, nullable=False, server_default=""),
    Column("locale", Name, nullable=False, server_default=""),
)
"""``addressed``: JSON pairs of address and name to which the mail was first handed over, ``""`` for not yet."""
Index("ix_outgoing_mail_state", outgoing_mail.c.state, outgoing_mail.c.due_at)
Index("ix_outgoing_mail_case_id", outgoing_mail.c.case_id)
Index("ix_outgoing_mail_created_at", outgoing_mail.c.created_at)

outgoing_file = Table(
    "outgoing_file",
    metadata,
    Column("mail_id", Name, nullable=False),
    Column("place", Integer, nullable=False),
    Column("content", Bytes, nullable=False),
    PrimaryKeyConstraint("mail_id", "place"),
)
"""Files that go with a mail and lie nowhere else yet; gone as soon as the case holds the mail that was sent."""

incoming_mail = Table(
    "incoming_mail",
    metadata,
    Column("id", Name, primary_key=True),
    Column("mailbox", Name, nullable=False),
    Column("uid", Name, nullable=False),
    Column("message_id", Name, nullable=False),
    Column("arrived_at", Name, nullable=False),
    Column("raw", Bytes, nullable=False),
    Column("size", Count, nullable=False),
    Column("about", Bytes, nullable=False),
    Column("facts", Bytes, nullable=False),
    Column("matches", Bytes, nullable=False),
    Column("answer", Bytes, nullable=False),
    Column("state", Name, nullable=False),
    Column("case_id", Name, nullable=False),
    Column("settled_at", Name, nullable=False),
    Column("settled_by", Name, nullable=False),
    Column("note", Name, nullable=False),
    Column("twin", Name, nullable=False),
)
"""``raw`` are the bytes as fetched, emptied once a case has them; ``case_id`` the likeliest case, then its own."""
Index("ix_incoming_mail_state", incoming_mail.c.state, incoming_mail.c.arrived_at)
Index("ix_incoming_mail_case_id", incoming_mail.c.case_id)
Index("ix_incoming_mail_message_id", incoming_mail.c.message_id)

mailbox_position = Table(
    "mailbox_position",
    metadata,
    Column("mailbox", Name, primary_key=True),
    Column("validity", Count, nullable=False),
    Column("uid", Count, nullable=False),
)

"""Tables of the keys of cases: wrapped for the master key, and what is left of those that were destroyed.

``case_id`` of a key that files were put under before their case had a folio begins with ``new:``; the append that opens
the case binds it. The largest ``id`` of a case is the key it writes with.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint

from storage.metadata import Bytes, Count, Name, metadata

case_key = Table(
    "case_key",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=True),
    Column("key_id", Name, nullable=False),
    Column("case_id", Name, nullable=False),
    Column("recipient", Name, nullable=False),
    Column("master", Name, nullable=False),
    Column("wrapped", Bytes, nullable=False),
    UniqueConstraint("key_id"),
)
"""``recipient`` and ``master`` are public keys, 64 hex digits; ``wrapped`` is an age file."""
Index("ix_case_key_case_id", case_key.c.case_id, case_key.c.id)

case_key_gone = Table(
    "case_key_gone",
    metadata,
    Column("key_id", Name, primary_key=True),
    Column("case_id", Name, nullable=False),
    Column("destroyed_at", Name, nullable=False),
)
"""Keys that were destroyed after an ``erasure.executed``: what they protected is erased, not lost."""

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
"""Keys destroyed after an ``erasure.executed`` or ``quarantine.destroyed``: what they protected is gone, not lost."""

case_header = Table(
    "case_header",
    metadata,
    Column("object", Name, primary_key=True),
    Column("case_id", Name, nullable=False),
    Column("key_id", Name, nullable=False),
    Column("header", Bytes, nullable=False),
)
"""Headers of files whose own was to a key that is gone: the same file key, wrapped for the key ``key_id``.

``object`` is where the file lies, as its entry says. A header is there for each file of a case that outlived another of
the same key that was destroyed in quarantine; where there is none for such a file, it is that other one.
"""
Index("ix_case_header_case_id", case_header.c.case_id)

"""The shared description of every table, and the column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Name = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on both databases: SQLite does so by itself, PostgreSQL under collation C."""

Count = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit integer; as a primary key SQLite only numbers rows by itself when it is called INTEGER."""

Bytes = LargeBinary()
"""Bytes exactly as they were hashed: never JSONB, never text."""

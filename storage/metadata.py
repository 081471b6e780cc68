"""The shared description of every table, and the column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData, Text, TypeDecorator

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


class Bytes(TypeDecorator[bytes]):
    """Bytes exactly as they were hashed: never JSONB, never text.

    SQLite lets a hand with an SQL shell turn them into text or numbers; they are then read as the bytes of that text,
    so that the verification can say that they are others instead of stumbling.
    """

    impl = LargeBinary
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - the base's signature
        """Bytes, whatever the database stored."""
        return as_bytes(value)


def as_bytes(value: Any) -> bytes | None:
    """What a column of `Bytes` holds, as bytes; see there."""
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode(errors="surrogateescape")

"""Between rows and sealed entries. The bytes rule; the columns beside them are an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Row, Select, select, type_coerce
from sqlalchemy.types import NULLTYPE

from evidence.atrest import KeysUnavailable
from evidence.entry import Entry, SealedEntry, parse_entry
from evidence.ports import BlobCorrupt, StoreError
from evidence.rowcheck import COLUMNS
from evidence.rows import Row as StoredRow
from evidence.shredding import BlobErased
from evidence.tree import leaf_hash
from storage.ledger_tables import log_entry, payload
from storage.metadata import as_bytes

if TYPE_CHECKING:
    from storage.ciphers.keys import CaseKeys

Plain = TypeVar("Plain")

SEALED: Select[Any] = select(
    log_entry.c.id,
    log_entry.c.log_index,
    log_entry.c.case_id,
    log_entry.c.case_seq,
    log_entry.c.leaf,
    log_entry.c.entry_bytes,
    payload.c.salt,
    payload.c.bytes.label("payload_bytes"),
).select_from(log_entry.outerjoin(payload, payload.c.leaf == log_entry.c.leaf))
"""Entries with their payloads; an erased payload is a missing row."""

WHOLE: Select[Any] = select(
    log_entry.c.log_index,
    log_entry.c.leaf,
    *(type_coerce(column, NULLTYPE) for column in (log_entry.c.entry_bytes, payload.c.bytes, payload.c.salt)),
    *(log_entry.c[name] for name in COLUMNS),
).select_from(log_entry.outerjoin(payload, payload.c.leaf == log_entry.c.leaf))
"""What `stored` takes."""


def indexed(entry: Entry) -> dict[str, str | int]:
    """What the index columns of an entry must hold.

    Raises:
        StoreError: a member holds NUL, which PostgreSQL's text cannot; refused on both databases alike.
    """
    columns: dict[str, str | int] = {
        "case_id": entry.case,
        "case_seq": entry.seq,
        "prev": entry.prev,
        "recorded_at": entry.at,
        "actor": entry.actor,
        "role": entry.role,
        "kind": str(entry.kind),
        "process": entry.process,
        "step": entry.step,
    }
    for name, value in columns.items():
        if isinstance(value, str) and "\x00" in value:
            raise StoreError(f"{name} holds a NUL character")
    return columns


def entry_row(sealed: SealedEntry) -> dict[str, Any]:
    """The row of `log_entry` for a sealed entry without an index."""
    return {**indexed(sealed.entry), "leaf": sealed.leaf, "entry_bytes": sealed.entry_bytes}


def payload_row(sealed: SealedEntry) -> dict[str, Any]:
    """The row of `payload` for a sealed entry."""
    return {"leaf": sealed.leaf, "salt": sealed.salt, "bytes": sealed.payload_bytes}


def trusted(row: Row[Any], keys: CaseKeys | None = None) -> SealedEntry:
    """An entry about to be used: its bytes must be those that were sealed.

    Raises:
        BlobCorrupt: the bytes do not hash to the row's leaf, or the payload is not what was encrypted.
        KeysUnavailable: the payload is encrypted, and no key opens it.
    """
    found = leaf_hash(row.entry_bytes).hex()
    if found != row.leaf:
        raise BlobCorrupt(f"{row.case_id}/{row.case_seq}", row.leaf, found)
    salt, data = row.salt, row.payload_bytes
    if salt == b"" and data is not None:
        salt, data = _erased_or(_needed(keys).opened, row.leaf, data)
    return SealedEntry(row.entry_bytes, row.leaf, data, salt, row.log_index, _parsed(row.entry_bytes))


def as_found(row: Row[Any], keys: CaseKeys | None = None) -> SealedEntry:
    """An entry for verification, which wants to see damage instead of stopping at it: nothing is parsed here.

    An encrypted payload that is not what was written keeps its empty salt, which no verification takes for one.

    Raises:
        KeysUnavailable: payloads are encrypted, and there is no master key, or another one.
    """
    leaf, salt, data = str(row.leaf), row.salt, row.payload_bytes
    if salt == b"" and data is not None:
        salt, data = _erased_or(_needed(keys).found, leaf, data) or (salt, data)
    return SealedEntry(row.entry_bytes, leaf, data, salt, row.log_index)


def stored(rows: Iterable[Sequence[Any]], keys: CaseKeys | None = None) -> Iterator[StoredRow]:
    """Rows of `WHOLE` for verification; bytes are nearly always bytes (see `storage.metadata.Bytes`)."""
    make = StoredRow._make
    for row in rows:
        if row[4] and type(row[2]) is type(row[3]) is type(row[4]) is bytes:
            yield make(row)
        else:
            yield _odd(make(row), keys)


def _odd(found: StoredRow, keys: CaseKeys | None) -> StoredRow:
    """An encrypted row in plain, an erased one as it is, any other with its bytes as bytes."""
    if found.salt == b"" and isinstance(found.payload_bytes, bytes):
        data = found.payload_bytes
        salt, plain = _erased_or(_needed(keys).found, str(found.leaf), data) or (b"", data)
        found = found._replace(salt=salt, payload_bytes=plain)
    return found._replace(
        entry_bytes=as_bytes(found.entry_bytes) or b"",
        payload_bytes=as_bytes(found.payload_bytes),
        salt=as_bytes(found.salt),
    )


def _needed(keys: CaseKeys | None) -> CaseKeys:
    if keys is None:
        raise KeysUnavailable("payloads are encrypted, and whoever reads them was given no keys")
    return keys


def _erased_or(open_row: Callable[[str, bytes], Plain], leaf: str, data: bytes) -> Plain | tuple[None, None]:
    """What a row holds; where its key was destroyed after the row was read, what a row that is gone holds."""
    try:
        return open_row(leaf, data)
    except BlobErased:
        return None, None


@lru_cache(maxsize=4096)
def _parsed(entry_bytes: bytes) -> Entry:
    return parse_entry(entry_bytes)

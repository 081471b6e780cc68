"""Objects in a store they were not sealed into: which version there stands for the one an entry names.

An S3 store gives every object it takes a version of its own. After a restoration or a move the entries, which never
change, name versions of the former store. This table says which version of the present store holds the same content.
It cannot lie to anybody: what is read is compared with the digest in the entry, wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Column, Connection, Engine, Table, insert, select

from evidence.entry import BlobRef
from evidence.ports import BlobMissing, BlobStore, StoredBlob
from storage.database import reading
from storage.metadata import Name, metadata

object_move = Table(
    "object_move",
    metadata,
    Column("key", Name, primary_key=True),
    Column("sealed_version", Name, primary_key=True),
    Column("version", Name, nullable=False),
)

Moves = dict[tuple[str, str], str]
"""From key and sealed version to the version in the present store."""

Find = Callable[[str, str], str | None]


class SqlMoves:
    """The table, asked object by object."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, key: str, sealed_version: str) -> str | None:
        """The version that stands for the sealed one here; ``None``: it was sealed here, or is not there."""
        wanted = select(object_move.c.version).where(
            object_move.c.key == key, object_move.c.sealed_version == sealed_version
        )
        with reading(self._engine) as connection:
            found = connection.execute(wanted).scalar_one_or_none()
        return None if found is None else str(found)


def save_moves(connection: Connection, moves: Moves) -> None:
    """Keep what a restoration or a move found out; a version moved before is followed to where it is now."""
    for (key, sealed), version in moves.items():
        connection.execute(object_move.delete().where(
            object_move.c.key == key, object_move.c.sealed_version == sealed
        ))  # fmt: skip
        connection.execute(insert(object_move), {"key": key, "sealed_version": sealed, "version": version})


class MovedBlobs:
    """`evidence.ports.BlobStore` over another one, following moved versions; costs nothing where nothing moved."""

    def __init__(self, store: BlobStore, find: Find) -> None:
        self._store = store
        self._find = find

    def put(
        self, source: BinaryIO, *, media: str, retain_until: datetime | None = None, case: str = ""
    ) -> BlobRef:
        """See the port."""
        return self._store.put(source, media=media, retain_until=retain_until, case=case)

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """See the port."""
        try:
            found = self._store.open(ref)
            stream = found.__enter__()
        except BlobMissing:
            moved = self._moved(ref)
            if moved is None:
                raise
            found = self._store.open(moved)
            stream = found.__enter__()
        with _entered(found):
            yield stream

    def stat(self, ref: BlobRef) -> StoredBlob:
        """See the port; of a moved object with the version that was sealed, since that is what it stands for."""
        try:
            stored = self._store.stat(ref)
            if not ref.version or stored.version == ref.version:
                return stored
        except BlobMissing:
            if not ref.version:
                raise
            stored = None
        moved = self._moved(ref)
        if moved is None:
            if stored is None:
                raise BlobMissing(f"{ref.key} version {ref.version}")
            return stored
        return replace(self._store.stat(moved), version=ref.version)

    def list(self) -> Iterator[StoredBlob]:
        """See the port."""
        return self._store.list()

    def _moved(self, ref: BlobRef) -> BlobRef | None:
        version = self._find(ref.key, ref.version) if ref.version else None
        return None if version is None else replace(ref, version=version)


@contextmanager
def _entered(opened: object) -> Iterator[None]:
    """Leave a context that was entered by hand."""
    try:
        yield
    except BaseException as error:
        opened.__exit__(type(error), error, error.__traceback__)  # type: ignore[attr-defined]  # a context manager
        raise
    else:
        opened.__exit__(None, None, None)  # type: ignore[attr-defined]  # a context manager


def versions_of(refs: Iterable[BlobRef], stored: BlobRef) -> Moves:
    """The moves that follow from an object's now lying as ``stored``."""
    return {
        (ref.key, ref.version): stored.version
        for ref in refs
        if ref.version and ref.version != stored.version
    }

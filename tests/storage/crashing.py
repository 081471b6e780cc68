"""The whole way of one piece of evidence, in a process that is killed at a named point of it."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from evidence.entry import SealedEntry
from evidence.note import SigningKey
from evidence.ports import BlobStore, Composition, Projection, Reference
from evidence.publisher import Publisher
from storage import filesystem, s3
from storage.database import connect
from storage.filesystem import FileBlobStore
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger
from storage.s3 import S3BlobStore
from tests.storage.support import ORIGIN, draft, projection

CASE = "MA-001-2026-000001"
CONTENT = b"constancia firmada" * 10_000
REFERENCE = Reference("dsn", "A123", unique=True)


def die() -> None:
    """Kill -9 of oneself: no handler, no flush, no goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly(io.BytesIO):
    """A file whose second reading kills the reader."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """The first piece, then death."""
        self._reads += 1
        if self._reads == 2:
            die()
        return super().read(size)


@dataclass(frozen=True)
class Place:
    """Where everything lies; plain data, so that it can be sent to another process."""

    database: str
    guard: str
    key: str
    folder: str
    bucket: tuple[str, str, str, str] | None

    def blobs(self) -> FileBlobStore | S3BlobStore:
        """The object store: a bucket where there is one, else a folder."""
        if self.bucket is None:
            return FileBlobStore(self.folder)
        endpoint, access, secret, bucket = self.bucket
        return S3BlobStore(endpoint, access, secret, bucket, secure=False, retention=timedelta(days=30))


class Journey:
    """The parts of a run: put, append, sequence, publish."""

    def __init__(self, place: Place) -> None:
        self.blobs: BlobStore = place.blobs()
        self.engine = connect(place.database)
        self.ledger = SqlLedger(self.engine, ORIGIN, clock=lambda: datetime.now(UTC))
        self.guard = SqliteGuard(place.guard)
        key = SigningKey.from_text(place.key)
        self.publisher = Publisher(self.ledger, self.guard, key, lambda: datetime.now(UTC), self.blobs)

    def put_and_append(self, source: io.BytesIO, point: str) -> Sequence[SealedEntry]:
        """Store the file, then record it under an idempotency key."""
        ref = self.blobs.put(source, media="application/pdf")
        die_if(point, "put.done")

        def project(_entries: Sequence[SealedEntry]) -> Projection:
            die_if(point, "append.composed")
            return projection(CASE, REFERENCE)

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((draft("uno", objects=(ref,)), draft("dos")), project)

        with _killing_at_commit(self.engine, point == "append.before_commit"):
            return self.ledger.append(CASE, compose, idempotency_key="k", request_digest="d")

    def append_again(self, point: str) -> Sequence[SealedEntry]:
        """Add to a case that this process has just written: prepared on what it knows, without reading it first."""
        known = self.ledger.history(CASE)
        assert [sealed.entry.seq for sealed in known] == [1, 2]

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            die_if(point, "known.composed")
            return Composition((draft("tres"),), lambda _entries: projection(CASE, REFERENCE))

        if point == "known.before_write":
            _before(SqlLedger, "_swift")
        elif point == "known.written":
            _after(SqlLedger, "_swift")
        with _killing_at_commit(self.engine, point == "known.before_commit"):
            return self.ledger.append(CASE, compose, idempotency_key="k3", request_digest="d3")

    def close(self) -> None:
        """Let go of connections."""
        self.engine.dispose()
        if isinstance(self.blobs, S3BlobStore):
            self.blobs.close()


def die_if(point: str, name: str) -> None:
    """Die here, if here is where to die."""
    if point == name:
        die()


@contextmanager
def _killing_at_commit(engine: Any, armed: bool) -> Any:
    """Kill when the next transaction is about to be committed: everything is written, nothing is promised."""
    if armed and engine.dialect.name == "sqlite":
        event.listen(engine, "checkout", lambda driver, *_: driver.set_trace_callback(_die_of_a_commit))
    elif armed:
        event.listen(engine, "commit", lambda _connection: die())
    yield


def _die_of_a_commit(statement: str) -> None:
    die_if(statement, "COMMIT")


def _before(owner: object, name: str) -> None:
    setattr(owner, name, lambda *_args, **_kwargs: die())


def _after(owner: object, name: str) -> None:
    real: Callable[..., object] = getattr(owner, name)

    def replaced(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)
        die()

    setattr(owner, name, replaced)


def travel(place: Place, point: str) -> None:
    """Go the whole way, or as far as ``point``."""
    with closing(Journey(place)) as journey:
        if point == "put.stored":
            _before(filesystem, "_sync_folder")
            _before(s3.S3BlobStore, "_locked")
        source = Deadly(CONTENT) if point == "put.reading" else io.BytesIO(CONTENT)
        journey.put_and_append(source, point)
        die_if(point, "append.done")
        with nullcontext() if point != "sequence.before_commit" else _killing_at_commit(journey.engine, True):
            journey.ledger.sequence()
        die_if(point, "sequence.done")
        _arm_publisher(point)
        journey.publisher.publish()
        die_if(point, "publish.done")


def travel_twice(place: Place, point: str) -> None:
    """Record, and then add to the case in the same process, as far as ``point``."""
    with closing(Journey(place)) as journey:
        journey.put_and_append(io.BytesIO(CONTENT), "")
        journey.append_again(point)


def _arm_publisher(point: str) -> None:
    if point == "publish.signed":
        _before(SqliteGuard, "advance")
    elif point == "publish.guarded":
        _after(SqliteGuard, "advance")
    elif point == "publish.saved":
        _after(SqlLedger, "save_checkpoint")

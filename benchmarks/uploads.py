"""Storing evidence files beside writing them: to a file system, and to an S3 object store.

Ours hashes while it writes, checks what is already there and syncs file and folder. The baseline does what durability
alone demands: write, fsync, rename, fsync of the folder; on S3, one plain `put_object` of the SDK.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from minio import Minio

from benchmarks.material import noise
from benchmarks.measure import Figure, SectionUnavailable, compare, per_second
from evidence.ports import BlobStore
from storage.filesystem import FileBlobStore
from storage.s3 import S3BlobStore
from tests.servers import seaweedfs

KIB, MIB = 1024, 1024 * 1024
SMALL, LARGE = 10 * KIB, 16 * MIB

Put = Callable[[bytes], object]


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """On a file system: small files a second, and large ones in MB/s."""
    store = FileBlobStore(scratch / "ours")
    plain = scratch / "plain"
    plain.mkdir()
    names = itertools.count()

    def write(data: bytes) -> None:
        durable_write(plain, str(next(names)), data)

    yield _small(
        "file system", _through(store), "write + fsync + rename + fsync of the folder", write, 100, rounds
    )
    yield _large(
        "file system", _through(store), "write + fsync + rename + fsync of the folder", write, LARGE, rounds
    )


def run_s3(_scratch: Path, rounds: int) -> Iterator[Figure]:
    """On SeaweedFS through S3, with versioning and a lock; the baseline puts into the same kind of bucket."""
    weed = seaweedfs.binary()
    if weed is None:
        raise SectionUnavailable("SeaweedFS is not installed (it is in requirements-dev.txt)")
    with seaweedfs.seaweedfs_server(weed) as server:
        store = S3BlobStore(server.endpoint, server.access_key, server.secret_key, "ours", secure=False)
        client = Minio(
            server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
        )
        client.make_bucket("plain", object_lock=True)
        names = itertools.count()

        def put(data: bytes) -> None:
            client.put_object("plain", str(next(names)), io.BytesIO(data), len(data))

        until = datetime.now(UTC) + timedelta(days=1)
        yield _small("S3", _through(store, until), "Minio.put_object", put, 40, rounds)
        yield _large("S3", _through(store, until), "Minio.put_object", put, MIB, rounds)


def _small(where: str, ours: Put, beside: str, plain: Put, count: int, rounds: int) -> Figure:
    fresh = _fresh(SMALL)
    return compare(
        f"put 10 KB, {where}",
        lambda: per_second(count, lambda: _each(ours, [next(fresh) for _ in range(count)])),
        beside,
        lambda: per_second(count, lambda: _each(plain, [next(fresh) for _ in range(count)])),
        unit="files/s",
        rounds=rounds,
    )


def _large(where: str, ours: Put, beside: str, plain: Put, size: int, rounds: int) -> Figure:
    fresh = _fresh(size)
    count = max(4, LARGE // size)
    return compare(
        f"put {size // MIB} MiB, {where}",
        lambda: per_second(count * size, lambda: _each(ours, [next(fresh) for _ in range(count)])) / 1e6,
        beside,
        lambda: per_second(count * size, lambda: _each(plain, [next(fresh) for _ in range(count)])) / 1e6,
        unit="MB/s",
        rounds=rounds,
    )


def _fresh(size: int) -> Iterator[bytes]:
    """Contents never seen before, cheap to make: the same noise behind a counter."""
    body = noise(size - 8)
    return (number.to_bytes(8, "big") + body for number in itertools.count())


def _through(store: BlobStore, until: datetime | None = None) -> Put:
    return lambda data: store.put(io.BytesIO(data), media="application/octet-stream", retain_until=until)


def _each(put: Put, contents: list[bytes]) -> None:
    for data in contents:
        put(data)


def durable_write(folder: Path, name: str, data: bytes) -> None:
    """A file that survives power loss under its name: synced, renamed, its folder synced."""
    temporary = folder / f"{name}.part"
    with temporary.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.rename(folder / name)
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

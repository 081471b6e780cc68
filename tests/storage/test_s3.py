"""The S3 store against a real SeaweedFS: locks, versions, other people's writes, time-outs."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention

from evidence.entry import BlobRef, parse_time
from evidence.ports import BlobCorrupt, BlobMissing, StoreUnavailable
from storage.s3 import PART_BYTES, BucketUnfit, S3BlobStore
from tests.servers.seaweedfs import ObjectServer

pytestmark = pytest.mark.s3
TENTH_YEAR = timedelta(days=3653)


@pytest.fixture
def client(object_server: ObjectServer) -> Minio:
    """Somebody else with credentials."""
    return Minio(
        endpoint=object_server.endpoint,
        access_key=object_server.access_key,
        secret_key=object_server.secret_key,
        secure=False,
        region="us-east-1",
    )


@pytest.fixture
def blobs(object_server: ObjectServer, bucket_name: str) -> Iterator[S3BlobStore]:
    """A store that locks for ten years."""
    store = S3BlobStore(
        object_server.endpoint,
        object_server.access_key,
        object_server.secret_key,
        bucket_name,
        secure=False,
        retention=TENTH_YEAR,
    )
    with closing(store):
        yield store


def put(blobs: S3BlobStore, content: bytes) -> BlobRef:
    """Store some bytes."""
    return blobs.put(io.BytesIO(content), media="text/plain")


def read(blobs: S3BlobStore, ref: BlobRef) -> bytes:
    """Read them back."""
    with blobs.open(ref) as stream:
        return stream.read()


def test_the_lock_is_compliance_and_holds(blobs: S3BlobStore, client: Minio, bucket_name: str) -> None:
    """Neither deleting the version nor shortening its lock works, for anybody with S3 credentials."""
    ref = put(blobs, b"contenido")
    kept = client.get_object_retention(bucket_name=bucket_name, object_name=ref.key, version_id=ref.version)
    assert kept is not None
    assert kept.mode == COMPLIANCE
    assert kept.retain_until_date == parse_time(ref.retain_until)
    assert parse_time(ref.retain_until) > datetime.now(UTC) + TENTH_YEAR - timedelta(minutes=5)
    with pytest.raises(S3Error):
        client.remove_object(bucket_name=bucket_name, object_name=ref.key, version_id=ref.version)
    shorter = Retention(COMPLIANCE, datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(S3Error):
        client.set_object_retention(
            bucket_name=bucket_name, object_name=ref.key, config=shorter, version_id=ref.version
        )
    assert read(blobs, ref) == b"contenido"


def test_a_deleted_key_still_gives_the_sealed_version(
    blobs: S3BlobStore, client: Minio, bucket_name: str
) -> None:
    """A delete marker hides the key from others; the entry's version is there."""
    ref = put(blobs, b"contenido")
    client.remove_object(bucket_name=bucket_name, object_name=ref.key)
    assert read(blobs, ref) == b"contenido"
    assert [(stored.key, stored.version) for stored in blobs.list()] == [(ref.key, ref.version)]


@pytest.mark.parametrize("content", [b"contenido", os.urandom(PART_BYTES + 9)], ids=["one part", "two parts"])
def test_a_version_written_by_somebody_else_is_not_taken_for_ours(
    blobs: S3BlobStore, client: Minio, bucket_name: str, content: bytes
) -> None:
    """Other bytes of the same size put over our key neither change what was sealed nor are used by the next put."""
    ref = put(blobs, content)
    forged = bytes(len(content))
    client.put_object(
        bucket_name=bucket_name, object_name=ref.key, data=io.BytesIO(forged), length=len(forged)
    )
    assert read(blobs, ref) == content
    again = put(blobs, content)
    assert again.version != ref.version
    assert read(blobs, again) == content
    assert len(list(blobs.list())) == 3


def test_a_reference_to_other_bytes_does_not_verify(
    blobs: S3BlobStore, client: Minio, bucket_name: str
) -> None:
    """An object that is not what the entry says is refused while it is read."""
    ref = put(blobs, b"contenido")
    forged = client.put_object(
        bucket_name=bucket_name, object_name=ref.key, data=io.BytesIO(b"falsedad!"), length=9
    )
    assert forged.version_id is not None
    with pytest.raises(BlobCorrupt):
        read(blobs, replace(ref, version=forged.version_id))
    with pytest.raises(BlobMissing):
        read(blobs, replace(ref, version="0" * 32))
    with pytest.raises(BlobMissing):
        blobs.stat(replace(ref, version="0" * 32))


class Shifting(io.BytesIO):
    """A file that changes between one reading and the next."""

    times = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Going back finds other bytes of the same length."""
        self.times += 1
        self.getbuffer()[:] = bytes([self.times]) * len(self.getbuffer())
        return super().seek(offset, whence)


def test_a_source_that_changes_meanwhile_is_not_stored(blobs: S3BlobStore) -> None:
    """Bytes never come to lie under the address of other bytes."""
    source: BinaryIO = Shifting(b"x" * (PART_BYTES + 9))
    with pytest.raises(StoreUnavailable, match="changed while it was read"):
        blobs.put(source, media="text/plain")
    assert list(blobs.list()) == []


def test_what_fits_into_one_part_is_what_was_read_once(blobs: S3BlobStore) -> None:
    """A source that would change is not read a second time: what was hashed is what was sent."""
    content = b"x" * 1000
    ref = blobs.put(Shifting(content), media="text/plain")
    assert ref.sha256 == hashlib.sha256(content).hexdigest()
    assert read(blobs, ref) == content


class Once(io.RawIOBase):
    """A stream that cannot be rewound, and gives little at a time."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """At most some thousands of bytes."""
        return self._rest.readinto(memoryview(buffer)[:70_001])


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 7])
def test_a_stream_that_cannot_be_rewound_is_stored_whole(blobs: S3BlobStore, size: int) -> None:
    """Whatever was read to learn how big it is comes first."""
    content = os.urandom(size)
    ref = blobs.put(Once(content), media="text/plain")  # type: ignore[arg-type]
    assert (ref.size, ref.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert read(blobs, ref) == content


@pytest.mark.parametrize("locked", [False, None], ids=["no versions", "no lock"])
def test_a_bucket_without_versions_or_lock_is_refused(
    blobs: S3BlobStore, client: Minio, bucket_name: str, locked: bool | None
) -> None:
    """Evidence does not go where it could be deleted."""
    client.make_bucket(bucket_name=bucket_name)
    if locked is None:
        from minio.versioningconfig import ENABLED, VersioningConfig  # noqa: PLC0415

        client.set_bucket_versioning(bucket_name=bucket_name, config=VersioningConfig(ENABLED))
    with pytest.raises(BucketUnfit):
        put(blobs, b"contenido")


def test_wrong_credentials_are_unavailability(object_server: ObjectServer, bucket_name: str) -> None:
    """A misconfigured store says why and stores nothing."""
    store = S3BlobStore(object_server.endpoint, "prueba", "otro", bucket_name, secure=False)
    with closing(store), pytest.raises(StoreUnavailable):
        put(store, b"contenido")


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()


def test_a_store_that_does_not_answer_is_given_up(bucket_name: str) -> None:
    """A hung service becomes unavailability after a bounded wait, not a hung page."""
    with silent_server() as endpoint:
        store = S3BlobStore(endpoint, "a", "b", bucket_name, secure=False, read_seconds=0.2)
        begun = time.monotonic()
        with closing(store), pytest.raises(StoreUnavailable):
            put(store, b"contenido")
        assert time.monotonic() - begun < 30


def test_nobody_at_home_is_unavailability(bucket_name: str) -> None:
    """A refused connection is translated too."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{unused.getsockname()[1]}"
        store = S3BlobStore(endpoint, "a", "b", bucket_name, secure=False, connect_seconds=0.5)
        with closing(store), pytest.raises(StoreUnavailable):
            put(store, b"contenido")


def test_a_store_that_hangs_in_the_middle_of_a_read(
    object_server: ObjectServer, blobs: S3BlobStore, bucket_name: str
) -> None:
    """The service stops while a file is being read: the reader is told, and reads again once it is back."""
    content = os.urandom(30_000_000)
    ref = put(blobs, content)
    impatient = S3BlobStore(
        object_server.endpoint,
        object_server.access_key,
        object_server.secret_key,
        bucket_name,
        secure=False,
        read_seconds=0.3,
    )
    with closing(impatient):
        with impatient.open(ref) as stream:
            stream.read(1000)
            os.kill(object_server.pid, signal.SIGSTOP)
            try:
                with pytest.raises(StoreUnavailable):
                    stream.read()
            finally:
                os.kill(object_server.pid, signal.SIGCONT)
        assert read(blobs, ref) == content

"""The contract of `evidence.ports.BlobStore`, held against every implementation."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from evidence.entry import BlobRef
from evidence.ports import BlobMissing, BlobStore, blob_key
from storage.ciphers.blobs import EncryptedBlobs
from storage.database import connect
from storage.filesystem import FileBlobStore
from storage.s3 import PART_BYTES, S3BlobStore
from tests.fakes.memory import MemoryBlobStore
from tests.storage.support import keys_of

CONTENTS = {
    "empty": b"",
    "one byte": b"x",
    "text": "una constancia con ñ".encode(),
    "one buffer": b"\x00" * 65_536,
    "past a buffer": os.urandom(65_537),
    "one part": os.urandom(PART_BYTES),
    "three parts": os.urandom(2 * PART_BYTES + 5),
}


@pytest.fixture(params=["memory", "filesystem", pytest.param("s3", marks=pytest.mark.s3), "encrypted"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryBlobStore()
    elif request.param == "encrypted":  # without a case nothing changes
        engine = connect(request.getfixturevalue("migrated_sqlite_url"))
        yield EncryptedBlobs(FileBlobStore(tmp_path / "blobs"), keys_of(engine))
        engine.dispose()
    elif request.param == "filesystem":
        yield FileBlobStore(tmp_path / "blobs")
    else:
        server = request.getfixturevalue("object_server")
        bucket = request.getfixturevalue("bucket_name")
        store = S3BlobStore(server.endpoint, server.access_key, server.secret_key, bucket, secure=False)
        with closing(store):
            yield store


class Pipe(io.RawIOBase):
    """A source that can only be read forwards, a few bytes at a time, as an upload is."""

    def __init__(self, data: bytes, failing_at: int | None = None) -> None:
        super().__init__()
        self._source = io.BytesIO(data)
        self._failing_at = failing_at

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """At most 1,000 bytes; the connection breaks where it was told to."""
        if self._failing_at is not None and self._source.tell() >= self._failing_at:
            raise ConnectionResetError("the client went away")
        return self._source.readinto(memoryview(buffer)[:1000])


def read(blobs: BlobStore, ref: BlobRef) -> bytes:
    """The whole object, in pieces."""
    with blobs.open(ref) as stream:
        return b"".join(iter(lambda: stream.read(50_000), b""))


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_what_is_put_comes_back(blobs: BlobStore, content: bytes) -> None:
    """Bytes, digest, size, media and key are those of the content."""
    ref = blobs.put(io.BytesIO(content), media="application/pdf")
    digest = hashlib.sha256(content).hexdigest()
    assert (ref.sha256, ref.size, ref.media, ref.key) == (
        digest,
        len(content),
        "application/pdf",
        blob_key(digest),
    )
    assert read(blobs, ref) == content
    stored = blobs.stat(ref)
    assert (stored.key, stored.version, stored.size, stored.retain_until) == (
        ref.key,
        ref.version,
        len(content),
        ref.retain_until,
    )


def test_a_source_is_read_from_where_it_stands(blobs: BlobStore) -> None:
    """A stream that somebody has begun to read is stored from there on."""
    source = io.BytesIO(b"cabecera|contenido")
    source.seek(9)
    assert read(blobs, blobs.put(source, media="text/plain")) == b"contenido"


def test_a_source_that_cannot_be_rewound(blobs: BlobStore) -> None:
    """An upload that comes through a pipe is stored all the same."""
    content = os.urandom(2_000_000)
    source: BinaryIO = io.BufferedReader(Pipe(content))
    assert read(blobs, blobs.put(source, media="text/plain")) == content


def test_a_source_that_breaks_leaves_nothing(blobs: BlobStore) -> None:
    """The error of the source comes out as it is, and no object is there."""
    source: BinaryIO = io.BufferedReader(Pipe(b"x" * 100_000, failing_at=70_000))
    with pytest.raises(ConnectionResetError):
        blobs.put(source, media="text/plain")
    assert list(blobs.list()) == []


def test_the_same_content_is_one_object(blobs: BlobStore) -> None:
    """Putting it again, under another media type, refers to the same stored bytes."""
    first = blobs.put(io.BytesIO(b"igual"), media="text/plain")
    again = blobs.put(io.BytesIO(b"igual"), media="application/pdf")
    assert again == replace(first, media="application/pdf")
    assert [(stored.key, stored.version) for stored in blobs.list()] == [(first.key, first.version)]


def test_every_object_is_listed(blobs: BlobStore) -> None:
    """Key, version and size of each."""
    refs = [blobs.put(io.BytesIO(bytes([number]) * number), media="text/plain") for number in range(1, 20)]
    listed = sorted((stored.key, stored.version, stored.size) for stored in blobs.list())
    assert listed == sorted((ref.key, ref.version, ref.size) for ref in refs)


def test_what_was_never_put_is_missing(blobs: BlobStore) -> None:
    """A reference to nothing is said to be missing, by `stat` and by `open`."""
    digest = hashlib.sha256(b"nunca").hexdigest()
    ref = BlobRef(digest, 5, "text/plain", blob_key(digest))
    with pytest.raises(BlobMissing):
        blobs.stat(ref)
    with pytest.raises(BlobMissing):
        read(blobs, ref)


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "sha256/../x", "", "sha256/aa/\x00"])
def test_a_key_that_is_no_content_address_leads_nowhere(blobs: BlobStore, key: str) -> None:
    """An entry made by somebody else cannot make the store read other files."""
    ref = replace(blobs.put(io.BytesIO(b"igual"), media="text/plain"), key=key)
    with pytest.raises(BlobMissing):
        blobs.stat(ref)
    with pytest.raises(BlobMissing):
        read(blobs, ref)


def test_many_writers_of_the_same_and_of_other_contents(blobs: BlobStore) -> None:
    """Any number of writers: each reference reads back as its content."""
    contents = [b"compartido" * 1000, *(os.urandom(1000) for _ in range(5))]
    refs: list[tuple[bytes, BlobRef]] = []

    def work() -> None:
        refs.extend((content, blobs.put(io.BytesIO(content), media="text/plain")) for content in contents)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refs) == 24
    assert all(read(blobs, ref) == content for content, ref in refs)
    assert {stored.key for stored in blobs.list()} == {ref.key for _, ref in refs}


def test_a_lock_is_never_shortened(blobs: BlobStore) -> None:
    """Where the store locks, a later put extends and an earlier one leaves the lock; where not, it says none."""
    day = datetime(2090, 1, 1, 6, 0, 0, 1, tzinfo=UTC)
    first = blobs.put(io.BytesIO(b"guardado"), media="text/plain", retain_until=day)
    longer = blobs.put(io.BytesIO(b"guardado"), media="text/plain", retain_until=day + timedelta(days=9))
    shorter = blobs.put(io.BytesIO(b"guardado"), media="text/plain", retain_until=day)
    assert first.version == longer.version == shorter.version
    assert longer.retain_until == shorter.retain_until == blobs.stat(first).retain_until
    if first.retain_until:
        assert datetime.fromisoformat(first.retain_until) >= day
        assert datetime.fromisoformat(longer.retain_until) >= day + timedelta(days=9)

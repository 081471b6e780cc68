"""`S3BlobStore`: evidence files in an S3 bucket with versioning and Object Lock in COMPLIANCE mode.

The key is the content's address, so a key never names two contents of ours; should somebody else put a version under
it, our entries keep pointing at the version that was sealed. The service checks a SHA-256 of what it receives, and
what it says it holds is read back before `put` returns. Object Lock binds clients of the S3 interface, not whoever runs
the disks below it: that is what checkpoints and time stamps are for.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

import urllib3
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.datatypes import Object
from minio.error import MinioException, S3Error
from minio.retention import Retention
from urllib3.exceptions import HTTPError

from evidence.entry import BlobRef, format_time
from evidence.ports import BlobCorrupt, BlobMissing, Clock, StoredBlob, StoreError, StoreUnavailable, blob_key
from storage.checked import CHUNK, checked_stream, filling, measured, taken
from storage.s3client import DigestClient, KeyTaken, checksum

PART_BYTES = 8 << 20
"""Bigger objects go up in parts of this size; it is also the memory an upload takes."""
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})
_MADE_MEANWHILE = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_CHECKSUM = {"x-amz-checksum-mode": "ENABLED"}


class BucketUnfit(StoreError):
    """The bucket is there, but without versioning or Object Lock: evidence does not go into it."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What the service says of one version."""

    version: str
    size: int
    checksum: str
    locked_until: datetime | None


class S3BlobStore:
    """`evidence.ports.BlobStore` in a bucket, which is made (with Object Lock) when it is missing.

    Args:
        endpoint: host and port, without scheme.
        access_key: name of the account.
        secret_key: its secret.
        bucket: where the objects go.
        secure: speak TLS.
        region: part of each request's signature.
        retention: how long an object is locked when `put` does not say.
        clock: the present, for ``retention``.
        connect_seconds: longest wait for a connection.
        read_seconds: longest silence while an answer is awaited; what was silent is tried once more, what was refused
            or broken off twice.
    """

    def __init__(  # noqa: PLR0913 - settings, each named and documented above
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        *,
        secure: bool = True,
        region: str = "us-east-1",
        retention: timedelta | None = None,
        clock: Clock = lambda: datetime.now(UTC),
        connect_seconds: float = 5,
        read_seconds: float = 10,
    ) -> None:
        self._bucket = bucket
        self._retention = retention
        self._clock = clock
        self._prepared = False
        self._preparing = threading.Lock()
        self._pool = urllib3.PoolManager(
            maxsize=32,
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            retries=urllib3.Retry(total=2, read=1, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        )
        self._client = DigestClient(
            endpoint=endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=secure,
            region=region,
            http_client=self._pool,
        )

    def prepare(self) -> None:
        """Make the bucket if it is missing, and check that it can hold evidence; done by itself before first use.

        Raises:
            BucketUnfit: it exists without versioning or Object Lock.
            StoreUnavailable: the service does not answer.
        """
        with _translated(f"bucket {self._bucket}"):
            self._make_bucket()
            if self._client.get_bucket_versioning(bucket_name=self._bucket).status != ENABLED:
                raise BucketUnfit(f"bucket {self._bucket} keeps no versions")
            self._check_lock()
        self._prepared = True

    def put(
        self,
        source: BinaryIO,
        *,
        media: str,
        retain_until: datetime | None = None,
        case: str = "",  # noqa: ARG002
    ) -> BlobRef:
        """Store a stream under its content's address, locked until ``retain_until`` (rounded up to a second).

        What fits into one part is read once, into memory. Of what is bigger a seekable source is read twice (digest,
        then upload), another goes through a temporary file. A version that already holds the same content is used again
        and its lock extended where needed.

        Raises:
            BucketUnfit, StoreUnavailable: nothing was stored, or a version that no entry names.
        """
        until = self._until(retain_until)
        whole = taken(source, PART_BYTES)
        if isinstance(whole, bytes):
            self._ready()
            return self._put_whole(whole, media, until)
        with measured(whole) as (stream, sha256, size):
            self._ready()
            key = blob_key(sha256)
            version = self._same(key, sha256, size)
            if version is None:
                version = self._upload(stream, key, sha256, size, media=media, until=until)
            held = self._locked(key, version, until)
        return _reference(held, key, sha256, size, media)

    def _put_whole(self, content: bytes, media: str, until: datetime | None) -> BlobRef:
        """One request where the key is new, since the service looks itself, and one that reads back what it holds."""
        sha256, size = hashlib.sha256(content).hexdigest(), len(content)
        key = blob_key(sha256)
        wanted = (self._bucket, key, content, sha256)
        with _translated(key):
            try:
                version = self._client.put_new(*wanted, media=media, until=until)
            except KeyTaken:
                version = self._same(key, sha256, size)
                version = version or self._client.put_known(*wanted, media=media, until=until)
        held = self._locked(key, _named(key, version), until)
        if held.checksum not in {"", checksum(sha256)}:
            raise StoreUnavailable(f"{key}: the service says that it holds other bytes")
        return _reference(held, key, sha256, size, media)

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """The bytes of exactly that version; see the port. Raises `BlobMissing` or `StoreUnavailable`."""
        self._ready()
        _check_key(ref)
        with _translated(ref.key):
            response = self._client.get_object(
                bucket_name=self._bucket, object_name=ref.key, version_id=ref.version or None
            )

        def read(count: int) -> bytes:
            with _translated(ref.key):
                return response.read(count, decode_content=False)

        try:
            with checked_stream(filling(read), key=ref.key, sha256=ref.sha256, size=ref.size) as stream:
                yield stream
        finally:
            response.close()
            response.release_conn()

    def stat(self, ref: BlobRef) -> StoredBlob:
        """Size and lock of that version, without reading it; raises `BlobMissing`."""
        self._ready()
        _check_key(ref)
        held = self._head(ref.key, ref.version)
        locked_until = format_time(held.locked_until) if held.locked_until else ""
        return StoredBlob(ref.key, held.version, held.size, locked_until)

    def list(self) -> Iterator[StoredBlob]:
        """Every version of every object; ``retain_until`` stays empty here (listings do not tell; `stat` does)."""
        self._ready()
        with _translated("list"):
            found: Iterator[Object] = self._client.list_objects(
                bucket_name=self._bucket, prefix="sha256/", recursive=True, include_version=True
            )
            for item in found:
                if not item.is_delete_marker:
                    yield StoredBlob(item.object_name or "", item.version_id or "", item.size or 0, "")

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()

    def _ready(self) -> None:
        with self._preparing:
            if not self._prepared:
                self.prepare()

    def _make_bucket(self) -> None:
        if self._client.bucket_exists(bucket_name=self._bucket):
            return
        try:
            self._client.make_bucket(bucket_name=self._bucket, object_lock=True)
        except S3Error as error:
            if error.code not in _MADE_MEANWHILE:
                raise

    def _check_lock(self) -> None:
        try:
            self._client.get_object_lock_config(bucket_name=self._bucket)
        except S3Error as error:
            if error.code == "ObjectLockConfigurationNotFoundError":
                raise BucketUnfit(f"bucket {self._bucket} has no Object Lock") from error
            raise

    def _until(self, wanted: datetime | None) -> datetime | None:
        if wanted is None and self._retention is not None:
            wanted = self._clock() + self._retention
        if wanted is None:
            return None
        whole = wanted.astimezone(UTC).replace(microsecond=0)
        return whole if whole >= wanted else whole + timedelta(seconds=1)

    def _same(self, key: str, sha256: str, size: int) -> str | None:
        """The current version, if it holds this very content: by the service's checksum, else by reading it."""
        try:
            held = self._head(key, "")
        except BlobMissing:
            return None
        if held.size != size or not held.version:
            return None
        if held.checksum == checksum(sha256):
            return held.version
        try:
            with self.open(BlobRef(sha256, size, "", key, held.version)) as stream:
                while stream.read(CHUNK):
                    pass
        except (BlobCorrupt, BlobMissing):
            return None
        return held.version

    def _upload(
        self, stream: BinaryIO, key: str, sha256: str, size: int, *, media: str, until: datetime | None
    ) -> str:
        """Send the bytes in parts; the stream fails before its last if the source has changed since it was hashed."""
        checked = checked_stream(filling(stream.read), key=key, sha256=sha256, size=size)
        with _translated(key):
            try:
                result = self._client.put_object(
                    bucket_name=self._bucket,
                    object_name=key,
                    data=checked,
                    length=size,
                    content_type=media,
                    part_size=PART_BYTES,
                    num_parallel_uploads=1,
                    retention=Retention(COMPLIANCE, until) if until else None,
                )
            except BlobCorrupt as error:
                raise StoreUnavailable(f"the source changed while it was read: {error}") from error
        return _named(key, result.version_id)

    def _locked(self, key: str, version: str, until: datetime | None) -> _Held:
        """Read the version back, and lock it for longer where its lock is too short."""
        held = self._head(key, version)
        if until is None or (held.locked_until and held.locked_until >= until):
            return held
        with _translated(key):
            self._client.set_object_retention(
                bucket_name=self._bucket,
                object_name=key,
                config=Retention(COMPLIANCE, until),
                version_id=version,
            )
        held = self._head(key, version)
        if not held.locked_until or held.locked_until < until:
            raise StoreUnavailable(f"{key}: the service does not keep the lock until {until}")
        return held

    def _head(self, key: str, version: str) -> _Held:
        with _translated(key):
            found = self._client.stat_object(
                bucket_name=self._bucket,
                object_name=key,
                version_id=version or None,
                extra_headers=dict(_CHECKSUM),
            )
        headers = {name.lower(): value for name, value in (found.metadata or {}).items()}
        if version and found.version_id not in {None, version}:
            raise BlobMissing(f"{key} version {version}")
        mode = headers.get("x-amz-object-lock-mode")
        until = headers.get("x-amz-object-lock-retain-until-date")
        locked_until = datetime.fromisoformat(until) if until and mode == COMPLIANCE else None
        checksum = headers.get("x-amz-checksum-sha256", "")
        return _Held(found.version_id or version, found.size or 0, checksum, locked_until)


def _named(key: str, version: str | None) -> str:
    if not version:
        raise StoreUnavailable(f"{key}: the service gave no version")
    return version


def _reference(held: _Held, key: str, sha256: str, size: int, media: str) -> BlobRef:
    if held.size != size:
        raise StoreUnavailable(f"{key}: {size} bytes were stored, the service says {held.size}")
    locked_until = format_time(held.locked_until) if held.locked_until else ""
    return BlobRef(sha256, size, media, key, held.version, locked_until)


def _check_key(ref: BlobRef) -> None:
    if ref.key != blob_key(ref.sha256):
        raise BlobMissing(ref.key)


@contextmanager
def _translated(subject: str) -> Iterator[None]:
    """Turn what the SDK and its HTTP library raise into the port's two words."""
    try:
        yield
    except S3Error as error:
        if error.code in _ABSENT:
            raise BlobMissing(subject) from error
        raise StoreUnavailable(f"{subject}: {error.code} {error.message}") from error
    except (MinioException, HTTPError, OSError, ParseError) as error:
        raise StoreUnavailable(f"{subject}: {error}") from error

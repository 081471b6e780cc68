"""Which object store an installation's settings name, and where a restoration of it goes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Protocol

from evidence.ports import BlobStore, Clock
from storage.ciphers.keys import Source
from storage.filesystem import FileBlobStore
from storage.moving.restore import Target

OBJECTS = "objects"
"""Where files are kept in a data directory that has no object store."""


class Places(Protocol):
    """What is asked of the settings; `web.settings.Settings` says what each means."""

    @property
    def data(self) -> Path: ...  # noqa: D102
    @property
    def database(self) -> str: ...  # noqa: D102
    @property
    def s3_endpoint(self) -> str: ...  # noqa: D102
    @property
    def s3_access_key(self) -> str: ...  # noqa: D102
    @property
    def s3_secret_key(self) -> str: ...  # noqa: D102
    @property
    def s3_bucket(self) -> str: ...  # noqa: D102
    @property
    def s3_secure(self) -> bool: ...  # noqa: D102
    @property
    def retention_years(self) -> int: ...  # noqa: D102


def object_store(wanted: Places, clock: Clock) -> BlobStore:
    """A bucket, or a folder of the data directory."""
    if not wanted.s3_endpoint:
        return FileBlobStore(wanted.data / OBJECTS)
    from storage.s3 import S3BlobStore  # noqa: PLC0415 - the SDK costs each command of a house that has no S3

    years = wanted.retention_years
    return S3BlobStore(
        endpoint=wanted.s3_endpoint,
        access_key=wanted.s3_access_key,
        secret_key=wanted.s3_secret_key,
        bucket=wanted.s3_bucket,
        secure=wanted.s3_secure,
        retention=timedelta(days=round(years * 365.25)) if years else None,
        clock=clock,
    )


def restore_target(wanted: Places, clock: Clock, master: Source) -> Target:
    """Where a restoration goes, and the master key of what is restored."""
    folder = None if wanted.s3_endpoint else wanted.data / OBJECTS
    return Target(wanted.database, wanted.data, folder, lambda: object_store(wanted, clock), clock, master)

"""`FileBlobStore`: evidence files on a local file system, under the digest of their content.

An object is written under a temporary name while it is hashed, synced to the disk, made read-only and only then
renamed to its key; the folder is synced before `put` returns. A crash leaves an old temporary file and nothing else.

The file system enforces no retention: whoever may write the folder may remove files. What was sealed stays
provable, and the check finds what is missing; see the threat model for what that is worth.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from evidence.entry import BlobRef
from evidence.ports import BlobMissing, StoredBlob, StoreUnavailable, blob_key
from storage.checked import CHUNK, checked_stream

ABANDONED_SECONDS = 24 * 3600
"""Age at which a temporary file cannot belong to an upload still running."""


class FileBlobStore:
    """`evidence.ports.BlobStore` in a folder, which is made when it is missing.

    Raises:
        StoreUnavailable: the folder cannot be made or written.
    """

    def __init__(self, root: Path | str) -> None:
        self._root = Path(root)
        self._prefix = str(self._root / "_")[:-1]
        self._incoming = self._root / "incoming"
        self._objects = self._root / "sha256"
        with _unavailable("prepare"):
            self._prepare()

    def put(
        self,
        source: BinaryIO,
        *,
        media: str,
        retain_until: datetime | None = None,  # noqa: ARG002
        case: str = "",  # noqa: ARG002
    ) -> BlobRef:
        """Store a stream; ``retain_until`` is not kept, since nothing here could enforce it.

        Raises:
            StoreUnavailable: the disk refuses (full, read-only, failing); no trace is left under the content's key.
            BlobCorrupt: the content's place is taken by other bytes, so that these cannot be stored.
        """
        with self._temporary() as (handle, path):
            digest, size = _copy(source, handle)
            ref = BlobRef(digest, size, media, blob_key(digest))
            target = self._root / ref.key
            with _unavailable("write"):
                kept = target.exists()
                if not kept:
                    os.fchmod(handle, 0o444)
                    os.fsync(handle)
                    path.replace(target)
                _sync_folder(target.parent)
        if kept:
            self._check_kept(ref)
        return ref

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """The object's bytes; see the port. Raises `BlobMissing` or `StoreUnavailable`."""
        path = self._path(ref)
        try:
            source = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 - see `_path`; closed below
        except FileNotFoundError as error:
            raise BlobMissing(ref.key) from error
        except OSError as error:
            raise StoreUnavailable(f"read {ref.key}: {error.strerror}") from error

        def fill(buffer: memoryview) -> int:
            with _unavailable(f"read {ref.key}"):
                return source.readinto(buffer)

        with source, checked_stream(fill, key=ref.key, sha256=ref.sha256, size=ref.size) as stream:
            yield stream

    def stat(self, ref: BlobRef) -> StoredBlob:
        """Size on disk, without reading; raises `BlobMissing`."""
        try:
            found = os.stat(self._path(ref))  # noqa: PTH116 - see `_path`
        except FileNotFoundError as error:
            raise BlobMissing(ref.key) from error
        except OSError as error:
            raise StoreUnavailable(f"stat {ref.key}: {error.strerror}") from error
        return StoredBlob(ref.key, "", found.st_size, "")

    def list(self) -> Iterator[StoredBlob]:
        """Every file below ``sha256/``, by key, whether or not its name is a digest."""
        with _unavailable("list"):
            folders = sorted(entry.name for entry in os.scandir(self._objects) if entry.is_dir())
        for folder in folders:
            with _unavailable("list"):
                held = os.scandir(self._objects / folder)
                found = sorted((entry.name, entry.stat().st_size) for entry in held if entry.is_file())
            for name, size in found:
                yield StoredBlob(f"{self._objects.name}/{folder}/{name}", "", size, "")

    def _prepare(self) -> None:
        """Make every folder now, and sync them: `put` then has one folder to sync, and no race to make it."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._objects.mkdir(exist_ok=True)
        held = {path.name for path in self._objects.iterdir()}
        for number in range(256):
            if f"{number:02x}" not in held:
                (self._objects / f"{number:02x}").mkdir(exist_ok=True)
        for folder in (self._objects, self._root, self._root.absolute().parent):
            _sync_folder(folder)
        self._remove_abandoned()

    def _remove_abandoned(self) -> None:
        oldest = time.time() - ABANDONED_SECONDS
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):  # another process cleans at the same time
                if path.stat().st_mtime < oldest:
                    path.unlink()

    @contextmanager
    def _temporary(self) -> Iterator[tuple[int, Path]]:
        """An open temporary file, closed and removed at the end unless it was renamed."""
        with _unavailable("write"):
            handle, name = tempfile.mkstemp(dir=self._incoming)
        path = Path(name)
        try:
            yield handle, path
        finally:
            os.close(handle)
            with suppress(OSError):  # gone by its rename, or left for the next opening to clean
                path.unlink()

    def _check_kept(self, ref: BlobRef) -> None:
        """Read what is already there: a receipt must not point at bytes that have rotted meanwhile."""
        with self.open(ref) as stream:
            while stream.read(CHUNK):
                pass

    def _path(self, ref: BlobRef) -> str:
        """Where the object lies; a key that is not its digest's (such as one that climbs out) leads nowhere.

        No `Path`: making one costs as much as opening the file.
        """
        if ref.key != blob_key(ref.sha256):
            raise BlobMissing(ref.key)
        return f"{self._prefix}{ref.key}"


def _copy(source: BinaryIO, handle: int) -> tuple[str, int]:
    """Copy to an open file, hashing; errors of ``source`` are the caller's own and pass untouched."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        with _unavailable("write"):
            _write_all(handle, chunk)
    return digest.hexdigest(), size


def _write_all(handle: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _unavailable(action: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"{action}: {error.strerror or error}") from error

"""Files that another system sends ahead, by their digest: kept for a day in the data directory, for that service alone.

A file is written whole (temporary name, fsync, rename) or not at all, under the digest of what was read; announcing
the digest beforehand makes a repeated upload harmless and a broken one visible.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, BinaryIO

from web.api.callers import ApiRefused
from web.wiring import House

KEEP = timedelta(days=1)
_CHUNK = 1 << 20
_MIB = 1 << 20


class Uploads:
    """The uploads of one service."""

    def __init__(self, house: House, service_id: str) -> None:
        self._house = house
        self._folder = house.settings.data / "uploads" / service_id

    def put(self, digest: str, stream: IO[bytes]) -> tuple[int, bool]:
        """Keep the bytes under their announced digest; their size, and whether they are new.

        Raises:
            ApiRefused: ``upload_differs``: other bytes came; ``uploads_full``: too much waits. Nothing was kept.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            found, size = self._write(part, stream)
            if found != digest:
                raise ApiRefused("upload_differs", found=found)
            target = self._folder / digest
            new = not target.exists()
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return size, new

    def find(self, digest: str) -> tuple[int, datetime] | None:
        """Size and end of an upload, nothing where there is none."""
        with suppress(FileNotFoundError):
            about = (self._folder / digest).stat()
            return about.st_size, datetime.fromtimestamp(about.st_mtime, UTC) + KEEP
        return None

    def open(self, digest: str) -> BinaryIO:
        """The bytes of an upload.

        Raises:
            ApiRefused: ``unknown_upload``.
        """
        try:
            return (self._folder / digest).open("rb")
        except FileNotFoundError as error:
            raise ApiRefused("unknown_upload", sha256=digest) from error

    def drop(self, digest: str) -> None:
        """Forget an upload; forgetting twice is no error."""
        (self._folder / digest).unlink(missing_ok=True)

    def _write(self, part: Path, stream: IO[bytes]) -> tuple[str, int]:
        room = 2 * self._house.settings.max_draft_mb
        held = sum(path.stat().st_size for path in self._folder.iterdir())
        digest, size = hashlib.sha256(), 0
        with part.open("xb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if held + size > room * _MIB:
                    raise ApiRefused("uploads_full", limit=room)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest(), size


def clean_uploads(house: House) -> int:
    """Remove uploads past their day, of every service; returns how many."""
    before, removed = (house.clock() - KEEP).timestamp(), 0
    for path in (house.settings.data / "uploads").glob("*/*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed

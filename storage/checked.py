"""A stream that refuses to end when its bytes are not the ones that were sealed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

from evidence.ports import BlobCorrupt

CHUNK = 1 << 16


def checked_stream(read: Callable[[int], bytes], *, key: str, sha256: str, size: int) -> BinaryIO:
    """A buffered stream over ``read(n)`` that knows what it must amount to.

    The last bytes are only given out once digest (hex) and size (bytes) are right; otherwise, and at every read after
    that, `BlobCorrupt` is raised. Not seekable.
    """
    return io.BufferedReader(_Checked(read, key, sha256, size), CHUNK)


class _Checked(io.RawIOBase):
    def __init__(self, read: Callable[[int], bytes], key: str, sha256: str, size: int) -> None:
        super().__init__()
        self._source = read
        self._key = key
        self._sha256 = sha256
        self._size = size
        self._hash = hashlib.sha256()
        self._count = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if self._ended:
            return 0
        chunk = self._source(len(buffer))
        self._count += len(chunk)
        self._hash.update(chunk)
        if self._count >= self._size or not chunk:
            self._check_end()
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _check_end(self) -> None:
        surplus = self._source(1) if self._count == self._size else b""
        if surplus or self._count != self._size:
            more = "more" if surplus or self._count > self._size else "fewer"
            raise BlobCorrupt(self._key, f"{self._size} bytes", f"{more} bytes")
        if self._hash.hexdigest() != self._sha256:
            raise BlobCorrupt(self._key, self._sha256, self._hash.hexdigest())
        self._ended = True

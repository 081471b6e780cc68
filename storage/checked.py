"""Streams with a digest: measured before they are sent, checked while they are read."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from evidence.ports import BlobCorrupt, StoreUnavailable

CHUNK = 1 << 16
_IN_MEMORY = 1 << 20


def taken(source: BinaryIO, limit: int) -> bytes | BinaryIO:
    """All that the source has left, if that is at most ``limit`` bytes; else the source, as if untouched."""
    start = source.tell() if source.seekable() else None
    pieces: list[bytes] = []
    size = 0
    while size <= limit and (piece := source.read(_IN_MEMORY)):
        pieces.append(piece)
        size += len(piece)
    if size <= limit:
        return b"".join(pieces)
    if start is None:
        return cast("BinaryIO", _Resumed(b"".join(pieces), source))
    source.seek(start)
    return source


class _Resumed:
    """A stream that cannot be rewound, whose beginning was read already."""

    def __init__(self, begun: bytes, rest: BinaryIO) -> None:
        self._begun = memoryview(begun)
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes."""
        if not self._begun:
            return self._rest.read(size)
        piece, self._begun = bytes(self._begun[:size]), self._begun[size:]
        return piece

    def seekable(self) -> bool:
        """It is not."""
        return False


@contextmanager
def measured(source: BinaryIO) -> Iterator[tuple[BinaryIO, str, int]]:
    """The source ready to be read again, with its digest (hex) and size (bytes), in constant memory.

    A seekable source is rewound to where it stood; another is copied to a temporary file. Errors of reading the source
    are the caller's own and pass untouched.

    Raises:
        StoreUnavailable: the temporary file cannot be written.
    """
    if source.seekable():
        start = source.tell()
        sha256, size = _digest(source, lambda _chunk: None)
        source.seek(start)
        yield source, sha256, size
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:

        def keep(chunk: bytes) -> None:
            try:
                spool.write(chunk)
            except OSError as error:
                raise StoreUnavailable(f"temporary file: {error.strerror}") from error

        sha256, size = _digest(source, keep)
        spool.seek(0)
        yield cast("BinaryIO", spool), sha256, size


def _digest(source: BinaryIO, keep: Callable[[bytes], object]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        keep(chunk)
    return digest.hexdigest(), size


Fill = Callable[[memoryview], int]
"""Reads into a buffer; gives how many bytes, 0 at the end."""


def filling(read: Callable[[int], bytes]) -> Fill:
    """``read(n)`` as `Fill`."""

    def fill(buffer: memoryview) -> int:
        chunk = read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    return fill


def checked_stream(fill: Fill, *, key: str, sha256: str, size: int) -> BinaryIO:
    """A buffered stream over ``fill`` that knows what it must amount to.

    The last bytes are only given out once digest (hex) and size (bytes) are right; otherwise, and at every read after
    that, `BlobCorrupt` is raised. Not seekable.
    """
    return io.BufferedReader(_Checked(fill, key, sha256, size), CHUNK)


class _Checked(io.RawIOBase):
    def __init__(self, fill: Fill, key: str, sha256: str, size: int) -> None:
        super().__init__()
        self._source = fill
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
        count = self._source(buffer)
        self._count += count
        self._hash.update(buffer[:count])
        if self._count >= self._size or not count:
            self._check_end()
        return count

    def _check_end(self) -> None:
        surplus = self._source(memoryview(bytearray(1))) if self._count == self._size else 0
        if surplus or self._count != self._size:
            more = "more" if surplus or self._count > self._size else "fewer"
            raise BlobCorrupt(self._key, f"{self._size} bytes", f"{more} bytes")
        if self._hash.hexdigest() != self._sha256:
            raise BlobCorrupt(self._key, self._sha256, self._hash.hexdigest())
        self._ended = True

"""Write a package's zip: stored members one after another, constant memory, the same bytes for the same input."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO

from audit_exports.ziplayout import MAX_32, Member, central_record, end_records, local_record

CHUNK = 1 << 20
_SPOOL = 4 << 20
_GATHERED = 2 << 20


class SizeChanged(Exception):
    """A stream gave another number of bytes than was announced."""


class ZipWriter:
    """A zip being written to a seekable stream that starts empty.

    The central directory is spooled to a temporary file, so that memory does not grow with the number of members.
    Members' sizes are announced, because the local header comes first and Zip64 must be decided there. Where nobody
    asks for ``digests``, they are ``""``.
    """

    def __init__(self, sink: BinaryIO, *, limit: int = MAX_32, digests: bool = True) -> None:
        self._sink = sink
        self._limit = limit
        self._digests = digests
        self._offset = 0
        self._count = 0
        self._directory = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 - closed by close()

    def add(self, name: str, data: bytes) -> str:
        """Write a small member at once; returns its SHA-256 in hex."""
        member = Member(name, len(data), zlib.crc32(data), self._offset)
        self._sink.write(local_record(member, self._limit))
        self._sink.write(data)
        self._entered(member)
        return hashlib.sha256(data).hexdigest() if self._digests else ""

    def add_stream(self, name: str, size: int, chunks: Iterable[bytes]) -> str:
        """Write a member of ``size`` bytes from chunks; returns its SHA-256 in hex.

        A small member is gathered first; a large one's header is patched when the CRC-32 is known.

        Raises:
            SizeChanged: the chunks are not ``size`` bytes; the zip is then useless.
        """
        if size <= _GATHERED:
            return self._gathered(name, size, chunks)
        start = self._offset
        self._sink.write(local_record(Member(name, size, 0, start), self._limit))
        hashed, crc, seen = hashlib.sha256(), 0, 0
        for chunk in chunks:
            if self._digests:
                hashed.update(chunk)
            crc = zlib.crc32(chunk, crc)
            seen += len(chunk)
            self._sink.write(chunk)
        _same_size(name, size, seen)
        member = Member(name, size, crc, start)
        end = self._sink.tell()
        self._sink.seek(start)
        self._sink.write(local_record(member, self._limit))
        self._sink.seek(end)
        self._entered(member)
        return hashed.hexdigest() if self._digests else ""

    def _gathered(self, name: str, size: int, chunks: Iterable[bytes]) -> str:
        parts, seen = [], 0
        for chunk in chunks:
            seen += len(chunk)
            if seen > size:
                break
            parts.append(chunk)
        _same_size(name, size, seen)
        return self.add(name, b"".join(parts))

    def close(self) -> None:
        """Write the central directory and the end records; the sink stays open."""
        with self._directory as directory:
            length = directory.tell()
            directory.seek(0)
            while chunk := directory.read(CHUNK):
                self._sink.write(chunk)
        self._sink.write(end_records(self._count, self._offset, length, self._limit))

    def abandon(self) -> None:
        """Let go of the spool after a failure."""
        self._directory.close()

    def _entered(self, member: Member) -> None:
        self._directory.write(central_record(member, self._limit))
        self._offset += len(local_record(member, self._limit)) + member.size
        self._count += 1


def _same_size(name: str, size: int, seen: int) -> None:
    if seen != size:
        raise SizeChanged(f"{name}: announced {size} bytes, got {seen}")

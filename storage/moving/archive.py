"""The file of a backup: a tar archive with one spelling, so that every byte of it is accounted for.

Members follow one another with nothing between them; each header is what `_header` makes of name and size, padding is
zeros, and the file ends after two empty blocks. Any tar reads it; our reader takes no other spelling, so a flipped byte
shows wherever it is. ``docs/formats/backup.md`` says what the members are.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage.moving.errors import MovingRefused

CHUNK = 1 << 20
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
_NAME_BYTES = 100


@dataclass(frozen=True, slots=True)
class Member:
    """One member as it lies in the file: ``start`` is the offset of its first byte."""

    name: str
    size: int
    start: int


@dataclass(frozen=True, slots=True)
class Written:
    """What was put under a name."""

    name: str
    size: int
    sha256: str


class ArchiveWriter:
    """Writes members one after another into an open, seekable file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, name: str, chunks: Iterable[bytes]) -> Written:
        """Write one member of yet unknown size; its header is completed afterwards."""
        begin = self._stream.tell()
        self._stream.write(bytes(_BLOCK))
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            self._stream.write(chunk)
        self._stream.write(bytes(-size % _BLOCK))
        end = self._stream.tell()
        self._stream.seek(begin)
        self._stream.write(_header(name, size))
        self._stream.seek(end)
        return Written(name, size, digest.hexdigest())

    def finish(self) -> None:
        """The end of the archive."""
        self._stream.write(_END)


class ArchiveReader:
    """Reads the members of an archive in their order, refusing every other spelling.

    Raises:
        MovingRefused: ``backup_damaged``, ``backup_cut``, from any method, naming where in the file it is.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._length = stream.seek(0, os.SEEK_END)

    def members(self) -> Iterator[Member]:
        """Every member; its content may be read (with `chunks`) while it is the latest, and is skipped otherwise."""
        at = 0
        while True:
            self._stream.seek(at)
            block = self._stream.read(_BLOCK)
            if block == bytes(_BLOCK):
                rest = self._stream.read()
                if rest != bytes(_BLOCK):
                    raise self._cut() if rest == bytes(len(rest)) and len(rest) < _BLOCK else damaged(at)
                return
            member = self._member(block, at)
            yield member
            end = member.start + member.size
            self._stream.seek(end)
            padding = self._stream.read(-member.size % _BLOCK)
            if padding != bytes(len(padding)):
                raise damaged(end, member.name)
            if len(padding) < -member.size % _BLOCK:
                raise self._cut()
            at = end + len(padding)

    def chunks(self, member: Member) -> Iterator[bytes]:
        """The content of a member."""
        self._stream.seek(member.start)
        left = member.size
        while left:
            chunk = self._stream.read(min(CHUNK, left))
            if not chunk:
                raise self._cut()
            left -= len(chunk)
            yield chunk

    def content(self, member: Member, most: int = 1 << 26) -> bytes:
        """A small member whole."""
        if member.size > most:
            raise damaged(member.start, member.name)
        return b"".join(self.chunks(member))

    def _member(self, block: bytes, at: int) -> Member:
        if len(block) < _BLOCK:
            raise self._cut()
        try:
            found = tarfile.TarInfo.frombuf(block, "ascii", "strict")
            plain = _header(found.name, found.size) == block
        except (tarfile.HeaderError, ValueError) as error:
            raise damaged(at) from error
        if not plain or found.size < 0:
            raise damaged(at)
        start = at + _BLOCK
        if start + found.size > self._length:
            raise self._cut()
        return Member(found.name, found.size, start)

    def _cut(self) -> MovingRefused:
        return MovingRefused("backup_cut", at=self._length)


def damaged(at: int, member: str = "") -> MovingRefused:
    """The refusal of a file that is not as it was written, by where in it that shows."""
    return MovingRefused("backup_damaged", detail=f"byte {at}, {member}" if member else f"byte {at}")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is there under its name when it is whole and on the disk, or not at all; only its owner reads it.

    Raises:
        MovingRefused: ``file_exists``: nothing is ever replaced.
    """
    if path.exists():
        raise MovingRefused("file_exists", name=str(path))
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(part, path)  # unlike a rename, a link never replaces
        except FileExistsError as error:
            raise MovingRefused("file_exists", name=str(path)) from error
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _header(name: str, size: int) -> bytes:
    """The only header a member may have: nothing in it but name and size (past 8 GiB in GNU tar's binary form)."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    if len(name) > _NAME_BYTES:
        raise ValueError(f"the name is too long: {name}")
    return info.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")

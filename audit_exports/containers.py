"""Where a package's files are read from when it is checked: a zip or an unpacked folder, hostile until shown otherwise.

Both containers look at the whole structure first (`problems`), and only then give bytes. Nothing is ever unpacked, no
name from the package touches the file system of whoever checks it.
"""

from __future__ import annotations

import os
import stat
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from audit_exports import ziplayout
from audit_exports.codes import Code
from audit_exports.names import collision_key, path_problem
from audit_exports.ziplayout import Member
from evidence.findings import Finding

CHUNK = 1 << 20
_SMALL = 4 * CHUNK
_HUGE = 64 * CHUNK
"""From here on a second thread reads ahead: whoever hashes one such file has nobody else to share the work with."""


class Unreadable(Exception):
    """The bytes of a file cannot be had; ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class Container(Protocol):
    """Named files. `problems` is asked first; the other methods are right only when it found nothing."""

    def problems(self) -> list[Finding]:
        """What is wrong with the structure itself."""
        ...

    def sizes(self) -> dict[str, int]:
        """Size in bytes of every file by path, in the container's order."""
        ...

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a file, in pieces of at most 4 MiB. Raises `Unreadable`."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of a file that is not large. Raises `Unreadable`."""
        ...

    def close(self) -> None:
        """Release what is open."""
        ...


def open_container(path: Path) -> Container:
    """The container at ``path``. Raises `OSError` when there is none."""
    return Folder(path) if path.is_dir() else ZipContainer(path.open("rb"))


class NameCheck:
    """Finds unsafe, repeated and colliding names as they come."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def finding(self, name: str) -> Finding | None:
        """What is wrong with one more name."""
        if problem := path_problem(name):
            return Finding(problem, printable(name), "a plain relative path", printable(name))
        key = collision_key(name)
        if (other := self._seen.get(key)) is not None:
            code = Code.NAME_DUPLICATE if other == name else Code.NAME_COLLISION
            return Finding(code, name, "one file of that name", other)
        self._seen[key] = name
        return None

    def takes(self, name: str) -> bool:
        """Whether nothing is wrong with one more name; `finding` says what is, as if it had not been asked before."""
        key = collision_key(name)
        if key in self._seen or path_problem(name):
            return False
        self._seen[key] = name
        return True


class ZipContainer:
    """A zip that must be spelled exactly as `ziplayout` spells it."""

    def __init__(self, stream: BinaryIO, *, limit: int = ziplayout.MAX_32) -> None:
        self._stream = stream
        self._limit = limit
        self._members: dict[str, Member] = {}
        self._at = _reader(stream)

    def problems(self) -> list[Finding]:
        """Compare every structural byte with the one spelling; stops at the first that makes the rest guesswork."""
        size = self._stream.seek(0, os.SEEK_END)
        tail_bytes = min(size, ziplayout.END_BYTES + ziplayout.LOCATOR_BYTES + ziplayout.END64_BYTES)
        tail = self._at(size - tail_bytes, tail_bytes)
        end = ziplayout.read_end(tail)
        if end is None:
            return [Finding(Code.ZIP_END, "zip", "an end record as the last bytes", tail[-22:].hex())]
        count, start, length = end
        expected = ziplayout.end_records(count, start, length, self._limit)
        if start + length + len(expected) != size or not tail.endswith(expected):
            return [Finding(Code.ZIP_NOT_CANONICAL, "zip", expected.hex(), tail.hex())]
        return self._directory_problems(count, start, length)

    def sizes(self) -> dict[str, int]:
        """Sizes by path in the zip's order."""
        return {name: member.size for name, member in self._members.items()}

    def chunks(self, path: str) -> Iterator[bytes]:
        """The member's bytes; a CRC-32 that does not fit is raised after the last piece."""
        member = self._members[path]
        start = member.offset + ziplayout.local_bytes(member, self._limit)
        crc = 0
        for chunk, crc in self._pieces(start, member.size):  # noqa: B007 - the last CRC is what is wanted
            yield chunk
        _same_sum(path, member, crc)

    def read(self, path: str) -> bytes:
        """The member's bytes at once."""
        member = self._members[path]
        data = self._at(member.offset + ziplayout.local_bytes(member, self._limit), member.size)
        _same_sum(path, member, zlib.crc32(data))
        return data

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _pieces(self, start: int, size: int) -> Iterator[tuple[bytes, int]]:
        """Pieces of at most 1 MiB (a small member is one) with the running CRC-32."""
        step = max(size, 1) if size <= _SMALL else CHUNK
        pieces = self._summed(range(start, start + size, step), start + size)
        return _ahead(pieces) if size >= _HUGE else pieces

    def _summed(self, starts: range, stop: int) -> Iterator[tuple[bytes, int]]:
        crc = 0
        for at in starts:
            data = self._at(at, min(starts.step, stop - at))
            crc = zlib.crc32(data, crc)
            yield data, crc

    def _directory_problems(self, count: int, start: int, length: int) -> list[Finding]:
        names, position, offset, directory = NameCheck(), start, 0, _Window(self._at)
        while position < start + length:
            taken, offset = self._plain_members(directory.ahead(position), offset, start, names)
            if taken:
                position += taken
                continue
            fixed = directory.read(position, ziplayout.CENTRAL_BYTES)
            if len(fixed) < ziplayout.CENTRAL_BYTES or not fixed.startswith(ziplayout.CENTRAL_SIGNATURE):
                return [
                    Finding(Code.ZIP_DIRECTORY, f"byte {position}", "a directory record", fixed[:4].hex())
                ]
            rest = directory.read(position + len(fixed), ziplayout.variable_bytes(fixed))
            found = self._record_problem(
                fixed + rest, ziplayout.read_central(fixed, rest), offset, start, names
            )
            if isinstance(found, Finding):
                return [found]
            position += len(fixed) + len(rest)
            offset += found
        if (len(self._members), offset) != (count, start):
            return [
                Finding(
                    Code.ZIP_GAP, "zip", f"{count} members, {start} bytes", f"{len(self._members)}, {offset}"
                )
            ]
        return []

    def _plain_members(self, records: bytes, offset: int, start: int, names: NameCheck) -> tuple[int, int]:
        """Keep members from the first one on as long as nothing is wrong with them, or rare.

        Gives the bytes of their records, and where the next member begins. ``records`` is a part of the directory.
        """
        at = 0
        while (numbers := ziplayout.plain_record(records, at, offset)) is not None:
            crc, size, name_bytes = numbers
            stop = at + ziplayout.CENTRAL_BYTES + name_bytes
            raw = records[at + ziplayout.CENTRAL_BYTES : stop]
            local = ziplayout.plain_local(records, at, raw)
            after = offset + len(local) + size
            if after > start or max(size, offset) >= self._limit or self._at(offset, len(local)) != local:
                break
            try:
                name = raw.decode()
            except UnicodeDecodeError:
                break
            if not names.takes(name):
                break
            self._members[name] = Member(name, size, crc, offset)
            at, offset = stop, after
        return at, offset

    def _record_problem(
        self, record: bytes, raw: ziplayout.RawCentral, offset: int, start: int, names: NameCheck
    ) -> Finding | int:
        """Check one central record and its local header; when both are as they must be the member is kept.

        Gives a finding, or how many bytes header and data take.
        """
        try:
            name = raw.name.decode()
        except UnicodeDecodeError:
            return Finding(Code.NAME_ENCODING, raw.name.hex(), "UTF-8", raw.name.hex())
        if ziplayout.is_symlink(raw.attributes):
            return Finding(Code.FILE_SYMLINK, printable(name), "a regular file", "symbolic link")
        if raw.method or raw.packed != raw.size:
            return Finding(
                Code.ZIP_COMPRESSED,
                printable(name),
                "stored",
                f"method {raw.method}, {raw.packed}:{raw.size}",
            )
        if finding := names.finding(name):
            return finding
        member = Member(name, raw.size, raw.crc, offset)
        local = ziplayout.local_record(member, self._limit)
        if raw.offset != offset or offset + len(local) + raw.size > start:
            return Finding(
                Code.ZIP_OVERLAP,
                name,
                f"header at {offset}, within {start}",
                f"at {raw.offset}, {raw.size} B",
            )
        if ziplayout.central_record(member, self._limit) != record:
            return Finding(Code.ZIP_NOT_CANONICAL, name, "the canonical directory record", record.hex())
        if (found := self._at(offset, len(local))) != local:
            return Finding(Code.ZIP_HEADER, name, local.hex(), found.hex())
        self._members[name] = member
        return len(local) + raw.size


def _same_sum(path: str, member: Member, crc: int) -> None:
    if crc != member.crc:
        raise Unreadable(Finding(Code.ZIP_CRC, path, f"{member.crc:08x}", f"{crc:08x}"))


def _reader(stream: BinaryIO) -> Callable[[int, int], bytes]:
    """Read ``size`` bytes at an offset (fewer where the stream ends), from any number of threads.

    Where the system can, without moving the stream's place, so that nobody waits for anybody and a forked process may
    use the same file.
    """
    try:
        descriptor = stream.fileno() if hasattr(os, "pread") else None
    except OSError:  # not a file
        descriptor = None
    if descriptor is None:
        return _taking_turns(stream)

    def at_once(offset: int, size: int) -> bytes:
        found = os.pread(descriptor, size, offset)
        while len(found) < size and (more := os.pread(descriptor, size - len(found), offset + len(found))):
            found += more
        return found

    return at_once


def _taking_turns(stream: BinaryIO) -> Callable[[int, int], bytes]:
    turn = threading.Lock()

    def alone(offset: int, size: int) -> bytes:
        with turn:
            stream.seek(offset)
            return stream.read(size)

    return alone


def _ahead(pieces: Iterator[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
    """The same pieces; a thread makes the next one while the caller is busy with the last."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - few packages have such files

    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, pieces, None)
        while (current := following.result()) is not None:
            following = thread.submit(next, pieces, None)
            yield current


class _Window:
    """Small reads that follow one another, served from reads of 1 MiB."""

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        self._read = read
        self._held = b""
        self._start = 0

    def read(self, offset: int, size: int) -> bytes:
        """As many of ``size`` bytes as there are."""
        at = offset - self._start
        if at < 0 or at + size > len(self._held):
            self._held, self._start, at = self._read(offset, max(size, CHUNK)), offset, 0
        return self._held[at : at + size]

    def ahead(self, offset: int) -> bytes:
        """What is at hand from there on, at least what one read gives."""
        self.read(offset, 1)
        return self._held[offset - self._start :]


class Folder:
    """An unpacked package. Links and special files are findings; they are never followed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sizes: dict[str, int] = {}

    def problems(self) -> list[Finding]:
        """Walk the whole folder; every file must be regular and have a safe, unique path."""
        names, found = NameCheck(), list[Finding]()
        for path, status in _walk(self._root, ""):
            finding = names.finding(path)
            if stat.S_ISLNK(status.st_mode):
                finding = Finding(Code.FILE_SYMLINK, printable(path), "a regular file", "symbolic link")
            elif not stat.S_ISREG(status.st_mode):
                finding = Finding(Code.FILE_SPECIAL, printable(path), "a regular file", oct(status.st_mode))
            if finding:
                found.append(finding)
            else:
                self._sizes[path] = status.st_size
        return found

    def sizes(self) -> dict[str, int]:
        """Sizes by path, sorted."""
        return dict(self._sizes)

    def chunks(self, path: str) -> Iterator[bytes]:
        """The file's bytes; a link put in its place meanwhile is not followed."""
        try:
            descriptor = os.open(self._root / path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise Unreadable(
                Finding(Code.FILE_UNREADABLE, path, "a readable file", str(error.strerror))
            ) from error

    def read(self, path: str) -> bytes:
        """The file's bytes at once."""
        return b"".join(self.chunks(path))

    def close(self) -> None:
        """Nothing stays open."""


def printable(text: str) -> str:
    """Text from a hostile package as it may be shown on a terminal."""
    return text.encode("unicode_escape", "replace").decode()[:300] if not text.isprintable() else text[:300]


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as listing:
        for item in sorted(listing, key=lambda entry: os.fsencode(entry.name)):
            status = item.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(Path(item.path), f"{prefix}{item.name}/")
            else:
                yield prefix + item.name, status

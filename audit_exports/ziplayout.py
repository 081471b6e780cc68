"""The one spelling of a zip file that a package may have (`docs/formats/package.md`, section "The zip").

Every byte outside the members' data follows from the members' names, sizes and CRC-32s: members are stored, contiguous,
in the order of the central directory, dated 1980-01-01, with no comment and no extra field but Zip64's where a number
does not fit. The writer writes exactly these records; the reader builds them again and compares, so that no flipped,
added or overlapping byte has a place to hide, and a decompression bomb cannot exist.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local), 4.3.12 (central), 4.3.14-16 (ends), 4.5.3 (Zip64).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

MAX_32 = 0xFFFFFFFF
MAX_16 = 0xFFFF

_UTF8_NAMES = 0x0800
_STORED = 0
_DATE_1980_01_01 = 0x0021
_UNIX = 3 << 8
_REGULAR_FILE_0644 = 0o100644 << 16
_PLAIN = 20
_ZIP64 = 45
_ZIP64_EXTRA = 1
_ZIP64_LOCAL = struct.calcsize("<HHQQ")

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")

_LOCAL_BEGIN = struct.pack("<4sHHHHH", b"PK\x03\x04", _PLAIN, _UTF8_NAMES, _STORED, 0, _DATE_1980_01_01)
_CENTRAL_BEGIN = struct.pack(
    "<4sHHHHHH", b"PK\x01\x02", _UNIX | _PLAIN, _PLAIN, _UTF8_NAMES, _STORED, 0, _DATE_1980_01_01
)
_CENTRAL_REST = struct.Struct("<LLLHHHHHLL")
_CENTRAL_END = (0, 0, 0, 0, _REGULAR_FILE_0644)
"""Bytes of extra fields and comment, number of the disk, attributes."""

CENTRAL_BYTES = _CENTRAL.size
END_BYTES = _END.size
END64_BYTES = _END64.size
LOCATOR_BYTES = _LOCATOR.size
END_SIGNATURE = b"PK\x05\x06"
CENTRAL_SIGNATURE = b"PK\x01\x02"


class Member(NamedTuple):
    """One stored file: its path, size in bytes, CRC-32 and where its local header starts."""

    name: str
    size: int
    crc: int
    offset: int


@dataclass(frozen=True, slots=True)
class RawCentral:
    """What a central record says, before any of it is believed."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int
    extra: bytes
    comment_bytes: int


def local_record(member: Member, limit: int = MAX_32) -> bytes:
    """The local header of a member; ``limit`` is where 32-bit fields stop being enough (smaller only in tests)."""
    name = member.name.encode()
    extra = b""
    size = member.size
    if member.size >= limit:
        extra = struct.pack("<HHQQ", _ZIP64_EXTRA, 16, member.size, member.size)
        size = MAX_32
    fixed = _LOCAL.pack(
        b"PK\x03\x04",
        _ZIP64 if extra else _PLAIN,
        _UTF8_NAMES,
        _STORED,
        0,
        _DATE_1980_01_01,
        member.crc,
        size,
        size,
        len(name),
        len(extra),
    )
    return fixed + name + extra


def local_bytes(member: Member, limit: int = MAX_32) -> int:
    """How long the local header of a member is."""
    name = member.name
    letters = len(name) if name.isascii() else len(name.encode())
    return _LOCAL.size + letters + (_ZIP64_LOCAL if member.size >= limit else 0)


def central_record(member: Member, limit: int = MAX_32) -> bytes:
    """The central directory record of a member."""
    name = member.name.encode()
    big_size, big_offset = member.size >= limit, member.offset >= limit
    numbers = [member.size, member.size] * big_size + [member.offset] * big_offset
    extra = b""
    if numbers:
        extra = struct.pack(f"<HH{len(numbers)}Q", _ZIP64_EXTRA, 8 * len(numbers), *numbers)
    needed = _ZIP64 if extra else _PLAIN
    size = MAX_32 if big_size else member.size
    fixed = _CENTRAL.pack(
        CENTRAL_SIGNATURE,
        _UNIX | needed,
        needed,
        _UTF8_NAMES,
        _STORED,
        0,
        _DATE_1980_01_01,
        member.crc,
        size,
        size,
        len(name),
        len(extra),
        0,
        0,
        0,
        _REGULAR_FILE_0644,
        MAX_32 if big_offset else member.offset,
    )
    return fixed + name + extra


def end_records(count: int, start: int, length: int, limit: int = MAX_32) -> bytes:
    """What follows the central directory of ``count`` members that starts at ``start`` and is ``length`` bytes long."""
    head = b""
    if count >= MAX_16 or start >= limit or length >= limit:
        head = _END64.pack(
            b"PK\x06\x06", _END64.size - 12, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, length, start
        ) + _LOCATOR.pack(b"PK\x06\x07", 0, start + length, 1)
        count, length, start = min(count, MAX_16), min(length, MAX_32), min(start, MAX_32)
        start = MAX_32 if start >= limit else start
        length = MAX_32 if length >= limit else length
    return head + _END.pack(END_SIGNATURE, 0, 0, count, count, length, start, 0)


def plain_record(directory: bytes, at: int, offset: int) -> tuple[int, int, int] | None:
    """``(CRC-32, size, bytes of the name)`` where a central record begins at ``at`` as `central_record` spells it.

    It has to belong to a member whose local header is at ``offset``, and to need no Zip64: ``None`` otherwise, and what
    is wrong then is told by the long way. Its name is not looked at.
    """
    if directory[at : at + len(_CENTRAL_BEGIN)] != _CENTRAL_BEGIN or at + _CENTRAL.size > len(directory):
        return None
    crc, packed, size, name, *rest = _CENTRAL_REST.unpack_from(directory, at + len(_CENTRAL_BEGIN))
    if packed != size or rest != [*_CENTRAL_END, offset] or at + _CENTRAL.size + name > len(directory):
        return None
    return crc, size, name


def plain_local(directory: bytes, at: int, name: bytes) -> bytes:
    """The local header of the member whose `plain_record` begins at ``at``: the same numbers, in the same order."""
    numbers = at + len(_CENTRAL_BEGIN)
    return _LOCAL_BEGIN + directory[numbers : numbers + _LOCAL.size - len(_LOCAL_BEGIN)] + name


def read_end(tail: bytes) -> tuple[int, int, int] | None:
    """``(count, start, length)`` of the central directory from the last bytes of a file, or ``None``.

    ``tail`` ends where the file ends and holds at least the Zip64 records when there are any.
    """
    if len(tail) < END_BYTES or tail[-END_BYTES:][:4] != END_SIGNATURE:
        return None
    _, _, _, _, count, length, start, _ = _END.unpack(tail[-END_BYTES:])
    before = tail[:-END_BYTES]
    if before[-LOCATOR_BYTES:][:4] == b"PK\x06\x07" and len(before) >= LOCATOR_BYTES + END64_BYTES:
        record = before[-LOCATOR_BYTES - END64_BYTES : -LOCATOR_BYTES]
        if record[:4] == b"PK\x06\x06":
            *_, count, length, start = _END64.unpack(record)
    return count, start, length


def read_central(fixed: bytes, rest: bytes) -> RawCentral:
    """A central record from its 46 fixed bytes and the name, extra and comment that follow."""
    fields = _CENTRAL.unpack(fixed)
    name_bytes, extra_bytes = fields[10], fields[11]
    extra = rest[name_bytes : name_bytes + extra_bytes]
    packed, size, offset = _zip64(extra, fields[8], fields[9], fields[16])
    return RawCentral(
        name=rest[:name_bytes],
        flags=fields[3],
        method=fields[4],
        crc=fields[7],
        packed=packed,
        size=size,
        attributes=fields[15],
        offset=offset,
        extra=extra,
        comment_bytes=fields[12],
    )


def variable_bytes(fixed: bytes) -> int:
    """How many bytes of name, extra and comment follow the fixed part of a central record."""
    fields = _CENTRAL.unpack(fixed)
    return int(fields[10] + fields[11] + fields[12])


def _zip64(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Take from a leading Zip64 extra field the numbers whose 32-bit fields say "look there"."""
    if len(extra) < 4 or struct.unpack_from("<H", extra)[0] != _ZIP64_EXTRA:
        return packed, size, offset
    numbers = [extra[at : at + 8] for at in range(4, len(extra) - 7, 8)]
    found = []
    for value in (size, packed, offset):
        elsewhere = value == MAX_32 and bool(numbers)
        found.append(int.from_bytes(numbers.pop(0), "little") if elsewhere else value)
    size, packed, offset = found
    return packed, size, offset


def is_symlink(attributes: int) -> bool:
    """Whether Unix attributes in a central record call the member a symbolic link."""
    return (attributes >> 16) & 0o170000 == 0o120000

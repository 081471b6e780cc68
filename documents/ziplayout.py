"""Whether a ZIP is one file and nothing else: every program that opens it must find the same members.

Programs look for a ZIP's directory from the end or from the beginning, believe local headers or central ones, and skip
what stands between. A file in which these disagree is two files. (PKWARE APPNOTE 4.3; ISO/IEC 21320-1 asks the same.)
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from typing import BinaryIO

from documents.refusals import Refuse

_LOCAL_BYTES = 30
_NAME_AND_EXTRA = struct.Struct("<2H")
_END = struct.Struct("<4s4H2LH")
_LOCATOR, _END64 = 20, 56
_DESCRIPTORS = frozenset({0, 12, 16, 20, 24})
"""Bytes that may follow a member's data: a descriptor, with or without its mark, in either width of sizes."""


def check_layout(stream: BinaryIO, members: Sequence[zipfile.ZipInfo], family: str) -> None:
    """Judge where members, directory and end stand, and what members are called.

    Raises:
        Refuse: polyglot (``also`` is zip): gaps, overlaps, two directories, something before or after, names that
            differ, that come twice, or that lead out of the package.
    """
    directory, end = _directory(stream, family)
    at = 0
    for member in sorted(members, key=lambda item: item.header_offset):
        if member.header_offset - at not in (_DESCRIPTORS if at else {0}):
            raise _two(family)
        at = _end_of(stream, member, family)
    if directory - at not in _DESCRIPTORS or not directory <= end:
        raise _two(family)
    names = [member.orig_filename.lower() for member in members]
    if len(set(names)) != len(names) or any(_leads_away(name) for name in names):
        raise _two(family)


def _directory(stream: BinaryIO, family: str) -> tuple[int, int]:
    """Where the central directory begins and ends; the file ends with its end record, without a comment."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END.size))
    record = stream.read()
    if len(record) != _END.size or not record.startswith(b"PK\5\6"):
        raise _two(family)
    *_, length, offset, comment = _END.unpack(record)
    end = size - _END.size
    stream.seek(max(0, end - _LOCATOR))
    if stream.read(4) == b"PK\6\7":  # ZIP64: its end record and locator stand between
        end -= _LOCATOR + _END64
        stream.seek(max(0, end))
        wide = stream.read(_END64)
        if not wide.startswith(b"PK\6\6"):
            raise _two(family)
        length, offset = struct.unpack_from("<QQ", wide, 40)
    if comment or offset + length != end:
        raise _two(family)
    return offset, end


def _end_of(stream: BinaryIO, member: zipfile.ZipInfo, family: str) -> int:
    stream.seek(member.header_offset)
    head = stream.read(_LOCAL_BYTES)
    if len(head) != _LOCAL_BYTES or not head.startswith(b"PK\3\4"):
        raise _two(family)
    name_length, extra_length = _NAME_AND_EXTRA.unpack(head[-4:])
    name = stream.read(name_length)
    if name != member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437", "replace"):
        raise _two(family)
    data = member.header_offset + _LOCAL_BYTES + int(name_length) + int(extra_length)
    return data + member.compress_size


def _leads_away(name: str) -> bool:
    return (
        not name
        or name.startswith("/")
        or "\\" in name
        or ":" in name
        or "\0" in name
        or ".." in name.split("/")
    )


def _two(family: str) -> Refuse:
    return Refuse("polyglot", family=family, also="zip")

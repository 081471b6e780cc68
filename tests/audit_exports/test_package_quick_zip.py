"""A zip's directory read quickly is judged as it is judged record by record, whatever was done to it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_exports import ziplayout
from audit_exports.bag import MalformedManifest, parse_manifest
from audit_exports.containers import NameCheck, ZipContainer
from audit_exports.zipwriter import ZipWriter
from evidence.findings import Finding

FILES = {
    "bagit.txt": b"BagIt",
    "data/a.txt": b"uno",
    "data/b/ñ.txt": b"dos",
    "data/b/c.txt": b"",
    "z": b"tres" * 9,
}


class RecordByRecord(ZipContainer):
    """Without the quick way."""

    def _plain_members(self, _records: bytes, offset: int, _start: int, _names: NameCheck) -> tuple[int, int]:
        return 0, offset


def judged(container: ZipContainer) -> tuple[list[Finding], dict[str, int]]:
    """What is wrong with it, and its files where nothing is."""
    try:
        found = container.problems()
        return found, container.sizes() if not found else {}
    finally:
        container.close()


def both(package: bytes, limit: int = ziplayout.MAX_32) -> tuple[list[Finding], dict[str, int]]:
    """The same of both ways."""
    quick = judged(ZipContainer(io.BytesIO(package), limit=limit))
    assert quick == judged(RecordByRecord(io.BytesIO(package), limit=limit))
    return quick


def written(files: dict[str, bytes], limit: int = ziplayout.MAX_32) -> bytes:
    """A zip as the writer spells it."""
    sink = io.BytesIO()
    writer = ZipWriter(sink, limit=limit)
    for name, data in files.items():
        writer.add(name, data)
    writer.close()
    return sink.getvalue()


WHOLE = written(FILES)
START = struct.unpack_from("<L", WHOLE, len(WHOLE) - 6)[0]
FIRST = len("bagit.txt") + ziplayout.CENTRAL_BYTES


def of_another_program(method: int = zipfile.ZIP_STORED) -> bytes:
    """The same files by the standard library."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    return sink.getvalue()


def records() -> list[bytes]:
    """The records of the directory of `WHOLE`."""
    found, at = [], START
    while WHOLE.startswith(ziplayout.CENTRAL_SIGNATURE, at):
        size = ziplayout.CENTRAL_BYTES + ziplayout.variable_bytes(WHOLE[at : at + ziplayout.CENTRAL_BYTES])
        found.append(WHOLE[at : at + size])
        at += size
    return found


def with_directory(directory: bytes, count: int) -> bytes:
    """`WHOLE` with another directory."""
    return WHOLE[:START] + directory + ziplayout.end_records(count, START, len(directory))


def changed(*places: tuple[int, int]) -> bytes:
    """`WHOLE` with other bytes at places of the file."""
    package = bytearray(WHOLE)
    for place, value in places:
        package[place] = value
    return bytes(package)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "cut": lambda: WHOLE[: START + 30],
    "reordered": lambda: with_directory(b"".join(reversed(records())), len(records())),
    "duplicate": lambda: with_directory(b"".join(records() * 2), 2 * len(records())),
    "left out": lambda: with_directory(b"".join(records()[:-1]), len(records()) - 1),
    "miscounted": lambda: with_directory(b"".join(records()), 3),
    "deflated": lambda: of_another_program(zipfile.ZIP_DEFLATED),
    "stored by another": of_another_program,
    "encrypted": lambda: changed((START + 8, 1), (6, 1)),
    "descriptor": lambda: changed((START + 8, 8), (6, 8)),
    "descriptor, only here": lambda: changed((START + 8, 8)),
    "encrypted, only there": lambda: changed((6, 1)),
    "other name there": lambda: changed((30, ord("B"))),
    "name that is not UTF-8": lambda: _renamed(b"data/a.txt", b"data/\xff.txt"),
    "name that climbs": lambda: _renamed(b"data/a.txt", b"../../.txt"),
    "link": lambda: changed((START + 41, 0xA1)),
    "comment": lambda: WHOLE[:-2] + b"\x05\x00HELLO",
    "prefix": lambda: b"#!" + WHOLE,
}


def _renamed(old: bytes, new: bytes) -> bytes:
    """Another name of the same length, in both places."""
    assert len(old) == len(new)
    return WHOLE.replace(old, new)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_directories_are_judged_the_same_way(name: str) -> None:
    """Cut, reordered, repeated, deflated, encrypted, with descriptors: both ways find the same, and find something."""
    found, _ = both(HOSTILE[name]())
    assert found


def test_two_names_that_are_one_are_found() -> None:
    """Names that differ in case only, and the very same name of one letter twice."""
    assert both(written({"data/x": b"1", "data/X": b"2"}))[0][0].code == "name.collision"
    twice = written({"x": b"1", "y": b"1"}).replace(b"y", b"x")
    assert both(twice)[0][0].code == "name.duplicate"


@pytest.mark.parametrize("mask", [1, 0x80, 0xFF])
def test_every_structural_byte_is_judged_the_same_way(mask: int) -> None:
    """Each byte of the file in turn: same findings, or none where it is a byte of a file's content."""
    for place in range(len(WHOLE)):
        both(changed((place, WHOLE[place] ^ mask)))


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.dictionaries(st.text("abAñ/é-\\.\n", min_size=1, max_size=9), st.binary(max_size=90), max_size=6),
    st.sampled_from([ziplayout.MAX_32, 1000, 60, 1]),
)
def test_any_files_are_judged_the_same_way(files: dict[str, bytes], limit: int) -> None:
    """Any names, and numbers that need Zip64 records."""
    found, sizes = both(written(files, limit), limit)
    assert found or sizes == {name: len(data) for name, data in files.items()}


@pytest.mark.parametrize(
    "text",
    ["", "\n", "x\n", "{0}  a\n{0}  a\n", "{0}  a\n\n", "{0} a\n", "{0}  a\r\n", "{0}  a", "{0}  a\nz{0}  b\n",
     "{0}  a\n{0}  \n", "{0}x  a\n", "{0}  a\n{0}  b\n{0}"],
)  # fmt: skip
def test_a_manifest_with_a_bad_line_is_refused(text: str) -> None:
    """A line that is none, a path twice, an end without a newline: also where all other lines are good."""
    with pytest.raises(MalformedManifest):
        parse_manifest(text.format("0" * 64).encode())


def test_a_manifest_is_read_in_its_order() -> None:
    """Paths may have spaces, quotes and letters of any kind."""
    text = "".join(f"{n:064x}  {path}\n" for n, path in enumerate(["b", "a  b", "ñ 'x'"]))
    assert list(parse_manifest(text.encode()).items()) == [
        ("b", f"{0:064x}"), ("a  b", f"{1:064x}"), ("ñ 'x'", f"{2:064x}"),
    ]  # fmt: skip

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_exports import ziplayout
from audit_exports.containers import Folder, Unreadable, ZipContainer
from audit_exports.zipwriter import ZipWriter
from evidence.findings import Verdict
from tests.audit_exports.resealing import codes, contents, plain_zip, reseal, unpack, verify_bytes

NAMES = {
    "data/../../etc/passwd": "name.traversal",
    "../fuera.txt": "name.traversal",
    "data/./x": "name.traversal",
    "data//x": "name.traversal",
    "/etc/passwd": "name.absolute",
    "C:/x": "name.absolute",
    "data\\..\\x": "name.backslash",
    "data/a\x00b": "name.control",
    "data/a\u202egpj.exe": "name.control",
    "data/n\u0303": "name.not_nfc",
    "data/con.txt": "name.not_portable",
    "data/punto.": "name.not_portable",
    "data/a:b": "name.not_portable",
    "data/" + "x" * 400: "name.length",
    "DATA/INDEX.HTML": "name.collision",
    "data/ındex.html".replace("ı", "I"): "name.collision",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_dangerous_name_is_found_in_a_zip(files: dict[str, bytes], vkey: str, name: str) -> None:
    """R20: names that leave the folder, disguise themselves or overwrite another file."""
    report = verify_bytes(plain_zip({**files, name: b"x"}), vkey)
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {NAMES[name]})


def test_a_repeated_name_is_found(files: dict[str, bytes], vkey: str) -> None:
    """R20: two members of one name would let two readers see two packages."""
    report = verify_bytes(twice(files, "data/index.html"), vkey)
    assert codes(report) == {"name.duplicate"}


def twice(files: dict[str, bytes], name: str) -> bytes:
    """A package in which one member stands twice."""
    sink = io.BytesIO()

    writer = ZipWriter(sink)
    for path, data in [*files.items(), (name, b"otro")]:
        writer.add(path, data)
    writer.close()
    return sink.getvalue()


def test_a_symbolic_link_is_found(files: dict[str, bytes], vkey: str, tmp_path: Path) -> None:
    """R20: in a zip and in a folder; it is never followed."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        link = zipfile.ZipInfo("data/enlace")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert codes(verify_bytes(sink.getvalue(), vkey)) == {"file.symlink"}
    folder = unpack(plain_zip(files), tmp_path)
    (folder / "data/enlace").symlink_to("/etc/passwd")
    (folder / "data/carpeta").symlink_to("/etc")
    assert {finding.code for finding in Folder(folder).problems()} == {"file.symlink"}


def test_a_special_file_is_found_in_a_folder(files: dict[str, bytes], tmp_path: Path) -> None:
    """A pipe among the files would hang a careless reader."""
    folder = unpack(plain_zip(files), tmp_path)
    os.mkfifo(folder / "data/tubo")
    assert {finding.code for finding in Folder(folder).problems()} == {"file.special"}


def test_an_unlisted_file_is_found(files: dict[str, bytes], vkey: str) -> None:
    """R20: a file that no manifest names, under data/ or beside it."""
    for name in ("data/más.txt", "leeme.txt", "casos/x"):
        assert "file.unlisted" in codes(verify_bytes(plain_zip({**files, name: b"x"}), vkey))


def test_a_listed_file_that_is_not_there_is_found(files: dict[str, bytes], vkey: str) -> None:
    """The manifest is checked both ways."""
    left = {name: data for name, data in files.items() if name != "data/index.html"}
    assert "file.missing" in codes(verify_bytes(plain_zip(left), vkey))


def test_compressed_members_are_refused_unread(files: dict[str, bytes], vkey: str) -> None:
    """R20: a package holds nothing compressed, so a bomb is never opened, whatever sizes it declares."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/bomba", bytes(1 << 24))
        for name, data in files.items():
            archive.writestr(name, data)
    report = verify_bytes(sink.getvalue(), vkey)
    assert (codes(report), report.bytes_checked) == ({"zip.compressed"}, 0)


def test_declared_sizes_beyond_the_file_are_refused(package: bytes, vkey: str) -> None:
    """R20: a directory that promises more bytes than there are, or overlapping members, is not followed."""
    end = ziplayout.read_end(package[-98:])
    assert end is not None
    directory = end[1]
    for fields, value in (((20, 24), 0xFFFFFFF0), ((24,), 7), ((42,), 40)):
        changed = bytearray(package)
        for field in fields:
            struct.pack_into("<L", changed, directory + field, value)
        report = verify_bytes(bytes(changed), vkey)
        assert report.verdict is Verdict.INVALID
        assert codes(report) <= {"zip.overlap", "zip.compressed"}


@pytest.mark.parametrize("size", [10, 5_000_000])
def test_a_checksum_wrong_in_both_places_is_found(size: int) -> None:
    """Headers that agree with each other and not with the data would make other programs refuse the package."""
    package = bytearray(plain_zip({"a": bytes(size)}))
    end = ziplayout.read_end(bytes(package[-98:]))
    assert end is not None
    for place in (14, end[1] + 16):
        package[place] ^= 1
    container = ZipContainer(io.BytesIO(package))
    assert container.problems() == []
    with pytest.raises(Unreadable) as caught:
        list(container.chunks("a"))
    assert caught.value.finding.code == "zip.crc"
    container.close()


def test_bytes_that_belong_to_no_member_are_found(files: dict[str, bytes], vkey: str) -> None:
    """R20: a comment, a prefix, or a stowaway between two members."""
    package = plain_zip(files)
    comment = package[:-2] + b"\x05\x00" + b"HELLO"
    second = package.index(b"PK\x03\x04", 4)
    for changed in (comment, b"#!/bin/sh\n" + package, package[:second] + b"stowaway" + package[second:]):
        assert verify_bytes(changed, vkey).verdict is Verdict.INVALID


def test_a_zip_of_another_program_is_told_to_be_unpacked(
    files: dict[str, bytes], vkey: str, tmp_path: Path
) -> None:
    """The same files packed again by somebody are not the same package; the folder still verifies."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert codes(verify_bytes(sink.getvalue(), vkey)) == {"zip.not_canonical"}
    assert Folder(unpack(sink.getvalue(), tmp_path)).problems() == []


@pytest.mark.parametrize(
    "junk",
    [b"", b"PK", b"PK\x05\x06" + bytes(18), b"PK\x05\x06" + b"\xff" * 18, bytes(5000), os.urandom(5000)],
)
def test_junk_is_invalid_not_a_crash(junk: bytes, vkey: str) -> None:
    """An empty zip, an empty file, zeros and noise."""
    assert verify_bytes(junk, vkey).verdict is Verdict.INVALID


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "data/alcance.json": lambda _: b"[" * 100_000,
    "data/cadena/checkpoint": lambda data: data.replace(b"\n8\n", b"\n-8\n"),
    "data/calendario/mx-2026-1.toml": lambda data: data.replace(b"America/Mexico_City", b"../../etc/passwd"),
    "data/procesos/ZZ-001/2026-01-02.toml": lambda data: data.replace(b'code = "2"', b'code = "1"'),
    "data/casos/ZZ-001-2026-000001/entries/1.json": lambda _: b'{"v":1}',
    "data/casos/ZZ-001-2026-000001/payloads/1.json": lambda _: b"{" * 100_000,
    "data/casos/ZZ-001-2026-000001/payloads/1.salt": lambda data: data * 2,
    "data/cadena/proofs/ZZ-001-2026-000001-1.tlog-proof": lambda data: data.replace(b"index 2", b"index 02"),
    "manifest-sha256.txt": lambda data: data.replace(b"  data/index", b" *data/index"),
}


@pytest.mark.parametrize("path", HOSTILE)
def test_malformed_content_is_a_finding_not_a_crash(files: dict[str, bytes], vkey: str, path: str) -> None:
    """Every file the verifier parses may be anything at all."""
    changed = {**files, path: HOSTILE[path](files[path])}
    assert changed[path] != files[path]
    package = plain_zip(changed) if path.startswith("manifest") else reseal(changed, {})
    assert verify_bytes(package, vkey).verdict is Verdict.INVALID


def test_huge_numbers_in_names_are_not_counted_up_to(files: dict[str, bytes], vkey: str) -> None:
    """An entry called 999999999 costs nothing but a finding."""
    odd = {"data/casos/ZZ-001-2026-000001/entries/999999999.json": b"{}"}
    assert verify_bytes(reseal(files, odd), vkey).verdict is Verdict.INVALID


def test_many_findings_do_not_fill_memory(files: dict[str, bytes], vkey: str) -> None:
    """A thousand findings are kept, all are counted."""
    many = {f"data/x{number}": b"" for number in range(1500)}
    report = verify_bytes(reseal(files, many), vkey)
    assert (len(report.findings), report.findings_total) == (1000, 1500)


def test_the_sample_survives_the_helpers(package: bytes, files: dict[str, bytes]) -> None:
    """The helpers of these tests rebuild the package exactly, so that only the attack differs."""
    assert contents(plain_zip(files)) == files
    container = ZipContainer(io.BytesIO(package))
    assert container.problems() == []
    container.close()
    assert ziplayout.read_end(package[-98:]) is not None

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_exports.containers import ZipContainer
from audit_exports.names import collision_key, evidence_name, path_problem
from audit_exports.zipwriter import SizeChanged, ZipWriter

LIMITS = st.sampled_from([0xFFFFFFFF, 1000, 60, 1])


def written(files: dict[str, bytes], limit: int = 0xFFFFFFFF, *, stream: bool = False) -> bytes:
    """A zip of these files; a small ``limit`` makes Zip64 records where small numbers would need none."""
    sink = io.BytesIO()
    writer = ZipWriter(sink, limit=limit)
    for name, data in files.items():
        if stream:
            writer.add_stream(name, len(data), [data[:3], data[3:]])
        else:
            writer.add(name, data)
    writer.close()
    return sink.getvalue()


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.dictionaries(st.text("abñ/é-", min_size=1, max_size=12), st.binary(max_size=300), max_size=8), LIMITS
)
def test_other_readers_read_what_we_write(files: dict[str, bytes], limit: int) -> None:
    """The standard library reads every member back, with and without Zip64 records."""
    with zipfile.ZipFile(io.BytesIO(written(files, limit))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.testzip() is None


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.dictionaries(st.text("abñé-", min_size=1, max_size=12), st.binary(max_size=300), max_size=8), LIMITS
)
def test_we_read_what_we_write(files: dict[str, bytes], limit: int) -> None:
    """Our reader finds the same members, byte for byte, and nothing to complain about."""
    unique = {collision_key(name): (name, data) for name, data in files.items() if not path_problem(name)}
    files = dict(unique.values())
    container = ZipContainer(io.BytesIO(written(files, limit)), limit=limit)
    assert container.problems() == []
    assert {name: b"".join(container.chunks(name)) for name in container.sizes()} == files
    container.close()


def test_streamed_and_whole_members_are_written_alike() -> None:
    """A header patched afterwards is the header that would have been written at once."""
    files = {"a": b"hola", "b": b"", "c": bytes(70_000)}
    assert written(files) == written(files, stream=True)


def test_big_members_are_read_in_pieces_and_their_crc_is_checked() -> None:
    """Beyond 4 MiB the next piece is read while the last one is hashed; the bytes are the same."""
    data = bytes(range(256)) * 20_000
    package = written({"grande": data, "otro": b"x"})
    container = ZipContainer(io.BytesIO(package))
    assert container.problems() == []
    pieces = list(container.chunks("grande"))
    assert (len(pieces), b"".join(pieces) == data) == (5, True)
    container.close()


def test_a_stream_of_another_size_is_refused() -> None:
    """The header has already promised the size."""
    for data in (b"12", b"1234"):
        writer = ZipWriter(io.BytesIO())
        with pytest.raises(SizeChanged):
            writer.add_stream("a", 3, [data])
        writer.abandon()


def test_more_members_than_sixteen_bits_count() -> None:
    """70,000 members need Zip64's end record; both readers find them all."""
    package = written({f"{number:05d}": b"" for number in range(70_000)})
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert len(archive.namelist()) == 70_000
    container = ZipContainer(io.BytesIO(package))
    assert (container.problems(), len(container.sizes())) == ([], 70_000)
    container.close()


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(1, 999), st.integers(1, 99), st.text(max_size=400))
def test_every_name_becomes_one_that_any_system_can_unpack(seq: int, position: int, raw: str) -> None:
    """Whatever a file was called: short enough, portable, NFC, and told apart by its prefix."""
    name = evidence_name(seq, position, raw)
    assert path_problem(f"data/casos/MA-001-2026-000123/archivos/{name}") == ""
    assert name.startswith(f"{seq:03d}-{position}_")
    assert len(name.encode()) <= 100


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=60), st.text(max_size=60))
def test_names_in_one_case_never_collide(one: str, other: str) -> None:
    """Two files of one entry differ though their names are the same, or the same but for case or accents' spelling."""
    assert collision_key(evidence_name(7, 1, one)) != collision_key(evidence_name(7, 2, other))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Acta de peñón.PDF", "001-1_Acta de peñón.PDF"),
        ("C:\\Users\\x\\carta.docx", "001-1_carta.docx"),
        ("../../../etc/passwd", "001-1_passwd.bin"),
        ("CON.txt", "001-1_CON.txt"),
        ("foto  (1)..png", "001-1_foto (1).png"),
        ("a\u202egpj.exe", "001-1_a gpj.exe.bin"),
        ("pagina.html", "001-1_pagina.html.bin"),
        ("dibujo.svg", "001-1_dibujo.svg.bin"),
        ("", "001-1_archivo.pdf"),
        ("....", "001-1_archivo.pdf"),
        ("n\u0303.pdf", "001-1_ñ.pdf"),
    ],
)
def test_names_stay_readable(raw: str, expected: str) -> None:
    """Letters, accents and known endings stay; what a double click would run gets a harmless ending."""
    assert evidence_name(1, 1, raw, "pdf") == expected

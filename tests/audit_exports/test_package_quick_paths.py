"""The quick ways of the verifier answer what the slow ones do."""

from __future__ import annotations

import csv
import io
import re
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_exports import names
from audit_exports.containers import Folder
from audit_exports.markup import HOLE, Content, Markup, Shape, href, tag
from audit_exports.names import path_problem
from audit_exports.packagecheck import check_package
from audit_exports.rows import neutral, spelled
from audit_exports.spool import Spool
from audit_exports.trust import Trust
from evidence.canonical import NotCanonical, canonical_bytes, parse_canonical
from evidence.note import VerifierKey
from tests.audit_exports.resealing import plain_zip, reseal, unpack, verify_bytes

PARTS = st.lists(
    st.sampled_from(
        ["con", "CON", "aux", "lpt1", "com0", "nul", ".", "..", "/", " ", "a", "B-1", "_", "ñ", "n\u0303", "\\", ":",
         "x.pdf", "(1)", "\u202e", "\u212a", "\u017f", "\n", "data/casos", "z" * 120, "<", "%"]
    ),
    max_size=6,
)  # fmt: skip


@given(PARTS.map("".join))
def test_a_plain_path_is_judged_as_the_full_rules_judge_it(path: str) -> None:
    """Whatever the quick look lets pass has nothing wrong under the rules one by one, and the other way round."""
    assert path_problem(path) == names._problem(path)


@pytest.mark.parametrize(
    "path", ["con", "a/NUL.txt", "lpt9/x", "a\n", "a ", "a/b/..", "a.", "/a", "a//b", "a/"]
)
def test_unsafe_paths_are_not_taken_for_plain(path: str) -> None:
    """Devices, ends in dots, spaces or newlines, and empty parts have a finding."""
    assert path_problem(path)


@given(st.text(max_size=12) | st.text(alphabet="a ñn\u0303<\u0338.\u037e/\t\u00a0", max_size=8))
def test_a_files_own_name_is_cleaned_as_sign_by_sign(name: str) -> None:
    """Names with nothing to replace take a shorter way to the same name."""
    assert names._clean(name) == names._cleaned(name)


def test_a_shape_is_filled_as_its_elements_would_be() -> None:
    """Text is escaped in content and attributes alike, markup is not, lists and nothing are as ever; `%` is a sign."""
    shape = Shape(tag("a", HOLE, " 100 % ", HOLE, HOLE, href=HOLE))
    nasty = "<\"&'\u202e%s>"
    parts: list[Content] = [tag("b", nasty), [nasty, None, 7]]
    filled = shape.fill(nasty, nasty, *parts)
    assert filled == tag("a", nasty, " 100 % ", *parts, href=nasty)
    assert type(filled) is Markup


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=30))
def test_a_link_is_quoted_the_same_way(path: str) -> None:
    """Paths of plain signs and all others are percent-encoded by one rule."""
    assert href(path) == quoted(path)


def quoted(path: str) -> str:
    """RFC 3986: what is neither unreserved nor a slash, byte by byte."""
    kept = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~/"
    return "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in path.encode())


@given(st.dictionaries(st.text(alphabet="aé\uffee\U0001f600\\u", max_size=3), st.integers(0, 9), max_size=5))
def test_keys_beyond_the_basic_plane_still_sort_by_utf16(value: dict[str, int]) -> None:
    """What is written canonically is read, and any other order of the same keys is refused."""
    data = canonical_bytes(dict(value))
    assert parse_canonical(data) == value
    swapped = "{" + ",".join(reversed(data.decode()[1:-1].split(","))) + "}"
    if swapped.encode() != data:
        with pytest.raises(NotCanonical):
            parse_canonical(swapped.encode())


def test_a_spool_keeps_the_order_of_text_and_bytes() -> None:
    """Rows that wait in memory come before bytes given after them; unpaired surrogates become a question mark."""
    with closing(Spool(8)) as spool:
        assert spool.empty
        spool.write("uno ")
        spool.write_bytes(b"dos ")
        spool.write("\ud800" + "x" * 70_000)
        assert not spool.empty
        assert spool.size() == 8 + 1 + 70_000
        assert b"".join(spool.pieces()) == b"uno dos ?" + b"x" * 70_000


CELLS = st.lists(
    st.text(alphabet="ab1 =+-@\t\r\n\",'_x00A_\x00\ufffe<&>ñ＝", max_size=12) | st.integers(-9, 9), max_size=5
)


@given(CELLS)
def test_a_row_is_spelled_as_a_csv_writer_would(cells: list[str | int]) -> None:
    """RFC 4180 as the standard library writes it, after what a spreadsheet could take for a formula is neutralised."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([neutral(str(cell)) for cell in cells])
    assert spelled(cells).record == text.getvalue()


@given(CELLS)
def test_a_cell_holds_what_xml_may_hold(cells: list[str | int]) -> None:
    """Forbidden signs are replaced, markup is escaped, what looks like an escape of Excel's is escaped itself."""
    for cell, written in zip(cells, spelled(cells).texts, strict=True):
        read = ET.fromstring(f"<t>{written}</t>").text  # noqa: S314 - ours
        assert (read or "") == expected_text(cell)


def expected_text(cell: str | int) -> str:
    """The text of a cell: XML reads a carriage return as a newline."""
    if isinstance(cell, int):
        return str(cell)
    shown = re.sub("[\x00\ufffe]", "\ufffd", neutral(cell))
    return re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", shown).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("name", ["index.html", "state.json", "caratula.pdf", "matriz-de-pasos.csv"])
def test_a_page_of_the_right_length_is_read_all_the_same(
    files: dict[str, bytes], vkey: str, tmp_path: Path, name: str
) -> None:
    """A byte changed in a file that is made again: the manifest finds it, and where that fits, what must be there."""
    path = f"data/casos/ZZ-001-2026-000001/{name}"
    changed = files[path][:-1] + b"~"
    folder = Folder(unpack(plain_zip(files | {path: changed}), tmp_path))
    report = check_package(folder, Trust((VerifierKey.from_text(vkey),)))
    assert {finding.code for finding in report.findings} == {"file.digest_differs"}
    resealed = verify_bytes(reseal(files, {path: changed}), vkey)
    assert {finding.code for finding in resealed.findings} == {"derived.differs"}

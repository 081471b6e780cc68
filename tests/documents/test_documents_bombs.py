"""Files that are small and become huge, read as the program reads them: each is answered, and so is the next one."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from documents import FileRefused, Limits
from documents.isolation import SeparateReader
from tests.documents.test_documents_forkserver import nurseries  # noqa: F401 - a fixture: nobody else's processes

BOUNDS = Limits(memory_bytes=400 << 20, cpu_seconds=10, wall_seconds=20)
ANSWERS = {"too_costly", "damaged", "over_limit", "truncated"}


def _packed(size: int) -> bytes:
    """So many spaces, packed, without holding them."""
    packer, out = zlib.compressobj(9), io.BytesIO()
    for _ in range(size >> 20):
        out.write(packer.compress(b" " * (1 << 20)))
    return out.getvalue() + packer.flush()


def _pdf(*more: bytes) -> bytes:
    bodies = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", *more)
    data, rows = b"%PDF-1.5\n", b"0000000000 65535 f \n"
    for number, body in enumerate(bodies, start=1):
        rows += b"%010d 00000 n \n" % len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = len(bodies) + 1
    tail = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    return data + b"xref\n0 %d\n" % size + rows + tail


def _stream(head: bytes, data: bytes) -> bytes:
    return b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (head, len(data), data)


def _page_bomb(_make: SimpleNamespace) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>"
    return _pdf(page, _stream(b"", _packed(900 << 20)))


def _picture_bomb(_make: SimpleNamespace) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>"
    head = b"/Type/XObject/Subtype/Image/Width 30000/Height 30000/ColorSpace/DeviceRGB/BitsPerComponent 8"
    return _pdf(
        page, _stream(b"", zlib.compress(b"99 0 0 99 0 0 cm /X Do")), _stream(head, _packed(900 << 20))
    )


def _packed_objects_bomb(_make: SimpleNamespace) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>"
    return _pdf(page, _stream(b"/Type/ObjStm/N 1/First 5", _packed(900 << 20)))


def _form_within_itself(_make: SimpleNamespace) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>"
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</X 5 0 R>>>>"
    draws = zlib.compress(b"/X Do /X Do /X Do /X Do ")
    return _pdf(page, _stream(b"", draws), _stream(form, draws))


def _text_bomb(make: SimpleNamespace) -> bytes:
    data = bytes(make.image("PNG"))
    chunk = b"zTXtx\0\0" + _packed(600 << 20)
    extra = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data[:33] + extra + data[33:]


def _sheet_bomb(make: SimpleNamespace) -> bytes:
    cell = b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * 30_000)
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    body = b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (space, cell * 300)
    return bytes(make.edit_zip(make.xlsx(), {"xl/worksheets/sheet1.xml": body}))


BOMBS: dict[str, tuple[Callable[[SimpleNamespace], bytes], str]] = {
    "page of 900 MiB": (_page_bomb, "a.pdf"),
    "picture of 2.7 GB on a page": (_picture_bomb, "a.pdf"),
    "packed objects of 900 MiB": (_packed_objects_bomb, "a.pdf"),
    "drawing that draws itself four times": (_form_within_itself, "a.pdf"),
    "comment of 600 MiB in a picture": (_text_bomb, "a.png"),
    "sheet of long cells": (_sheet_bomb, "a.xlsx"),
}


@pytest.mark.usefixtures("nurseries")
@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_costs_one_file(make: SimpleNamespace, case: str) -> None:
    """Inspected and shown: an answer or a refusal within the limits, and the next file is read."""
    maker, name = BOMBS[case]
    data = maker(make)
    assert len(data) < 2 << 20
    reader = SeparateReader(BOUNDS)
    for read in (reader.inspect, reader.preview, reader.text):
        try:
            read(io.BytesIO(data), name=name)
        except FileRefused as refusal:
            assert refusal.code in ANSWERS, refusal  # noqa: PT017 - a refusal is one of two right answers
    assert reader.inspect(io.BytesIO(b"hola\n"), name="a.txt").family == "text"

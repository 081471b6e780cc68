"""Wrong, empty, huge, mislabelled, truncated, encrypted and hostile files: each one gets its own answer."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from types import SimpleNamespace

import openpyxl
import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from documents import DEFAULT_LIMITS, FileRefused, Limits, inspect

Maker = Callable[[SimpleNamespace], bytes]


def _refusal(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        inspect(io.BytesIO(data), name=name, limits=limits)
    return caught.value


def _action(kind: str, **members: str) -> DictionaryObject:
    action = DictionaryObject({NameObject("/S"): NameObject(kind)})
    for key, value in members.items():
        action[NameObject(f"/{key}")] = TextStringObject(value)
    return action


def _open_action(kind: str, **members: str) -> Callable[[PdfWriter], None]:
    def edit(writer: PdfWriter) -> None:
        writer.root_object[NameObject("/OpenAction")] = _action(kind, **members)

    return edit


def _annotation(action: DictionaryObject, subtype: str = "/Link") -> Callable[[PdfWriter], None]:
    def edit(writer: PdfWriter) -> None:
        note = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject(subtype),
                NameObject("/Rect"): ArrayObject([NumberObject(n) for n in (0, 0, 10, 10)]),
                NameObject("/A"): action,
            }
        )
        writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])

    return edit


def _unreachable_launch(writer: PdfWriter) -> None:
    writer._add_object(
        DictionaryObject({NameObject("/Hidden"): ArrayObject([_action("/Launch", F="cmd.exe")])})
    )


def _name_tree(writer: PdfWriter) -> None:
    names = ArrayObject([TextStringObject("x"), writer._add_object(_action("/JavaScript", JS="x()"))])
    tree = DictionaryObject({NameObject("/JavaScript"): DictionaryObject({NameObject("/Names"): names})})
    writer.root_object[NameObject("/Names")] = tree


def _xfa(writer: PdfWriter) -> None:
    stream = StreamObject()
    stream.set_data(b"<xdp/>")
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/XFA"): writer._add_object(stream)}
    )


def _escaped_name(make: SimpleNamespace) -> bytes:
    data: bytes = make.edit_pdf(_open_action("/JavaScript", JS="app.alert(1)"))
    return data.replace(b"/JavaScript", b"/Java#53cript")


ACTIVE: dict[str, tuple[Maker, str]] = {
    "script on opening": (lambda m: m.edit_pdf(_open_action("/JavaScript", JS="app.alert(1)")), "javascript"),
    "script with an escaped name": (_escaped_name, "javascript"),
    "script in the name tree": (lambda m: m.edit_pdf(_name_tree), "javascript"),
    "script under a link": (
        lambda m: m.edit_pdf(_annotation(_action("/JavaScript", JS="x()"))),
        "javascript",
    ),
    "program launched": (lambda m: m.edit_pdf(_open_action("/Launch", F="cmd.exe")), "launch"),
    "launch in an object nothing points to": (lambda m: m.edit_pdf(_unreachable_launch), "launch"),
    "form sent away": (
        lambda m: m.edit_pdf(_open_action("/SubmitForm", F="https://x.example")),
        "remote_action",
    ),
    "file inside": (lambda m: m.edit_pdf(lambda w: w.add_attachment("a.exe", b"MZ")), "embedded_files"),
    "file pinned to a page": (
        lambda m: m.edit_pdf(_annotation(DictionaryObject(), "/FileAttachment")),
        "embedded_files",
    ),
    "dynamic form": (lambda m: m.edit_pdf(_xfa), "xfa"),
}


@pytest.mark.parametrize("case", ACTIVE)
def test_pdf_that_acts_is_refused(make: SimpleNamespace, case: str) -> None:
    """A PDF that runs, launches, sends or hides anything is refused, wherever in the file it stands."""
    maker, what = ACTIVE[case]
    refusal = _refusal(maker(make), "carta.pdf")
    assert (refusal.code, refusal.fields) == ("active_content", {"family": "pdf", "what": what})


def _pdf_zip(make: SimpleNamespace) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("a.exe", b"MZ")
    return bytes(make.pdf()) + buffer.getvalue() + b"%%EOF\nstartxref\n0\n%%EOF"


def _png_zip(make: SimpleNamespace) -> bytes:
    buffer = io.BytesIO(make.image("PNG"))
    with zipfile.ZipFile(buffer, "a") as package:
        package.writestr("a.exe", b"MZ")
    return buffer.getvalue()


def _png_pdf(make: SimpleNamespace) -> bytes:
    chunk = b"tEXtx\0%PDF-1.4"
    data = bytes(make.image("PNG"))
    extra = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data[:33] + extra + data[33:]


WHAT_IT_IS: dict[str, tuple[Maker, str, str, dict[str, str]]] = {
    "a page called a letter": (
        lambda _: b"<!DOCTYPE html><html><script>alert(1)</script></html>", "carta.pdf",
        "content_mismatch", {"extension": "pdf", "found": "html"},
    ),
    "a program called a letter": (
        lambda _: b"MZ\x90\0" + bytes(200), "carta.pdf", "content_mismatch", {"extension": "pdf", "found": "exe"},
    ),
    "noise called a workbook": (
        lambda _: bytes(range(128, 256)) * 20 + bytes(40), "s.xlsx",
        "content_mismatch", {"extension": "xlsx", "found": "unknown"},
    ),
    "a picture called a letter": (
        lambda m: m.image("PNG"), "carta.pdf", "content_mismatch", {"extension": "pdf", "found": "png"},
    ),
    "a letter called a program": (
        lambda m: m.pdf(), "carta.pdf.exe", "content_mismatch", {"extension": "exe", "found": "pdf"},
    ),
    "text called a mail": (
        lambda _: b"hola\n", "m.eml", "content_mismatch", {"extension": "eml", "found": "txt"},
    ),
    "a program": (lambda _: b"MZ\x90\0" + bytes(200), "a.exe", "type_not_allowed", {"found": "exe"}),
    "a page": (lambda _: b"  <html><body>hola</body></html>", "a.html", "type_not_allowed", {"found": "html"}),
    "a drawing": (lambda _: b"<svg xmlns='x'><script/></svg>", "a.svg", "type_not_allowed", {"found": "svg"}),
    "an animation": (lambda m: m.image("GIF"), "a.gif", "type_not_allowed", {"found": "gif"}),
    "a fax": (lambda m: m.image("TIFF"), "a.tif", "type_not_allowed", {"found": "tiff"}),
    "a phone's picture": (lambda _: b"\0\0\0\x18ftypheic" + bytes(99), "a.heic", "type_not_allowed", {"found": "heic"}),
    "a film": (lambda _: b"\0\0\0\x18ftypisom" + bytes(99), "a.mp4", "type_not_allowed", {"found": "mp4"}),
    "an old workbook": (
        lambda m: m.compound_file({"Workbook": b"x" * 5000}), "a.xls", "type_not_allowed", {"found": "xls"},
    ),
    "a letter still being written": (
        lambda m: m.edit_zip(m.xlsx(), {"[Content_Types].xml": b"<x>wordprocessingml.document.main+xml</x>"}), "a.docx",
        "type_not_allowed", {"found": "docx"},
    ),
    "a folder of files": (
        lambda m: m.edit_zip(m.xlsx(), {"[Content_Types].xml": None}), "a.zip", "type_not_allowed", {"found": "zip"},
    ),
    "a workbook with macros": (
        lambda m: m.edit_zip(
            m.xlsx(), {"[Content_Types].xml": b"<x>ms-excel.sheet.macroEnabled.main+xml</x>"}
        ), "a.xlsm", "macros", {"family": "xlsm"},
    ),
    "macros under another name": (
        lambda m: m.edit_zip(m.xlsx(), {"xl/vbaProject.bin": b"x"}), "a.xlsx", "macros", {"family": "xlsx"},
    ),
    "a workbook with a password": (
        lambda m: m.compound_file({"EncryptedPackage": b"x" * 5000}), "a.xlsx", "encrypted", {"family": "xlsx"},
    ),
    "a letter with a password": (
        lambda m: m.edit_pdf(lambda w: w.encrypt("secreta", algorithm="AES-256")), "a.pdf",
        "encrypted", {"family": "pdf"},
    ),
    "a workbook with a program inside": (
        lambda m: m.edit_zip(m.xlsx(), {"xl/embeddings/oleObject1.bin": b"MZ"}), "a.xlsx",
        "active_content", {"family": "xlsx", "what": "embedded_files"},
    ),
    "a workbook with entities": (
        lambda m: m.edit_zip(
            m.xlsx(), {"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><sst>&a;</sst>'}
        ), "a.xlsx", "xml_declarations", {"family": "xlsx"},
    ),
    "entities behind a long comment, in UTF-16": (
        lambda m: m.edit_zip(
            m.xlsx(),
            {"docProps/core.xml": ("<!--" + "x" * 99_999 + '--><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>').encode("utf-16")},
        ), "a.xlsx", "xml_declarations", {"family": "xlsx"},
    ),
    "a letter that is a ZIP as well": (_pdf_zip, "a.pdf", "polyglot", {"family": "pdf", "also": "zip"}),
    "a picture that is a ZIP as well": (_png_zip, "a.png", "polyglot", {"family": "image", "also": "zip"}),
    "a picture that is a PDF as well": (_png_pdf, "a.png", "polyglot", {"family": "image", "also": "pdf"}),
    "a letter with something before it": (
        lambda m: b"\n\x01" * 9 + m.pdf(), "a.pdf", "polyglot", {"family": "pdf", "also": "unknown"},
    ),
    "half a letter": (lambda m: m.pdf()[:-900], "a.pdf", "truncated", {"family": "pdf"}),
    "half a screenshot": (lambda m: m.image("PNG")[:-40], "a.png", "truncated", {"family": "image"}),
    "a screenshot without its last mark": (lambda m: m.image("PNG")[:-12], "a.png", "truncated", {"family": "image"}),
    "half a photo": (lambda m: m.photo()[:-600], "a.jpg", "truncated", {"family": "image"}),
    "half a WebP": (lambda m: m.image("WEBP")[:-60], "a.webp", "truncated", {"family": "image"}),
    "half a workbook": (lambda m: m.xlsx()[:-900], "a.xlsx", "damaged", {"family": "zip"}),
    "a signature of a PDF and nothing else": (
        lambda _: b"%PDF-1.7\nstartxref\n0\n%%EOF", "a.pdf", "damaged", {"family": "pdf"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WHAT_IT_IS)
def test_file_that_is_not_what_we_take(make: SimpleNamespace, case: str) -> None:
    """Each wrong file is refused with the code and fields that tell the person what to do."""
    maker, name, code, fields = WHAT_IT_IS[case]
    refusal = _refusal(maker(make), name)
    assert (refusal.code, refusal.fields, refusal.name) == (code, fields, name)


def test_empty_file() -> None:
    """Nothing is not a file."""
    assert _refusal(b"", "carta.pdf").code == "empty"


def test_file_over_the_configured_size(make: SimpleNamespace) -> None:
    """The size is judged before anything is read, and both figures are told."""
    data = make.pdf()
    refusal = _refusal(data, "carta.pdf", Limits(file_bytes=len(data) - 1))
    assert (refusal.code, refusal.fields) == ("too_large", {"size": len(data), "limit": len(data) - 1})
    assert inspect(io.BytesIO(data), name="carta.pdf", limits=Limits(file_bytes=len(data))).family == "pdf"


def _ihdr(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    idat = b"IDAT" + zlib.compress(bytes(1000))
    end = b"IEND"
    parts = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (body, idat, end))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _webp_canvas(make: SimpleNamespace) -> bytes:
    picture = bytes(make.image("WEBP"))[12:]
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xfe\x3f\x00\xfe\x3f\x00"
    return b"RIFF" + struct.pack("<I", len(canvas) + len(picture) + 4) + b"WEBP" + canvas + picture


def _jpeg_size(make: SimpleNamespace) -> bytes:
    data = bytearray(make.image("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    return bytes(data)


def _animation(form: str) -> bytes:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, form, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def _sheet(xml: str) -> Maker:
    body = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{xml}</sheetData></worksheet>'
    return lambda m: bytes(m.edit_zip(m.xlsx(), {"xl/worksheets/sheet1.xml": body.encode()}))


def _mail(headers: str = "", body: str = "hola") -> bytes:
    return f"From: a@x.example\nTo: b@x.example\nSubject: x\n{headers}\n{body}\n".encode()


def _nested(depth: int) -> bytes:
    text = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return _mail("MIME-Version: 1.0\n" + text.split("\n\n", 1)[0] + "\n", text.split("\n\n", 1)[1])


def _message_in_message(depth: int) -> bytes:
    inner = "Content-Type: message/rfc822\n\n" * depth
    return _mail(*inner.split("\n\n", 1))


OVER: dict[str, tuple[Maker, str, Limits, str]] = {
    "picture of 50,000 by 50,000": (lambda _: _ihdr(50_000, 50_000), "a.png", DEFAULT_LIMITS, "pixels"),
    "WebP canvas of 16,383 by 16,383": (_webp_canvas, "a.webp", DEFAULT_LIMITS, "pixels"),
    "photo that claims 60,000 by 60,000": (_jpeg_size, "a.jpg", DEFAULT_LIMITS, "pixels"),
    "moving PNG": (lambda _: _animation("PNG"), "a.png", DEFAULT_LIMITS, "frames"),
    "moving WebP": (lambda _: _animation("WEBP"), "a.webp", DEFAULT_LIMITS, "frames"),
    "letter of many pages": (lambda m: m.pdf(pages=3), "a.pdf", Limits(pdf_pages=2), "pages"),
    "letter of many objects": (lambda m: m.pdf(), "a.pdf", Limits(pdf_objects=5), "objects"),
    "bomb: 60 MiB in 60 KiB": (
        lambda m: m.edit_zip(m.xlsx(), {"xl/media/a.xml": bytes(60 << 20)}), "a.xlsx", DEFAULT_LIMITS, "ratio",
    ),
    "bomb: more unpacked than allowed": (
        lambda m: m.edit_zip(m.xlsx(), {f"xl/{n}.bin": bytes(1 << 20) for n in range(9)}), "a.xlsx",
        Limits(unpacked_bytes=8 << 20), "unpacked_bytes",
    ),
    "bomb: too many members": (
        lambda m: m.edit_zip(m.xlsx(), {f"{n}": b"" for n in range(2_001)}), "a.xlsx", DEFAULT_LIMITS, "members",
    ),
    "one cell in the last row": (
        _sheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'), "a.xlsx", DEFAULT_LIMITS, "rows",
    ),
    "a row number beyond the format": (
        _sheet('<row r="99999999999"><c><v>1</v></c></row>'), "a.xlsx", DEFAULT_LIMITS, "rows",
    ),
    "one cell in the last column": (
        _sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'), "a.xlsx", DEFAULT_LIMITS, "columns",
    ),
    "too many cells": (lambda m: m.xlsx([["x"] * 10] * 10), "a.xlsx", Limits(cells=99), "cells"),
    "mail of 10,000 headers": (
        lambda _: _mail("".join(f"X-{n}: y\n" for n in range(10_000))), "a.eml", DEFAULT_LIMITS, "headers",
    ),
    "mail with a header of 300 KiB": (
        lambda _: _mail("X-Long: " + "y\n " * 100_000 + "\n"), "a.eml", DEFAULT_LIMITS, "header_bytes",
    ),
    "mail of 1,000 parts": (
        lambda _: _mail(body="\n--b\nContent-Type: text/plain\n\nx" * 1_000), "a.eml", DEFAULT_LIMITS, "parts",
    ),
    "mail 100 levels deep": (lambda _: _nested(100), "a.eml", DEFAULT_LIMITS, "depth"),
    "mail in a mail in a mail": (lambda _: _message_in_message(100), "a.eml", DEFAULT_LIMITS, "depth"),
    "mail 5,000 levels deep": (lambda _: _nested(5_000), "a.eml", Limits(mail_parts=10_000), "depth"),
    "inner mail of 10,000 headers": (
        lambda _: _mail(
            "Content-Type: message/rfc822\n", "".join(f"X-{n}: y\n" for n in range(10_000)) + "\nhola"
        ), "a.eml", DEFAULT_LIMITS, "headers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OVER)
def test_file_that_asks_for_too_much(make: SimpleNamespace, case: str) -> None:
    """What was counted and what is allowed are told; the work stops at the limit."""
    maker, name, limits, what = OVER[case]
    refusal = _refusal(maker(make), name, limits)
    assert (refusal.code, refusal.fields["what"]) == ("over_limit", what)
    assert int(refusal.fields["found"]) > int(refusal.fields["limit"])


def test_a_flood_of_headers_stops_at_the_limit() -> None:
    """Of 10,000 headers only one more than allowed is counted: nothing of the mail was parsed."""
    refusal = _refusal(_mail("".join(f"X-{n}: y\n" for n in range(10_000))), "a.eml")
    assert refusal.fields == {"family": "eml", "what": "headers", "found": 1_001, "limit": 1_000}


def _object_stream_pdf(hidden: bytes) -> bytes:
    """A PDF 1.5 whose object 5 lies inside a compressed object stream (ISO 32000-1, 7.5.7)."""
    inner = b"5 0 " + hidden
    packed = zlib.compress(inner)
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
        b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
        % (len(packed), packed),
    ]
    data, places = b"%PDF-1.5\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = [struct.pack(">BHB", 1, place, 0) for place in places]
    table = struct.pack(">BHB", 0, 0, 255) + b"".join(rows) + struct.pack(">BHB", 2, 4, 0)
    table += struct.pack(">BHB", 1, len(data), 0)
    head = b"<</Type/XRef/Size 7/W[1 2 1]/Root 1 0 R/Length %d>>" % len(table)
    return data + b"6 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        head,
        table,
        len(data),
    )


def test_script_inside_a_compressed_object_is_found() -> None:
    """Objects packed into a stream are looked at like all others."""
    assert inspect(io.BytesIO(_object_stream_pdf(b"<</Nothing 1>>")), name="a.pdf").warnings == ("no_text",)
    refusal = _refusal(_object_stream_pdf(b"<</S/JavaScript/JS(x)>>"), "a.pdf")
    assert (refusal.code, refusal.fields["what"]) == ("active_content", "javascript")


def test_picture_with_one_wrong_bit_is_damaged(make: SimpleNamespace) -> None:
    """Every chunk's CRC is checked, also of those no decoder looks at."""
    data = bytes(make.image("PNG"))
    chunk = b"zzZzabc"
    extra = struct.pack(">I", 3) + chunk + struct.pack(">I", zlib.crc32(chunk) ^ 1)
    refusal = _refusal(data[:-12] + extra + data[-12:], "a.png")
    assert (refusal.code, refusal.fields) == ("damaged", {"family": "image"})


def test_outlook_file_whose_streams_share_sectors_is_damaged(make: SimpleNamespace) -> None:
    """Many names for the same bytes would come out as more than the file holds: refused before a reader unpacks it."""
    names = {f"__substg1.0_{n:04X}0102": bytes(5_000 + n) for n in range(1, 4)}
    data = bytearray(make.compound_file({"__properties_version1.0": b"x" * 5_000, **names}))
    for n in range(1, 4):
        size = struct.pack("<Q", 5_000 + n)
        assert data.count(size) == 1
        data[data.index(size) : data.index(size) + 8] = struct.pack("<Q", 20_000)
    assert _refusal(bytes(data), "a.msg").code == "damaged"


def test_zip_member_that_lies_about_its_size(make: SimpleNamespace) -> None:
    """A member that declares less than it holds cannot bring out more than it declared."""
    data = bytearray(make.edit_zip(make.xlsx(), {"xl/sharedStrings.xml": bytes(20 << 20)}))
    real, small = struct.pack("<I", 20 << 20), struct.pack("<I", 100)
    assert data.count(real) == 2
    refusal = _refusal(bytes(data).replace(real, small), "a.xlsx")
    assert refusal.code == "damaged"


def test_workbook_that_refers_to_other_files_says_so(make: SimpleNamespace) -> None:
    """External links are never followed; the person is told."""
    data = make.edit_zip(make.xlsx(), {"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})
    assert inspect(io.BytesIO(data), name="a.xlsx").warnings == ("external_links",)


def test_bytes_after_the_end_of_a_picture_are_told(make: SimpleNamespace) -> None:
    """Phones append things to photos: taken, and said."""
    for form, name in (("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp")):
        assert inspect(io.BytesIO(make.image(form) + b"appendix"), name=name).warnings == ("trailing_data",)


def test_mail_that_brings_a_program_says_so() -> None:
    """The mail is evidence, its attachment is not opened; the person is told."""
    part = "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=../x.exe"
    body = f"--b\n{part}\n\nMZ\n--b--"
    data = _mail("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", body)
    found = inspect(io.BytesIO(data), name="a.eml")
    assert found.warnings == ("attachment_type",)
    assert [item["name"] for item in found.about["attachments"]] == ["x.exe"]


def test_text_with_control_characters_is_no_text() -> None:
    """Text is text to its last byte."""
    assert _refusal(b"hola\n" * 2_000 + b"\0", "a.txt").fields == {"extension": "txt", "found": "unknown"}


SECRETS: dict[str, tuple[Maker, str, str]] = {
    "text": (lambda _: b"Usuario: ana\nContrase\xc3\xb1a: Verano2026!\n", "a.txt", "text"),
    "mail": (lambda m: m.mail(body="Tu password=Verano2026! no la compartas\n"), "a.eml", "body"),
    "subject": (lambda m: m.mail(subject="NIP: 4821"), "a.eml", "subject"),
    "letter, second page": (lambda m: m.pdf("Contraseña: Verano2026!", pages=2), "a.pdf", "page 1"),
    "workbook, one cell": (lambda m: m.xlsx([["pwd: Verano2026!"]]), "a.xlsx", "sheet Solicitud"),
    "workbook, beside": (lambda m: m.xlsx([["x"], ["Contraseña", "Verano2026!"]]), "a.xlsx", "cell Solicitud!B2"),
    "workbook, below": (
        lambda m: m.xlsx([["Usuario", "Contraseña"], ["ana", "Verano"]]), "a.xlsx", "cell Solicitud!B2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SECRETS)
def test_file_with_a_password_is_stopped(make: SimpleNamespace, case: str) -> None:
    """A password is stopped before it is sealed; the refusal says where it stands and never what it is."""
    maker, name, place = SECRETS[case]
    refusal = _refusal(maker(make), name)
    assert (refusal.code, refusal.fields["place"]) == ("secret_found", place)
    assert "erano" not in str(refusal)
    assert "4821" not in str(refusal)


def test_agents_key_only_warns() -> None:
    """«Clave de agente» is a name, not a secret."""
    assert inspect(io.BytesIO(b"Clave de agente: 12345"), name="a.txt").warnings == ("word_clave",)


def test_workbook_without_cells() -> None:
    """A workbook that holds a chart or nothing is still a workbook."""
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    assert inspect(buffer, name="a.xlsx").about["sheets"] == [
        {"name": "Sheet", "rows": 0, "columns": 0, "hidden": False}
    ]

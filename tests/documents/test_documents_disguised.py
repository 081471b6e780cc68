"""Files with two readings, parts that hide, parts that fetch: what the door says to each."""

# ruff: noqa: E501 - one case a line reads as a table

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

from documents import FileRefused, inspect
from documents.preview import preview

Maker = Callable[[SimpleNamespace], bytes]
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _refusal(data: bytes, name: str) -> tuple[str, dict[str, object]]:
    with pytest.raises(FileRefused) as caught:
        inspect(io.BytesIO(data), name=name)
    return caught.value.code, dict(caught.value.fields)


# --- PDF ---------------------------------------------------------------------------------------------------------


def _dictionary(**members: object) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in members.items()})  # type: ignore[misc]


def _indirect_action(writer: PdfWriter) -> None:
    name = writer._add_object(NameObject("/Launch"))
    writer.root_object[NameObject("/OpenAction")] = _dictionary(S=name, F=TextStringObject("cmd.exe"))


def _carrier(subtype: str) -> Callable[[PdfWriter], None]:
    def edit(writer: PdfWriter) -> None:
        note = _dictionary(Type=NameObject("/Annot"), Subtype=NameObject(subtype))
        note[NameObject("/Rect")] = ArrayObject([NumberObject(0)] * 4)
        writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])

    return edit


def _go_elsewhere(writer: PdfWriter) -> None:
    action = _dictionary(S=NameObject("/GoToR"), F=TextStringObject(r"\\server\share\a.pdf"))
    writer.root_object[NameObject("/OpenAction")] = action


def _content_elsewhere(writer: PdfWriter) -> None:
    stream = StreamObject()
    stream[NameObject("/F")] = TextStringObject("https://x.example/a")
    writer._add_object(stream)


def _scripted(make: SimpleNamespace) -> bytes:
    return bytes(
        make.edit_pdf(
            lambda w: w.root_object.__setitem__(
                NameObject("/OpenAction"),
                _dictionary(S=NameObject("/JavaScript"), JS=TextStringObject("x()")),
            )
        )
    )


def _escaped_key(make: SimpleNamespace) -> bytes:
    data = make.edit_pdf(
        lambda w: w.root_object.__setitem__(
            NameObject("/OpenAction"), _dictionary(JS=TextStringObject("x()"))
        )
    )
    return bytes(data).replace(b"/JS", b"/#4a#53")


def _increment(data: bytes, objects: dict[int, bytes]) -> bytes:
    """The file with a further revision (ISO 32000-1, 7.5.6) that replaces or adds those objects."""
    before = int(data.rpartition(b"startxref")[2].split()[0])
    trailer = data[data.rindex(b"trailer") + 7 : data.rindex(b"startxref")].strip()
    rows, added = [], b"\n"
    for number, body in objects.items():
        rows.append(b"%d 1\n%010d 00000 n \n" % (number, len(data) + len(added)))
        added += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    place = len(data) + len(added)
    tail = trailer[:-2] + b" /Prev %d >>" % before
    return (
        data + added + b"xref\n" + b"".join(rows) + b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (tail, place)
    )


def _script_added_later(make: SimpleNamespace) -> bytes:
    return _increment(make.edit_pdf(lambda _: None), {90: b"<< /S /JavaScript /JS (x) >>"})


def _script_replaced_later(make: SimpleNamespace) -> bytes:
    data = make.edit_pdf(
        lambda w: w._add_object(_dictionary(S=NameObject("/Launch"), F=TextStringObject("cmd.exe")))
    )
    number = int(data[: data.index(b"/Launch")].rpartition(b" 0 obj")[0].split()[-1])
    return _increment(data, {number: b"<< /Nothing 1 >>"})


def _unlisted(body: bytes) -> Maker:
    def make_it(make: SimpleNamespace) -> bytes:
        data = bytes(make.edit_pdf(lambda _: None))
        return _increment(data + b"\n77 0 obj\n" + body + b"\nendobj\n", {91: b"<< /Nothing 1 >>"})

    return make_it


def _unlisted_object_stream(make: SimpleNamespace) -> bytes:
    packed = zlib.compress(b"5 0 <</S/Launch/F(cmd)>>")
    head = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>" % len(packed)
    return _unlisted(head + b"\nstream\n" + packed + b"\nendstream")(make)


PDFS: dict[str, tuple[Maker, str]] = {
    "action whose name stands in another object": (lambda m: m.edit_pdf(_indirect_action), "launch"),
    "script under an escaped key": (_escaped_key, "javascript"),
    "film": (lambda m: m.edit_pdf(_carrier("/RichMedia")), "embedded_files"),
    "model in three dimensions, which may bring scripts": (
        lambda m: m.edit_pdf(_carrier("/3D")),
        "embedded_files",
    ),
    "sound": (lambda m: m.edit_pdf(_carrier("/Sound")), "embedded_files"),
    "file of a share opened": (lambda m: m.edit_pdf(_go_elsewhere), "remote_action"),
    "stream whose content is elsewhere": (lambda m: m.edit_pdf(_content_elsewhere), "remote_action"),
    "script added in a later revision": (_script_added_later, "javascript"),
    "program of an earlier revision, replaced": (_script_replaced_later, "launch"),
    "script in an object that no index lists": (_unlisted(b"<< /S /JavaScript /JS (x) >>"), "javascript"),
    "program in a packed object that no index lists": (_unlisted_object_stream, "launch"),
}


@pytest.mark.parametrize("case", PDFS)
def test_pdf_that_hides_what_it_does_is_refused(make: SimpleNamespace, case: str) -> None:
    """Indirect and escaped names, revisions, objects that the index leaves out: all are part of the file."""
    maker, what = PDFS[case]
    assert _refusal(maker(make), "carta.pdf") == ("active_content", {"family": "pdf", "what": what})


def test_links_and_revisions_are_no_offence(make: SimpleNamespace) -> None:
    """A link that somebody must click, a revision that adds nothing active, and text that looks like an object pass."""

    def link(writer: PdfWriter) -> None:
        action = _dictionary(S=NameObject("/URI"), URI=TextStringObject("https://promotoria.example"))
        note = _dictionary(Type=NameObject("/Annot"), Subtype=NameObject("/Link"), A=action)
        note[NameObject("/Rect")] = ArrayObject([NumberObject(0)] * 4)
        writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])

    for data in (
        make.edit_pdf(link),
        _increment(make.edit_pdf(lambda _: None), {90: b"<< /Nothing (1 0 obj) >>"}),
        _unlisted(b"(solo texto)")(make),
    ):
        assert inspect(io.BytesIO(data), name="carta.pdf").family == "pdf"


def _bare_pdf(*bodies: bytes, size: int = 0) -> bytes:
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (size or len(bodies) + 1) + rows
    tail = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        size or len(bodies) + 1,
        len(data),
    )
    return data + table + tail


ODD_PDFS: dict[str, tuple[bytes, set[str]]] = {
    "pages that contain themselves": (
        _bare_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 9>>"),
        {"damaged", "over_limit"},
    ),
    "arrays 100,000 deep": (
        _bare_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>", b"[" * 100_000),
        {"damaged", "over_limit"},
    ),
    "an index of a thousand million rows": (
        _bare_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>", size=999_999_999),
        {"damaged", "over_limit", "too_costly"},
    ),
    "no pages": (
        _bare_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"),
        {"damaged"},
    ),
}


@pytest.mark.parametrize("case", ODD_PDFS)
def test_pdf_that_would_never_end_is_refused(case: str) -> None:
    """Pages within themselves, endless nesting, an index beyond reason: refused, and soon."""
    data, codes = ODD_PDFS[case]
    code, _fields = _refusal(data, "carta.pdf")
    assert code in codes


# --- two readings ------------------------------------------------------------------------------------------------


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _comment(body: bytes) -> Maker:
    def make_it(make: SimpleNamespace) -> bytes:
        data = bytes(make.image("JPEG"))
        return data[:2] + _segment(0xFE, body) + data[2:]

    return make_it


def _png_text(make: SimpleNamespace) -> bytes:
    chunk = b"tEXtx\0<script>alert(1)</script>"
    data = bytes(make.image("PNG"))
    return (
        data[:33]
        + struct.pack(">I", len(chunk) - 4)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + data[33:]
    )


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, data in members.items():
            package.writestr(name, data)
    return buffer.getvalue()


TWO_READINGS: dict[str, tuple[Maker, str, str, dict[str, object]]] = {
    "letter and page": (
        lambda m: m.pdf().replace(b"\n", b"\n%<html><script>alert(1)</script>\n", 1), "a.pdf",
        "polyglot", {"family": "pdf", "also": "html"},
    ),
    "photo and page": (_comment(b"<html><script>alert(1)</script>"), "a.jpg", "polyglot", {"family": "image", "also": "html"}),
    "photo and script of a server": (_comment(b"<?php system($_GET[0]);"), "a.jpg", "polyglot", {"family": "image", "also": "html"}),
    "screenshot and page": (_png_text, "a.png", "polyglot", {"family": "image", "also": "html"}),
    "photo and ZIP": (lambda m: m.image("JPEG") + _zip(a=b"x"), "a.jpg", "polyglot", {"family": "image", "also": "zip"}),
    "GIF and script": (lambda _: b"GIF89a=1;alert(1)//", "a.gif", "type_not_allowed", {"found": "gif"}),
    "GIF and script called a picture": (
        lambda _: b"GIF89a=1;alert(1)//", "a.png", "content_mismatch", {"extension": "png", "found": "gif"},
    ),
    "page called a picture": (
        lambda _: b"<!DOCTYPE html><script>x</script>", "a.png", "content_mismatch", {"extension": "png", "found": "html"},
    ),
    "program before a ZIP": (
        lambda m: b"MZ" + bytes(60) + m.xlsx(), "a.xlsx", "content_mismatch", {"extension": "xlsx", "found": "exe"},
    ),
    "letter called a picture": (lambda m: m.pdf(), "a.png", "content_mismatch", {"extension": "png", "found": "pdf"}),
    "two extensions": (lambda m: m.image("PNG"), "a.png.exe", "content_mismatch", {"extension": "exe", "found": "png"}),
    "extension turned around": (
        lambda m: m.pdf(), "carta\u202efdp.exe", "content_mismatch", {"extension": "exe", "found": "pdf"},
    ),
    "workbook of LibreOffice": (
        lambda _: _zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "a.ods", "type_not_allowed", {"found": "odf"},
    ),
    "archive": (lambda _: _zip(a=b"x"), "a.zip", "type_not_allowed", {"found": "zip"}),
    "archive, RAR": (lambda _: b"Rar!\x1a\x07\x01\0" + bytes(40), "a.rar", "type_not_allowed", {"found": "rar"}),
    "archive, 7z": (lambda _: b"7z\xbc\xaf\x27\x1c" + bytes(40), "a.7z", "type_not_allowed", {"found": "7z"}),
    "archive, gzip": (lambda _: b"\x1f\x8b\x08" + bytes(40), "a.tar.gz", "type_not_allowed", {"found": "gz"}),
    "archive, tar": (lambda _: b"a.txt" + bytes(252) + b"ustar\0" + bytes(400), "a.tar", "type_not_allowed", {"found": "tar"}),
}  # fmt: skip


@pytest.mark.parametrize("case", TWO_READINGS)
def test_file_with_two_readings_is_refused(make: SimpleNamespace, case: str) -> None:
    """What another program would take for something else, and what calls itself something else."""
    maker, name, code, fields = TWO_READINGS[case]
    assert _refusal(maker(make), name) == (code, fields)


def test_what_follows_a_photo_is_told_however_it_ends(make: SimpleNamespace) -> None:
    """The end of a JPEG is found by its segments: an appendix that ends like one is told all the same."""
    photo = bytes(make.photo())
    assert inspect(io.BytesIO(photo), name="a.jpg").warnings == ()
    assert inspect(io.BytesIO(photo + b"Rar!" + bytes(99_999) + b"\xff\xd9"), name="a.jpg").warnings == (
        "trailing_data",
    )
    thumbnail = bytes(make.image("JPEG", (40, 30)))
    inside = photo[:2] + _segment(0xE2, b"MPF\0" + thumbnail) + photo[2:]
    assert inspect(io.BytesIO(inside), name="a.jpg").warnings == ()


def test_a_picture_s_metadata_stays_in_the_original_and_is_in_no_preview(make: SimpleNamespace) -> None:
    """EXIF with its place and small picture, XMP, comments and colour profile: bytes untouched, nothing of it shown."""
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "MARCA-EXIF", "COMENTARIO-EXIF"
    exif.get_ifd(0x8825)[2] = (19.0, 25.0, 42.0)
    marks = {
        "exif": exif,
        "comment": b"MARCA-COM",
        "icc_profile": b"MARCA-ICC" * 20,
        "xmp": b"<x:xmpmeta MARCA-XMP/>",
    }
    for form, name in (("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp")):
        data = bytes(make.image(form, **marks))
        stream = io.BytesIO(data)
        inspect(stream, name=name)
        shown = preview(stream, name=name, width=64).png
        assert stream.getvalue() == data
        assert b"MARCA" in data
        assert b"MARCA" not in shown
        picture = Image.open(io.BytesIO(shown))
        assert not picture.info
        assert not picture.getexif()


# --- workbooks ---------------------------------------------------------------------------------------------------


def _relation(kind: str, target: str, *, external: bool) -> bytes:
    mode = ' TargetMode="External"' if external else ""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId9" Type="{_REL}/{kind}" Target="{target}"{mode}/></Relationships>'
    ).encode()


def _related(kind: str, target: str = "https://x.example/a", *, external: bool = True) -> Maker:
    parts = {"xl/worksheets/_rels/sheet1.xml.rels": _relation(kind, target, external=external)}
    return lambda m: bytes(m.edit_zip(m.xlsx(), parts))


def _part(name: str, data: bytes) -> Maker:
    return lambda m: bytes(m.edit_zip(m.xlsx(), {name: data}))


def _typed(mark: str) -> Maker:
    def make_it(make: SimpleNamespace) -> bytes:
        with zipfile.ZipFile(io.BytesIO(make.xlsx())) as package:
            types = package.read("[Content_Types].xml")
        extra = f'<Override PartName="/xl/x.bin" ContentType="application/vnd.{mark}"/></Types>'
        return bytes(
            make.edit_zip(
                make.xlsx(),
                {"[Content_Types].xml": types.replace(b"</Types>", extra.encode()), "xl/x.bin": b"x"},
            )
        )

    return make_it


_DDE_LINK = b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
_ACTIVE = "active_content"
_OUT, _IN = {"family": "xlsx", "what": "external_content"}, {"family": "xlsx", "what": "embedded_files"}

WORKBOOKS: dict[str, tuple[Maker, str, dict[str, object]]] = {
    "picture fetched": (_related("image"), _ACTIVE, _OUT),
    "template fetched": (_related("attachedTemplate", r"\\server\t.xltm"), _ACTIVE, _OUT),
    "object fetched": (_related("oleObject"), _ACTIVE, _IN),
    "frame fetched": (_related("frame"), _ACTIVE, _OUT),
    "macros under a plain name": (_related("vbaProject", "../x.bin", external=False), "macros", {"family": "xlsx"}),
    "sheet of macros": (_related("xlMacrosheet", "../x.xml", external=False), "macros", {"family": "xlsx"}),
    "macros by their type": (_typed("ms-office.vbaProject"), "macros", {"family": "xlsx"}),
    "workbook with macros declared twice": (_typed("ms-excel.sheet.macroEnabled.main+xml"), "macros", {"family": "xlsx"}),
    "control": (_related("control", "../activeX/a.xml", external=False), _ACTIVE, _IN),
    "file inside": (_related("package", "../x.docx", external=False), _ACTIVE, _IN),
    "add-in": (_part("_rels/x.rels", _relation("webextensiontaskpanes", "x.xml", external=False)), _ACTIVE, _OUT),
    "program as a picture": (_part("xl/media/image1.png", b"MZ" + bytes(60)), _ACTIVE, _IN),
    "archive as a picture": (_part("xl/media/image1.png", _zip(a=b"x")), _ACTIVE, _IN),
    "program by a link of data": (
        _part("xl/externalLinks/externalLink1.xml", _DDE_LINK), _ACTIVE, {"family": "xlsx", "what": "dde"},
    ),
    "program by a formula": (
        lambda m: m.xlsx([["=cmd|'/C calc'!A0"]]), _ACTIVE, {"family": "xlsx", "what": "dde"},
    ),
    "entities": (
        _part("xl/x.xml", b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>'),
        "xml_declarations", {"family": "xlsx"},
    ),
    "path that leads away": (_part("../../etc/cron.d/x", b"x"), "polyglot", {"family": "xlsx", "also": "zip"}),
    "path from the root": (_part("/etc/x", b"x"), "polyglot", {"family": "xlsx", "also": "zip"}),
    "path of Windows": (_part("xl\\..\\..\\x", b"x"), "polyglot", {"family": "xlsx", "also": "zip"}),
}  # fmt: skip


@pytest.mark.parametrize("case", WORKBOOKS)
def test_workbook_that_acts_or_fetches_is_refused(make: SimpleNamespace, case: str) -> None:
    """By what parts are to each other, not by what they are called."""
    maker, code, fields = WORKBOOKS[case]
    assert _refusal(maker(make), "a.xlsx") == (code, fields)


def test_workbook_with_links_is_taken_and_said(make: SimpleNamespace) -> None:
    """Links to click are text; values of other workbooks and data connections are told, and never followed."""
    assert inspect(io.BytesIO(_related("hyperlink")(make)), name="a.xlsx").warnings == ()
    other = {
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": _relation(
            "externalLinkPath", "file:///a.xlsx", external=True
        ),
    }
    for data in (make.edit_zip(make.xlsx(), other), _part("xl/connections.xml", b"<connections/>")(make)):
        assert inspect(io.BytesIO(data), name="a.xlsx").warnings == ("external_links",)


def test_workbook_of_many_sheets() -> None:
    """Two hundred sheets are enough for anybody's request."""
    workbook = openpyxl.Workbook()
    for number in range(200):
        workbook.create_sheet(f"h{number}")
    buffer = io.BytesIO()
    workbook.save(buffer)
    code, fields = _refusal(buffer.getvalue(), "a.xlsx")
    assert (code, fields["what"], fields["found"], fields["limit"]) == ("over_limit", "sheets", 201, 200)


def _twice(make: SimpleNamespace) -> bytes:
    buffer = io.BytesIO(make.xlsx())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as package:
        package.writestr("xl/workbook.xml", b"<other/>")
    return buffer.getvalue()


def _other_local_name(make: SimpleNamespace) -> bytes:
    data = bytearray(make.xlsx())
    at = data.index(b"docProps/app.xml")
    data[at : at + 16] = b"docProps/bpp.xml"
    return bytes(data)


def _overlapping(make: SimpleNamespace) -> bytes:
    """Two names for the same bytes, as quines and bombs of one kernel have them."""
    data = bytearray(make.edit_zip(make.xlsx(), {"xl/a.bin": b"same", "xl/b.bin": b"same"}))
    first, second = data.rindex(b"xl/a.bin"), data.rindex(b"xl/b.bin")
    data[second - 4 : second] = data[first - 4 : first]
    return bytes(data)


TWO_PACKAGES: dict[str, Maker] = {
    "another package before": lambda m: m.xlsx([["otro"]]) + m.xlsx(),
    "another package behind": lambda m: m.xlsx() + _zip(a=b"x"),
    "a note at the end that is a package": lambda m: (
        m.xlsx()[:-2] + struct.pack("<H", 22) + b"PK\5\6" + bytes(18)
    ),
    "something between": lambda m: _gap(m.xlsx()),
    "a name twice": _twice,
    "a name that is another one inside": _other_local_name,
    "two names for the same bytes": _overlapping,
}


def _gap(data: bytes) -> bytes:
    """Bytes between the last member and the directory, with the end record pointing right."""
    at = data.index(b"PK\1\2")
    moved = bytearray(data[:at] + b"MZ hidden" * 9 + data[at:])
    moved[-6:-2] = struct.pack("<I", at + 81)
    return bytes(moved)


@pytest.mark.parametrize("case", TWO_PACKAGES)
def test_package_with_two_readings_is_refused(make: SimpleNamespace, case: str) -> None:
    """A ZIP whose directory, local headers and data do not tell the same is refused before a reader chooses one."""
    code, fields = _refusal(TWO_PACKAGES[case](make), "a.xlsx")
    assert (code, fields) in [
        ("polyglot", {"family": "xlsx", "also": "zip"}),
        ("damaged", {"family": "zip"}),
        ("content_mismatch", {"extension": "xlsx", "found": "zip"}),
    ]


def test_packages_of_honest_programs_pass(make: SimpleNamespace) -> None:
    """Descriptors behind members (written to a stream) and ZIP64 records are how some programs write."""

    class Streamed(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.data += bytes(piece)  # type: ignore[arg-type]
            return len(bytes(piece))  # type: ignore[arg-type]

    out = Streamed()
    with (
        zipfile.ZipFile(io.BytesIO(make.xlsx())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):  # type: ignore[type-var]
        for member in old.infolist():
            with new.open(member.filename, "w", force_zip64=True) as part:
                part.write(old.read(member))
    assert inspect(io.BytesIO(bytes(out.data)), name="a.xlsx").family == "xlsx"


def test_csv_with_a_program_in_a_cell() -> None:
    """A formula that starts a program is refused, any other is told."""
    code, fields = _refusal(b"nombre,valor\nana,=cmd|'/C calc'!A0\n", "a.csv")
    assert (code, fields) == ("active_content", {"family": "text", "what": "dde"})
    assert inspect(io.BytesIO(b"a,b\n1,=SUM(A1:A2)\n"), name="a.csv").warnings == ("formulas",)
    assert inspect(io.BytesIO(b"a,b\n-5,+52 55 1234\n"), name="a.csv").warnings == ()

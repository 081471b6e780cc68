"""Makers of good files, real ones, from which the hostile ones are derived."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from types import SimpleNamespace

import openpyxl
import pytest
import typst
from PIL import Image, ImageDraw
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

Tree = dict[str, "bytes | Tree"]


def make_pdf(
    body: str = "= Carta de autorización\nSe autoriza el alta de Ana Pruebas.", pages: int = 1
) -> bytes:
    """A PDF with text."""
    source = "\n#pagebreak()\n".join([body] * pages)
    return typst.compile(source.encode(), timestamp=1_764_000_000)


def edit_pdf(edit: Callable[[PdfWriter], None], data: bytes | None = None) -> bytes:
    """A PDF written anew after an edit of its objects."""
    writer = PdfWriter(clone_from=io.BytesIO(data or make_pdf()))
    edit(writer)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def signature_field(name: str, *, signed: bool) -> Callable[[PdfWriter], None]:
    """An edit that adds a signature field."""

    def edit(writer: PdfWriter) -> None:
        field = DictionaryObject(
            {
                NameObject("/FT"): NameObject("/Sig"),
                NameObject("/T"): TextStringObject(name),
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Widget"),
                NameObject("/Rect"): ArrayObject([NumberObject(0)] * 4),
            }
        )
        if signed:
            field[NameObject("/V")] = DictionaryObject({NameObject("/Type"): NameObject("/Sig")})
        reference = writer._add_object(field)
        writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
            {NameObject("/Fields"): ArrayObject([reference]), NameObject("/SigFlags"): NumberObject(3)}
        )

    return edit


def make_xlsx(rows: list[list[object]] | None = None, title: str = "Solicitud") -> bytes:
    """A workbook of one sheet."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = title
    for row in rows or [["Nombre", "RFC"], ["Ana Pruebas", "GODE561231GR8"]]:
        sheet.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def edit_zip(data: bytes, changes: Mapping[str, bytes | None], **options: int) -> bytes:
    """A copy of a ZIP with members added, replaced, or (``None``) left out."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as new,
    ):
        for member in old.infolist():
            if member.filename not in changes:
                new.writestr(member, old.read(member))
        for name, content in changes.items():
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def make_image(form: str, size: tuple[int, int] = (320, 200), **options: object) -> bytes:
    """A picture with something on it."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, size[0] // 2, size[1] // 2), fill="navy")
    draw.text((20, size[1] // 2 + 5), "CAM Pegasus: Solicitado", fill="black")
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def make_photo() -> bytes:
    """A JPEG with EXIF: camera, time, orientation and place."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Marca", "Modelo"
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:03 10:15:00"
    exif.get_ifd(0x8825)[1] = "N"
    return make_image("JPEG", exif=exif)


def make_mail(subject: str = "Confirmación de alta", body: str = "Se confirma el alta.\n") -> bytes:
    """A mail with both kinds of text and a PDF attached."""
    message = EmailMessage()
    message["From"] = "Mónica Pruebas <monica@metlife.example>"
    message["To"] = "Mesa de Ayuda <mesa@promotoria.example>, Ana <ana@promotoria.example>"
    message["Cc"] = "copia@promotoria.example"
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Nov 2026 10:00:00 -0600"
    message["Message-ID"] = "<alta-1@metlife.example>"
    message["In-Reply-To"] = "<solicitud-1@promotoria.example>"
    message["DKIM-Signature"] = "v=1; a=rsa-sha256; d=metlife.example; s=s1; b=AAAA"
    message["Authentication-Results"] = "mx.promotoria.example; dkim=pass header.d=metlife.example"
    message.set_content(body)
    message.add_alternative("<p>Se <b>confirma</b> el alta.<script>alert(1)</script></p>", subtype="html")
    message.add_attachment(make_pdf(), maintype="application", subtype="pdf", filename="carta año.pdf")
    return message.as_bytes()


def make_msg(
    said: Mapping[int, str | bytes] | None = None, attached: Mapping[int, str | bytes] | None = None
) -> bytes:
    """An Outlook message: a compound file with one recipient and one attachment, or whatever properties are given."""
    told = {
        0x0037: "Alta confirmada",
        0x1000: "Se confirma el alta.",
        0x0C1A: "Mónica",
        0x0C1F: "m@x.example",
    }
    root = _properties(told if said is None else said)
    root["__properties_version1.0"] = struct.pack("<8x4I8x", 1, 1, 1, 1) + root["__properties_version1.0"][8:]
    root["__recip_version1.0_#00000000"] = _properties({0x3001: "Ana", 0x39FE: "Ana@Promotoria.example"})
    file = {0x3707: "carta.pdf", 0x370E: "application/pdf", 0x3701: make_pdf()}
    root["__attach_version1.0_#00000000"] = _properties(file if attached is None else attached)
    return compound_file(root)


def _properties(values: Mapping[int, str | bytes]) -> Tree:
    tree: Tree = {}
    table = b"\0" * 8
    for number, value in values.items():
        form, data = (0x001F, value.encode("utf-16-le")) if isinstance(value, str) else (0x0102, value)
        tree[f"__substg1.0_{number:04X}{form:04X}"] = data
        table += struct.pack("<HHIII", form, number, 6, len(data), 0)
    tree["__properties_version1.0"] = table
    return tree


def compound_file(tree: Tree) -> bytes:
    """Write an OLE compound file ([MS-CFB], version 3): small streams in the mini stream, big ones in sectors."""
    entries: list[list[object]] = [["Root Entry", 5, None, -1, -1]]
    mini, big = bytearray(), bytearray()
    mini_fat: list[int] = []
    chains: list[int] = []

    def place(data: bytes, area: bytearray, size: int, fat: list[int]) -> int:
        first = len(area) // size
        count = max(1, -(-len(data) // size))
        area.extend(data.ljust(count * size, b"\0"))
        fat.extend([first + i + 1 for i in range(count - 1)] + [0xFFFFFFFE])
        return first

    def add(folder: Tree, parent: int) -> None:
        previous = -1
        for name in sorted(folder, key=lambda n: (len(n), n.upper())):
            value = folder[name]
            number = len(entries)
            entries.append([name, 1 if isinstance(value, dict) else 2, value, -1, -1])
            if previous < 0:
                entries[parent][3] = number
            else:
                entries[previous][4] = number
            previous = number
            if isinstance(value, dict):
                add(value, number)

    add(tree, 0)
    starts: dict[int, tuple[int, int]] = {}
    for number, entry in enumerate(entries):
        data = entry[2]
        if isinstance(data, bytes):
            area, size, fat = (mini, 64, mini_fat) if len(data) < 4096 else (big, 512, chains)
            starts[number] = (place(data, area, size, fat), len(data))
    starts[0] = (place(bytes(mini), big, 512, chains), len(mini))
    mini_table = b"".join(struct.pack("<I", n) for n in mini_fat).ljust(512, b"\xff")
    mini_start = place(mini_table, big, 512, chains)
    directory = b"".join(_entry(entry, starts.get(number, (0, 0))) for number, entry in enumerate(entries))
    directory_start = place(directory, big, 512, chains)
    table_sector = len(big) // 512
    assert table_sector < 127, "one FAT sector is enough for the tests"
    fat_bytes = b"".join(struct.pack("<I", n) for n in [*chains, 0xFFFFFFFD]).ljust(512, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, directory_start, 0, 4096, mini_start, 1, 0xFFFFFFFE, 0, table_sector,
    )  # fmt: skip
    return header.ljust(512, b"\xff") + bytes(big) + fat_bytes


def _entry(entry: list[object], place: tuple[int, int]) -> bytes:
    name = str(entry[0]).encode("utf-16-le") + b"\0\0"
    child, right = (n if isinstance(n, int) and n >= 0 else 0xFFFFFFFF for n in entry[3:5])
    return struct.pack(
        "<64sHBBIII16sIQQIQ", name, len(name), entry[1], 1, 0xFFFFFFFF, right, child, b"", 0, 0, 0, *place
    )


MAKERS = SimpleNamespace(
    pdf=make_pdf, edit_pdf=edit_pdf, signature_field=signature_field, xlsx=make_xlsx, edit_zip=edit_zip,
    image=make_image, photo=make_photo, mail=make_mail, msg=make_msg, compound_file=compound_file,
)  # fmt: skip


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Functions that make real files."""
    return MAKERS


@pytest.fixture(scope="session")
def good() -> Mapping[str, bytes]:
    """One good file of every kind we take, by name."""
    return {
        "carta.pdf": make_pdf(),
        "solicitud.xlsx": make_xlsx(),
        "captura.png": make_image("PNG"),
        "foto.jpg": make_photo(),
        "pantalla.webp": make_image("WEBP"),
        "respuesta.eml": make_mail(),
        "respuesta.msg": make_msg(),
        "nota.txt": "Año nuevo: sin novedad.\n".encode(),
        "lista.csv": b"nombre;zona\nAna;Acapulco\n",
    }

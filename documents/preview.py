"""What people see of a file without opening it: derivatives, never the original.

Pictures come out as PNG with all metadata gone; mails, sheets and texts as plain data that a page renders. Nothing of
the file's own markup, links or scripts survives.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import openpyxl
import pypdfium2  # type: ignore[import-untyped]
from PIL import Image

from documents import images, mail, outlook, text
from documents.limits import DEFAULT_LIMITS, Limits
from documents.names import safe_name, split_extension
from documents.reading import clean
from documents.refusals import FileRefused, Refuse, hostile
from documents.sniffing import Kind, identify
from documents.spreadsheet import bounded_rows, cell_text, check_package, worksheets
from evidence.canonical import Json

MAX_WIDTH = 2_400
MAX_RENDERED_PIXELS = 16_000_000
TABLE_ROWS = 50
TABLE_COLUMNS = 40
TABLE_CELL_CHARS = 200
TEXT_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Preview:
    """A derivative to show.

    ``form`` is ``picture`` (``png`` holds it; ``pages`` how many there are), ``mail``, ``table`` or ``text`` (``data``
    holds it, as `mail_view`, `table_view` and `text_view` say).
    """

    form: str
    pages: int
    png: bytes
    data: Mapping[str, Json]


def preview(
    stream: BinaryIO, *, name: str, page: int = 1, width: int = 1_000, limits: Limits = DEFAULT_LIMITS
) -> Preview:
    """The derivative that suits the file; ``page`` counts from 1 and is of PDF only. Leaves the stream at its start.

    Raises:
        FileRefused: the file cannot be shown.
    """
    safe = safe_name(name)
    try:
        kind = identify(stream, split_extension(safe)[1])
        with hostile(kind.family):
            return _render(stream, kind, page, width, limits)
    except Refuse as refusal:
        raise FileRefused(refusal.code, safe, refusal.fields) from refusal
    finally:
        stream.seek(0)


def _render(stream: BinaryIO, kind: Kind, page: int, width: int, limits: Limits) -> Preview:
    if kind.family == "pdf":
        png, pages = _pdf_page(stream, page, width)
        return Preview("picture", pages, png, {})
    if kind.family == "image":
        return Preview("picture", 1, thumbnail(stream, kind, width, limits), {})
    if kind.family == "eml":
        return Preview("mail", 1, b"", mail_view(mail.parse(stream, limits)))
    if kind.family == "msg":
        return Preview("mail", 1, b"", mail_view(outlook.parse(stream, limits)))
    if kind.family == "xlsx":
        check_package(stream, kind, limits)
        return Preview("table", 1, b"", table_view(stream, limits))
    return Preview("text", 1, b"", text_view(stream))


def page_png(stream: BinaryIO, page: int, width: int) -> bytes:
    """One page of a PDF as PNG, ``width`` pixels wide, with form fields and signature marks drawn.

    Raises:
        Refuse: over_limit (pages: no such page), damaged.
    """
    with hostile("pdf"):
        return _pdf_page(stream, page, width)[0]


def _pdf_page(stream: BinaryIO, number: int, width: int) -> tuple[bytes, int]:
    stream.seek(0)
    document = pypdfium2.PdfDocument(stream, autoclose=False)
    try:
        pages = len(document)
        if not 1 <= number <= pages:
            raise Refuse("over_limit", family="pdf", what="pages", found=number, limit=pages)
        document.init_forms()  # without it the widgets of signatures are not drawn
        page = document[number - 1]
        try:
            bitmap = page.render(
                scale=_scale(page.get_width(), page.get_height(), width), may_draw_forms=True
            )
            return _png(bitmap.to_pil().convert("RGB")), pages
        finally:
            page.close()
    finally:
        document.close()


def _scale(page_width: float, page_height: float, width: int) -> float:
    """Scale to the wanted width, less for a page so long that its picture would not fit in memory."""
    wanted = min(max(width, 16), MAX_WIDTH) / max(page_width, 1.0)
    fitting = (MAX_RENDERED_PIXELS / max(page_width * page_height, 1.0)) ** 0.5
    return float(min(wanted, fitting))


def thumbnail(stream: BinaryIO, kind: Kind, width: int, limits: Limits) -> bytes:
    """A picture turned upright, at most ``width`` wide, without metadata, as PNG."""
    images.dimensions(stream, kind, limits)
    image = images.open_image(stream, kind)
    width = min(max(width, 16), MAX_WIDTH)
    image.draft("RGB", (width, width))
    upright = images.upright(image)
    upright.thumbnail((width, width * 4), Image.Resampling.LANCZOS)
    return _png(upright)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def mail_view(read: mail.Mail) -> dict[str, Json]:
    """Headers as `documents.mail.read` names them, ``body`` as text, ``twin``, ``attachments``.

    ``twin`` is what the HTML says where it says something else than the plain text: the same people read either.
    """
    return {
        **read.headers,
        "body": read.body[:TEXT_CHARS],
        "cut": len(read.body) > TEXT_CHARS,
        "twin": read.twin[:TEXT_CHARS],
        "attachments": [attachment.as_json() for attachment in read.attachments],
    }


def table_view(stream: BinaryIO, limits: Limits) -> dict[str, Json]:
    """``sheets``: for each visible one its ``name``, first ``rows`` (lists of text) and whether more were cut."""
    stream.seek(0)
    workbook = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    try:
        sheets: list[Json] = []
        for sheet in worksheets(workbook):
            if sheet.sheet_state != "visible":
                continue
            rows: list[Json] = []
            cut = False
            for number, row in bounded_rows(sheet, limits):
                if number > TABLE_ROWS:
                    cut = True
                    break
                rows.append([cell_text(value)[:TABLE_CELL_CHARS] for value in row[:TABLE_COLUMNS]])
                cut = cut or len(row) > TABLE_COLUMNS
            sheets.append({"name": clean(sheet.title, 100), "rows": rows, "cut": cut})
        return {"sheets": sheets}
    finally:
        workbook.close()


def text_view(stream: BinaryIO) -> dict[str, Json]:
    """The first characters of a text (``body``) and whether more were ``cut``."""
    encoding = text.detect_encoding(stream)
    stream.seek(0)
    body = stream.read(TEXT_CHARS * 4 + 4).decode(encoding, "replace")
    return {"body": clean(body, TEXT_CHARS), "cut": len(body) > TEXT_CHARS}

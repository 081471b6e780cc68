"""What a document must be to be sealed, and where on it the mark goes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject

from documents.refusals import Refuse, hostile
from signing.pades_place import MARGIN
from signing.pades_stamp import HEIGHT, WIDTH
from signing.ports import DocumentUnfit
from signing.report import Place

Placer = Callable[[BinaryIO, int, tuple[float, float]], Place | None]
"""From a PDF, a page (from 0) and its size in points to a free place on it."""

_LETTER = (612.0, 792.0)


def opened(pdf: bytes) -> IncrementalPdfFileWriter:
    """A writer that only appends to ``pdf``.

    Raises:
        DocumentUnfit: ``encrypted``, ``hybrid`` (two cross-reference tables that may disagree), ``xfa``, ``signed`` (it
            already has signatures, which a certification must come before), ``damaged``.
    """
    try:
        with hostile("pdf"):
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=True)
            code = _unfit(writer.prev)
    except Refuse as refusal:
        raise DocumentUnfit(refusal.code) from refusal
    if code:
        raise DocumentUnfit(code)
    return writer


def _unfit(reader: PdfFileReader) -> str:
    if reader.encrypted:
        return "encrypted"
    if reader.xrefs.hybrid_xrefs_present:
        return "hybrid"
    if "/AcroForm" in reader.root and "/XFA" in reader.root["/AcroForm"]:
        return "xfa"
    return "signed" if list(reader.embedded_signatures) else ""


def placed(pdf: bytes, writer: IncrementalPdfFileWriter, place: Placer) -> Place:
    """Where the mark goes: on the last page if it has room, else on a page that is added for it.

    Raises:
        DocumentUnfit: the last page cannot be drawn.
    """
    last = int(writer.root["/Pages"]["/Count"]) - 1
    upright = _upright_size(writer, last)
    if upright is not None:
        try:
            found = place(io.BytesIO(pdf), last, upright)
        except Refuse as refusal:
            raise DocumentUnfit(refusal.code) from refusal
        if found is not None:
            return found
    _append_page(writer, size := upright or _LETTER)
    return Place(last + 1, float(MARGIN), size[1] - MARGIN - HEIGHT, WIDTH, HEIGHT)


def _append_page(writer: Any, size: tuple[float, float]) -> None:
    """An empty page at the end. pyHanko's page functions have no types, here and below."""
    content = writer.add_object(generic.StreamObject(stream_data=b""))
    page: Any = PageObject
    writer.insert_page(page(content, (0, 0, *size)))


def _upright_size(writer: Any, number: int) -> tuple[float, float] | None:
    """Width and height of a page that is drawn as it is written; ``None`` if turned, cropped or moved."""
    reference, _ = writer.find_page_for_modification(number)
    page = reference.get_object()
    box = [float(edge) for edge in _inherited(page, "/MediaBox") or (0, 0, *_LETTER)]
    crop = _inherited(page, "/CropBox")
    turned = int(_inherited(page, "/Rotate") or 0) % 360
    if turned or box[:2] != [0.0, 0.0] or (crop is not None and [float(edge) for edge in crop] != box):
        return None
    return box[2], box[3]


def _inherited(page: Any, key: str) -> Any:
    """A page's own or inherited attribute (ISO 32000-1, 7.7.3.4); ``None`` without one."""
    while key not in page:
        if "/Parent" not in page:
            return None
        page = page["/Parent"]
    return page[key]

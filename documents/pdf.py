"""Reading a PDF: pages, encryption, signatures, active content, text.

Two independent readers must agree that it is a PDF: pypdf (structure) and PDFium (text, and later the pictures people
see). Nothing is ever written back: a re-saved PDF would lose its signatures.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import BinaryIO

import pypdfium2  # type: ignore[import-untyped]
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject

from documents.limits import Limits
from documents.pdf_objects import refuse_active
from documents.reading import Passage, Reading, clean, excerpt
from documents.refusals import Refuse
from documents.sniffing import Kind
from evidence.canonical import Json

_TAIL_BYTES = 2048
_STARTXREF = re.compile(rb"startxref\s{1,8}(\d{1,10})\s")
_XREF = re.compile(rb"\s{0,8}(xref\b|\d{1,10}\s{1,8}\d{1,5}\s{1,8}obj\b)")
_FIELD_DEPTH = 20


def read(stream: BinaryIO, kind: Kind, limits: Limits) -> Reading:
    """Facts of a PDF.

    ``pages``, ``encrypted`` (opens without a password but restricted), ``signatures`` (``count``, ``fields``: name and
    whether each is signed), ``title``, ``producer``, ``created``, ``text``.

    Raises:
        Refuse: truncated, encrypted, active_content, polyglot, over_limit.
    """
    sound = _index_is_sound(stream, _end(stream, kind))
    reader = PdfReader(stream, strict=False)
    restricted = reader.is_encrypted
    if restricted and not reader.decrypt(""):
        raise Refuse("encrypted", family=kind.family)
    pages = len(reader.pages)
    if pages > limits.pdf_pages:
        raise Refuse("over_limit", family=kind.family, what="pages", found=pages, limit=limits.pdf_pages)
    refuse_active(reader, stream, limits)
    passages, all_read = _texts(stream, pages, limits.searchable_chars)
    about: dict[str, Json] = {
        "pages": pages,
        "encrypted": restricted,
        "signatures": _signatures(reader),
        **_metadata(reader),
        "text": excerpt(passages, limits.excerpt_chars),
    }
    warnings = [
        *(["restricted"] if restricted else []),
        *([] if sound else ["repaired"]),
        *([] if any(passage.text.strip() for passage in passages) else ["no_text"]),
        *([] if all_read else ["text_cut"]),
    ]
    return Reading(about, tuple(warnings), passages)


def _end(stream: BinaryIO, kind: Kind) -> bytes:
    """The last bytes. A whole PDF has its header first and its end mark last; readers repair the rest in silence."""
    stream.seek(0)
    if not stream.read(8).startswith(b"%PDF-"):
        raise Refuse("polyglot", family=kind.family, also="unknown")
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _TAIL_BYTES))
    tail = stream.read()
    if b"%%EOF" not in tail or b"startxref" not in tail:
        raise Refuse("truncated", family=kind.family)
    return tail


def _index_is_sound(stream: BinaryIO, tail: bytes) -> bool:
    """Whether the last ``startxref`` points to a cross-reference table or stream, as ISO 32000-1 7.5.5 demands."""
    pointer = _STARTXREF.findall(tail)
    if not pointer:
        return False
    stream.seek(int(pointer[-1]))
    return bool(_XREF.match(stream.read(64)))


def _signatures(reader: PdfReader) -> Json:
    """Signature fields by full name; presence only, validity is judged elsewhere."""
    form = reader.root_object.get("/AcroForm")
    form = form.get_object() if form is not None else None
    fields: list[Json] = []
    if isinstance(form, DictionaryObject):
        roots = form.get("/Fields")
        _collect(roots.get_object() if roots is not None else None, "", "", fields, 0)
    signed = sum(1 for field in fields if isinstance(field, dict) and field["signed"])
    return {"count": signed, "fields": fields}


def _collect(kids: PdfObject | None, prefix: str, inherited: str, fields: list[Json], depth: int) -> None:
    if depth > _FIELD_DEPTH or not isinstance(kids, ArrayObject):
        return
    for kid in kids:
        field = kid.get_object()
        if not isinstance(field, DictionaryObject):
            continue
        own = clean(str(field.get("/T", "")), 100)
        name = ".".join(part for part in (prefix, own) if part)
        kind = str(field.get("/FT", inherited))
        children = field.get("/Kids")
        if kind == "/Sig" and own:
            fields.append({"name": name, "signed": "/V" in field})
        _collect(children.get_object() if children is not None else None, name, kind, fields, depth + 1)


def _metadata(reader: PdfReader) -> dict[str, Json]:
    info = reader.metadata
    if info is None:
        return {"title": "", "producer": "", "created": ""}
    return {
        "title": clean(str(info.title or ""), 300),
        "producer": clean(str(info.producer or info.creator or ""), 200),
        "created": _moment(info.creation_date),
    }


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""


def _texts(stream: BinaryIO, pages: int, room: int) -> tuple[tuple[Passage, ...], bool]:
    """Text page by page until ``room`` characters; whether all pages were read."""
    passages: list[Passage] = []
    stream.seek(0)
    document = pypdfium2.PdfDocument(stream, autoclose=False)
    try:
        if len(document) != pages:
            raise Refuse("damaged", family="pdf")
        for number in range(pages):
            text = _page_text(document, number)
            passages.append(Passage(f"page {number + 1}", text))
            room -= len(text)
            if room <= 0:
                return tuple(passages), number + 1 == pages
    finally:
        document.close()
    return tuple(passages), True


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    page = document[number]
    try:
        layer = page.get_textpage()
        try:
            return str(layer.get_text_range()).replace("\r\n", "\n")
        finally:
            layer.close()
    finally:
        page.close()

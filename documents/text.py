"""Reading plain text and CSV: which encoding, how many lines, what it says."""

from __future__ import annotations

import codecs
import csv
import io
from typing import BinaryIO

from documents.limits import Limits
from documents.office import is_dde
from documents.reading import Passage, Reading, clean, excerpt
from documents.refusals import Refuse
from documents.sniffing import CSV, Kind
from evidence.canonical import Json

_CHUNK = 64 * 1024
_HEADER_CHARS = 8192
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read(stream: BinaryIO, kind: Kind, limits: Limits) -> Reading:
    """Facts of a text: ``encoding``, ``lines``, ``characters``, ``text``; for CSV also ``delimiter`` and ``columns``.

    One pass in constant memory; at most ``limits.searchable_chars`` are kept for the scan.
    """
    encoding = detect_encoding(stream)
    kept, characters, lines = _measure(stream, encoding, limits.searchable_chars)
    table = _table(kept) if kind is CSV else {}
    passages = (Passage("text", kept, str(table.get("delimiter", "\t"))),)
    about: dict[str, Json] = {
        "encoding": encoding.removesuffix("-sig"),
        "lines": lines,
        "characters": characters,
        "text": excerpt(passages, limits.excerpt_chars),
    }
    about |= table
    cells = _cells(kept, str(table["delimiter"])) if table else []
    if any(is_dde(cell) for cell in cells):
        raise Refuse("active_content", family="text", what="dde")
    warnings = [
        *(["formulas"] if any(cell.startswith("=") for cell in cells) else []),
        *(["not_utf8"] if encoding == "cp1252" else []),
        *(["text_cut"] if characters > len(kept) else []),
    ]
    return Reading(about, tuple(warnings), passages)


def detect_encoding(stream: BinaryIO) -> str:
    """``utf-8``, ``utf-8-sig``, ``utf-16`` or ``cp1252``: what decodes without an error, asked in that order.

    Raises:
        Refuse: ``type_not_allowed`` when control characters show that it is no text.
    """
    stream.seek(0)
    head = stream.read(4)
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    if _decodes(stream, encoding):
        return encoding
    if encoding != "utf-8":
        raise Refuse("damaged", family="text")
    return "cp1252"


def _decodes(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while chunk := stream.read(_CHUNK):
            _refuse_controls(decoder.decode(chunk))
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _refuse_controls(text: str) -> None:
    if any(c < " " and c not in "\t\n\r\f\x1b" for c in text):
        raise Refuse("type_not_allowed", found="unknown")


def _measure(stream: BinaryIO, encoding: str, keep: int) -> tuple[str, int, int]:
    # cp1252 leaves five bytes undefined; they are rare in people's files and become the replacement character.
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    stream.seek(0)
    kept: list[str] = []
    room, characters, lines, last = keep, 0, 0, "\n"
    while True:
        chunk = stream.read(_CHUNK)
        text = decoder.decode(chunk, final=not chunk)
        _refuse_controls(text)
        if text:
            kept.append(text[:room])
            room = max(0, room - len(text))
            characters += len(text)
            lines += text.count("\n")
            last = text[-1]
        if not chunk:
            return "".join(kept), characters, lines + (last != "\n")


def _cells(text: str, delimiter: str) -> list[str]:
    """Cells as a spreadsheet program would find them, near enough to know how each begins."""
    return [cell.strip(" \"'") for line in text.split("\n") for cell in line.split(delimiter)]


def _table(text: str) -> dict[str, Json]:
    """Delimiter and first row of a CSV. The delimiter is the commonest candidate in the first line.

    (`csv.Sniffer` would guess more, with regular expressions that a hostile line can make run for hours.)
    """
    first = text.lstrip("\n")[:_HEADER_CHARS].partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        header = next(csv.reader(io.StringIO(first), delimiter=delimiter), [])
    except csv.Error:
        header = []
    return {"delimiter": delimiter, "columns": [clean(cell, 200) for cell in header[:100]]}

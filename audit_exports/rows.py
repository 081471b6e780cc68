"""Rows of tables, spelled: as XML of a worksheet and as a record of a CSV file, both in one pass over their cells.

What a text becomes is remembered while it is short: tables repeat names, words and paths.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

MAX_TEXT = 32_767
MAX_COLUMNS = 64
"""Of a worksheet of ours; cells beyond are in the CSV only."""

_REMEMBERED, _MOST = 100, 8192
DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_QUOTED = re.compile('[",\r\n]')
_OPEN, _SHUT = '<is><t xml:space="preserve">', "</t></is></c>"
NUMBER = "\0"
"""Where a row's number goes; no text of a cell has it."""

TEXT, HEADER, LINK, TITLE, ALERT = 0, 1, 2, 3, 4


class Cell(NamedTuple):
    """One cell: text or a whole number, perhaps a link to a path inside the package, perhaps a style."""

    value: str | int
    link: str = ""
    style: int = TEXT


Cells = Sequence[Cell | str | int]


class Row(NamedTuple):
    """A row, spelled.

    ``forms`` is the style of each cell, inverted where it holds a number; ``texts`` what they hold, as XML; ``record``
    the line of a CSV file; ``links`` are places of cells, from 0, with their paths.
    """

    forms: list[int]
    texts: list[str]
    record: str
    links: list[tuple[int, str]]


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula, also after a round trip through CSV."""
    return "'" + text if text.startswith(DANGEROUS) else text


def spelled(cells: Cells) -> Row:
    """A row of these cells."""
    forms: list[int] = []
    texts: list[str] = []
    fields: list[str] = []
    links: list[tuple[int, str]] = []
    known = _SPELLED.get
    for cell in cells:
        style = TEXT
        if type(cell) is Cell:
            style, value = cell.style, cell.value
            if cell.link:
                links.append((len(forms), cell.link))
        else:
            value = cell  # type: ignore[assignment]  # it is no cell
        if isinstance(value, str):
            text, field = known(value) or _spelling(value)
        else:
            text = field = f"{value:d}"
            style = ~style
            if field[0] == "-":
                field = "'" + field
        forms.append(style)
        texts.append(text)
        fields.append(field)
    return Row(forms, texts, ",".join(fields) + "\r\n" if fields != [""] else '""\r\n', links)


@lru_cache(maxsize=512)
def row_format(forms: tuple[int, ...]) -> str:
    """The XML of a row with cells of these forms: `NUMBER` for its number, and a format for each value."""
    cells = (
        f'<c r="{column}{NUMBER}" s="{~form}"><v>%s</v></c>'
        if form < 0
        else f'<c r="{column}{NUMBER}" s="{form}" t="inlineStr">{_OPEN}%s{_SHUT}'
        for column, form in zip(LETTERS, forms, strict=False)
    )
    return f'<row r="{NUMBER}">{"".join(cells)}</row>'


def escaped(text: str) -> str:
    """Text of an element, or of an attribute without quotes in it, as XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def column_name(number: int) -> str:
    """Spreadsheet letters of a column, from 1: A, ..., Z, AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


LETTERS = tuple(column_name(number) for number in range(1, MAX_COLUMNS + 1))

_SPELLED: dict[str, tuple[str, str]] = {}
"""Short texts as XML and as a field of a record."""


def _spelling(text: str) -> tuple[str, str]:
    if len(text) > _REMEMBERED:
        return _fresh(text)
    if len(_SPELLED) >= _MOST:
        _SPELLED.clear()
    return _SPELLED.setdefault(text, _fresh(text))


def _fresh(text: str) -> tuple[str, str]:
    """RFC 4180 for the field, with quotes only where they are needed."""
    if text.isalnum() and len(text) <= MAX_TEXT:  # digests, among others: no sign in them means anything
        return text, text
    safe = neutral(text)
    shown = _ILLEGAL.sub("\ufffd", safe[:MAX_TEXT])
    shown = escaped(_LOOKS_ESCAPED.sub("_x005F_", shown) if "_x" in shown else shown)
    return shown, '"' + safe.replace('"', '""') + '"' if _QUOTED.search(safe) else safe

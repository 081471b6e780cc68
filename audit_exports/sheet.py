"""A small writer of .xlsx files that gives the same bytes everywhere (ECMA-376 part 1, SpreadsheetML).

Why not a library: the verifier makes the workbook again on the standard library alone and compares bytes, so neither a
library's version nor a machine's deflate may show in them. Parts are stored, rows are spooled, memory is constant.
Text is written as inline strings, never as formulas, and neutralised besides, for those who save it as CSV.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import BinaryIO

from audit_exports.markup import href
from audit_exports.spool import Spool
from audit_exports.zipwriter import ZipWriter

MAX_TEXT = 32_767
MAX_LINKS = 65_000
MAX_ROWS = 1_048_576
_SPOOL = 1 << 18
_REMEMBERED = 100
DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_OPEN, _SHUT = '<is><t xml:space="preserve">', "</t></is></c>"
_NUMBER = "\0"
TEXT, HEADER, LINK, TITLE, ALERT = 0, 1, 2, 3, 4
_STYLES = (
    _HEAD + f'<styleSheet xmlns="{_MAIN}"><fonts count="4">'
    '<font><sz val="10"/><name val="Calibri"/></font>'
    '<font><b/><sz val="10"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>'
    '<font><u/><sz val="10"/><color rgb="FF0B5A5E"/><name val="Calibri"/></font>'
    '<font><b/><sz val="14"/><color rgb="FF12343B"/><name val="Calibri"/></font></fonts>'
    '<fills count="4"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FF12343B"/></patternFill></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFBE9D0"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5">'
    + "".join(
        f'<xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" applyFont="1" applyFill="1" '
        'applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
        for font, fill in ((0, 0), (1, 2), (2, 0), (3, 0), (0, 3))
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: text or a whole number, perhaps a link to a path inside the package, perhaps a style."""

    value: str | int
    link: str = ""
    style: int = TEXT


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and its width in characters."""

    heading: str
    width: int


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula, also after a round trip through CSV."""
    return "'" + text if text.startswith(DANGEROUS) else text


class Sheet:
    """One worksheet, filled row by row; rows beyond what Excel can open are counted in ``dropped``."""

    def __init__(self, name: str, columns: Sequence[Column] = (), *, widths: Sequence[int] = ()) -> None:
        self.name = name
        self.dropped = 0
        self._columns = columns
        self._widths = [column.width for column in columns] or list(widths)
        self._rows, self._links, self._relations = Spool(_SPOOL), Spool(_SPOOL), Spool(_SPOOL)
        self._count = 0
        self._link_count = 0
        if columns:
            self.add(*(Cell(column.heading, style=HEADER) for column in columns))

    def add(self, *cells: Cell | str | int) -> None:
        """Append a row."""
        if self._count >= MAX_ROWS:
            self.dropped += 1
            return
        self._count += 1
        forms: list[int] = []
        texts: list[str | int] = []
        for column, cell in zip(_LETTERS, cells, strict=False):
            if type(cell) is str:  # most are
                forms.append(TEXT)
                texts.append(_short(cell) if len(cell) <= _REMEMBERED else _written(cell))
            elif isinstance(cell, Cell):
                forms.append(self._form(column, cell))
                value = cell.value
                if isinstance(value, str):
                    value = _short(value) if len(value) <= _REMEMBERED else _written(value)
                texts.append(value)
            else:
                forms.append(~TEXT)
                texts.append(cell)
        self._rows.write(_row(tuple(forms)).replace(_NUMBER, str(self._count)) % tuple(texts))

    def parts(self) -> Iterator[bytes]:
        """The worksheet's XML in pieces."""
        yield self._opening().encode()
        yield from self._rows.pieces()
        yield b"</sheetData>"
        if self._columns:
            last = column_name(len(self._columns)) + str(max(self._count, 1))
            yield f'<autoFilter ref="A1:{last}"/>'.encode()
        if self._link_count:
            yield b"<hyperlinks>"
            yield from self._links.pieces()
            yield b"</hyperlinks>"
        yield b'<pageSetup orientation="landscape" paperSize="1" fitToWidth="1" fitToHeight="0"/></worksheet>'

    def relations(self) -> Iterator[bytes]:
        """The worksheet's relationships part in pieces; empty when it has no links."""
        if self._link_count:
            yield f'{_HEAD}<Relationships xmlns="{_PACKAGE_REL}">'.encode()
            yield from self._relations.pieces()
            yield b"</Relationships>"

    def close(self) -> None:
        """Release the spools."""
        for spool in (self._rows, self._links, self._relations):
            spool.close()

    def _form(self, column: str, cell: Cell) -> int:
        """The style of a cell, inverted where it holds a number; its link is noted."""
        style = cell.style
        if cell.link and self._link_count < MAX_LINKS:
            style = LINK if style == TEXT else style
            self._link(f"{column}{self._count}", cell.link)
        return ~style if isinstance(cell.value, int) else style

    def _link(self, place: str, path: str) -> None:
        """What `href` gives needs no escaping in an attribute."""
        self._link_count += 1
        name = f"rId{self._link_count}"
        self._links.write(f'<hyperlink ref="{place}" r:id="{name}"/>')
        self._relations.write(
            f'<Relationship Id="{name}" Type="{_OFFICE_REL}/hyperlink" '
            f'Target="{href(path)}" TargetMode="External"/>'
        )

    def _opening(self) -> str:
        view = '<sheetView workbookViewId="0" showGridLines="0"/>'
        if self._columns:
            view = (
                '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" '
                'state="frozen"/></sheetView>'
            )
        widths = "".join(
            f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>'
            for at, width in enumerate(self._widths, 1)
        )
        return (
            f'{_HEAD}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE_REL}">'
            '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
            f'<sheetViews>{view}</sheetViews><sheetFormatPr defaultRowHeight="14"/>'
            + (f"<cols>{widths}</cols>" if widths else "")
            + "<sheetData>"
        )


def write_workbook(sink: BinaryIO, sheets: Sequence[Sheet], *, title: str, created: str) -> None:
    """Write the file; ``created`` is RFC 3339 in whole seconds. The sheets are closed afterwards."""
    archive = ZipWriter(sink)
    for name, part in _small_parts(sheets, title, created):
        archive.add(name, part.encode())
    for number, sheet in enumerate(sheets, 1):
        _add_spooled(archive, f"xl/worksheets/sheet{number}.xml", sheet.parts())
        relations = f"xl/worksheets/_rels/sheet{number}.xml.rels"
        _add_spooled(archive, relations, sheet.relations(), skip_empty=True)
        sheet.close()
    archive.close()


def _written(value: str) -> str:
    """A cell's text as XML."""
    text = _ILLEGAL.sub("\ufffd", neutral(value)[:MAX_TEXT])
    return _escaped(_LOOKS_ESCAPED.sub("_x005F_", text) if "_x" in text else text)


def _escaped(text: str) -> str:
    """Text of an element, or of an attribute without quotes in it, as XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_short = lru_cache(maxsize=8192)(_written)


@lru_cache(maxsize=512)
def _row(forms: tuple[int, ...]) -> str:
    """A row with cells of these forms: `_NUMBER` for its number, and a format for each value."""
    cells = (
        f'<c r="{column}{_NUMBER}" s="{~form}"><v>%d</v></c>'
        if form < 0
        else f'<c r="{column}{_NUMBER}" s="{form}" t="inlineStr">{_OPEN}%s{_SHUT}'
        for column, form in zip(_LETTERS, forms, strict=False)
    )
    return f'<row r="{_NUMBER}">{"".join(cells)}</row>'


@cache
def column_name(number: int) -> str:
    """Spreadsheet letters of a column, from 1: A, ..., Z, AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


_LETTERS = tuple(column_name(number) for number in range(1, 65))
"""Of the columns a sheet of ours may have."""


def _content_types(numbers: range) -> str:
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    return (
        f'{_HEAD}<Types xmlns="{_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>{overrides}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    )


def _core_properties(title: str, created: str) -> str:
    core = _PACKAGE_REL.replace("relationships", "metadata/core-properties")
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{core}" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{_escaped(title)}</dc:title>'
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{created}</dcterms:created></cp:coreProperties>'
    )


def _relationships(*items: tuple[str, str]) -> str:
    """A relationships part from pairs of type and target, named rId1 onwards."""
    written = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(items, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE_REL}">{written}</Relationships>'


def _small_parts(sheets: Sequence[Sheet], title: str, created: str) -> Iterator[tuple[str, str]]:
    numbers = range(1, len(sheets) + 1)
    names = "".join(
        f'<sheet name="{_escaped(sheet.name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, sheet in zip(numbers, sheets, strict=True)
    )
    book = f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE_REL}"><sheets>{names}</sheets></workbook>'
    parts = [(f"{_OFFICE_REL}/worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    roots = (
        (f"{_OFFICE_REL}/officeDocument", "xl/workbook.xml"),
        (f"{_PACKAGE_REL}/metadata/core-properties", "docProps/core.xml"),
    )
    yield "[Content_Types].xml", _content_types(numbers)
    yield "_rels/.rels", _relationships(*roots)
    yield "docProps/core.xml", _core_properties(title, created)
    yield "xl/workbook.xml", book
    yield "xl/_rels/workbook.xml.rels", _relationships(*parts, (f"{_OFFICE_REL}/styles", "styles.xml"))
    yield "xl/styles.xml", _STYLES


def _add_spooled(archive: ZipWriter, name: str, pieces: Iterator[bytes], *, skip_empty: bool = False) -> None:
    """Add a part whose size is not known before it is made."""
    with closing(Spool(_SPOOL)) as spool:
        for piece in pieces:
            spool.write_bytes(piece)
        size = spool.size()
        if size or not skip_empty:
            archive.add_stream(name, size, spool.pieces())

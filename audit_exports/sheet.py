"""A small writer of .xlsx files that gives the same bytes everywhere (ECMA-376 part 1, SpreadsheetML).

Why not a library: the verifier makes the workbook again on the standard library alone and compares bytes, so neither a
library's version nor a machine's deflate may show in them. Parts are stored, rows are spooled, memory is constant.
Text is written as inline strings, never as formulas, and neutralised besides, for those who save it as CSV.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from audit_exports.markup import href
from audit_exports.rows import (
    ALERT,
    HEADER,
    LETTERS,
    LINK,
    MAX_COLUMNS,
    MAX_TEXT,
    NUMBER,
    TEXT,
    TITLE,
    Cell,
    Row,
    column_name,
    escaped,
    neutral,
    row_format,
    spelled,
)
from audit_exports.spool import Spool
from audit_exports.zipwriter import ZipWriter

__all__ = [
    "ALERT", "HEADER", "LINK", "MAX_LINKS", "MAX_ROWS", "MAX_TEXT", "TEXT", "TITLE", "Cell", "Column", "Sheet",
    "column_name", "neutral", "write_workbook",
]  # fmt: skip

MAX_LINKS = 65_000
MAX_ROWS = 1_048_576
_SPOOL = 1 << 18

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

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

_PLAIN = (TEXT, ~TEXT)
_LINKED = f'Type="{_OFFICE_REL}/hyperlink" '


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and its width in characters."""

    heading: str
    width: int


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
        self.put(spelled(cells))

    def put(self, row: Row) -> None:
        """Append a row that is spelled already."""
        if self._count >= MAX_ROWS:
            self.dropped += 1
            return
        self._count += 1
        forms, texts, _, links = row
        if len(forms) > MAX_COLUMNS:
            forms, texts = forms[:MAX_COLUMNS], texts[:MAX_COLUMNS]
            links = [link for link in links if link[0] < MAX_COLUMNS]
        if links:
            forms = self._linked(forms, links)
        number = str(self._count)
        self._rows.write(row_format(tuple(forms)).replace(NUMBER, number) % tuple(texts))

    def parts(self) -> list[bytes | Spool]:
        """The worksheet's XML, one part after the other."""
        parts: list[bytes | Spool] = [self._opening().encode(), self._rows, b"</sheetData>"]
        if self._columns:
            last = column_name(len(self._columns)) + str(max(self._count, 1))
            parts.append(f'<autoFilter ref="A1:{last}"/>'.encode())
        if self._link_count:
            parts += [b"<hyperlinks>", self._links, b"</hyperlinks>"]
        parts.append(
            b'<pageSetup orientation="landscape" paperSize="1" fitToWidth="1" fitToHeight="0"/></worksheet>'
        )
        return parts

    def relations(self) -> list[bytes | Spool]:
        """The worksheet's relationships part; empty when it has no links."""
        if not self._link_count:
            return []
        opening = f'{_HEAD}<Relationships xmlns="{_PACKAGE_REL}">'.encode()
        return [opening, self._relations, b"</Relationships>"]

    def close(self) -> None:
        """Release the spools."""
        for spool in (self._rows, self._links, self._relations):
            spool.close()

    def _linked(self, forms: list[int], links: list[tuple[int, str]]) -> list[int]:
        """Note the links of a row, as many as a sheet may have; the forms of its cells with them."""
        forms, places, relations = forms.copy(), [], []
        for at, path in links[: MAX_LINKS - self._link_count]:
            self._link_count += 1
            name = f"rId{self._link_count}"
            if forms[at] in _PLAIN:
                forms[at] = LINK if forms[at] == TEXT else ~LINK
            places.append(f'<hyperlink ref="{LETTERS[at]}{self._count}" r:id="{name}"/>')
            # what `href` gives needs no escaping in an attribute
            relations.append(
                f'<Relationship Id="{name}" {_LINKED}Target="{href(path)}" TargetMode="External"/>'
            )
        self._links.write("".join(places))
        self._relations.write("".join(relations))
        return forms

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
    archive = ZipWriter(sink, digests=False)
    for name, part in _small_parts(sheets, title, created):
        archive.add(name, part.encode())
    for number, sheet in enumerate(sheets, 1):
        _add_parts(archive, f"xl/worksheets/sheet{number}.xml", sheet.parts())
        if relations := sheet.relations():
            _add_parts(archive, f"xl/worksheets/_rels/sheet{number}.xml.rels", relations)
        sheet.close()
    archive.close()


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
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{escaped(title)}</dc:title>'
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
        f'<sheet name="{escaped(sheet.name)}" sheetId="{n}" r:id="rId{n}"/>'
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


def _add_parts(archive: ZipWriter, name: str, parts: Sequence[bytes | Spool]) -> None:
    """Add a member made of these parts."""
    size = sum([part.size() if isinstance(part, Spool) else len(part) for part in parts])
    archive.add_stream(name, size, _pieces(parts))


def _pieces(parts: Sequence[bytes | Spool]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, Spool):
            yield from part.pieces()
        else:
            yield part

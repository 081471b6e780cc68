"""One table, told once: a worksheet of the workbook and, where it has a path, a CSV file of the package."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from audit_exports.sheet import DANGEROUS, Cell, Column, Sheet
from audit_exports.spool import Spool

_SPOOL = 1 << 18
Cells = Sequence[Cell | str | int]


def columns(spec: str) -> list[Column]:
    """Headings and widths (characters) from ``heading 12|other 20``."""
    pairs = (item.rpartition(" ") for item in spec.split("|"))
    return [Column(heading, int(width)) for heading, _, width in pairs]


class Table:
    """Rows with a stable key in the first column; memory is constant.

    The CSV (RFC 4180, UTF-8 with byte order mark, times in UTC) has the same cells, neutralised the same way; where
    the sheet links to a file, the key says which.
    """

    def __init__(self, name: str, spec: str, path: str = "") -> None:
        self.path = path
        self.count = 0
        heads = columns(spec)
        self.sheet = Sheet(name, heads)
        self._csv = Spool(_SPOOL)
        self._record = _records(self._csv.write)
        if path:
            self._csv.write("\ufeff")
            self._record([column.heading for column in heads])

    def add(self, *cells: Cell | str | int) -> None:
        """Append a row."""
        self.count += 1
        self.sheet.add(*cells)
        if self.path:
            self._record(cells)

    def csv(self) -> tuple[int, Iterator[bytes]]:
        """The CSV's size in bytes and its pieces."""
        return self._csv.size(), self._csv.pieces()

    def close(self) -> None:
        """Release the spools."""
        self.sheet.close()
        self._csv.close()


def csv_text(rows: Iterable[Cells]) -> str:
    """A whole CSV file."""
    text = io.StringIO(newline="")
    record = _records(text.write)
    for row in rows:
        record(row)
    return text.getvalue()


def _records(write: Callable[[str], object]) -> Callable[[Cells], object]:
    """What writes a record of a CSV file; text no spreadsheet takes for a formula."""
    writer = csv.writer(_Sink(write), lineterminator="\r\n")

    def record(cells: Cells) -> None:
        texts = []
        for cell in cells:
            text = cell if type(cell) is str else str(cell.value if isinstance(cell, Cell) else cell)
            texts.append("'" + text if text.startswith(DANGEROUS) else text)
        writer.writerow(texts)

    return record


class _Sink:
    """What a csv writer writes to."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write

"""One table, told once: a worksheet of the workbook and, where it has a path, a CSV file of the package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit_exports.rows import Cell, Cells, spelled
from audit_exports.sheet import Column, Sheet
from audit_exports.spool import Spool

_SPOOL = 1 << 18


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
        if path:
            self._csv.write("\ufeff" + spelled([column.heading for column in heads]).record)

    def add(self, *cells: Cell | str | int) -> None:
        """Append a row."""
        self.count += 1
        row = spelled(cells)
        self.sheet.put(row)
        if self.path:
            self._csv.write(row.record)

    def csv(self) -> tuple[int, Iterator[bytes]]:
        """The CSV's size in bytes and its pieces."""
        return self._csv.size(), self._csv.pieces()

    def close(self) -> None:
        """Release the spools."""
        self.sheet.close()
        self._csv.close()


def csv_text(rows: Iterable[Cells]) -> str:
    """A whole CSV file."""
    return "".join([spelled(row).record for row in rows])

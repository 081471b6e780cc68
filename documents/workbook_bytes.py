"""A changed workbook as bytes, written in memory.

openpyxl writes each sheet to a file of its own first, and a process that reads a stranger's file may make none
(`documents.walls`).
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter


def workbook_bytes(workbook: Workbook) -> bytes:
    """The package that ``workbook.save`` would write."""
    out = io.BytesIO()
    workbook.properties.modified = datetime.now(UTC).replace(tzinfo=None)  # naive, as the library has it
    _InMemory(workbook, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)).save()
    return out.getvalue()


class _InMemory(ExcelWriter):
    """The library's own steps; the members it keeps to itself are those of the version that the lock holds."""

    _archive: zipfile.ZipFile

    def write_worksheet(self, ws: Any) -> None:
        """A sheet of the package, written into memory first."""
        ws._drawing = SpreadsheetDrawing()  # noqa: SLF001 - see the class
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images  # noqa: SLF001
        writer: Any = WorksheetWriter(ws, io.BytesIO())
        writer.write()
        ws._rels = writer._rels  # noqa: SLF001
        self._archive.writestr(ws.path[1:], writer.read())
        self.manifest.append(ws)

"""A changed workbook is written without a file of its own, and is what the library would have written."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.worksheet._writer import ALL_TEMP_FILES
from PIL import Image as Pictures

from documents.workbook_bytes import workbook_bytes


def drawn() -> openpyxl.Workbook:
    """A workbook with everything that hangs on a sheet: formats, a link, a comment, a chart, a picture, two sheets."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in range(1, 20):
        sheet.append([row, f"ñandú {row}", f"=A{row}*2"])
    sheet["A1"].comment = Comment("ojo", "Ana")
    sheet["B2"].hyperlink = "https://ejemplo.example/"
    sheet["B3"].font = openpyxl.styles.Font(bold=True)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=19))
    sheet.add_chart(chart, "E2")
    picture = io.BytesIO()
    Pictures.new("RGB", (4, 4), "red").save(picture, "PNG")
    sheet.add_image(Image(picture), "E20")
    workbook.create_sheet("Otra")["A1"] = "x"
    return workbook


def test_it_is_what_the_library_writes(tmp_path: Path) -> None:
    """Member by member, the time of writing apart."""
    drawn().save(tmp_path / "suyo.xlsx")
    with (
        zipfile.ZipFile(io.BytesIO(workbook_bytes(drawn()))) as ours,
        zipfile.ZipFile(tmp_path / "suyo.xlsx") as theirs,
    ):
        assert ours.namelist() == theirs.namelist()
        for name in set(ours.namelist()) - {"docProps/core.xml"}:
            assert ours.read(name) == theirs.read(name), name


def test_it_makes_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process may open nothing for writing."""
    before = list(ALL_TEMP_FILES)
    monkeypatch.setattr("tempfile.NamedTemporaryFile", None)
    monkeypatch.setattr("openpyxl.worksheet._writer.NamedTemporaryFile", None)
    assert zipfile.is_zipfile(io.BytesIO(workbook_bytes(drawn())))
    assert before == ALL_TEMP_FILES

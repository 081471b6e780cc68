"""Derivatives people see, and the separate process that makes them."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from PIL import Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject

from documents import FileRefused, Limits, inspect, isolation
from documents.isolation import SeparateReader, WorkerFailed
from documents.nursery import Nurseries
from documents.preview import page_png, preview
from documents.refusals import Refuse
from documents.request_form import read_account_requests

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _png(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_page_of_a_letter(make: SimpleNamespace) -> None:
    """A page comes out as a picture of the wanted width, with ink on it."""
    shown = preview(io.BytesIO(make.pdf(pages=2)), name="a.pdf", page=2, width=600)
    picture = _png(shown.png)
    assert (shown.form, shown.pages) == ("picture", 2)
    assert abs(picture.width - 600) <= 1
    assert picture.convert("L").getextrema()[0] < 100


def test_page_that_is_not_there(make: SimpleNamespace) -> None:
    """Asking for page 3 of 2 tells how many there are."""
    with pytest.raises(Refuse) as caught:
        page_png(io.BytesIO(make.pdf(pages=2)), 3, 600)
    assert caught.value.fields == {"family": "pdf", "what": "pages", "found": 3, "limit": 2}


def test_enormous_page_stays_within_memory(make: SimpleNamespace) -> None:
    """A page of five metres is drawn smaller, not refused and not at full size."""
    data = make.pdf("#set page(width: 500cm, height: 500cm)\nHola")
    picture = _png(page_png(io.BytesIO(data), 1, 100_000))
    assert picture.width * picture.height <= 16_100_000


def test_photo_is_turned_upright_and_loses_its_metadata(make: SimpleNamespace) -> None:
    """What is shown of a photo tells neither place nor camera."""
    shown = preview(io.BytesIO(make.photo()), name="a.jpg", width=100)
    picture = _png(shown.png)
    assert picture.height > picture.width
    assert dict(picture.getexif()) == {}
    assert picture.info == {}


def test_colour_profiles_and_texts_of_a_picture_stay_behind() -> None:
    """Nothing but pixels reaches the person who looks."""
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", "Ana Pruebas")
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "navy").save(
        buffer, "PNG", pnginfo=words, icc_profile=b"\0" * 200 + b"Ana", dpi=(99, 99)
    )
    shown = preview(buffer, name="a.png", width=20)
    assert b"Ana" not in shown.png
    assert _png(shown.png).info == {}


def test_signature_marks_are_drawn(make: SimpleNamespace) -> None:
    """What a signature field shows is part of the page that people see."""
    plain = make.pdf("#rect(width: 1cm, height: 1cm, stroke: none)")
    black = StreamObject()
    black.set_data(b"0 g 0 0 200 100 re f")
    black[NameObject("/Type")] = NameObject("/XObject")
    black[NameObject("/Subtype")] = NameObject("/Form")
    black[NameObject("/BBox")] = ArrayObject([NumberObject(n) for n in (0, 0, 200, 100)])

    def edit(writer: PdfWriter) -> None:
        make.signature_field("Director", signed=True)(writer)
        field = writer.root_object["/AcroForm"]["/Fields"][0]
        widget = field.get_object()
        widget[NameObject("/Rect")] = ArrayObject([NumberObject(n) for n in (100, 100, 300, 200)])
        widget[NameObject("/F")] = NumberObject(4)
        widget[NameObject("/AP")] = DictionaryObject({NameObject("/N"): writer._add_object(black)})
        writer.pages[0][NameObject("/Annots")] = ArrayObject([field])

    before = _png(page_png(io.BytesIO(plain), 1, 400)).convert("L").getextrema()
    after = _png(page_png(io.BytesIO(make.edit_pdf(edit, plain)), 1, 400)).convert("L").getextrema()
    assert (before, after[0]) == ((255, 255), 0)


def test_mail_is_shown_as_text(make: SimpleNamespace) -> None:
    """Headers, text and the list of attachments; no markup."""
    data = preview(io.BytesIO(make.mail()), name="a.eml").data
    assert data["subject"] == "Confirmación de alta"
    assert data["body"] == "Se confirma el alta."
    assert [item["name"] for item in data["attachments"]] == ["carta año.pdf"]


def test_sheet_is_shown_as_its_first_rows(make: SimpleNamespace) -> None:
    """The first fifty rows as text; formulas as they are written."""
    rows = [[f"=A{n}", n] for n in range(60)]
    data = preview(io.BytesIO(make.xlsx(rows)), name="a.xlsx").data
    (sheet,) = data["sheets"]
    assert (len(sheet["rows"]), sheet["cut"], sheet["rows"][1]) == (50, True, ["=A1", "1"])


def test_the_separate_process_answers_the_same(make: SimpleNamespace, good: Mapping[str, bytes]) -> None:
    """Inspection, preview and request sheet are the same from the separate process as from our own."""
    reader = SeparateReader()
    for name, data in good.items():
        assert reader.inspect(io.BytesIO(data), name=name) == inspect(io.BytesIO(data), name=name)
    pdf = good["carta.pdf"]
    assert reader.preview(io.BytesIO(pdf), name="a.pdf", width=300) == preview(
        io.BytesIO(pdf), name="a.pdf", width=300
    )
    sheet = make.xlsx([["Nombre", "RFC"], ["Ana", "GODE561231GR7"]])
    assert reader.account_requests(io.BytesIO(sheet)) == read_account_requests(io.BytesIO(sheet))


def test_refusals_cross_the_border_whole() -> None:
    """Code, name and fields of a refusal are those of the file."""
    with pytest.raises(FileRefused) as caught:
        SeparateReader().inspect(io.BytesIO(b"<html>"), name="../carta.pdf")
    refusal = caught.value
    assert (refusal.code, refusal.name) == ("content_mismatch", "carta.pdf")
    assert refusal.fields == {"extension": "pdf", "found": "html"}


def test_a_file_over_the_limit_starts_no_process() -> None:
    """Size is judged before a copy is made."""
    with pytest.raises(FileRefused) as caught:
        SeparateReader(Limits(file_bytes=3)).inspect(io.BytesIO(b"hola"), name="a.txt")
    assert caught.value.fields == {"size": 4, "limit": 3}


def test_a_reader_that_eats_memory_is_stopped(make: SimpleNamespace) -> None:
    """A file that needs more memory than one upload may have costs that upload only."""
    data = make.image("PNG", (7_000, 7_000))
    with pytest.raises(FileRefused) as caught:
        SeparateReader(Limits(memory_bytes=150 << 20)).inspect(io.BytesIO(data), name="a.png")
    assert caught.value.code == "too_costly"


def _long(make: SimpleNamespace) -> io.BytesIO:
    """A workbook that takes seconds of processor to read."""
    row = "<row>" + "<c><v>1</v></c>" * 20 + "</row>"
    body = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{row * 30_000}</sheetData></worksheet>'
    return io.BytesIO(make.edit_zip(make.xlsx(), {"xl/worksheets/sheet1.xml": body.encode()}))


def test_a_reader_that_loops_is_stopped(make: SimpleNamespace) -> None:
    """A file that takes longer than one upload may take is refused as too costly."""
    with pytest.raises(FileRefused) as caught:
        SeparateReader(Limits(cpu_seconds=1, wall_seconds=250)).inspect(_long(make), name="a.xlsx")
    assert caught.value.code == "too_costly"


def test_the_wall_clock_also_stops_it(make: SimpleNamespace) -> None:
    """Waiting is stopped as well, whatever is done meanwhile; only what is done before anybody looks is taken."""
    with pytest.raises(FileRefused) as caught:
        SeparateReader(Limits(cpu_seconds=250, wall_seconds=0)).inspect(_long(make), name="a.xlsx")
    assert caught.value.code == "too_costly"


def test_a_fault_of_ours_is_not_blamed_on_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the child cannot even start, the error is not a refusal."""
    fresh = Nurseries()
    monkeypatch.setattr(isolation, "nurseries", fresh)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WorkerFailed):
        SeparateReader().inspect(io.BytesIO(b"hola"), name="a.txt")

"""What good files are and say."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from types import SimpleNamespace

import openpyxl
import pytest

from documents import Inspection, inspect
from documents.markup import plain_text
from documents.sniffing import KINDS
from evidence.canonical import canonical_bytes


def _look(data: bytes, name: str) -> Inspection:
    return inspect(io.BytesIO(data), name=name)


def test_every_kind_is_recognised_without_a_warning(good: Mapping[str, bytes]) -> None:
    """Each good file is taken as what its extension says, and its facts are canonical JSON."""
    seen = set()
    for name, data in good.items():
        found = _look(data, name)
        assert found.name == name
        assert found.extension == name.rpartition(".")[2]
        assert found.warnings == ()
        assert canonical_bytes(dict(found.about))
        seen.add(found.extension)
    assert seen == {kind.extension for kind in KINDS}


def test_the_name_does_not_decide_what_a_nameless_file_is(good: Mapping[str, bytes]) -> None:
    """Without an extension the content alone decides, and the name gets the extension it deserves."""
    for name, data in good.items():
        stem, _, extension = name.rpartition(".")
        found = _look(data, stem)
        expected = "txt" if extension == "csv" else extension
        assert (found.extension, found.name) == (expected, f"{stem}.{expected}")
        assert found.warnings == ("extension_added",)


def test_the_stream_is_left_at_its_start(good: Mapping[str, bytes]) -> None:
    """Whoever stores the file after the inspection reads all of it."""
    for name, data in good.items():
        stream = io.BytesIO(data)
        stream.seek(len(data) // 2)
        inspect(stream, name=name)
        assert stream.read() == data


def test_pdf_facts(make: SimpleNamespace) -> None:
    """Pages, text and creation time of a letter; no signature where there is none."""
    about = _look(make.pdf(pages=3), "carta.pdf").about
    assert about["pages"] == 3
    assert about["encrypted"] is False
    assert about["signatures"] == {"count": 0, "fields": []}
    assert "Se autoriza el alta de Ana Pruebas." in str(about["text"])
    assert str(about["created"]).startswith("2025-11-24T")


@pytest.mark.parametrize("signed", [True, False])
def test_pdf_signature_fields_are_counted(make: SimpleNamespace, signed: bool) -> None:
    """A signature field counts as a signature only when it holds one."""
    data = make.edit_pdf(make.signature_field("Director", signed=signed))
    about = _look(data, "carta.pdf").about
    assert about["signatures"] == {"count": int(signed), "fields": [{"name": "Director", "signed": signed}]}


def test_restricted_pdf_opens_with_a_warning(make: SimpleNamespace) -> None:
    """A PDF that everybody can open but not print is taken, and says so."""
    data = make.edit_pdf(lambda writer: writer.encrypt("", "owner", algorithm="AES-256"))
    found = _look(data, "carta.pdf")
    assert found.about["encrypted"] is True
    assert "Ana Pruebas" in str(found.about["text"])
    assert found.warnings == ("restricted",)


def test_pdf_with_a_damaged_index_is_read_with_a_warning(make: SimpleNamespace) -> None:
    """Readers rebuild a wrong cross-reference pointer; the person is told that they did."""
    head, _, tail = make.pdf().rpartition(b"startxref")
    data = head + b"startxref\n7\n%%EOF" + tail[len(tail) :]
    assert _look(data, "carta.pdf").warnings == ("repaired",)


def test_scanned_pdf_says_that_it_has_no_text(make: SimpleNamespace) -> None:
    """A scan cannot be searched nor scanned for passwords: the person is told."""
    assert _look(make.pdf(body="#rect(width: 3cm)"), "escaneo.pdf").warnings == ("no_text",)


def test_workbook_facts(make: SimpleNamespace) -> None:
    """Sheets with their real extent, and their text for search."""
    about = _look(make.xlsx([["Nombre", "RFC", None], [], ["Ñandú", "X", None]]), "s.xlsx").about
    assert about["sheets"] == [{"name": "Solicitud", "rows": 3, "columns": 2, "hidden": False}]
    assert "Ñandú" in str(about["text"])


def test_workbook_formulas_and_hidden_sheets_are_told() -> None:
    """Formulas are not calculated and hidden sheets are not overlooked."""
    workbook = openpyxl.Workbook()
    workbook.active.append(["=1+1"])
    workbook.create_sheet("Oculta").sheet_state = "hidden"
    buffer = io.BytesIO()
    workbook.save(buffer)
    assert set(_look(buffer.getvalue(), "s.xlsx").warnings) == {"formulas", "hidden_sheets"}


def test_photo_facts_keep_no_place(make: SimpleNamespace) -> None:
    """When and with what, but not where a picture was taken."""
    about = _look(make.photo(), "foto.jpeg").about
    assert about == {
        "format": "jpg", "width": 320, "height": 200,
        "taken": "2026-11-03T10:15:00", "camera": "Marca Modelo", "has_location": True,
    }  # fmt: skip


def test_mail_facts(make: SimpleNamespace) -> None:
    """Headers decoded, the date in UTC, the attachments by digest, the header facts as the file states them."""
    found = _look(make.mail(), "respuesta.eml")
    about = found.about
    assert about["from"] == [{"name": "Mónica Pruebas", "address": "monica@metlife.example"}]
    assert [person["address"] for person in about["to"]] == [
        "mesa@promotoria.example",
        "ana@promotoria.example",
    ]
    assert about["cc"] == [{"name": "", "address": "copia@promotoria.example"}]
    assert about["subject"] == "Confirmación de alta"
    assert about["date"] == "2026-11-02T16:00:00+00:00"
    assert about["message_id"] == "<alta-1@metlife.example>"
    assert about["in_reply_to"] == "<solicitud-1@promotoria.example>"
    assert about["dkim"] == ["metlife.example"]
    assert about["authentication_results"] == ["mx.promotoria.example; dkim=pass header.d=metlife.example"]
    pdf = make.pdf()
    assert about["attachments"] == [
        {
            "name": "carta año.pdf", "media": "application/pdf",
            "size": len(pdf), "sha256": hashlib.sha256(pdf).hexdigest(),
        }
    ]  # fmt: skip
    assert about["text"] == "Se confirma el alta."


def test_html_mail_becomes_text() -> None:
    """A mail that has only HTML is read without its tags and scripts."""
    headers = "From: a@x.example\nTo: b@x.example\nContent-Type: text/html; charset=utf-8\n\n"
    raw = (headers + "<p>Hola<br>Sí<script>x()</script></p>").encode()
    assert _look(raw, "m.eml").about["text"] == "Hola\nSí"


def test_outlook_message_facts(make: SimpleNamespace) -> None:
    """An Outlook message says the same as a mail, as far as the format keeps it."""
    about = _look(make.msg(), "respuesta.msg").about
    assert about["subject"] == "Alta confirmada"
    assert about["from"] == [{"name": "Mónica", "address": "m@x.example"}]
    assert about["to"] == [{"name": "Ana", "address": "ana@promotoria.example"}]
    assert about["text"] == "Se confirma el alta."
    pdf = make.pdf()
    assert about["attachments"] == [
        {
            "name": "carta.pdf", "media": "application/pdf",
            "size": len(pdf), "sha256": hashlib.sha256(pdf).hexdigest(),
        }
    ]  # fmt: skip


def test_text_in_an_old_code_page_is_read() -> None:
    """Text that is not UTF-8 is read as Windows-1252, and says so."""
    found = _look("Año: ñandú €".encode("cp1252"), "nota.txt")
    assert found.about["text"] == "Año: ñandú €"
    assert found.about["encoding"] == "cp1252"
    assert found.warnings == ("not_utf8",)


def test_text_of_excel_in_utf16_is_read() -> None:
    """«Unicode text» of a spreadsheet program is UTF-16 with its mark."""
    assert _look("a\tñ\n".encode("utf-16"), "x.txt").about["encoding"] == "utf-16"


def test_csv_columns_and_delimiter() -> None:
    """The first row of a CSV, cut at the commonest delimiter."""
    about = _look(b'"a;1";b\n1;2\n', "x.csv").about
    assert (about["delimiter"], about["columns"], about["lines"]) == (";", ["a;1", "b"], 2)


def test_an_image_called_by_another_format_gets_its_own_extension(make: SimpleNamespace) -> None:
    """A PNG called .jpg is taken with a corrected name."""
    found = _look(make.image("PNG"), "captura.jpg")
    assert (found.name, found.media, found.warnings) == ("captura.png", "image/png", ("extension_corrected",))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hola<![<ad> Ana</p>", "Hola Ana"),
        ("<p>uno<![if !mso]>dos<![endif]>tres</p>", "unodostres"),
    ],
)
def test_marked_sections_of_html_say_nothing_and_break_nothing(html: str, text: str) -> None:
    """What Outlook writes for itself, and what nobody should write."""
    assert plain_text(html).split() == text.split()

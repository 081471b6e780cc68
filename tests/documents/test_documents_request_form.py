"""MA-001's request sheet: columns by name, problems by row, nothing calculated."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from documents import FileRefused
from documents.request_form import (
    ERROR_CODES,
    MAX_ROWS,
    WARNING_CODES,
    AccountRequest,
    FormReading,
    read_account_requests,
)

HEADER = ["Nombre", "RFC", "Correo", "Zona", "Paquete"]
ANA = ["Ana Pruebas", "GODE561231GR8", "ana@promotoria.example", "Acapulco", 1]


def _read(make: SimpleNamespace, rows: list[list[object]]) -> FormReading:
    return read_account_requests(io.BytesIO(make.xlsx(rows)))


def _codes(form: FormReading) -> list[tuple[int, str, str]]:
    assert all(problem.code in ERROR_CODES for problem in form.errors)
    assert all(problem.code in WARNING_CODES for problem in form.warnings)
    return [(problem.row, problem.column, problem.code) for problem in form.errors]


def test_plain_sheet(make: SimpleNamespace) -> None:
    """One person, normalised."""
    form = _read(make, [HEADER, ANA])
    assert form.errors == ()
    assert form.rows == (
        AccountRequest(2, "Ana Pruebas", "GODE561231GR8", "ana@promotoria.example", "Acapulco", "1"),
    )


def test_header_anywhere_with_other_words(make: SimpleNamespace) -> None:
    """Titles above, other column order, accents, colons, capitals and synonyms: the same person."""
    rows: list[list[object]] = [
        ["Solicitud de cuentas MET"],
        [],
        [
            "No.",
            "CORREO ELECTRÓNICO:",
            "Región",
            "Paquete (1/2)",
            "Nombre completo",
            "R.F.C.",
            "Promotoría",
            "Movimiento",
        ],
        [
            1,
            "mailto:Ana@Promotoria.example",
            " Acapulco ",
            "Paquete 2",
            "Ana  Pruebas",
            "gode 561231 gr8",
            "P-77",
            "ALTA",
        ],
    ]
    form = _read(make, rows)
    assert form.errors == ()
    assert form.rows == (
        AccountRequest(
            4, "Ana Pruebas", "GODE561231GR8", "ana@promotoria.example", "Acapulco", "2",
            promotoria="P-77", tipo="alta",
        ),
    )  # fmt: skip


def test_a_person_called_like_a_column_is_no_header(make: SimpleNamespace) -> None:
    """The header is the row that names most fields, not the first that holds one of the words."""
    form = _read(make, [["Zona", "RFC y nombre"], ["nombre", "rfc"], HEADER, ANA])
    assert [row.row for row in form.rows] == [4]


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [
        (0, "", "empty"),
        (0, "=1+1", "formula"),
        (0, "x" * 301, "too_long"),
        (1, "ABC010101AB1", "rfc_company"),
        (1, "XAXX010101000", "rfc_generic"),
        (1, "GODE561331GR8", "rfc_bad_date"),
        (1, "123", "rfc_malformed"),
        (2, "ana@", "email_malformed"),
        (2, "@SUM(A1)", "formula"),
        (3, None, "empty"),
        (4, 3, "package_unknown"),
    ],
)
def test_each_wrong_cell_is_told(make: SimpleNamespace, cell: int, value: object, code: str) -> None:
    """A wrong cell gives its row, its field and a code, and its row is not taken; the other rows are."""
    wrong = [*ANA]
    wrong[cell] = value
    other = ["Beto Pruebas", "VECJ8803261K7", "beto@promotoria.example", "Oaxaca", "2"]
    form = _read(make, [HEADER, wrong, other])
    assert _codes(form) == [(2, HEADER[cell].lower(), code)]
    assert [row.row for row in form.rows] == [3]


def test_a_formula_is_not_repeated(make: SimpleNamespace) -> None:
    """The text of a formula leaves in no message: it could be run by somebody's spreadsheet."""
    form = _read(make, [HEADER, ['=HYPERLINK("https://x.example")', *ANA[1:]]])
    assert form.errors[0].value == ""


def test_same_person_twice(make: SimpleNamespace) -> None:
    """The same RFC in other spelling is an error that names the earlier row; the same address only warns."""
    form = _read(make, [HEADER, ANA, [], ["Ana P.", "gode-561231-GR8", *ANA[2:]]])
    assert [(p.row, p.column, p.code, p.value) for p in form.errors] == [(4, "rfc", "rfc_twice", "2")]
    assert [(p.row, p.code, p.value) for p in form.warnings] == [(4, "email_twice", "2")]
    assert [row.row for row in form.rows] == [2]


def test_check_digit_warns(make: SimpleNamespace) -> None:
    """An RFC that does not follow SAT's rule is taken with a warning."""
    form = _read(make, [HEADER, [ANA[0], "GODE561231GR7", *ANA[2:]]])
    assert (len(form.rows), [p.code for p in form.warnings]) == (1, ["rfc_check_digit"])


def test_missing_and_doubled_columns(make: SimpleNamespace) -> None:
    """What the sheet lacks or says twice is told once, at the header's row."""
    form = _read(make, [["Nombre", "RFC", "Correo", "Email", "Paquete"], [ANA[0], ANA[1], ANA[2], "", 1]])
    assert _codes(form) == [(1, "correo", "column_twice"), (1, "zona", "column_missing")]
    assert form.rows == ()


def test_no_header_and_no_rows(make: SimpleNamespace) -> None:
    """A sheet without a header, or with nothing below it, says so."""
    assert _codes(_read(make, [["hola"]])) == [(0, "", "no_header")]
    assert _codes(_read(make, [HEADER])) == [(1, "", "no_rows")]


def test_more_rows_than_allowed(make: SimpleNamespace) -> None:
    """Reading stops at the limit and says so."""
    rows: list[list[object]] = [HEADER, *([["Ana", "", "", "", ""]] * (MAX_ROWS + 2))]
    form = _read(make, rows)
    assert form.errors[-1].code in {"too_many_rows", "empty"}
    assert [p.row for p in form.errors if p.code == "too_many_rows"] == [MAX_ROWS + 2]


def test_what_is_no_workbook_is_refused(make: SimpleNamespace) -> None:
    """The sheet passes the same door as any file."""
    for data, code in (
        (make.pdf(), "content_mismatch"),
        (make.edit_zip(make.xlsx(), {"xl/vbaProject.bin": b"x"}), "macros"),
        (b"hola", "content_mismatch"),
        (make.xlsx()[:-400], "damaged"),
    ):
        with pytest.raises(FileRefused) as caught:
            read_account_requests(io.BytesIO(data))
        assert caught.value.code == code

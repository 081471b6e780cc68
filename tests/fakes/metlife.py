"""What MetLife, CAM and the areas send in a recertification, made from nothing: for tests, the demo and benchmarks.

Everybody is invented. The workbook has the shape of the real one: a title, a note, the header in the sixth row with
accents and columns in MetLife's own order, a column for the answer, and a second sheet with instructions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import openpyxl
from openpyxl.styles import Font, PatternFill

HEADER_ROW = 6
ZONES = ("CDMX", "Norte", "Occidente", "Oaxaca", "Acapulco", "Estado de México")
KINDS = ("Administrativo", "Asistente", "Promotoría")
HEADER = (
    "No.",
    "H.I.D.",
    "Nombre Completo",
    "Correo Electrónico",
    "R.F.C.",
    "Tipo de usuario",
    "Zona",
    "Aplicativo",
    "Último acceso",
    "Certificación",
)
_GIVEN = ("María", "José", "Ana", "Luis", "Sofía", "Carlos", "Lucía", "Jorge", "Elena", "Raúl")
_SURNAMES = ("Ruiz", "Peña", "Ortega", "Núñez", "Solís", "Ibarra", "Muñoz", "Lara", "Cano")


@dataclass(frozen=True)
class Person:
    """One row: ``number`` is the row of the sheet."""

    number: int
    hid: str
    name: str
    email: str
    rfc: str
    kind: str
    zone: str


def people(rows: int = 900, zones: Sequence[str] = ZONES) -> tuple[Person, ...]:
    """So many invented people, always the same."""
    return tuple(_person(n, zones) for n in range(rows))


def _person(n: int, zones: Sequence[str]) -> Person:
    surnames = f"{_SURNAMES[n % 9]} {_SURNAMES[(n * 7 + 3) % 9]}"
    return Person(
        number=HEADER_ROW + 1 + n,
        hid=f"{300_000 + n * 7:08d}",
        name=f"{_GIVEN[n % 10]} {surnames} {n + 1}",
        email=f"usuario{n + 1}@promotoria.example",
        rfc=f"RUOM{60 + n // 300 % 40:02d}{1 + n // 25 % 12:02d}{1 + n % 25:02d}A{n // 10 % 10}{n % 10}",
        kind=KINDS[n % len(KINDS)],
        zone=zones[n % len(zones)],
    )


def workbook(
    found: Sequence[Person] | None = None,
    *,
    application: str = "BeLife",
    change: Callable[[openpyxl.Workbook], None] | None = None,
) -> bytes:
    """MetLife's workbook for these people; ``change`` may spoil it before it is saved."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Usuarios"
    sheet["B2"] = f"Recertificación anual de usuarios {application}"
    sheet["B2"].font = Font(bold=True, size=16)
    sheet["B3"] = "Favor de indicar en la última columna si el usuario se certifica."
    for index, title in enumerate(HEADER, start=1):
        cell = sheet.cell(HEADER_ROW, index, title)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="005EB8")
    for place, person in enumerate(people() if found is None else found, start=1):
        _line(sheet, place, person, application)
    sheet.column_dimensions["C"].width = 38
    sheet.freeze_panes = "C7"
    notes = book.create_sheet("Instrucciones")
    notes["A1"] = "Devolver con carta responsiva firmada antes de la fecha límite."
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@cache
def small_sheet() -> bytes:
    """The workbook of six people of two zones."""
    return workbook(small())


def small() -> tuple[Person, ...]:
    """Six people of two zones."""
    return people(6, zones=("Norte", "Sur"))


def _line(sheet: object, place: int, person: Person, application: str) -> None:
    values = (place, person.hid, person.name, person.email, person.rfc, person.kind, person.zone, application)
    for index, value in enumerate((*values, "2026-08-01"), start=1):
        sheet.cell(person.number, index, value)  # type: ignore[attr-defined]


def statuses(found: Sequence[Person]) -> dict[str, str]:
    """What CAM says of people: most are active, every tenth is removed, every twenty-fifth is not known."""
    said = {}
    for n, person in enumerate(found):
        if n % 25 != 24:
            said[person.hid] = "Baja" if n % 10 == 9 else "Activo"
    return said


def extract_csv(said: Mapping[str, str]) -> bytes:
    """CAM's extract as CSV, with semicolons and a mark, as its button gives it."""
    out = io.StringIO()
    lines = csv.writer(out, delimiter=";")
    lines.writerow(["HID", "Usuario", "Estatus"])
    lines.writerows([hid, "—", status] for hid, status in said.items())
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def extract_xlsx(said: Mapping[str, str]) -> bytes:
    """CAM's extract as a workbook."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Reporte CAM Pegasus"])
    sheet.append(["Estatus", "HID"])
    for hid, status in said.items():
        sheet.append([status, hid])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def answered(
    exported: bytes, decide: Callable[[int], tuple[str, str]], change: Callable[[object], None] | None = None
) -> bytes:
    """An exported sheet with the area's answer in it: decision and reason by row of the campaign."""
    book = openpyxl.load_workbook(io.BytesIO(exported))
    sheet = book.worksheets[0]
    for line in range(2, sheet.max_row + 1):
        number = int(str(sheet.cell(line, 1).value))
        sheet.cell(line, 6).value, sheet.cell(line, 7).value = decide(number)
    if change is not None:
        change(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def letter(date: str = "12 de noviembre de 2026", application: str = "BeLife", count: int = 900) -> bytes:
    """A letter of responsibility as a PDF with text, one page."""
    lines = (
        f"Ciudad de México, a {date}",
        "Carta responsiva de recertificación",
        f"Aplicativo: {application}",
        f"Se certifican {count} usuarios conforme al archivo anexo.",
    )
    text = "BT /F1 12 Tf 72 700 Td 20 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    return _pdf(text.encode("cp1252"))


def _pdf(content: bytes) -> bytes:
    parts = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    begin = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, begin)
    return bytes(out)

"""What MetLife, CAM and the areas send in the demonstration's recertification: the same people, the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import openpyxl
from openpyxl.styles import Font, PatternFill

from demo.names import ZONES, Subject
from demo.people import COLLEAGUES
from demo.sheets import dated

HEADER_ROW = 6
HEADER = (
    "No.",
    "HID",
    "Nombre Completo",
    "Correo Electrónico",
    "RFC",
    "Tipo de usuario",
    "Zona",
    "Certificación",
)
OFFICE = "Oficinas centrales"
_FIRST_SUBJECT = 10_000
_ANSWER_HEADER = ("Renglón", "HID", "Nombre", "Decisión", "Motivo")


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One person of MetLife's file. ``number`` is the row of the sheet."""

    number: int
    hid: str
    name: str
    email: str
    rfc: str
    zone: str


def roster(rows: int) -> tuple[RosterLine, ...]:
    """So many people by zone, the desk's own among those of the office."""
    lines = []
    for n in range(rows):
        subject = Subject(_FIRST_SUBJECT + n)
        zone = OFFICE if n % 17 == 16 else ZONES[n % len(ZONES)]
        own = COLLEAGUES[n // 17] if zone == OFFICE and n // 17 < 6 else None
        lines.append(
            RosterLine(
                number=HEADER_ROW + 1 + n,
                hid=f"{410_000 + 7 * n:08d}",
                name=own.name if own else subject.who.nombre,
                email=own.email if own else subject.who.correo,
                rfc=subject.who.rfc,
                zone=zone,
            )
        )
    return tuple(lines)


def metlife_workbook(lines: Sequence[RosterLine], moment: datetime) -> bytes:
    """MetLife's file: a title, a note, the header in the sixth row, a column for the answer."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Usuarios"
    sheet["B2"] = "Recertificación anual de usuarios BeLife (simulada)"
    sheet["B2"].font = Font(bold=True, size=14)
    sheet["B3"] = "Indique en la última columna si el usuario se certifica."
    for index, title in enumerate(HEADER, 1):
        cell = sheet.cell(HEADER_ROW, index, title)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="0B6B3A")
    for place, line in enumerate(lines, 1):
        row: tuple[str | int, ...] = (
            place,
            line.hid,
            line.name,
            line.email,
            line.rfc,
            "Promotoría",
            line.zone,
        )
        for index, value in enumerate(row, 1):
            sheet.cell(line.number, index).value = value
    return _saved(book, moment)


def cam_extract(lines: Sequence[RosterLine]) -> bytes:
    """What CAM says: most are active, some were removed, some it does not know."""
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(["HID", "Nombre", "Estatus"])
    for line in lines:
        if line.number % 29:
            table.writerow([line.hid, line.name, "Baja" if line.number % 13 == 0 else "Activo"])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def area_answer(lines: Sequence[RosterLine], moment: datetime) -> bytes:
    """A sheet as an area sends it back: mostly certified, some removed, some in doubt."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Renglones"
    sheet.append(_ANSWER_HEADER)
    for line in lines:
        sheet.append([line.number, line.hid, line.name, *_answer(line)])
    return _saved(book, moment)


def doubtful(lines: Sequence[RosterLine]) -> tuple[int, ...]:
    """Numbers of the rows that an answered sheet leaves to the director."""
    return tuple(line.number for line in lines if _answer(line)[0] == "Discrepancia")


def _answer(line: RosterLine) -> tuple[str, str]:
    if line.number % 13 == 0:
        return (
            ("Reactiva", "Sigue activa; la baja fue un error.")
            if line.number % 2
            else ("Baja", "Baja confirmada.")
        )
    if line.number % 31 == 5:
        return "Discrepancia", "No coincide el nombre con la plantilla del área."
    if line.number % 19 == 3:
        return "Baja", "Ya no colabora con la promotoría."
    return "Certifica", ""


def _saved(book: openpyxl.Workbook, moment: datetime) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return dated(out.getvalue(), moment)

"""The request sheet that CAM data entry sends: a real workbook, with a title above the table as people make them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from demo.people import Applicant
from demo.rendering import ZONE, short_time

_HEADER = (
    "No.",
    "Nombre completo",
    "RFC",
    "Correo electrónico",
    "Zona",
    "Paquete (1/2)",
    "Promotoría",
    "Puesto",
    "Tipo",
)
_WIDTHS = (6, 34, 18, 38, 18, 14, 26, 26, 10)
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def request_sheet(who: Applicant, tipo: str, ticket: str, moment: datetime) -> bytes:
    """The sheet of one request; the same bytes for the same arguments."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = "Solicitud"
    sheet["B1"] = "SOLICITUD DE CUENTAS MET"
    sheet["B1"].font = Font(bold=True, size=14, color="1B3A5C")
    sheet["B2"] = f"Ticket {ticket}  ·  Captura: Martha  ·  {short_time(moment)}"
    sheet.append([])
    sheet.append(_HEADER)
    sheet.append(
        [
            1,
            who.nombre,
            who.rfc,
            who.correo,
            who.zona,
            int(who.paquete),
            who.promotoria,
            who.puesto,
            tipo.upper(),
        ]
    )
    for index, width in enumerate(_WIDTHS, start=1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = width
        cell = sheet[f"{letter}4"]
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1B3A5C")
        cell.alignment = Alignment(horizontal="center")
    sheet.freeze_panes = "A5"
    workbook.properties.creator = "Martha"
    workbook.properties.title = f"Solicitud {ticket}"
    buffer = io.BytesIO()
    workbook.save(buffer)
    return dated(buffer.getvalue(), moment)


def dated(data: bytes, moment: datetime) -> bytes:
    """The workbook with the moment of the story in its properties and in its ZIP, instead of that of the program."""
    local = moment.astimezone(ZONE)
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
            info = zipfile.ZipInfo(member.filename, local.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return buffer.getvalue()

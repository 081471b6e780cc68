"""Typst sheets to PDF and PNG, and dates as Mexican letters write them."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import typst

from evidence.canonical import Json

ZONE = ZoneInfo("America/Mexico_City")
_SHEETS = Path(__file__).parent / "typst"
_MONTHS = (
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
)  # fmt: skip


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts()


def pdf(sheet: str, data: dict[str, Json], moment: datetime) -> bytes:
    """A sheet filled with data; the same bytes for the same input. Declares PDF/A-2b."""
    made = typst.compile(
        _SHEETS / sheet,
        root=_SHEETS,
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["a-2b"],
        timestamp=int(moment.timestamp()),
    )
    assert isinstance(made, bytes)  # noqa: S101 - one output, so not a list of pages
    return made


def png(sheet: str, data: dict[str, Json]) -> bytes:
    """A sheet of one page as a picture."""
    made = typst.compile(
        _SHEETS / sheet,
        root=_SHEETS,
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data)},
        format="png",
        ppi=72.0,
    )
    assert isinstance(made, bytes)  # noqa: S101 - one page, so not a list of pages
    return made


def long_date(moment: datetime) -> str:
    """«3 de noviembre de 2026», where the desk is."""
    return long_day(moment.astimezone(ZONE).date())


def long_day(day: date) -> str:
    """The same of a date."""
    return f"{day.day} de {_MONTHS[day.month - 1]} de {day.year}"


def short_time(moment: datetime) -> str:
    """``03/11/2026 09:12``, where the desk is."""
    return moment.astimezone(ZONE).strftime("%d/%m/%Y %H:%M")

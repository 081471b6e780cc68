"""What a letter of responsibility says: its date, the application, and how many users it certifies.

Read from the text of the PDF that `documents.inspection` gives. What is not found once, unambiguously, is not read:
then a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from documents.identifiers import fold

_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
_LONG = re.compile(r"\b([0-3]?[0-9]) (?:de )?(" + "|".join(_MONTHS) + r") (?:de |del )?(20[0-9]{2})\b")
_SHORT = re.compile(r"\b([0-3]?[0-9])[/.-]([01]?[0-9])[/.-](20[0-9]{2})\b")
_ISO = re.compile(r"\b(20[0-9]{2})-([01][0-9])-([0-3][0-9])\b")
_COUNT = re.compile(
    r"\b([0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+) (?:\([^)]{1,60}\) )?(?:usuarios|usuario|cuentas|registros|hid)\b"
)
_TOTAL = re.compile(
    r"\b(?:cantidad|total|numero)(?: total)?(?: de (?:usuarios|cuentas|registros))? ?[:=]? ?"
    r"([0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)\b"
)


@dataclass(frozen=True, slots=True)
class LetterText:
    """What could be read: ``date`` (yyyy-mm-dd), ``application`` (a code), ``count``; ``""`` for what could not."""

    date: str = ""
    application: str = ""
    count: str = ""


def read_letter(text: str, applications: Mapping[str, Iterable[str]]) -> LetterText:
    """Read a letter's text; ``applications`` are spellings by code."""
    folded = fold(text)
    return LetterText(
        date=_only(_dates(folded)),
        application=_only(_named(folded, applications)),
        count=_only(_counts(folded)),
    )


def _only(found: Iterable[str]) -> str:
    """The one value, ``""`` where there is none or more than one."""
    values = set(found)
    return values.pop() if len(values) == 1 else ""


def _dates(text: str) -> Iterable[str]:
    for day, month, year in _LONG.findall(text):
        yield from _date(int(year), _MONTHS.index(month) + 1, int(day))
    for day, month, year in _SHORT.findall(text):
        yield from _date(int(year), int(month), int(day))
    for year, month, day in _ISO.findall(text):
        yield from _date(int(year), int(month), int(day))


def _date(year: int, month: int, day: int) -> Iterable[str]:
    try:
        yield date(year, month, day).isoformat()
    except ValueError:
        return


def _counts(text: str) -> Iterable[str]:
    for pattern in (_COUNT, _TOTAL):
        yield from (str(int(re.sub(r"[, ]", "", found))) for found in pattern.findall(text))


def _named(text: str, applications: Mapping[str, Iterable[str]]) -> Iterable[str]:
    for code, spellings in applications.items():
        for spelling in spellings:
            if re.search(rf"(?<![a-z0-9]){re.escape(fold(spelling))}(?![a-z0-9])", text):
                yield code

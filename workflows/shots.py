"""What a person says a screenshot shows: of which system, and of which date. Optional, typed beside the file.

Both are claims about a picture and may name anything, so they stay in the payload, in the file's member ``shot``; what
the inspection read off the bytes is in ``about`` and never mixed with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from evidence.canonical import Json
from workflows.errors import FieldInvalid, FieldProblem
from workflows.uploads import PreparedFile
from workflows.values import check_text

SYSTEM, TAKEN = "captura_sistema", "captura_fecha"
"""How problems name the two fields."""

LONGEST = 120


def check_shots(files: Iterable[PreparedFile], today: date) -> None:
    """See that what was typed about screenshots can be kept.

    Raises:
        FieldInvalid: a text that cannot be shown, is too long or announces a password; a date that is none or to come.
    """
    problems: list[FieldProblem] = []
    for file in files:
        _text, problem = check_text(SYSTEM, file.system, LONGEST)
        problems += [problem] if problem else []
        problems += _date_problems(file.taken, today)
    if problems:
        raise FieldInvalid(tuple(dict.fromkeys(problems)))


def shot_json(file: PreparedFile) -> dict[str, Json]:
    """``system`` and ``date`` of a screenshot as its payload keeps them; empty ones are left out."""
    system, _problem = check_text(SYSTEM, file.system, LONGEST)
    found: dict[str, Json] = {"system": system, "date": file.taken.strip()}
    return {name: value for name, value in found.items() if value}


def _date_problems(text: str, today: date) -> list[FieldProblem]:
    typed = text.strip()
    if not typed:
        return []
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return [FieldProblem(TAKEN, "malformed", 0, typed[:40])]
    if len(typed) != 10:
        return [FieldProblem(TAKEN, "malformed", 0, typed[:40])]
    return [FieldProblem(TAKEN, "in_future", 0, typed)] if day > today else []

"""What the reader of the request sheet found, in words: who is ready, and what to mend in which row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from documents.request_form import AccountRequest, FormReading, RowProblem
from web.i18n import gettext as _
from web.messages import FIELD_PROBLEMS

_MOVED = ("nombre", "rfc", "correo", "zona", "paquete", "promotoria", "puesto", "tipo")


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the sheet; ``data`` are the opening fields it fills."""

    nombre: str
    rfc: str
    correo: str
    zona: str
    paquete: str
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend or to look at; ``row`` 0 is the whole sheet."""

    row: int
    column: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The sheet, read."""

    people: tuple[Person, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def reading_of(reading: FormReading, known: frozenset[str]) -> Reading:
    """The reading in words; ``known`` are the names of the process's opening fields."""
    return Reading(
        tuple(_person(row, known) for row in reading.rows),
        tuple(_problem(item) for item in reading.errors),
        tuple(_problem(item) for item in reading.warnings),
    )


def _person(row: AccountRequest, known: frozenset[str]) -> Person:
    data = {name: getattr(row, name) for name in _MOVED if name in known and getattr(row, name)}
    return Person(row.nombre, row.rfc, row.correo, row.zona, row.paquete, data)


def _problem(item: RowProblem) -> Problem:
    names = {
        "nombre": _("nombre"), "rfc": _("RFC"), "correo": _("correo"), "zona": _("zona"), "paquete": _("paquete"),
        "promotoria": _("promotoría"), "puesto": _("puesto"), "tipo": _("tipo"),
    }  # fmt: skip
    return Problem(item.row, names.get(item.column, item.column), problem_text(item.code), item.value)


def problem_text(code: str) -> str:
    """A code of `documents.request_form` as a sentence that says what to do."""
    extra = {
        "too_long": _("es demasiado largo"),
        "rfc_check_digit": _("el último signo del RFC no cuadra; compáralo con la constancia del SAT"),
        "email_twice": _("el mismo correo está en otro renglón"),
        "hid_twice": _("el mismo HID está en otro renglón; deja uno solo"),
    }
    known = FIELD_PROBLEMS.get(code)
    return extra.get(code) or (_(known) if known else code)

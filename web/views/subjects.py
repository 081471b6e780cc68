"""What is known of a person, as lists and the folder that is handed over show it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from web.i18n import gettext as _

_FILE = re.compile(r"files\[(\d+)\]\.(.+)")
"""Where a payload tells of its files."""


@dataclass(frozen=True, slots=True)
class SourceWord:
    """Where something was found: its place in lists, its heading, and what that means for who reads it."""

    place: int
    word: str
    note: str


def source_word(source: str) -> SourceWord:
    """In words; a code nobody knows stands at the end, as it is."""
    words = (
        ("account", _("Cuenta"), _("Su cuenta en este sistema.")),
        ("contact", _("Contacto"), _("Su ficha de persona sin cuenta.")),
        ("post", _("Puestos"), _("Puestos que ocupa hoy.")),
        ("case", _("Casos suyos"), _("La solicitud es suya: va todo lo del caso, con sus archivos.")),
        (
            "mention",
            _("Menciones en otros casos"),
            _("El caso es de otra persona: va sólo lo que la nombra."),
        ),
        ("text", _("Archivos que parecen nombrarla"), _("Lo dice su texto. No se copian: revísalos antes.")),
        ("arrived", _("Correo recibido"), ""),
        ("outgoing", _("Correo de salida"), ""),
        ("link", _("Solicitudes por enlace"), ""),
        ("draft", _("Borradores"), _("Lo que alguien escribe y no ha sellado.")),
        ("audit", _("Auditorías"), ""),
        ("system", _("Bitácora del sistema"), _("Nombramientos, contactos y otros registros de la casa.")),
        ("acted", _("Lo que hizo con su cuenta"), _("Cuántas entradas selló en cada cadena.")),
    )
    found = next((place for place, item in enumerate(words) if item[0] == source), None)
    return SourceWord(len(words), source, "") if found is None else SourceWord(found, *words[found][1:])


def what_word(what: str) -> str:
    """The name of what was found, where it has one for people; a path in a record stays a path."""
    if found := _FILE.fullmatch(what):
        number, part = int(found[1]) + 1, found[2]
        words = {"name": _("nombre"), "slot": _("qué es en el paso")}
        return _("Archivo %(n)s: %(part)s", n=number, part=words.get(part, part.removeprefix("about.")))
    words = {
        "id": _("Identificador"),
        "name": _("Nombre"),
        "email": _("Correo"),
        "phone": _("Teléfono"),
        "roles": _("Funciones"),
        "note": _("Nota"),
        "entries": _("Entradas"),
    }
    return words.get(what, what.removeprefix("data."))

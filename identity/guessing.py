"""How soon a password is guessed by who knows what people use: the commonest, and what this house would suggest.

``zxcvbn`` (MIT) ranks 30,000 of the most used passwords, words, names and surnames, and knows rows of keys, dates,
years, repetitions and figures for letters; it says how many guesses somebody needs who tries the likeliest first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

FEWEST = 10**9
"""Guesses one chosen in a page must be good for. Three pieces of the lists, however common, already count as 10^8."""
RANKED = 10**5
"""Guesses one typed at the console must be good for: what the lists rank, or nearly, is refused there too."""
_JUDGED = 72
"""Signs looked at; the work grows by the cube of them."""
HOUSE_WORDS = (
    *(
        "constancia",
        "mesa",
        "ayuda",
        "mesadeayuda",
        "soporte",
        "servicio",
        "evidencia",
        "bitacora",
        "folio",
        "ticket",
    ),
    *(
        "itil",
        "helpdesk",
        "desk",
        "cpanel",
        "aseguradora",
        "seguros",
        "seguro",
        "poliza",
        "siniestro",
        "fianzas",
    ),
    *(
        "especialista",
        "supervisor",
        "director",
        "auditor",
        "auditoria",
        "capturista",
        "administrador",
        "admin",
    ),
    *(
        "contrasena",
        "clave",
        "password",
        "acceso",
        "entrar",
        "usuario",
        "secreto",
        "bienvenido",
        "bienvenida",
    ),
    *(
        "temporal",
        "cambiame",
        "inicio",
        "prueba",
        "hola",
        "mundo",
        "sistema",
        "empresa",
        "oficina",
        "trabajo",
    ),
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre"),
    *("noviembre", "diciembre", "primavera", "verano", "otono", "invierno", "lunes", "martes", "miercoles"),
    *(
        "jueves",
        "viernes",
        "sabado",
        "domingo",
        "teamo",
        "tequiero",
        "amor",
        "familia",
        "futbol",
        "guadalupe",
    ),
    *("mexico", "mexicana", "monterrey", "guadalajara", "puebla", "america", "chivas", "pumas", "cruzazul"),
)
"""What somebody who knows the desk tries first; written without accents."""
_YEARS = tuple(str(year) for year in range(1940, 2060))


def guesses(password: str, about: Iterable[str] = ()) -> int:
    """How many tries it stands against who knows the lists, the house's words and those in ``about``.

    ``about`` is text on the person and the organisation: each word of it counts for nothing. Accents and capitals are
    taken off first, and what merely parts words: a guesser does that, too. What follows the 72nd sign is not looked at.
    """
    from zxcvbn.matching import RANKED_DICTIONARIES, omnimatch  # type: ignore[import-untyped]  # noqa: PLC0415
    from zxcvbn.scoring import most_guessable_match_sequence  # type: ignore[import-untyped]  # noqa: PLC0415

    plain = _plain(password)
    known = (*HOUSE_WORDS, *_words(about), *_YEARS)
    # The library's own entrance puts these words into a table of the process, where another thread's person meets them.
    tables = {**RANKED_DICTIONARIES, "user_inputs": {word: rank for rank, word in enumerate(known, 1)}}
    forms = {form[:_JUDGED] for form in (plain, re.sub(r"[\s.,/_-]+", "", plain)) if form}
    found = [most_guessable_match_sequence(form, omnimatch(form, tables)) for form in forms]
    return min((int(one["guesses"]) for one in found), default=1)


def _words(about: Iterable[str]) -> list[str]:
    """Each text, what it is made of, and its parts run together, without repetition."""
    told: dict[str, None] = {}
    for text in about:
        parts = [part for part in re.split(r"[\W_]+", _plain(text)) if len(part) > 2]
        told |= dict.fromkeys([*parts, "".join(parts), _plain(text)])
    return [word for word in told if word]


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).lower()

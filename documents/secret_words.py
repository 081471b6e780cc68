"""Words of passwords: what announces one, and what stands after an announcement without being one.

The lists are closed and short, so that people can be told why a text was stopped; what is in none counts as a secret.
"""

from __future__ import annotations

import re

WORD = (
    r"(?P<word>contrase(?:[ñn?\ufffd]|nn|Ã±|fi|ii|ri|ti|h|m)as?|passwords?|passwd|passcode|passphrase|pswd|psw|pass|pwd|nip|pin"
    r"|clave)"
)
"""Announces a secret. The spellings of «contraseña» are those of careless programs, and of such as read pictures."""

WEAK = frozenset({"pass", "psw", "pswd"})
"""Announce a secret only before a token that looks like one: «pass» is a word of tests and flights as well."""

LABEL = re.compile(
    rf"\W*{WORD}(?:[^\S\n]+[^\W\d_]{{1,15}}){{0,3}}(?:[^\S\n]*\([^)\n]{{0,40}}\))?\W*", re.IGNORECASE
)
"""A cell that is a label and nothing else."""

_MASK = re.compile(r"[*•●·xX_#\-–—.…█▇■¿?]+\Z")
_CENSORED = re.compile(
    r"[\[(<{]*(testad[oa]|ocult[oa]|omitid[oa]|eliminad[oa]|redactad[oa]|redacted|hidden|none|ningun[oa]|n/a|n\.a|no|se|"
    r"pendiente|null|nil|vac[ií][oa])\b",
    re.IGNORECASE,
)
_SMALL_WORDS = frozenset(
    "la el los las lo un una unos unas le les ya fue fueron es está esta este esto estará por para que según de "
    "del en con sin al a su sus cada debe deberá debes deben tiene ha han hay si sí y o como cuando cuándo donde "
    "dónde cómo quién misma mismo igual nueva nuevo nuevas ver véase vea consulte favor mínimo mínima máximo "
    "máxima ok listo lista todo error problema problemas cambio reset reseteo restablecimiento recuperación "
    "desbloqueo bloqueo vigencia usuario usuarios correo longitud caracteres personal intransferible confidencial "
    "obligatorio obligatoria opcional temporal temporales segura seguro correcta incorrecta incorrecto válida "
    "inválida invalid required changed expired the is was to by be must will not never your their user se nadie "
    "ninguno aparte mediante vía luego después antes ambos ambas usted nombre rfc zona clave aplicación sistema "
    "fecha observaciones estatus estado comentarios usar úsese mayúsculas minúsculas números letras dígitos".split()
)
_STEMS = re.compile(
    r"(?:cambi(?!a?e?me\b)|entreg|envi|restablec|restaur|asign|gener|bloque|desbloque|olvid|venc|caduc|expir|actualiz|"
    r"modific|recuper|solicit|recib|proporcion|comunic|notific|confirm|valid|requer|requier|resete|reinici|inform|"
    r"defin|desconoc|comprom|cifr|guard|compart|registr|captur|ingres|escrib|teclea|memoriz)[^\W\d_]*\Z",
    re.IGNORECASE,
)
"""What people tell of a password instead of telling it: changed, delivered, blocked, forgotten."""
_OTHER_THINGS = re.compile(
    r"(?:https?://\S+|www\.\S+|[^\s@]+@[^\s@]+\.[a-z]{2,}\W?|[A-Z]{2}-\d{3}(?:-\d+)*\W?|\d{4}-\d{2}-\d{2}(?:T\S+)?\W?|"
    r"\d{1,2}/\d{1,2}/\d{2,4}\W?|\d{1,2}:\d{2}(?::\d{2})?(?:h|hrs)?\W?|\d{1,3}(?:\.|\)|%|°|º)|"
    r"ISO(?:/IEC)?-?\d+\S*)\Z",
    re.IGNORECASE,
)
"""An address, a folio, a date, an hour, the number of an item: they follow a colon in any text."""
_UNIT = re.compile(
    r"\s*(?:caracter|carácter|d[ií]gito|letra|n[uú]mero|d[ií]a|hora|minuto|vez|veces|intento|usuario|cuenta|mes|"
    r"character|digit|day|time|attempt)",
    re.IGNORECASE,
)
_LETTER_AND_OTHER = re.compile(r"(?=.*[^\W\d_])(?=.*[\d!@#$%&*+?])")
_DIGITS = re.compile(r"\d{4,12}\Z")
_TRIM = ".,;:!?()[]{}<>\"'«»“”¡¿"


def could_be_secret(token: str, after: str = "") -> bool:
    """Whether what follows an announcement may be what it announces; ``after`` is the next word, if any.

    Masks, remarks, prose (a word in small letters with another behind it), folios, dates and addresses may not.
    """
    bare = token.strip(_TRIM)
    if not token or _MASK.match(token) or _CENSORED.match(token):
        return False
    if not bare or bare.lower() in _SMALL_WORDS or _STEMS.match(bare) or _OTHER_THINGS.match(token):
        return False
    if after and token.isalpha() and token.islower():
        return False
    return not (bare.isdigit() and len(bare) <= 3 and bool(_UNIT.match(after)))


def is_mixed(token: str) -> bool:
    """Whether a token looks like a secret by itself: letters with digits or signs, or four to twelve digits."""
    return bool(_LETTER_AND_OTHER.search(token) or _DIGITS.match(token.strip(_TRIM)))

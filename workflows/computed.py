"""Values that a rule computes from what a case says: proposed to the person, and enforced.

A closed vocabulary of pure functions; a definition names one with ``compute``. Standard library only, because loading
a definition, which the offline verifier does, checks the names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LOCAL_LENGTH = 64
"""Longest local part of an address (RFC 5321, 4.5.3.1.1)."""

HOMONYMS = 1000
"""Suffixes tried before giving up."""

_PARTICLES = frozenset(
    {"de", "del", "la", "las", "los", "el", "y", "e", "da", "das", "do", "dos", "di", "van", "von", "der"}
)
_GIVEN_LENGTH = 20
_SURNAME_LENGTH = 20
_AGENCY_LENGTH = 20
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_JOINERS = re.compile(r"[.'’´`]+")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}


class NotComputable(ValueError):
    """What the value is made of is missing or gives nothing. ``field`` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule may look at.

    ``values``: typed values in force of the whole case, by field, and those of this form over them. ``items``: the
    codes of a catalogue in force, in order. ``taken``: whether a value belongs to another case already.
    """

    values: Mapping[str, str]
    items: Callable[[str], Sequence[str]]
    taken: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Computed:
    """A value; ``homonym`` is the number it had to carry because another case has the name, 0 for none."""

    value: str
    homonym: int = 0


def mailbox_agent(given: Given) -> Computed:
    """``[clave]@[dominio]``. An agent's key belongs to one person: no suffix, a key that is taken is a duplicate."""
    local = plain(given.values.get("clave", "")).replace(" ", "")
    if not local or len(local) > LOCAL_LENGTH:
        raise NotComputable("clave")
    return Computed(f"{local}@{_domain(given)}")


def campaign_key(given: Given) -> Computed:
    """``[requerimiento] [aplicación]``: one case for each application of a request."""
    request = " ".join(given.values.get("requerimiento", "").upper().split())
    if not request:
        raise NotComputable("requerimiento")
    application = given.values.get("aplicacion", "")
    if not application:
        raise NotComputable("aplicacion")
    return Computed(f"{request} {application}")


def mailbox_assistant(given: Given) -> Computed:
    """``[nombre].[apellido].[promotoría]@[dominio]``; homonyms carry 2, 3, … after the surname."""
    name = _part(given, "nombre", _GIVEN_LENGTH, first=True)
    surname = _part(given, "apellido", _SURNAME_LENGTH, first=True)
    agency = _part(given, "promotoria", _AGENCY_LENGTH, first=False)
    domain = _domain(given)
    for number in range(1, HOMONYMS):
        suffix = str(number) if number > 1 else ""
        value = f"{name}.{surname}{suffix}.{agency}@{domain}"
        if not given.taken(value):
            return Computed(value, number if number > 1 else 0)
    raise NotComputable("apellido")


def plain(text: str) -> str:
    """Lower-case ASCII letters and digits in words: accents, dots and apostrophes go, any other sign parts words."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    spelled = "".join(_LETTERS.get(c, c) for c in folded if not unicodedata.combining(c))
    return _NOT_PLAIN.sub(" ", _JOINERS.sub("", spelled)).strip()


def _part(given: Given, field: str, most: int, *, first: bool) -> str:
    """One part of a name: its first word that is no particle, or all of its words together."""
    words = plain(given.values.get(field, "")).split()
    telling = [word for word in words if word not in _PARTICLES] or words
    found = (telling[0] if first and telling else "".join(telling))[:most]
    if not found:
        raise NotComputable(field)
    return found


def _domain(given: Given) -> str:
    """The domain chosen among those in force, the first of them unless somebody chose."""
    known = given.items("dominios")
    domain = given.values.get("dominio", "") or (known[0] if known else "")
    if domain not in known or not _DOMAIN.fullmatch(domain):
        raise NotComputable("dominio")
    return domain


Rule = Callable[[Given], Computed]

RULES: Mapping[str, Rule] = {
    "mailbox_agent": mailbox_agent,
    "mailbox_assistant": mailbox_assistant,
    "campaign_key": campaign_key,
}
"""One function for every rule a field may name."""

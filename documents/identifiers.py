"""Identifiers people type, in the one spelling the records use.

Normalisation never invents: it trims, folds case and separators, and the check says what is wrong as a code.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_SEPARATORS = re.compile(r"[\s\-_/.·–—]+")
_PERSON = re.compile(r"\A([A-ZÑ&]{4})(\d{2})(\d{2})(\d{2})([A-Z0-9]{2})([0-9A])\Z")
_COMPANY = re.compile(r"\A[A-ZÑ&]{3}\d{6}[A-Z0-9]{3}\Z")
_GENERIC = frozenset({"XAXX010101000", "XEXX010101000"})
_EMAIL = re.compile(
    r"\A[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z"
)
_VALUES = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ")}
_ENIE = "\u0303"


@dataclass(frozen=True, slots=True)
class RfcVerdict:
    """What an RFC looks like: ``problem`` is ``""`` or a code that refuses it, ``warning`` one that does not.

    Problems: empty, company (12 characters), generic, malformed, bad_date. Warning: check_digit.
    """

    value: str
    problem: str = ""
    warning: str = ""


def fold(text: str) -> str:
    """Text for searching and comparing: lower case, without accents (ñ becomes n), single blanks."""
    # Compatibility letters (mathematical, full width) show their case only once decomposed, hence twice.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFKC", bare).split())


def normalise_rfc(raw: str) -> str:
    """Upper case, no blanks nor separators; accents go, the tilde of Ñ stays."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", raw).upper())
    bare = "".join(
        c
        for before, c in zip(" " + decomposed, decomposed, strict=False)
        if not unicodedata.combining(c) or (c == _ENIE and before == "N")
    )
    return _SEPARATORS.sub("", unicodedata.normalize("NFC", bare))


def check_rfc(raw: str) -> RfcVerdict:
    """Judge the RFC of a natural person: 13 characters, a date that exists, and (as a warning) its check digit.

    The check digit only warns: SAT has issued a few RFC whose last character does not follow its own rule.
    """
    value = normalise_rfc(raw)
    if not value:
        return RfcVerdict(value, "empty")
    if value in _GENERIC:
        return RfcVerdict(value, "generic")
    if _COMPANY.match(value):
        return RfcVerdict(value, "company")
    match = _PERSON.match(value)
    if match is None:
        return RfcVerdict(value, "malformed")
    year, month, day = (int(match.group(index)) for index in (2, 3, 4))
    if not (_is_date(1900 + year, month, day) or _is_date(2000 + year, month, day)):
        return RfcVerdict(value, "bad_date")
    return RfcVerdict(value, warning="" if rfc_check_digit(value[:12]) == value[12] else "check_digit")


def rfc_check_digit(first_twelve: str) -> str:
    """Last character of an RFC from the others, by SAT's rule (Anexo of the Instructivo para la formación del RFC).

    Each character has a value (digits 0-9, A-N 10-23, & 24, O-Z 25-36, blank 37, Ñ 38); the weighted sum with weights
    13 … 2 modulo 11 gives 0 for 0, A for 1 and 11 minus it otherwise. (The third character weighs 11: the rule never
    notices a change of it.)
    """
    total = sum(
        _VALUES[character] * weight for character, weight in zip(first_twelve, range(13, 1, -1), strict=True)
    )
    rest = total % 11
    return "0" if rest == 0 else "A" if rest == 1 else str(11 - rest)


def normalise_email(raw: str) -> str:
    """Trimmed and lower case, without ``mailto:`` and angle brackets."""
    text = unicodedata.normalize("NFKC", raw).strip().strip("<>").strip().lower()
    return text.removeprefix("mailto:").strip()


def is_email(value: str) -> bool:
    """Whether a normalised address can receive mail as far as its spelling tells (ASCII, a dotted domain)."""
    local = value.partition("@")[0]
    return (
        bool(_EMAIL.match(value))
        and ".." not in local
        and not local.startswith(".")
        and not local.endswith(".")
    )


def normalise_dsn(raw: str) -> str:
    """A DSN, ticket or other reference: NFKC, upper case, runs of blanks and separators as one hyphen, ends trimmed."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", raw).upper())
    text = "".join(c for c in text if not unicodedata.category(c).startswith("C") or c.isspace())
    return _SEPARATORS.sub("-", text).strip("-")


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True

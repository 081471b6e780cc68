"""Texts of people made harmless for a mail: nothing typed becomes a header, a line of its own, or turns letters around.

HTML is escaped where it is written (the templates' autoescape); here goes what escaping does not catch.
"""

from __future__ import annotations

import unicodedata

_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of what follows: ``factura_<override>fdp.exe`` would read as a PDF."""

_UNSEEN = frozenset("\u200b\u2060\ufeff\u00ad\u180e\u2028\u2029")
"""Letters nobody sees, and line breaks nobody expects."""

LONGEST_LINE = 500
LONGEST_TEXT = 20_000


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """A single line: every break and control becomes a blank, blanks are folded, direction marks are gone."""
    kept = "".join(" " if _breaks(letter) else letter for letter in text if not _hidden(letter))
    return " ".join(kept.split())[:most]


def several_lines(text: str, most: int = LONGEST_TEXT) -> str:
    """Text whose line breaks are line feeds, and nothing else that acts."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = (
        letter if letter == "\n" else " " if _breaks(letter) else letter
        for letter in lines
        if not _hidden(letter)
    )
    return "".join(kept)[:most].strip("\n")


def _hidden(letter: str) -> bool:
    return letter in _TURNING or (letter in _UNSEEN and letter not in "\u2028\u2029") or _unpaired(letter)


def _unpaired(letter: str) -> bool:
    return 0xD800 <= ord(letter) <= 0xDFFF


def _breaks(letter: str) -> bool:
    return letter in "\u2028\u2029" or unicodedata.category(letter) == "Cc"

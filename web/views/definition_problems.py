"""What is wrong with a definition's file, for the person who writes it: in which line, and in plain words.

`workflows.loader` names problems in English with their place (``step.5.slot.carta.types``). Here each gets the line of
the file it is about and its sentence in Spanish; the English one stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from web.views.definition_sentences import SENTENCES
from workflows.definition import Text


@dataclass(frozen=True, slots=True)
class Told:
    """One problem or doubt. ``place`` is the path of tables and codes, ``line`` counts from 1 (0: the whole file)."""

    place: str
    line: int
    text: Text

    def as_json(self) -> dict[str, str | int]:
        """``place``, ``line``, ``message`` and ``message_en``."""
        return {"place": self.place, "line": self.line, "message": self.text.es, "message_en": self.text.en}


def tell(problems: Sequence[str], source: str) -> tuple[Told, ...]:
    """Every problem, in the order of the file."""
    found = [_told(problem, source) for problem in dict.fromkeys(problems)]
    return tuple(sorted(found, key=lambda item: item.line))


def in_file(problem: str) -> tuple[str, str]:
    """Place and sentence of a problem that names its file first (``xx-001/2026-01-01.toml: step.2.roles: …``)."""
    place, _, what = problem.partition(": ")
    if ": " in what and not spanish(what):
        inner, _, what = what.partition(": ")
        place = f"{place} {inner}"
    return place, what


def _told(problem: str, source: str) -> Told:
    place, colon, what = problem.partition(": ")
    if not colon:
        place, what = "", problem
    if place == "not TOML":
        number = re.search(r"at line (\d+)", what)
        return Told("", int(number[1]) if number else 0, Text(spanish(problem) or problem, problem))
    return Told(place, line_of(place, source), Text(spanish(what) or what, what))


def spanish(what: str) -> str:
    """The sentence in Spanish, ``""`` for one that has none."""
    for pattern, say in SENTENCES:
        found = pattern.fullmatch(what)
        if found:
            return say if isinstance(say, str) else say(found)
    return ""


def line_of(place: str, source: str) -> int:
    """The line of a place: of its key where it is written, else of the table that should have it; 0 where unknown."""
    scope = _Scope(source.splitlines())
    tokens = place.split(".") if place else []
    while tokens:
        tokens = scope.enter(tokens)
    return scope.line


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.]+)\s*\]\]?")
_INDEXED = re.compile(r"(\w+)\[(\d+)\]")


class _Scope:
    """Narrows from the whole file to one table, as a place is read from left to right."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._first, self._last = 0, len(lines)
        self._path: tuple[str, ...] = ()
        self.line = 0

    def enter(self, tokens: Sequence[str]) -> list[str]:
        """Read one step of a place; gives what is left, nothing when it cannot be followed further."""
        indexed = _INDEXED.fullmatch(tokens[0])
        if indexed:
            return self._table(indexed[1], int(indexed[2]) - 1, tokens[1:])
        tables = self._starts(tokens[0])
        if len(tokens) > 1 and tables:
            coded = [n for n, start in enumerate(tables) if self._code(start) == tokens[1]]
            if coded:
                return self._table(tokens[0], coded[0], tokens[2:])
        if tables:
            return self._table(tokens[0], 0, tokens[1:])
        self._key(tokens[0])
        return []

    def _table(self, name: str, n: int, rest: Sequence[str]) -> list[str]:
        starts = self._starts(name)
        if n >= len(starts):
            return []
        self._path = (*self._path, name)
        self._first = starts[n]
        self._last = next((k for k in range(starts[n] + 1, self._last) if self._ends(k)), self._last)
        self.line = self._first + 1
        return list(rest)

    def _starts(self, name: str) -> list[int]:
        wanted = ".".join((*self._path, name))
        return [k for k in range(self._first, self._last) if self._header(k) == wanted]

    def _header(self, k: int) -> str:
        found = _HEADER.match(self._lines[k])
        return found[2] if found else ""

    def _ends(self, k: int) -> bool:
        header = self._header(k)
        return bool(header) and not header.startswith(".".join(self._path) + ".")

    def _own(self) -> range:
        stop = next((k for k in range(self._first + 1, self._last) if self._header(k)), self._last)
        return range(self._first, stop)

    def _code(self, start: int) -> str:
        for k in range(start + 1, self._last):
            if self._header(k):
                return ""
            found = re.match(r"\s*(?:code|name)\s*=\s*[\"'](.*?)[\"']", self._lines[k])
            if found:
                return found[1]
        return ""

    def _key(self, name: str) -> None:
        for k in self._own():
            if re.match(rf"\s*{re.escape(name)}\s*=", self._lines[k]):
                self.line = k + 1
                return

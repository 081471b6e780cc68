"""Reading TOML tables strictly: every key known, every value of its type, every problem with where it is.

A `Table` remembers which keys were asked for; `Table.close` reports the others. Problems are collected, so that an
author sees all of them at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import time
from enum import StrEnum
from typing import TypeVar, cast

from workflows.definition import Text

Word = TypeVar("Word", bound=StrEnum)
Thing = TypeVar("Thing")


class DefinitionInvalid(ValueError):
    """A file that is not a definition. ``problems`` say where and what, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def read_toml(data: bytes) -> dict[str, object]:
    """A TOML document.

    Raises:
        DefinitionInvalid: not UTF-8, not TOML, nested deeper than the reader goes, or a number of thousands of digits.
    """
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # of the two standard errors each is a ValueError
        raise DefinitionInvalid([f"not TOML: {error}"]) from error


class Table:
    """One TOML table, read key by key. ``place`` names it in problems (``step[4].slot[1]``)."""

    def __init__(self, values: Mapping[str, object], place: str, problems: list[str]) -> None:
        self._values = values
        self._asked: set[str] = set()
        self.place = place
        self.problems = problems

    def close(self) -> None:
        """Report keys nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                self.problem(key, "unknown key")

    def problem(self, key: str, what: str) -> None:
        """Note a problem of one key."""
        self.problems.append(f"{self.place}.{key}: {what}" if self.place else f"{key}: {what}")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not blank; ``default`` None makes the key mandatory."""
        value = self._take(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.problem(key, "must be a text that is not empty")
            return ""
        return value

    def both(self, key: str, *, optional: bool = False) -> Text:
        """A Spanish text and its English companion ``key_en``; both or, where optional, neither."""
        if optional and not self.has(key) and not self.has(f"{key}_en"):
            self._asked |= {key, f"{key}_en"}
            return Text("", "")
        return Text(self.text(key), self.text(f"{key}_en"))

    def both_lists(self, key: str) -> tuple[Text, ...]:
        """Two lists of the same length, Spanish and English."""
        spanish, english = self.texts(key), self.texts(f"{key}_en")
        if len(spanish) != len(english):
            self.problem(f"{key}_en", f"has {len(english)} items where {key} has {len(spanish)}")
        return tuple(Text(es, en) for es, en in zip(spanish, english, strict=False))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings, empty where the key is absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.problem(key, "must be a list of texts")
            return ()
        return tuple(value)

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers from 1, empty where the key is absent."""
        value = self._take(key, [])
        numbers = value if isinstance(value, list) else [0]
        if not all(isinstance(item, int) and not isinstance(item, bool) and item > 0 for item in numbers):
            self.problem(key, "must be a list of whole numbers from 1")
            return ()
        return tuple(numbers)

    def text_lists(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of strings."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
            self.problem(key, "must be a list of lists of texts")
            return ()
        rows = cast("list[list[object]]", value)
        if not all(isinstance(item, str) for row in rows for item in row):
            self.problem(key, "must be a list of lists of texts")
            return ()
        return tuple(tuple(str(item) for item in row) for row in rows)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A list of two-element lists."""
        rows = self.text_lists(key)
        if any(len(row) != 2 for row in rows):
            self.problem(key, "every item must be a pair")
            return ()
        return tuple((row[0], row[1]) for row in rows)

    def pair(self, key: str) -> tuple[str, str] | None:
        """A list of two texts, such as a step and one of its fields; ``None`` where the key is absent."""
        found = self.texts(key)
        if len(found) not in {0, 2}:
            self.problem(key, "must be a step and a field")
        return (found[0], found[1]) if len(found) == 2 else None

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            self.problem(key, "must be true or false")
            return default
        return value

    def number(self, key: str, default: int | None = None, *, least: int = 0, most: int = 10_000) -> int:
        """An integer in a range."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.problem(key, f"must be a whole number from {least} to {most}")
            return least
        return value

    def hour(self, key: str) -> time | None:
        """A local hour written ``hh:mm``; ``None`` where the key is absent."""
        text = self.text(key, "")
        if not text:
            return None
        try:
            return time.fromisoformat(text)
        except ValueError:
            self.problem(key, f"{text!r} is not an hour (hh:mm)")
            return None

    def word(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """One word of a closed vocabulary."""
        value = self._take(key, default)
        try:
            return words(str(value))
        except ValueError:
            self.problem(key, f"must be one of {', '.join(words)}")
            return default or next(iter(words))

    def words(self, key: str, words: type[Word]) -> tuple[Word, ...]:
        """A list of words of a closed vocabulary."""
        found = []
        for value in self.texts(key):
            try:
                found.append(words(value))
            except ValueError:
                self.problem(key, f"{value!r} is not one of {', '.join(words)}")
        return tuple(found)

    def when(self, key: str = "when") -> Mapping[str, tuple[str, ...]] | None:
        """A condition: param names with the values they may have."""
        if not self.has(key):
            self._asked.add(key)
            return None
        table = self.table(key)
        condition = {name: table.texts(name) for name in table.keys()}  # noqa: SIM118 - not a mapping
        if not condition or not all(condition.values()):
            self.problem(key, "must name params and the values they may have")
        return condition

    def words_by_name(self, key: str) -> Mapping[str, str]:
        """A table of texts by name, empty where the key is absent."""
        if not self.has(key):
            self._asked.add(key)
            return {}
        table = self.table(key)
        return {name: table.text(name) for name in table.keys()}  # noqa: SIM118 - not a mapping

    def span(self, key: str) -> tuple[int, int] | None:
        """Two whole numbers, the first not above the second; ``None`` where the key is absent."""
        value = self._take(key, ())
        if value == ():
            return None
        whole = isinstance(value, list) and all(
            isinstance(item, int) and not isinstance(item, bool) and item >= 0 for item in value
        )
        if not isinstance(value, list) or not whole or len(value) != 2 or value[0] > value[1]:
            self.problem(key, "must be two whole numbers, the smaller first")
            return None
        return (value[0], value[1])

    def keys(self) -> tuple[str, ...]:
        """All keys of the table."""
        return tuple(self._values)

    def table(self, key: str) -> Table:
        """A nested table; empty, with a problem noted, where it is missing."""
        value = self._take(key, None)
        if not isinstance(value, dict):
            self.problem(key, "must be a table")
            value = {}
        return Table(value, self._inner(key), self.problems)

    def tables(self, key: str) -> tuple[Table, ...]:
        """An array of tables, empty where the key is absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.problem(key, "must be an array of tables")
            return ()
        inner = self._inner(key)
        return tuple(Table(item, f"{inner}[{n}]", self.problems) for n, item in enumerate(value, 1))

    def _inner(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _take(self, key: str, default: object) -> object:
        self._asked.add(key)
        if key not in self._values:
            if default is None:
                self.problem(key, "is missing")
            return default
        return self._values[key]


def every(table: Table, key: str, read: Callable[[Table], Thing]) -> tuple[Thing, ...]:
    """Everything in an array of tables, each read whole."""
    return tuple(closed(item, read) for item in table.tables(key))


def closed(table: Table, read: Callable[[Table], Thing]) -> Thing:
    """What a table holds; keys nobody asked for are a problem."""
    thing = read(table)
    table.close()
    return thing


def assumption(table: Table) -> Text | None:
    """``assumption = true`` with its reason in one line; a reason alone, or the mark alone, is a problem."""
    if not table.flag("assumption"):
        return None
    return table.both("reason")

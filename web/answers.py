"""What is said about an exception, whoever asks: a page, a script, a command or another system."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.canonical import Json
from web import messages
from web.filewords import kind_words, part_words, place_words
from web.i18n import format_day, gettext


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about an exception, in the language of the request.

    ``fields`` are the refusal's own; ``problems`` one object a field or row, with ``field``, ``row``, ``problem`` and
    ``message``.
    """

    status: int
    code: str
    message: str
    advice: str
    fields: Mapping[str, Json] = field(default_factory=dict)
    problems: Sequence[Mapping[str, Json]] = ()
    incident: str = ""

    def as_json(self) -> dict[str, Json]:
        """The value of ``error`` in JSON answers and in the output of commands."""
        found: dict[str, Json] = {"code": self.code, "message": self.message, "advice": self.advice}
        if self.fields:
            found["fields"] = dict(self.fields)
        if self.problems:
            found["problems"] = [dict(problem) for problem in self.problems]
        if self.incident:
            found["incident"] = self.incident
        return found


class Forgiving(dict[str, str]):
    """A message may ask for a field that a refusal leaves out: a dash is better than a second failure."""

    def __missing__(self, key: str) -> str:
        return "—"


def filled(text: str, shown: Mapping[str, str]) -> str:
    """A sentence in the request's language with its fields filled in."""
    return gettext(text) % Forgiving(shown) if text else ""


def _role(role: str) -> str:
    return gettext(messages.ROLES.get(role, role))


def _until(until: str) -> str:
    """A day as people write it; a time of day as it is."""
    return format_day(until) if _DAY.fullmatch(until) else until


_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WORDS: Mapping[str, Callable[[str], str]] = {
    "role": _role,
    "allowed": _role,
    "place": place_words,
    "what": part_words,
    "also": kind_words,
    "until": _until,
}
"""Fields whose values people write otherwise than programs."""


def shown_field(name: str, value: Json) -> str:
    """A field of a refusal as text: lists are joined, words given to `_WORDS`, steps called by number and name."""
    if isinstance(value, list):
        return "; ".join(shown_field(name, item) for item in value)
    if isinstance(value, dict):
        known = [str(value[key]) for key in ("step", "name", "label") if value.get(key)]
        return " ".join(known) or ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, str) and name in _WORDS:
        return _WORDS[name](value)
    return "" if value is None else str(value)

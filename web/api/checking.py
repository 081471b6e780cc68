"""Requests against the schemas that the OpenAPI document shows: a small part of JSON Schema 2020-12, strictly read.

Understood: ``type``, ``enum``, ``const``, ``properties``, ``required``, ``additionalProperties``, ``maxProperties``,
``items``, ``minItems``, ``maxItems``, ``minLength``, ``maxLength``, ``pattern`` (anchored at both ends), ``minimum``,
``maximum`` and ``format: date-time``. A schema of a request must use nothing else; a test holds the declarations to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.canonical import Json

Schema = Mapping[str, Any]

KEYWORDS = frozenset(
    "type enum const properties required additionalProperties maxProperties items minItems maxItems minLength "
    "maxLength pattern minimum maximum format".split()
)
ANNOTATIONS = frozenset("title description examples default".split())

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_MOST = 30
"""Problems told of one request."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong at a place of a request: a code of `web.api.words.FORM_PROBLEMS`, and what was expected."""

    where: str
    problem: str
    expected: str = ""

    def as_json(self) -> dict[str, Json]:
        """As a problem's member ``problems`` lists it."""
        return {"field": self.where, "row": 0, "problem": self.problem, "expected": self.expected}


class Unreadable(ValueError):
    """Text that is no JSON, or says a member twice."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def flaws(schema: Schema, value: Json, where: str = "") -> list[Flaw]:
    """Everything that is wrong with a value, up to thirty things."""
    found = []
    for flaw in _flaws(schema, value, where):
        found.append(flaw)
        if len(found) >= _MOST:
            break
    return found


def parse(text: bytes) -> Json:
    """JSON as RFC 8259 has it: UTF-8, no member twice, no NaN.

    Raises:
        Unreadable: something else.
    """
    try:
        found: Json = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_json") from error
    return found


def coerce(schema: Schema, texts: Sequence[str]) -> Json:
    """A parameter's texts as its schema has them; what cannot be one stays text, and `flaws` says so."""
    if schema.get("type") == "array":
        return [coerce(schema["items"], [text]) for text in texts]
    text = texts[0]
    if schema.get("type") == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if schema.get("type") == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def moment(text: str) -> datetime | None:
    """An RFC 3339 date and time with its zone; nothing for what is none."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
        found.utctimetuple()
    except (ValueError, OverflowError):
        return None
    return found


def is_text(text: str) -> bool:
    """Whether every store can keep it: no lone surrogate, no NUL."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _flaws(schema: Schema, value: Json, where: str) -> Iterator[Flaw]:
    wanted = schema.get("type")
    if wanted is not None and not _is_of(wanted, value):
        yield Flaw(where, "type", wanted if isinstance(wanted, str) else " | ".join(wanted))
        return
    if "const" in schema and value != schema["const"]:
        yield Flaw(where, "enum", str(schema["const"]))
    if "enum" in schema and value not in schema["enum"]:
        yield Flaw(where, "enum", ", ".join(map(str, schema["enum"])))
    if isinstance(value, str):
        yield from _text(schema, value, where)
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        yield from _number(schema, value, where)
    elif isinstance(value, list):
        yield from _bounds(len(value), schema.get("minItems"), schema.get("maxItems"), where)
        for number, item in enumerate(value):
            yield from _flaws(schema.get("items", {}), item, f"{where}/{number}")
    elif isinstance(value, dict):
        yield from _object(schema, value, where)


def _is_of(wanted: str | Sequence[str], value: Json) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    kinds = tuple(kind for name in names for kind in _TYPES[name])
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds)


def _text(schema: Schema, value: str, where: str) -> Iterator[Flaw]:
    if not is_text(value):
        yield Flaw(where, "not_text")
        return
    yield from _bounds(len(value), schema.get("minLength"), schema.get("maxLength"), where)
    pattern = schema.get("pattern")
    if pattern and not re.fullmatch(pattern[1:-1], value):
        yield Flaw(where, "pattern", pattern)
    if schema.get("format") == "date-time" and moment(value) is None:
        yield Flaw(where, "not_moment")


def _number(schema: Schema, value: int, where: str) -> Iterator[Flaw]:
    if "minimum" in schema and value < schema["minimum"]:
        yield Flaw(where, "small", str(schema["minimum"]))
    if "maximum" in schema and value > schema["maximum"]:
        yield Flaw(where, "large", str(schema["maximum"]))


def _bounds(size: int, least: int | None, most: int | None, where: str) -> Iterator[Flaw]:
    if least is not None and size < least:
        yield Flaw(where, "short", str(least))
    if most is not None and size > most:
        yield Flaw(where, "long", str(most))


def _object(schema: Schema, value: Mapping[str, Json], where: str) -> Iterator[Flaw]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from _bounds(len(value), None, schema.get("maxProperties"), where)
    for name in schema.get("required", ()):
        if name not in value:
            yield Flaw(f"{where}/{name}", "missing_member")
    for name, item in value.items():
        if not is_text(name):
            yield Flaw(where, "not_text")
        elif name in known:
            yield from _flaws(known[name], item, f"{where}/{name}")
        elif more is False:
            yield Flaw(f"{where}/{name}", "unknown_member")
        elif isinstance(more, Mapping):
            yield from _flaws(more, item, f"{where}/{name}")


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("member_twice")
    return found


def _no_constant(_text: str) -> Json:
    raise Unreadable("not_json")

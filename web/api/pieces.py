"""The pieces that schemas of the API are made from: a folio, a day, a note, and objects that are closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web.api.checking import Schema

Members = Mapping[str, Schema]

HEX64: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
PROCESS: Schema = {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$", "examples": ["MA-001"]}
FOLIO: Schema = {
    "type": "string",
    "pattern": "^[A-Z]{2}-[0-9]{3}-[0-9]{4}-[0-9]{6}$",
    "examples": ["MA-001-2026-000123"],
}
STEP: Schema = {"type": "string", "pattern": "^[a-z0-9_-]{1,24}$", "examples": ["4"]}
SEQ: Schema = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
CODE: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "maxLength": 40,
    "examples": ["2026-03-04T09:30:00-06:00"],
}
DAY: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-03-04"]}
FLAG: Schema = {"type": "boolean"}
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
CURSOR: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,400}$"}
NOTE: Schema = {"type": "string", "maxLength": 20_000}
REASON: Schema = {"type": "string", "minLength": 1, "maxLength": 20_000}
SLOT: Schema = {"type": "string", "pattern": "^[a-z0-9_-]{0,40}$"}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
TIME: Schema = {
    "type": "string",
    "description": "RFC 3339 en UTC con seis decimales; vacío: no aplica",
}
ANY: Schema = {}


def thing(members: Members, *, optional: Members | None = None, text: str = "") -> dict[str, Any]:
    """An object with all of these members, perhaps the optional ones, and no other."""
    found: dict[str, Any] = {
        "type": "object",
        "properties": {**members, **(optional or {})},
        "required": list(members),
        "additionalProperties": False,
    }
    return {**found, "description": text} if text else found


def many(items: Schema) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "items": items}


def table(values: Schema) -> dict[str, Any]:
    """An object whose members are named by what it is about."""
    return {"type": "object", "additionalProperties": values}


def maybe(kind: Mapping[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    return {"oneOf": [kind, {"type": "null"}]}


def named(name: str) -> dict[str, str]:
    """A reference to one of `SHAPES`."""
    return {"$ref": f"#/components/schemas/{name}"}

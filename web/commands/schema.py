"""What opening a case, or recording a step, takes: a JSON Schema (2020-12) made from the definition."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.canonical import Json
from workflows.definition import FILE_FAMILIES, Definition, Evidence, Field, FieldKind, Slot, Step, When

_FORMATS = {FieldKind.EMAIL: "email"}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def opening_schema(definition: Definition) -> dict[str, Json]:
    """The ``--data`` of ``cases open``."""
    return {
        "$schema": DIALECT,
        "title": f"{definition.process}: {definition.name.es}",
        **_object(definition, definition.opening.fields),
        "x-roles": list(definition.opening.roles),
    }


def step_schema(definition: Definition, step: Step) -> dict[str, Json]:
    """The ``--data`` of ``cases record``, and under ``x-evidence`` the files that go with it."""
    found = _object(definition, step.fields)
    properties = found["properties"]
    assert isinstance(properties, dict)  # noqa: S101 - made two lines above
    if step.branches:
        choices: list[Json] = [{"const": branch.code, "title": branch.name.es} for branch in step.branches]
        properties["choice"] = {"type": "string", "oneOf": choices, "description": "Qué ocurrió."}
    properties["note"] = {"type": "string", "maxLength": 4000, "description": "Nota libre."}
    branches: dict[str, Json] = {
        branch.code: _evidence(branch.evidence) for branch in step.branches if branch.evidence is not None
    }
    return {
        "$schema": DIALECT,
        "title": f"{definition.process} {step.code}: {step.name.es}",
        "description": step.instruction.es,
        **found,
        "x-roles": list(step.roles),
        "x-requires": list(step.requires),
        "x-evidence": _evidence(step.evidence) | ({"by_choice": branches} if branches else {}),
        "x-slots": [_slot(slot) for slot in step.slots],
        "x-when": _when(step.when),
    }


def _object(definition: Definition, fields: Sequence[Field]) -> dict[str, Json]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _property(definition, field) for field in fields},
        "required": [field.name for field in fields if field.required and field.when is None],
    }


def _property(definition: Definition, field: Field) -> dict[str, Json]:
    found: dict[str, Json] = {"type": "string", "title": field.label.es, "maxLength": field.max_length}
    if field.help.es:
        found["description"] = field.help.es
    if field.example:
        found["examples"] = [field.example]
    if field.default:
        found["default"] = field.default
    if field.kind in _FORMATS:
        found["format"] = _FORMATS[field.kind]
    if options := definition.options(field):
        found["enum"] = [option.code for option in options]
    found["x-kind"] = str(field.kind)
    if field.when is not None:
        found["x-when"] = _when(field.when)
    return found


def _slot(slot: Slot) -> dict[str, Json]:
    families: list[Json] = list(
        dict.fromkeys(family for kind in slot.types for family in FILE_FAMILIES.get(kind, ()))
    )
    return {
        "slot": slot.code,
        "title": slot.name.es,
        "types": [str(kind) for kind in slot.types],
        "families": families,
        "fields": list(slot.fields),
        "most": slot.most,
        "shares": [f"{step}/{code}" for step, code in slot.shares],
    }


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {"all": list(evidence.all), "any": [list(group) for group in evidence.any]}


def _when(when: When | None) -> Json:
    return {name: list(values) for name, values in when.items()} if when else {}

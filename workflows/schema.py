"""What opening a case, or recording a step, takes: a JSON Schema (2020-12) made from the definition.

The schema is of the typed values: texts, and booleans for ticks (which commands take as ``si``). Files are no JSON:
members that begin with ``x-`` say which slots a step has, which families of files each takes, and which sets of slots
suffice. ``choice`` and ``note`` stand among the values so that one object says everything.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.canonical import Json
from workflows.definition import Definition, Evidence, Field, FieldKind, Slot, Step, When
from workflows.matching import accepted_families
from workflows.values import NO_SECRETS, NOTE_LENGTH

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PATTERNS = {
    FieldKind.RFC: "^[A-ZÑ&]{4}[0-9]{6}[A-Z0-9]{3}$",
    FieldKind.FOLIO: "^[A-Z]{2}-[0-9]{3}-[0-9]{4}-[0-9]{6}$",
    FieldKind.DATE: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    FieldKind.MOMENT: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$",
    FieldKind.NUMBER: "^[0-9]{1,9}$",
    FieldKind.AGENT_KEY: "^[A-Z0-9]{2,20}$",
    FieldKind.PHONE: "^\\+?[0-9]{10,15}$",
}


def opening_schema(definition: Definition) -> dict[str, Json]:
    """The values `workflows.commands.OpenCase` takes; the opening step's own fields are among them."""
    step = definition.by_step[definition.opening.step]
    return {
        "$schema": DIALECT,
        "title": f"{definition.process}: {definition.name.es}",
        **_object(definition, (*definition.opening.fields, *step.fields)),
        "x-process": definition.process,
        "x-version": definition.version,
        "x-roles": list(definition.opening.roles),
        "x-evidence": _evidence(step.evidence),
        "x-slots": [_slot(slot) for slot in step.slots],
    }


def set_schema(definition: Definition) -> dict[str, Json]:
    """The object `cases open --set` takes: an opening and steps of the same case, sealed together or not at all."""
    people = [
        step for step in definition.steps if not step.by_system and step.code != definition.opening.step
    ]
    parts: list[Json] = [
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["step"],
            "properties": {
                "step": {"const": step.code, "title": step.name.es},
                "data": _object(definition, step.fields),
                **({"choice": _choice(step)} if step.branches else {}),
                "note": {"type": "string", "maxLength": NOTE_LENGTH},
            },
        }
        for step in people
    ]
    return {
        "$schema": DIALECT,
        "title": f"{definition.process}: {definition.name.es}, varios pasos en un envío",
        "type": "object",
        "additionalProperties": False,
        "required": ["data", "parts"],
        "properties": {
            "data": {key: value for key, value in opening_schema(definition).items() if key != "$schema"},
            "parts": {"type": "array", "minItems": 1, "items": {"oneOf": parts}},
        },
        "x-process": definition.process,
        "x-version": definition.version,
    }


def step_schema(definition: Definition, step: Step) -> dict[str, Json]:
    """The values `workflows.commands.RecordStep` takes for a step, with its ``choice`` and ``note``."""
    found = _object(definition, step.fields)
    properties = found["properties"]
    assert isinstance(properties, dict)  # noqa: S101 - made one line above
    if step.branches:
        properties["choice"] = _choice(step)
        if step.default_branch is None:
            found["required"] = [*_list(found["required"]), "choice"]
    if any(slot.secret_risk for slot in step.slots):
        properties[NO_SECRETS] = {
            "type": "boolean",
            "title": "Declaro que las imágenes no muestran contraseñas",
        }
    properties["note"] = {"type": "string", "title": "Nota", "maxLength": NOTE_LENGTH}
    branches: dict[str, Json] = {
        branch.code: _evidence(branch.evidence) for branch in step.branches if branch.evidence is not None
    }
    return {
        "$schema": DIALECT,
        "title": f"{definition.process} {step.code}: {step.name.es}",
        "description": step.instruction.es,
        **found,
        "x-class": str(step.kind),
        "x-roles": list(step.roles),
        "x-requires": list(step.requires),
        "x-when": _when(step.when),
        "x-post": step.post,
        "x-evidence": {**_evidence(step.evidence), "by_choice": branches},
        "x-slots": [_slot(slot) for slot in step.slots],
    }


def _object(definition: Definition, fields: Sequence[Field]) -> dict[str, Json]:
    always: list[Json] = [field.name for field in fields if field.required and field.when is None]
    sometimes: list[Json] = [_condition(field) for field in fields if field.required and field.when]
    groups: dict[str, list[Json]] = {}
    for field in fields:
        if field.any_of:
            groups.setdefault(field.any_of, []).append({"required": [field.name]})
    sometimes += [{"anyOf": named} for named in groups.values()]
    found: dict[str, Json] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _property(definition, field) for field in fields},
        "required": always,
    }
    return {**found, "allOf": sometimes} if sometimes else found


def _condition(field: Field) -> Json:
    """A field that is required only under its condition."""
    wanted: dict[str, Json] = {name: {"enum": list(values)} for name, values in (field.when or {}).items()}
    return {
        "if": {"properties": wanted, "required": list(wanted)},
        "then": {"required": [field.name]},
    }


def _property(definition: Definition, field: Field) -> dict[str, Json]:
    found: dict[str, Json] = {"type": "string", "title": field.label.es, "x-kind": str(field.kind)}
    if field.help.es:
        found["description"] = field.help.es
    if field.example:
        found["examples"] = [field.example]
    if field.default:
        found["default"] = field.default
    if field.kind is FieldKind.EMAIL:
        found["format"] = "email"
    if field.kind in _PATTERNS:
        found["pattern"] = _PATTERNS[field.kind]
    options = definition.options(field)
    if options:
        found["enum"] = [option.code for option in options]
        found["x-names"] = {option.code: option.name.es for option in options}
    elif field.kind is FieldKind.TICK:
        found["type"] = "boolean"
    else:
        found["maxLength"] = field.max_length
    if field.compute:
        found["x-compute"] = field.compute
    if field.same_as:
        found["x-same-as"] = ".".join(field.same_as)
    if field.begins_as:
        found["x-begins-as"] = ".".join(field.begins_as)
    return found


def _choice(step: Step) -> dict[str, Json]:
    options: list[Json] = [{"const": branch.code, "title": branch.name.es} for branch in step.branches]
    found: dict[str, Json] = {"type": "string", "title": "Qué ocurrió", "oneOf": options}
    return {**found, "default": step.default_branch.code} if step.default_branch else found


def _slot(slot: Slot) -> dict[str, Json]:
    return {
        "slot": slot.code,
        "title": slot.name.es,
        "types": [str(kind) for kind in slot.types],
        "families": list(accepted_families(slot)),
        "fields": list(slot.fields),
        "most": slot.most,
        "shares": [f"{step}/{code}" for step, code in slot.shares],
    }


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {"all": list(evidence.all), "any": [list(group) for group in evidence.any]}


def _when(when: When | None) -> Json:
    return {name: list(values) for name, values in when.items()} if when else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []

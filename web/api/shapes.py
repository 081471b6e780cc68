"""Schemas of what the API takes and gives, by name: the components of the document, and what requests are held to.

They are the shapes the commands print (`cases show --json` and its kin). Answers name every member they may have; a
test holds real answers to them, so that a member added to a state is added here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.tokens import Scope
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


DATA: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "boolean", "integer"]},
    "maxProperties": 200,
    "description": "Valores por campo, como pide el esquema del proceso o del paso",
}
UPLOADED: Schema = thing(
    {"sha256": HEX64, "name": {"type": "string", "minLength": 1, "maxLength": 200}},
    optional={"slot": SLOT, "system": {"type": "string", "maxLength": 80}, "taken": DAY},
)
FILES: Schema = {
    "type": "array",
    "items": UPLOADED,
    "maxItems": 50,
    "description": "Archivos subidos antes con PUT /uploads/{sha256}",
}
REUSE: Schema = {
    "type": "array",
    "maxItems": 50,
    "items": thing({"slot": SLOT, "seq": SEQ, "object": {"type": "integer", "minimum": 0, "maximum": 500}}),
    "description": "Archivos ya sellados en el caso que también sirven aquí",
}
_ACT: Members = {"files": FILES, "occurred_at": MOMENT}

REQUESTS: Mapping[str, Schema] = {
    "OpenCase": thing(
        {"process": PROCESS, "data": DATA},
        optional={
            **_ACT,
            "parent": thing(
                {"folio": FOLIO},
                optional={"step": STEP, "choice": CODE, "told": DATA, "note": NOTE},
                text="El caso del que éste sigue, y el paso de allá que se registra con el folio nuevo",
            ),
        },
    ),
    "RecordStep": thing(
        {},
        optional={**_ACT, "data": DATA, "choice": CODE, "note": NOTE, "reuse": REUSE, "acting_for": CODE},
    ),
    "Supersede": thing(
        {"reason": REASON},
        optional={
            **_ACT,
            "data": DATA,
            "choice": CODE,
            "note": NOTE,
            "reuse": REUSE,
            "annul": FLAG,
            "keep": {
                "type": "array",
                "maxItems": 500,
                "items": {"type": "integer", "minimum": 0, "maximum": 500},
            },
        },
    ),
    "Waive": thing({"reason": REASON}, optional={"rule": {"type": "string", "enum": ["step", "duties"]}}),
    "Refuse": thing({"refusal": CODE}, optional={"note": NOTE}),
    "LinkCases": thing({"link": FOLIO}, optional={"step": STEP, "note": NOTE}),
    "ExportScope": thing(
        {},
        optional={
            "processes": {"type": "array", "items": PROCESS, "maxItems": 50},
            "from": DAY,
            "to": DAY,
            "folios": {"type": "array", "items": FOLIO, "maxItems": 500},
            "sample": {"type": "integer", "minimum": 0, "maximum": 999_999},
            "seed": {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9._-]{0,64}$"},
        },
    ),
}
"""What requests bring."""

_OBJECT = thing({"sha256": HEX64, "size": NUMBER, "name": TEXT}, optional={"media": TEXT})
_WAITING = thing({"code": TEXT, "who": TEXT, "step": TEXT, "since": TIME, "seq": NUMBER})
_CLOSING = thing({"outcome": TEXT, "seq": NUMBER, "at": TIME, "refusal": TEXT, "destination": TEXT})
_CONTROL = thing(
    {
        "series": TEXT,
        "period": TEXT,
        "since": TEXT,
        "days": many(thing({"day": TEXT, "findings": NUMBER, "seq": NUMBER})),
        "gaps": many(TEXT),
        "findings": NUMBER,
        "counts": table(NUMBER),
    }
)
_ROSTER = thing(
    {
        "sheet": TEXT,
        "rows": NUMBER,
        "by_status": table(NUMBER),
        "by_decision": table(NUMBER),
        "areas": many(
            thing(
                {
                    "area": TEXT,
                    "rows": NUMBER,
                    "decided": NUMBER,
                    "silent": FLAG,
                    "open": FLAG,
                    "sent_seq": NUMBER,
                }
            )
        ),
        "undecided": NUMBER,
        "open": NUMBER,
        "silent": NUMBER,
        "own": NUMBER,
        "final_seq": NUMBER,
        "stale": FLAG,
        "links": many(TEXT),
    }
)
_STATE: Members = {
    "folio": FOLIO,
    "process": PROCESS,
    "version": TEXT,
    "definition": HEX64,
    "as_of": TIME,
    "length": NUMBER,
    "opened_at": TIME,
    "params": table(TEXT),
    "state": table(TEXT),
    "machines": many(named("Machine")),
    "status": TEXT,
    "waiting": maybe(_WAITING),
    "closing": maybe(_CLOSING),
    "open_steps": many(TEXT),
    "next_step": TEXT,
    "missing": many(TEXT),
    "complete": FLAG,
    "closed": FLAG,
    "steps": many(named("StepState")),
    "timers": many(named("Timer")),
    "exceptions": many(thing({"code": TEXT, "step": TEXT, "seq": NUMBER, "detail": TEXT})),
    "routes": many(thing({"destination": TEXT, "step": TEXT, "seq": NUMBER, "link": TEXT})),
    "measures": many(thing({"measure": TEXT, "days": NUMBER})),
    "parties": many(thing({"duty": TEXT, "actor": TEXT, "seq": NUMBER})),
    "superseded": many(thing({"seq": NUMBER, "by": NUMBER})),
}
_STATE_MORE: Members = {"parent": FOLIO, "roster": _ROSTER, "control": _CONTROL}
_ROW: Members = {
    "folio": FOLIO,
    "process": PROCESS,
    "version": TEXT,
    "status": TEXT,
    "closed": FLAG,
    "complete": FLAG,
    "opened_at": TIME,
    "updated_at": TIME,
    "next_due": TIME,
    "title": TEXT,
}
_RECEIPT: Members = {
    "folio": FOLIO,
    "seq": SEQ,
    "leaf": HEX64,
    "recorded_at": TIME,
    "objects": many(_OBJECT),
    "state": table(TEXT),
}

ANSWERS: Mapping[str, Schema] = {
    "Machine": thing({"machine": TEXT, "status": TEXT, "seq": NUMBER, "since": TIME, "occurred_at": TIME}),
    "StepState": thing(
        {
            "step": TEXT,
            "status": {
                "type": "string",
                "enum": ["hecho", "abierto", "bloqueado", "dispensado", "no_aplica"],
            },
            "entries": many(NUMBER),
            "past": many(NUMBER),
            "unmet": many(TEXT),
            "lacks": many(TEXT),
            "choice": TEXT,
            "in_turn": FLAG,
            "mandatory": FLAG,
            "repeatable": FLAG,
            "round": NUMBER,
        }
    ),
    "Timer": thing(
        {
            "timer": TEXT,
            "step": TEXT,
            "effect": TEXT,
            "unit": TEXT,
            "run": NUMBER,
            "started_seq": NUMBER,
            "started_at": TIME,
            "warn_at": TIME,
            "due_at": TIME,
            "state": TEXT,
            "ended_seq": NUMBER,
            "fired": many(TEXT),
            "pending": many(TEXT),
            "blocked_by": many(TEXT),
        },
        optional={
            "paused_at": TIME,
            "left": NUMBER,
            "every": NUMBER,
            "before": many(thing({"mark": TEXT, "at": TIME})),
            "notify": many(TEXT),
            "area": TEXT,
            "pauses": many(thing({"from": TIME, "to": TIME})),
        },
    ),
    "Entry": thing(
        {
            "seq": SEQ,
            "leaf": HEX64,
            "kind": TEXT,
            "step": TEXT,
            "recorded_at": TIME,
            "occurred_at": TIME,
            "actor": TEXT,
            "role": TEXT,
            "via": TEXT,
            "choice": TEXT,
            "objects": many(_OBJECT),
        }
    ),
    "Case": thing({**_STATE, "entries": many(named("Entry"))}, optional=_STATE_MORE),
    "CaseRow": thing(_ROW),
    "Cases": thing({"cases": many(named("CaseRow")), "total": NUMBER, "next": TEXT}),
    "Entries": thing({"folio": FOLIO, "entries": many(named("Entry")), "next": NUMBER}),
    "CaseData": thing({"folio": FOLIO, "data": table(table(TEXT))}),
    "Receipt": thing(_RECEIPT),
    "Opened": thing(_RECEIPT, optional={"parent": named("Receipt")}),
    "Upload": thing({"sha256": HEX64, "size": NUMBER, "expires_at": TIME}),
    "Me": thing(
        {
            "service": thing({"id": TEXT, "name": TEXT, "role": TEXT}),
            "token": thing(
                {
                    "id": TEXT,
                    "scopes": many({"type": "string", "enum": [str(scope) for scope in Scope]}),
                    "processes": many(TEXT),
                    "expires_at": TIME,
                }
            ),
            "log": thing({"origin": TEXT, "vkey": TEXT}),
            "limits": thing({"file_bytes": NUMBER, "files": NUMBER, "requests_a_minute": NUMBER}),
        }
    ),
    "Processes": thing({"processes": many(named("ProcessRow"))}),
    "ProcessRow": thing({"process": PROCESS, "version": TEXT, "name": TEXT, "definition": HEX64}),
    "Process": thing(
        {
            "process": PROCESS,
            "version": TEXT,
            "name": TEXT,
            "definition": HEX64,
            "objective": TEXT,
            "opening": thing({"step": TEXT, "roles": many(TEXT), "schema": TEXT}),
            "steps": many(
                thing(
                    {
                        "step": TEXT,
                        "name": TEXT,
                        "class": TEXT,
                        "roles": many(TEXT),
                        "requires": many(TEXT),
                        "post": TEXT,
                        "schema": TEXT,
                    }
                )
            ),
            "refusals": many(thing({"refusal": TEXT, "name": TEXT, "destination": TEXT})),
            "waiver_roles": many(TEXT),
            "correction_roles": many(TEXT),
        }
    ),
    "JsonSchema": {"type": "object", "description": "Un JSON Schema 2020-12"},
    "Found": thing(
        {
            "cases": many(named("CaseRow")),
            "total": NUMBER,
            "files": many(
                thing(
                    {
                        "folio": FOLIO,
                        "seq": SEQ,
                        "object": NUMBER,
                        "passage": many(thing({"text": TEXT, "hit": FLAG})),
                    }
                )
            ),
        }
    ),
    "Tasks": thing(
        {
            "tasks": many(
                thing(
                    {
                        "folio": FOLIO,
                        "process": PROCESS,
                        "step": TEXT,
                        "name": TEXT,
                        "roles": many(TEXT),
                        "title": TEXT,
                        "due_at": TIME,
                        "late": FLAG,
                        "mine": FLAG,
                    }
                )
            ),
            "next": TEXT,
        }
    ),
    "Export": thing(
        {
            "id": TEXT,
            "state": {"type": "string", "enum": ["running", "done", "failed", "lost"]},
            "done": NUMBER,
            "total": NUMBER,
            "started_at": TIME,
        },
        optional={
            "package": thing({"seq": SEQ, "bytes": NUMBER, "tag_manifest": HEX64, "name": TEXT}),
            "error": thing(
                {"code": TEXT, "message": TEXT, "advice": TEXT},
                optional={"fields": ANY, "problems": ANY, "incident": TEXT},
            ),
        },
    ),
    "LogHead": thing(
        {
            "origin": TEXT,
            "size": NUMBER,
            "signed_size": NUMBER,
            "vkey": TEXT,
            "checkpoint": TEXT,
            "links": table(TEXT),
        }
    ),
    "LogEntries": thing({"entries": many(named("LogEntry")), "next": NUMBER, "size": NUMBER}),
    "LogEntry": thing(
        {
            "index": NUMBER,
            "folio": TEXT,
            "seq": SEQ,
            "kind": TEXT,
            "recorded_at": TIME,
            "leaf": HEX64,
            "bytes": {"type": "string", "description": "Los bytes exactos que se sellaron, en base64"},
        }
    ),
    "Problem": thing(
        {"type": TEXT, "title": TEXT, "status": NUMBER, "detail": TEXT, "code": TEXT, "request": TEXT},
        optional={"fields": table(ANY), "problems": many(table(ANY)), "incident": TEXT},
        text="Detalle de un problema (RFC 9457)",
    ),
}
"""What answers hold."""

SHAPES: Mapping[str, Schema] = {**REQUESTS, **ANSWERS}

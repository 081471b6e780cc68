"""Schemas of what requests to the API bring, by name: the components of the document, and what requests are held to."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.hooks import KINDS
from web.api.checking import Schema
from web.api.pieces import (
    CODE,
    DAY,
    FLAG,
    FOLIO,
    HEX64,
    MOMENT,
    NOTE,
    PROCESS,
    REASON,
    SEQ,
    SLOT,
    STEP,
    Members,
    thing,
)

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
    "Nothing": thing({}),
    "Subscribe": thing(
        {
            "url": {"type": "string", "pattern": "^https?://[!-~]{1,480}$", "maxLength": 500},
            "kinds": {
                "type": "array",
                "minItems": 1,
                "maxItems": len(KINDS),
                "items": {"type": "string", "enum": list(KINDS)},
            },
        }
    ),
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

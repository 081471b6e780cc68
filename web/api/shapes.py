"""Schemas of what the API answers, by name.

They are the shapes the commands print (`cases show --json` and its kin). Answers name every member they may have; a
test holds real answers to them, so that a member added to a state is added here.
"""

from __future__ import annotations

from collections.abc import Mapping

from identity.tokens import Scope
from web.api.asked import REQUESTS
from web.api.checking import Schema
from web.api.pieces import (
    ANY,
    FLAG,
    FOLIO,
    HEX64,
    NUMBER,
    PROCESS,
    SEQ,
    TEXT,
    TIME,
    Members,
    many,
    maybe,
    named,
    table,
    thing,
)

_QUARANTINE = maybe(
    thing(
        {
            "seq": NUMBER,
            "since": TIME,
            "reason": TEXT,
            "outcome": {"type": "string", "enum": ["waiting", "destroyed"]},
        }
    )
)
_OBJECT = thing(
    {"sha256": HEX64, "size": NUMBER, "name": TEXT}, optional={"media": TEXT, "quarantine": _QUARANTINE}
)
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

_HOOK: Members = {
    "id": TEXT,
    "url": TEXT,
    "kinds": many(TEXT),
    "processes": many(TEXT),
    "created_at": TIME,
    "closed_at": TIME,
    "trouble": TEXT,
    "alive": FLAG,
}

ANSWERS: Mapping[str, Schema] = {
    "Webhook": thing(_HOOK),
    "Webhooks": thing({"webhooks": many(named("Webhook"))}),
    "WebhookStory": thing({**_HOOK, "deliveries": many(named("Delivery"))}),
    "Subscribed": thing({**_HOOK, "secret": TEXT}),
    "Delivery": thing(
        {
            "id": TEXT,
            "index": NUMBER,
            "state": {"type": "string", "enum": ["waiting", "delivered", "failed"]},
            "attempts": NUMBER,
            "status": NUMBER,
            "trouble": TEXT,
            "created_at": TIME,
            "due_at": TIME,
        }
    ),
    "Counted": thing({"count": NUMBER}),
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
            "quarantine": _QUARANTINE,
        }
    ),
    "Case": thing({**_STATE, "entries": many(named("Entry"))}, optional=_STATE_MORE),
    "CaseRow": thing(_ROW),
    "Cases": thing({"cases": many(named("CaseRow")), "total": NUMBER, "next": TEXT}),
    "Entries": thing({"folio": FOLIO, "entries": many(named("Entry")), "next": NUMBER}),
    "Keeping": thing(
        {
            "folio": FOLIO,
            "years": NUMBER,
            "until": TEXT,
            "over": FLAG,
            "holds": many(thing({"seq": NUMBER, "since": TIME})),
            "blocked": NUMBER,
            "requested": NUMBER,
            "erased": NUMBER,
        }
    ),
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
            "state": {"type": "string", "enum": ["waiting", "running", "done", "failed", "lost"]},
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

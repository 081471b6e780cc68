"""Operations that tell what there is: who the caller is, the processes, and the JSON Schemas of what they take."""

from __future__ import annotations

from evidence.canonical import Json
from evidence.entry import format_time
from identity.tokens import Scope
from web.api.callers import ROOT, caller, need_process
from web.api.declared import Call, Group, Reply
from web.api.giving import PROCESS_PARAM, STEP_PARAM
from web.i18n import locale
from workflows.definition import Definition, Text
from workflows.rules import known_step
from workflows.schema import opening_schema, step_schema

ops = Group("Conocer", "Quién llama, qué procesos hay y qué pide cada uno")


@ops.operation(
    "GET", "/me", scope="", summary="Quién soy y qué abre mi token", replies=(Reply(200, "El token", "Me"),)
)
def who_am_i(call: Call) -> Json:
    """The caller, and what it must know before it sends anything."""
    found, house = caller(), call.house
    wanted = house.settings
    return {
        "service": {"id": found.service.id, "name": found.service.name, "role": str(found.service.role)},
        "token": {
            "id": found.token.id,
            "scopes": [str(scope) for scope in sorted(found.token.scopes)],
            "processes": list[Json](sorted(found.token.processes)),
            "expires_at": format_time(found.token.expires_at),
        },
        "log": {"origin": house.ledger.origin, "vkey": house.vkey.text},
        "limits": {
            "file_bytes": house.limits.file_bytes,
            "files": wanted.max_files,
            "requests_a_minute": wanted.api_rate,
        },
    }


@ops.operation(
    "GET",
    "/processes",
    scope=Scope.CASES_READ,
    summary="Los procesos en vigor",
    replies=(Reply(200, "Los procesos que el token abarca", "Processes"),),
)
def list_processes(call: Call) -> Json:
    """Every process in force that the token is for."""
    rows: list[Json] = [
        {
            "process": item.process,
            "version": item.version,
            "name": _said(item.name),
            "definition": item.digest,
        }
        for item in call.house.definitions.processes()
        if caller().token.covers(item.process)
    ]
    return {"processes": rows}


@ops.operation(
    "GET",
    "/processes/{process}",
    scope=Scope.CASES_READ,
    summary="Un proceso con sus pasos",
    params=(PROCESS_PARAM,),
    replies=(Reply(200, "El proceso", "Process"),),
    refusals=(404,),
)
def show_process(call: Call) -> Json:
    """The definition in force, in short, with the addresses of its schemas."""
    found = _definition(call)
    steps: list[Json] = [
        {
            "step": step.code,
            "name": _said(step.name),
            "class": str(step.kind),
            "roles": list(step.roles),
            "requires": list(step.requires),
            "post": step.post,
            "schema": f"{ROOT}/processes/{found.process}/steps/{step.code}/schema",
        }
        for step in found.steps
    ]
    refusals: list[Json] = [
        {"refusal": ground.code, "name": _said(ground.name), "destination": ground.destination}
        for ground in found.grounds
    ]
    return {
        "process": found.process,
        "version": found.version,
        "name": _said(found.name),
        "definition": found.digest,
        "objective": _said(found.document.objective),
        "opening": {
            "step": found.opening.step,
            "roles": list(found.opening.roles),
            "schema": f"{ROOT}/processes/{found.process}/schema",
        },
        "steps": steps,
        "refusals": refusals,
        "waiver_roles": list(found.waiver_roles),
        "correction_roles": list(found.correction_roles),
    }


@ops.operation(
    "GET",
    "/processes/{process}/schema",
    scope=Scope.CASES_READ,
    summary="JSON Schema de lo que pide abrir un caso",
    params=(PROCESS_PARAM,),
    replies=(Reply(200, "El esquema de «data» de POST /cases", "JsonSchema"),),
    refusals=(404,),
)
def opening_values(call: Call) -> Json:
    """What `cases schema PROCESS` prints."""
    return opening_schema(call.house.cases.with_lists(_definition(call)))


@ops.operation(
    "GET",
    "/processes/{process}/steps/{step}/schema",
    scope=Scope.CASES_READ,
    summary="JSON Schema de lo que pide registrar un paso",
    params=(PROCESS_PARAM, STEP_PARAM),
    replies=(Reply(200, "El esquema de los valores del paso, con choice y note", "JsonSchema"),),
    refusals=(404,),
)
def step_values(call: Call) -> Json:
    """What `cases schema PROCESS STEP` prints."""
    definition = call.house.cases.with_lists(_definition(call))
    return step_schema(definition, known_step(definition, call.text("step")))


def _definition(call: Call) -> Definition:
    process = call.text("process")
    need_process(process)
    return call.house.definitions.current(process)


def _said(text: Text) -> str:
    return text.get(locale())

"""Operations that follow and take along: what is pending, the log as it grows, and audit packages."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping

from flask import Response

from audit_exports.exportlog import NotCovered, export_receipt
from audit_exports.record import Scope as PackageScope
from audit_exports.scope import MalformedScope, check_scope
from evidence.canonical import Json
from evidence.entry import SealedEntry, format_time
from evidence.ports import LedgerStore
from identity.accounts import EXPORTERS
from identity.tokens import Scope
from web.api.callers import ROOT, ApiRefused, actor, caller, need_process, note_view
from web.api.declared import Call, Group, Made, Param, Reply
from web.api.giving import (
    CURSOR_PARAM,
    LIMIT_PARAM,
    bad,
    covered_processes,
    following,
    ledger_time,
    need_folio,
)
from web.api.pieces import FLAG, MOMENT, PROCESS
from web.downloads import resumable
from web.exporting import KIND, package_args, package_file
from web.i18n import locale
from web.jobs import job_json
from web.pages.jobview import job_desk
from web.views.inbox import due_at
from web.wiring import House, JobRecord
from workflows.errors import UnknownCase
from workflows.ports import CaseQuery, CaseRow

ops = Group("Seguir y llevarse", "Pendientes y plazos, la bitácora mientras crece, y paquetes de auditoría")

MOST_WAIT = 25
"""Seconds a request may wait for the log to grow."""
_waiting = threading.BoundedSemaphore(4)
"""So many requests of this worker wait at once; further ones are answered with what there is."""
_LOOK_SECONDS = 0.5
_INDEX = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1, "default": 0}
_JOB = Param("id", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "Identificador de la exportación", "path")


@ops.operation(
    "GET",
    "/tasks",
    scope=Scope.CASES_READ,
    summary="Pendientes: el siguiente paso de cada caso abierto y su plazo",
    params=(
        Param("process", PROCESS, "Sólo de este proceso"),
        Param("due_until", MOMENT, "Sólo casos con un plazo que vence a más tardar entonces"),
        Param("mine", FLAG, "Sólo los pasos que la función de la cuenta puede registrar"),
        LIMIT_PARAM,
        CURSOR_PARAM,
    ),
    replies=(Reply(200, "Una página, lo que vence antes primero", "Tasks"),),
)
def list_tasks(call: Call) -> Made:
    """The inbox of a system: cases by due moment, each with its next step."""
    process = call.text("process")
    if process:
        need_process(process)
    query = CaseQuery(
        process=process,
        processes=covered_processes(),
        closed=False,
        due_until=ledger_time(call, "due_until"),
        order="due",
        limit=call.number("limit", 50),
        after=call.text("cursor"),
    )
    try:
        page = call.house.index.find(query)
    except ValueError as error:
        raise ApiRefused("cursor_invalid") from error
    note_view("tasks", process)
    now, mine = format_time(call.house.clock()), call.args.get("mine")
    tasks = [task for row in page.rows if (task := _task(call.house, row, now)) is not None]
    shown: list[Json] = [task for task in tasks if mine is None or task["mine"] is mine]
    return following({"tasks": shown, "next": page.next}, "cursor", page.next)


def _task(house: House, row: CaseRow, now: str) -> dict[str, Json] | None:
    definition = next(
        (item for item in house.definitions.versions(row.process) if item.version == row.version), None
    )
    step = definition.by_step.get(str(row.document.get("next_step", ""))) if definition else None
    if step is None:
        return None
    due = due_at(row.document, step.code)
    return {
        "folio": row.folio,
        "process": row.process,
        "step": step.code,
        "name": step.name.get(locale()),
        "roles": list(step.roles),
        "title": row.title,
        "due_at": due,
        "late": bool(due) and due < now,
        "mine": str(caller().service.role) in step.roles,
    }


@ops.operation(
    "GET",
    "/log",
    scope=Scope.LOG_READ,
    summary="La cabeza de la bitácora y dónde está lo demás",
    replies=(Reply(200, "Tamaño, punto de control y direcciones de C2SP tlog-tiles", "LogHead"),),
)
def log_head(call: Call) -> Json:
    """Where the log stands."""
    house = call.house
    latest = house.ledger.latest_checkpoint()
    return {
        "origin": house.ledger.origin,
        "size": house.ledger.tree_size(),
        "signed_size": latest[0] if latest else 0,
        "vkey": house.vkey.text,
        "checkpoint": latest[1].decode() if latest else "",
        "links": {"checkpoint": "/log/checkpoint", "tiles": "/log/tile/", "entries": f"{ROOT}/log/entries"},
    }


@ops.operation(
    "GET",
    "/log/entries",
    scope=Scope.LOG_READ,
    summary="Entradas de la bitácora desde un índice",
    text="Con «wait», si aún no hay ninguna se espera hasta tantos segundos a que llegue una.",
    params=(
        Param("since", _INDEX, "Desde este índice: «next» de la vez anterior"),
        Param(
            "wait",
            {"type": "integer", "minimum": 0, "maximum": MOST_WAIT, "default": 0},
            "Segundos que se puede esperar",
        ),
        LIMIT_PARAM,
    ),
    replies=(Reply(200, "Entradas en el orden de la bitácora", "LogEntries"),),
)
def log_entries(call: Call) -> Json:
    """The exact bytes of what was sealed, in order; a token of some processes gets the entries of their cases."""
    since, ledger = call.number("since"), call.house.ledger
    size = _grown(ledger, since, call.number("wait"))
    stop = min(size, since + call.number("limit", 50))
    found = list(ledger.entries(since, stop)) if since < stop else []
    note_view("log", str(since))
    token = caller().token
    rows: list[Json] = [_log_entry(sealed) for sealed in found if token.covers_case(sealed.entry.case)]
    return {"entries": rows, "next": max(since, stop), "size": size}


def _grown(ledger: LedgerStore, since: int, seconds: int) -> int:
    """The size of the log, waiting a while for more than ``since`` where this worker has a place to wait."""
    size = ledger.tree_size()
    if size > since or not seconds or not _waiting.acquire(blocking=False):
        return size
    try:
        until = time.monotonic() + seconds
        while size <= since and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            size = ledger.tree_size()
        return size
    finally:
        _waiting.release()


def _log_entry(sealed: SealedEntry) -> dict[str, Json]:
    entry = sealed.entry
    return {
        "index": sealed.index or 0,
        "folio": entry.case,
        "seq": entry.seq,
        "kind": str(entry.kind),
        "recorded_at": entry.at,
        "leaf": sealed.leaf,
        "bytes": base64.b64encode(sealed.entry_bytes).decode(),
    }


@ops.operation(
    "POST",
    "/exports",
    scope=Scope.EXPORT,
    summary="Empezar un paquete de auditoría",
    text="Se hace en segundo plano. Sin alcance es de todo lo que el token abarca.",
    body="ExportScope",
    keyed=True,
    replies=(Reply(202, "Empezó; Location dice dónde consultarlo", "Export"),),
    refusals=(404,),
)
def start_export(call: Call) -> Made:
    """Begin a package; the export is an entry before the file is handed over."""
    role = caller().service.role
    if role not in EXPORTERS:
        raise ApiRefused("role_cannot_export", role=str(role))
    scope = _scope(call)
    job = job_desk().start(KIND, caller().service.id, package_args(scope, actor()))
    return Made(_export(_own(job)), 202, {"Location": f"{ROOT}/exports/{job}"})


@ops.operation(
    "GET",
    "/exports/{id}",
    scope=Scope.EXPORT,
    summary="Cómo va un paquete",
    params=(_JOB,),
    replies=(Reply(200, "Su estado, y cuando está, su huella", "Export"),),
    refusals=(404,),
)
def show_export(call: Call) -> Json:
    """How far it is."""
    return _export(_own(call.text("id")))


@ops.operation(
    "GET",
    "/exports/{id}/package",
    scope=Scope.EXPORT,
    summary="Bajar un paquete",
    text="Acepta Range: lo que falte de una bajada rota se puede pedir solo.",
    params=(_JOB,),
    replies=(
        Reply(200, "El paquete (zip)", media="application/octet-stream"),
        Reply(206, "La parte pedida", media="application/octet-stream"),
        Reply(304, "Sigue igual que lo que ya se tiene", media=""),
    ),
    refusals=(404, 409, 416),
)
def download_package(call: Call) -> Response:
    """The zip itself."""
    found = _done(call.text("id"))
    path, told = package_file(call.house, found.id), found.result
    if not path.is_file():
        raise ApiRefused("unknown_export", id=found.id)
    note_view("package", found.id)
    return resumable(
        path, str(told.get("name", path.name)), f"{told.get('tag_manifest')}-{told.get('bytes')}"
    )


@ops.operation(
    "GET",
    "/exports/{id}/receipt",
    scope=Scope.EXPORT,
    summary="El recibo de un paquete (.tlog-proof)",
    params=(_JOB,),
    replies=(Reply(200, "Prueba de que la bitácora tiene ese paquete", media="text/plain"),),
    refusals=(404, 409),
)
def package_receipt(call: Call) -> Response:
    """What `packages receipt SEQ` prints."""
    found = _done(call.text("id"))
    seq = found.result.get("seq")
    try:
        text = export_receipt(call.house.ledger, seq if isinstance(seq, int) else 0)
    except NotCovered as error:
        raise ApiRefused(
            "entry_waits", headers={"Retry-After": "2"}, folio="system:exports", seq=seq
        ) from error
    return Response(text, content_type="text/plain; charset=utf-8")


def _scope(call: Call) -> PackageScope:
    """What shall be exported, within what the token is for."""
    processes, folios = call.body.get("processes", ()), call.body.get("folios", ())
    for process in processes:
        need_process(process)
    for folio in folios:
        need_folio(folio)
        if call.house.index.get(folio) is None:
            raise UnknownCase(folio=folio)
    if not processes and not folios:
        processes = covered_processes()
    sample = call.body.get("sample", 0)
    found = PackageScope(
        processes=tuple(sorted(set(processes))),
        start=call.text("from"),
        end=call.text("to"),
        folios=tuple(sorted(set(folios))),
        sample=sample,
        seed=call.text("seed") if sample else "",
    )
    try:
        check_scope(found)
    except MalformedScope as error:
        raise bad("/", "scope", str(error)) from error
    return found


def _own(job_id: str) -> JobRecord:
    found = job_desk().get(job_id)
    if found is None or found.owner != caller().service.id or found.kind != KIND:
        raise ApiRefused("unknown_export", id=job_id)
    return found


def _done(job_id: str) -> JobRecord:
    found = _own(job_id)
    if found.state != "done":
        raise ApiRefused("export_running", headers={"Retry-After": "2"}, state=found.state)
    return found


def _export(job: JobRecord) -> dict[str, Json]:
    told = job_json(job)
    found = {name: told[name] for name in ("id", "state", "done", "total", "started_at")}
    result: Mapping[str, Json] = job.result
    if job.state == "done":
        found["package"] = {name: result[name] for name in ("seq", "bytes", "tag_manifest", "name")}
    elif "error" in result:
        found["error"] = result["error"]
    return found

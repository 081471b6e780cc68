"""Operations that write: uploads, openings, evidence, corrections, dispensations, refusals, links between cases.

Each asks the same service as the pages; nothing here decides what may be recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evidence.canonical import Json
from evidence.entry import format_time
from identity.tokens import Scope
from web.api.callers import ROOT, ApiRefused, actor, caller, need_process
from web.api.declared import Call, Group, Made, Param, Reply
from web.api.giving import FOLIO_PARAM, SEQ_PARAM, STEP_PARAM, given_files, need_folio, reuses, texts_of
from web.api.pieces import HEX64
from web.api.uploads import Uploads
from workflows.children import prefilled
from workflows.commands import (
    LinkCase,
    OpenCase,
    OpenChild,
    Opened,
    Receipt,
    RecordStep,
    RefuseRequest,
    Supersede,
    WaiveStep,
)
from workflows.rules import known_step

ops = Group("Registrar", "Abrir casos y registrar en ellos; cada operación es una entrada sellada, o ninguna")
_DIGEST = Param("sha256", HEX64, "SHA-256 del archivo, en hexadecimal", "path")
_SEALED = (Reply(201, "Lo que se selló", "Receipt"),)
_REFUSED = (404, 409, 422)


@ops.operation(
    "PUT",
    "/uploads/{sha256}",
    scope=Scope.CASES_RECORD,
    summary="Subir un archivo antes de registrarlo",
    text="Se guarda un día. Si lo recibido no tiene esa huella no se guarda.",
    params=(_DIGEST,),
    raw=True,
    replies=(Reply(201, "Guardado", "Upload"), Reply(200, "Ya estaba", "Upload")),
    refusals=(422,),
)
def put_upload(call: Call) -> Made:
    """Keep bytes under their digest."""
    digest, store = call.text("sha256"), _uploads(call)
    assert call.raw is not None  # noqa: S101 - declared so
    _size, new = store.put(digest, call.raw)
    return Made(_upload(store, digest), 201 if new else 200)


@ops.operation(
    "GET",
    "/uploads/{sha256}",
    scope=Scope.CASES_RECORD,
    summary="Si una subida está, y hasta cuándo",
    params=(_DIGEST,),
    replies=(Reply(200, "La subida", "Upload"),),
    refusals=(404,),
)
def show_upload(call: Call) -> Json:
    """An upload of the caller's own."""
    return _upload(_uploads(call), call.text("sha256"))


@ops.operation(
    "POST",
    "/cases",
    scope=Scope.CASES_OPEN,
    summary="Abrir un caso",
    text="Con «parent», el caso sigue de otro: se registra allá el paso con el folio nuevo.",
    body="OpenCase",
    files=True,
    keyed=True,
    replies=(Reply(201, "El caso abierto", "Opened"),),
    refusals=_REFUSED,
)
def open_case(call: Call) -> Made:
    """Open a case, perhaps from a step of another one."""
    process = call.text("process")
    need_process(process)
    parent = call.body.get("parent")
    with given_files(call) as given:
        opening = OpenCase(
            process=process,
            actor=actor(),
            data=texts_of(call.body["data"]),
            uploads=given.uploads,
            occurred_at=call.moment("occurred_at"),
            idempotency_key=call.key,
        )
        if parent is None:
            receipt = call.house.cases.open_case(opening)
            told: dict[str, Json] = receipt.as_json()
        else:
            opened = _open_from(call, parent, opening)
            receipt, told = opened.child, opened.as_json()
    return _sealed(call, receipt, told)


@ops.operation(
    "POST",
    "/cases/{folio}/steps/{step}",
    scope=Scope.CASES_RECORD,
    summary="Registrar la evidencia de un paso",
    text="Todos los archivos y valores hacen una entrada, o ninguna.",
    params=(FOLIO_PARAM, STEP_PARAM),
    body="RecordStep",
    files=True,
    keyed=True,
    replies=_SEALED,
    refusals=_REFUSED,
)
def record_step(call: Call) -> Made:
    """Record a step's evidence."""
    folio = call.text("folio")
    need_folio(folio)
    with given_files(call) as given:
        receipt = call.house.cases.record(
            RecordStep(
                folio=folio,
                step=call.text("step"),
                actor=actor(),
                uploads=given.uploads,
                data=texts_of(call.body.get("data", {})),
                choice=call.text("choice"),
                note=call.text("note").strip(),
                reuse=reuses(call),
                occurred_at=call.moment("occurred_at"),
                acting_for=call.text("acting_for"),
                idempotency_key=call.key,
            )
        )
    return _sealed(call, receipt)


@ops.operation(
    "POST",
    "/cases/{folio}/entries/{seq}/supersede",
    scope=Scope.CASES_CORRECT,
    summary="Corregir una entrada con motivo",
    text="Las dos quedan a la vista. Con «annul» nada ocupa su lugar; si no, la nueva trae toda la evidencia del paso.",
    params=(FOLIO_PARAM, SEQ_PARAM),
    body="Supersede",
    files=True,
    keyed=True,
    replies=_SEALED,
    refusals=_REFUSED,
)
def supersede_entry(call: Call) -> Made:
    """Correct or annul an entry."""
    folio = call.text("folio")
    need_folio(folio)
    plain = Supersede(
        folio, call.number("seq"), actor(), call.text("reason").strip(), idempotency_key=call.key
    )
    if call.body.get("annul"):
        return _sealed(call, call.house.cases.supersede(replace(plain, annul=True)))
    with given_files(call) as given:
        receipt = call.house.cases.supersede(
            replace(
                plain,
                uploads=given.uploads,
                data=texts_of(call.body.get("data", {})),
                choice=call.text("choice"),
                note=call.text("note").strip(),
                keep=tuple(call.body.get("keep", ())),
                reuse=reuses(call),
                occurred_at=call.moment("occurred_at"),
            )
        )
    return _sealed(call, receipt)


@ops.operation(
    "POST",
    "/cases/{folio}/steps/{step}/waive",
    scope=Scope.CASES_CORRECT,
    summary="Dispensar un paso con motivo",
    text="Sólo si el proceso lo deja y la función de la cuenta puede.",
    params=(FOLIO_PARAM, STEP_PARAM),
    body="Waive",
    keyed=True,
    replies=_SEALED,
    refusals=_REFUSED,
)
def waive_step(call: Call) -> Made:
    """Do without a step, or let one hold two duties."""
    folio = call.text("folio")
    need_folio(folio)
    command = WaiveStep(
        folio, call.text("step"), actor(), call.text("reason").strip(), call.text("rule") or "step", call.key
    )
    return _sealed(call, call.house.cases.waive(command))


@ops.operation(
    "POST",
    "/cases/{folio}/refuse",
    scope=Scope.CASES_RECORD,
    summary="Rechazar la solicitud de un caso abierto",
    params=(FOLIO_PARAM,),
    body="Refuse",
    keyed=True,
    replies=_SEALED,
    refusals=_REFUSED,
)
def refuse_case(call: Call) -> Made:
    """Refuse on a ground of the definition."""
    folio = call.text("folio")
    need_folio(folio)
    command = RefuseRequest(
        actor(), call.text("refusal"), folio=folio, note=call.text("note").strip(), idempotency_key=call.key
    )
    return _sealed(call, call.house.cases.refuse(command))


@ops.operation(
    "POST",
    "/cases/{folio}/links",
    scope=Scope.CASES_RECORD,
    summary="Decir que dos casos van juntos",
    params=(FOLIO_PARAM,),
    body="LinkCases",
    keyed=True,
    replies=_SEALED,
    refusals=_REFUSED,
)
def link_cases(call: Call) -> Made:
    """Link an open or closed case with another one."""
    folio, other = call.text("folio"), call.text("link")
    need_folio(folio)
    need_folio(other)
    command = LinkCase(folio, other, actor(), call.text("step"), call.text("note").strip(), call.key)
    if command.step:
        known_step(call.house.cases.view(folio).definition, command.step)
    return _sealed(call, call.house.cases.link(command))


def _open_from(call: Call, parent: Mapping[str, Any], opening: OpenCase) -> Opened:
    """Open a case with what is known in its parent under what was given, and tell the parent."""
    house, folio = call.house, str(parent["folio"])
    need_folio(folio)
    view, target = house.cases.view(folio), house.definitions.current(opening.process)
    step = known_step(view.definition, parent["step"]) if parent.get("step") else None
    choice = str(parent.get("choice", ""))
    opens = step.continuation(step.branch(choice))[0] if step is not None else None
    return house.cases.open_child(
        OpenChild(
            parent=folio,
            step=step.code if step is not None else "",
            choice=choice,
            process=opening.process,
            actor=opening.actor,
            recorder=opening.actor,
            data={**prefilled(view, target, opens), **opening.data},
            uploads=opening.uploads,
            occurred_at=opening.occurred_at,
            told=texts_of(parent.get("told", {})),
            note=str(parent.get("note", "")).strip(),
            idempotency_key=opening.idempotency_key,
        )
    )


def _sealed(call: Call, receipt: Receipt, told: Mapping[str, Json] | None = None) -> Made:
    """The receipt; mails that it sealed wait no more."""
    call.house.mailroom.noticed(receipt, caller().service.id)
    place = f"{ROOT}/cases/{receipt.folio}"
    return Made(dict(told or receipt.as_json()), 201, {"Location": place})


def _uploads(call: Call) -> Uploads:
    return Uploads(call.house, caller().service.id)


def _upload(store: Uploads, digest: str) -> dict[str, Json]:
    found = store.find(digest)
    if found is None:
        raise ApiRefused("upload_absent", sha256=digest)
    size, until = found
    return {"sha256": digest, "size": size, "expires_at": format_time(until)}

"""Operations that read cases: lists, states now or as of a moment, entries, typed data, sealed files and proofs."""

from __future__ import annotations

from flask import Response

from evidence.canonical import Json
from evidence.proofs import prove_entry
from identity.tokens import Scope
from web.api.callers import ApiRefused, need_process, note_view
from web.api.declared import Call, Group, Made, Param, Reply
from web.api.giving import (
    CURSOR_PARAM,
    FOLIO_PARAM,
    LIMIT_PARAM,
    SEQ_PARAM,
    bad,
    covered_processes,
    following,
    ledger_time,
    need_folio,
    row_json,
    seen_case,
)
from web.api.pieces import CODE, FLAG, MOMENT, PROCESS
from web.downloads import download
from web.pages.blobs import checked_copy
from workflows.casefile import entry_files
from workflows.errors import UnknownEntry
from workflows.keeping import require_usable
from workflows.keepingerrors import Quarantined
from workflows.ports import CaseQuery
from workflows.texts import open_hits

ops = Group("Leer", "Casos, estados, entradas, archivos y pruebas")
_AS_OF = Param("as_of", MOMENT, "El caso como se conocía en ese momento")
_ORDER = {"type": "string", "enum": ["opened", "due"], "default": "opened"}
_WORDS = {"type": "string", "minLength": 1, "maxLength": 200}


@ops.operation(
    "GET",
    "/cases",
    scope=Scope.CASES_READ,
    summary="Casos, del más nuevo al más antiguo",
    params=(
        Param("process", PROCESS, "Sólo de este proceso"),
        Param("status", CODE, "Sólo en este estado"),
        Param("closed", FLAG, "Sólo cerrados, o sólo abiertos"),
        Param("complete", FLAG, "Sólo con el expediente completo, o sólo incompletos"),
        Param("opened_from", MOMENT, "Abiertos desde"),
        Param("opened_to", MOMENT, "Abiertos antes de"),
        Param("due_until", MOMENT, "Con un plazo que vence a más tardar entonces"),
        Param("order", _ORDER, "Por apertura, o por vencimiento"),
        LIMIT_PARAM,
        CURSOR_PARAM,
    ),
    replies=(Reply(200, "Una página; «next» y el enlace «next» llevan a la siguiente", "Cases"),),
)
def list_cases(call: Call) -> Made:
    """A page by key: cases that appear meanwhile neither repeat nor shift what follows."""
    process = call.text("process")
    if process:
        need_process(process)
    query = CaseQuery(
        process=process,
        processes=covered_processes(),
        status=call.text("status"),
        closed=call.args.get("closed"),
        complete=call.args.get("complete"),
        opened_from=ledger_time(call, "opened_from"),
        opened_to=ledger_time(call, "opened_to"),
        due_until=ledger_time(call, "due_until"),
        order=call.text("order") or "opened",
        limit=call.number("limit", 50),
        after=call.text("cursor"),
    )
    try:
        page = call.house.index.find(query)
    except ValueError as error:
        raise ApiRefused("cursor_invalid") from error
    note_view("cases", process)
    rows: list[Json] = [row_json(row) for row in page.rows]
    return following({"cases": rows, "total": page.total, "next": page.next}, "cursor", page.next)


@ops.operation(
    "GET",
    "/cases/{folio}",
    scope=Scope.CASES_READ,
    summary="Un caso: estados, pasos, plazos y entradas",
    text="Derivado en este momento de sus entradas selladas; con as_of, de las que había entonces.",
    params=(FOLIO_PARAM, _AS_OF),
    replies=(Reply(200, "El caso", "Case"),),
    refusals=(404,),
)
def show_case(call: Call) -> Made:
    """What `cases show --json` prints; the moment of the derivation alone makes it no other."""
    view = seen_case(call)
    note_view("case", view.state.folio)
    told = view.as_json()
    return Made(told, 200, same_as={**told, "as_of": ""})


@ops.operation(
    "GET",
    "/cases/{folio}/entries",
    scope=Scope.CASES_READ,
    summary="Las entradas de un caso",
    params=(
        FOLIO_PARAM,
        Param(
            "after", {"type": "integer", "minimum": 0, "maximum": 1_000_000}, "Sólo las posteriores a ésta"
        ),
        LIMIT_PARAM,
    ),
    replies=(Reply(200, "Entradas por número; «next» es el último, 0 si no hay más", "Entries"),),
    refusals=(404,),
)
def list_entries(call: Call) -> Made:
    """The entries after a number, in order."""
    view = seen_case(call)
    told = view.as_json()["entries"]
    assert isinstance(told, list)  # noqa: S101 - what the view makes
    after, limit = call.number("after"), call.number("limit", 50)
    rows = told[after : after + limit]
    more = after + limit if len(told) > after + limit else 0
    note_view("entries", view.state.folio)
    found: Json = {"folio": view.state.folio, "entries": rows, "next": more}
    return following(found, "after", more)


@ops.operation(
    "GET",
    "/cases/{folio}/keeping",
    scope=Scope.CASES_READ,
    summary="Conservación, retenciones legales, bloqueo y borrado de un caso",
    text="«until» es el último día en que se conserva, vacío mientras está abierto; lo demás, números de entrada o 0.",
    params=(FOLIO_PARAM,),
    replies=(Reply(200, "Cómo están sus datos", "Keeping"),),
    refusals=(404,),
)
def case_keeping(call: Call) -> Json:
    """How the data of a case stands; reasons are not told."""
    folio = seen_case(call).state.folio
    keeping, kept = call.house.cases.keeping.standing(folio)
    note_view("keeping", folio)
    return {
        "folio": folio,
        "years": kept.years,
        "until": kept.until.isoformat() if kept.until else "",
        "over": kept.over,
        "holds": [{"seq": hold.seq, "since": hold.at} for hold in keeping.holds],
        "blocked": keeping.blocked,
        "requested": keeping.asked.seq if keeping.asked else 0,
        "erased": keeping.erased,
    }


@ops.operation(
    "GET",
    "/cases/{folio}/data",
    scope=Scope.DATA_READ,
    summary="Lo capturado en un caso, por paso",
    text="Datos personales incluidos; lo borrado ya no está.",
    params=(FOLIO_PARAM, _AS_OF),
    replies=(Reply(200, "Valores por paso y campo", "CaseData"),),
    refusals=(404,),
)
def case_data(call: Call) -> Json:
    """Typed values that count."""
    view = seen_case(call)
    note_view("data", view.state.folio)
    data: dict[str, Json] = {step: dict(values) for step, values in view.data().items()}
    return {"folio": view.state.folio, "data": data}


@ops.operation(
    "GET",
    "/cases/{folio}/entries/{seq}/objects/{number}",
    scope=Scope.FILES_READ,
    summary="Un archivo sellado",
    text="Se compara con su sello antes de enviar el primer byte.",
    params=(
        FOLIO_PARAM,
        SEQ_PARAM,
        Param(
            "number",
            {"type": "integer", "minimum": 0, "maximum": 500},
            "Cuál de sus archivos, desde 0",
            "path",
        ),
    ),
    replies=(Reply(200, "El archivo", media="application/octet-stream"),),
    refusals=(404,),
)
def download_object(call: Call) -> Response:
    """The bytes as they were sealed."""
    folio, seq, number = call.text("folio"), call.number("seq"), call.number("number")
    view = seen_case(call)
    if seq > len(view.entries):
        raise UnknownEntry(folio=folio, seq=seq)
    sealed = view.entries[seq - 1]
    if number >= len(sealed.entry.objects):
        raise ApiRefused("unknown_object", folio=folio, seq=seq, number=number)
    if view.shuts(sealed):
        require_usable(view.entries, keepers=False)
    held = view.withheld.file(seq, sealed.entry.objects[number].sha256)
    if held is not None:
        raise Quarantined(folio=folio, seq=held.seq)
    blob, name = sealed.entry.objects[number], str(entry_files(sealed)[number].get("name", ""))
    stream = checked_copy(call.house.blobs, blob)
    note_view("object", f"{folio}/{seq}/{number}")
    return download(stream, name or blob.sha256, size=blob.size)


@ops.operation(
    "GET",
    "/cases/{folio}/entries/{seq}/proof",
    scope=Scope.CASES_READ,
    summary="El recibo de una entrada (.tlog-proof)",
    text="Prueba de inclusión C2SP bajo el último punto de control firmado.",
    params=(FOLIO_PARAM, SEQ_PARAM),
    replies=(Reply(200, "La prueba", media="text/plain"),),
    refusals=(404, 409),
)
def entry_proof(call: Call) -> Response:
    """What `ledger proof FOLIO SEQ` prints."""
    folio, seq = call.text("folio"), call.number("seq")
    need_folio(folio)
    entries = call.house.cases.view(folio).entries
    if seq > len(entries):
        raise UnknownEntry(folio=folio, seq=seq)
    latest, index = call.house.ledger.latest_checkpoint(), entries[seq - 1].index
    if latest is None or index is None or latest[0] <= index:
        raise ApiRefused("entry_waits", headers={"Retry-After": "2"}, folio=folio, seq=seq)
    note_view("proof", f"{folio}/{seq}")
    return Response(
        prove_entry(call.house.ledger, index, latest[1]).text(), content_type="text/plain; charset=utf-8"
    )


@ops.operation(
    "GET",
    "/search",
    scope=Scope.SEARCH,
    summary="Buscar casos y textos dentro de archivos",
    params=(Param("q", _WORDS, "Palabras; cuentan todas", required=True), LIMIT_PARAM),
    replies=(Reply(200, "Casos y archivos", "Found"),),
)
def search(call: Call) -> Json:
    """Cases by every typed word, and files by what they say."""
    words = " ".join(call.text("q").split())
    if not words:
        raise bad("?q", "short", "1")
    limit, mine = call.number("limit", 50), covered_processes()
    page = call.house.index.find(CaseQuery(text=words, processes=mine, limit=limit))
    hits = open_hits(call.house.index, call.house.texts.search(tuple(words.split()), limit, mine))
    files: list[Json] = [
        {
            "folio": hit.folio,
            "seq": hit.seq,
            "object": hit.object,
            "passage": [{"text": text, "hit": found} for text, found in hit.passage],
        }
        for hit in hits
    ]
    note_view("search", "")
    return {"cases": [row_json(row) for row in page.rows], "total": page.total, "files": files}

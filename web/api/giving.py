"""From a call to what the services take: values as texts, files opened, places checked against the token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from urllib.parse import urlencode

from flask import request

from evidence.canonical import Json
from evidence.entry import format_time
from web.api.callers import caller, need_process
from web.api.checking import Flaw
from web.api.declared import Call, Made, Param
from web.api.pieces import CURSOR, FOLIO, LIMIT, PROCESS, SEQ, STEP
from web.api.serving import invalid
from web.api.uploads import Uploads
from workflows.casefile import CaseView
from workflows.commands import Reuse, Upload
from workflows.ports import CaseRow
from workflows.progress import process_of

FOLIO_PARAM = Param("folio", FOLIO, "Folio del caso", "path")
STEP_PARAM = Param("step", STEP, "Código del paso", "path")
SEQ_PARAM = Param("seq", SEQ, "Número de la entrada en su caso, desde 1", "path")
PROCESS_PARAM = Param("process", PROCESS, "Código del proceso", "path")
LIMIT_PARAM = Param("limit", LIMIT, "Cuántos, a lo más")
CURSOR_PARAM = Param("cursor", CURSOR, "De dónde seguir: «next» de la página anterior")


def need_folio(folio: str) -> None:
    """Refuse a case of a process that the token is not for, before it is looked up."""
    need_process(process_of(folio))


def seen_case(call: Call) -> CaseView:
    """The case that the path names, as of the moment asked for."""
    folio = call.text("folio")
    need_folio(folio)
    return call.house.cases.view(folio, call.moment("as_of"))


def texts_of(data: Mapping[str, Json]) -> dict[str, str]:
    """Typed values as texts: numbers and ticks may be written as JSON has them."""
    return {
        name: ("si" if value else "") if isinstance(value, bool) else str(value)
        for name, value in data.items()
    }


@dataclass(frozen=True, slots=True)
class Given:
    """The files of a call, opened; ``digests`` are those that had been uploaded before."""

    uploads: tuple[Upload, ...]
    digests: tuple[str, ...]


@contextmanager
def given_files(call: Call) -> Iterator[Given]:
    """Files of the request, and those uploaded before that its ``files`` names; closed afterwards.

    Uploads are forgotten once what was asked has been done, and stay where it was refused.
    """
    store = Uploads(call.house, caller().service.id)
    with ExitStack() as stack:
        came = [Upload(file.name, cast("BinaryIO", file.stream), file.slot) for file in call.files]
        named: Sequence[Mapping[str, Any]] = call.body.get("files", ())
        for item in named:
            stream = stack.enter_context(store.open(item["sha256"]))
            came.append(
                Upload(
                    item["name"], stream, item.get("slot", ""), item.get("system", ""), item.get("taken", "")
                )
            )
        digests = tuple(str(item["sha256"]) for item in named)
        yield Given(tuple(came), digests)
    for digest in digests:
        store.drop(digest)


def reuses(call: Call) -> tuple[Reuse, ...]:
    """Sealed files that also serve."""
    return tuple(Reuse(item["slot"], item["seq"], item["object"]) for item in call.body.get("reuse", ()))


def row_json(row: CaseRow) -> dict[str, Json]:
    """A case in a list, as `cases list --json` prints it."""
    return {
        "folio": row.folio,
        "process": row.process,
        "version": row.version,
        "status": row.status,
        "closed": row.closed,
        "complete": row.complete,
        "opened_at": row.opened_at,
        "updated_at": row.updated_at,
        "next_due": row.next_due,
        "title": row.title,
    }


def covered_processes() -> tuple[str, ...]:
    """The processes of the token, ``()``: all."""
    return tuple(sorted(caller().token.processes))


def ledger_time(call: Call, name: str) -> str:
    """A moment of the request as the ledger spells it, ``""`` for none."""
    found = call.moment(name)
    return format_time(found) if found is not None else ""


def following(value: Json, name: str, place: str | int) -> Made:
    """A page, with a ``Link`` to the next one where there is one: the same request with its place in ``name``."""
    if not place:
        return Made(value, 200)
    args = [(key, text) for key, text in request.args.items(multi=True) if key != name]
    target = f"{request.path}?{urlencode([*args, (name, str(place))])}"
    return Made(value, 200, {"Link": f'<{target}>; rel="next"'})


def bad(where: str, problem: str, expected: str = "") -> Exception:
    """A refusal of one place of the request that its schema cannot judge."""
    return invalid(Flaw(where, problem, expected))

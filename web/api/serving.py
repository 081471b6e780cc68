"""From a request to a view and back: parameters and bodies checked by their declaration, idempotency, conditional GET.

Nothing of a request reaches a view that its declaration does not name: unknown parameters and members are refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Response, request

from evidence.canonical import Json
from identity.remembered import Claim, Remembered
from web.api.asked import REQUESTS
from web.api.callers import ApiRefused, caller, rate_headers
from web.api.checking import Flaw, Unreadable, coerce, flaws, is_text, parse
from web.api.declared import FILE_PART, PARTS_JSON, Call, Incoming, Made, Operation, Param, Returned
from web.wiring import House, current_house

JSON_MEDIA, MULTIPART = "application/json", "multipart/form-data"
MOST_JSON = 2 * 1024 * 1024
LEASE = timedelta(seconds=60)
"""After so long a worker that took a request and never answered is taken for dead."""
KEY_PARAM = Param(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 80, "pattern": "^[\\x21-\\x7E]+$"},
    "Llave de quien llama para repetir sin duplicar: misma llave y misma solicitud, misma respuesta.",
    where="header",
)
_KEPT = ("Location", "ETag")


def serve(operation: Operation) -> Callable[..., Response]:
    """The Flask view of an operation."""

    def view(**places: str) -> Response:
        house = current_house()
        args = _arguments(operation, places)
        if operation.raw:
            return answer(operation.view(Call(house, args, {}, raw=_raw(house))))
        body, files = _body(operation)
        key = _key(operation)
        call = Call(house, args, body, files, f"api:{key}" if key else "")
        if not key:
            return answer(operation.view(call))
        return _once(operation, call, key)

    return view


def answer(returned: Returned) -> Response:
    """What a view returned as a response; a GET has an entity tag, and is not repeated to whoever holds it."""
    if isinstance(returned, Response):
        return returned
    made = returned if isinstance(returned, Made) else Made(returned, 200)
    body = b"" if made.status == 204 else json.dumps(made.value, ensure_ascii=False).encode()
    response = Response(body, made.status, content_type=JSON_MEDIA if body else None)
    response.headers.extend(made.headers)
    if request.method in {"GET", "HEAD"} and made.status == 200:
        told = body if made.same_as is None else json.dumps(made.same_as).encode()
        response.set_etag(hashlib.sha256(told).hexdigest()[:32], weak=made.same_as is not None)
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization, Accept-Language"
        response.make_conditional(request)
    return response


def add_headers(response: Response) -> Response:
    """What every answer of the API has: how much of its rate the token has left."""
    response.headers.extend(rate_headers())
    return response


def invalid(*found: Flaw) -> ApiRefused:
    """The refusal of a request that does not have its form."""
    return ApiRefused("request_invalid", problems=[flaw.as_json() for flaw in found])


def _arguments(operation: Operation, places: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, list[str]] = {name: [text] for name, text in places.items()}
    known = {param.name: param for param in operation.params}
    found: list[Flaw] = []
    for name, texts in request.args.lists():
        if name not in known or known[name].where != "query":
            found.append(Flaw(f"?{name}" if is_text(name) else "?", "unknown_member"))
        elif known[name].schema.get("type") != "array" and len(texts) > 1:
            found.append(Flaw(f"?{name}", "member_twice"))
        else:
            given[name] = texts
    args: dict[str, Any] = {}
    for param in operation.params:
        if param.name in given:
            args[param.name] = coerce(param.schema, given[param.name])
            mark = "?" if param.where == "query" else ""
            found += flaws(param.schema, args[param.name], f"{mark}{param.name}")
        elif param.required:
            found.append(Flaw(f"?{param.name}", "missing_member"))
    if found:
        raise invalid(*found)
    return args


def _raw(house: House) -> Any:
    request.max_content_length = house.limits.file_bytes
    return request.stream


def _body(operation: Operation) -> tuple[Mapping[str, Any], tuple[Incoming, ...]]:
    if not operation.body:
        return {}, ()
    media, files = request.mimetype, tuple[Incoming, ...]()
    if media == MULTIPART and operation.files:
        text, files = _parts()
    elif media == JSON_MEDIA:
        request.max_content_length = MOST_JSON
        text = request.get_data()
    else:
        accepted = f"{JSON_MEDIA}, {MULTIPART}" if operation.files else JSON_MEDIA
        raise ApiRefused("media_not_supported", found=media[:80] or "—", accepted=accepted)
    try:
        value = parse(text)
    except Unreadable as error:
        raise invalid(Flaw("", error.problem)) from error
    found = flaws(REQUESTS[operation.body], value)
    if found or not isinstance(value, dict):
        raise invalid(*found)
    return value, files


def _parts() -> tuple[bytes, tuple[Incoming, ...]]:
    """The JSON of a multipart request, and its files."""
    found = [Flaw(f"/{name}", "unknown_member") for name in request.form if name != PARTS_JSON]
    told = request.form.getlist(PARTS_JSON)
    files = []
    for name, file in request.files.items(multi=True):
        part, _dot, slot = name.partition(".")
        if name == PARTS_JSON:
            told.append(file.stream.read(MOST_JSON).decode("utf-8", "replace"))
        elif part == FILE_PART and is_text(slot) and is_text(file.filename or ""):
            files.append(Incoming(file.filename or "archivo", file.stream, slot))
        else:
            found.append(Flaw(f"/{name}" if is_text(name) else "/", "unknown_member"))
    if len(told) > 1:
        found.append(Flaw(f"/{PARTS_JSON}", "member_twice"))
    if found:
        raise invalid(*found)
    return (told[0] if told else "{}").encode("utf-8", "surrogatepass"), tuple(files)


def _key(operation: Operation) -> str:
    given = request.headers.get(KEY_PARAM.name)
    if not operation.keyed or given is None:
        return ""
    found = flaws(KEY_PARAM.schema, given, KEY_PARAM.name)
    if found:
        raise invalid(*found)
    return given


def _once(operation: Operation, call: Call, key: str) -> Response:
    """Do it once by this key, however often it is asked and by whichever worker."""
    house, service = call.house, caller().service.id
    claimed = house.answers.claim(service, key, _digest(operation, call), house.clock(), LEASE)
    if isinstance(claimed, Remembered):
        again = Response(claimed.body, claimed.status, content_type=JSON_MEDIA)
        again.headers.extend({**claimed.headers, "Idempotency-Replayed": "true"})
        return again
    if claimed is Claim.OTHER:
        raise ApiRefused("key_reused")
    if claimed is Claim.BUSY:
        raise ApiRefused("key_busy", headers={"Retry-After": "2"})
    try:
        response = answer(operation.view(call))
    except BaseException:
        house.answers.forget(service, key)
        raise
    kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
    house.answers.keep(service, key, Remembered(response.status_code, kept, response.get_data()))
    return response


def _digest(operation: Operation, call: Call) -> str:
    """Hex SHA-256 of what is asked, files by their content."""
    asked: list[Json] = [operation.id, dict(call.args), dict(call.body)]
    for file in call.files:
        asked.append([file.name, file.slot, hashlib.file_digest(file.stream, "sha256").hexdigest()])  # type: ignore[arg-type]  # a binary stream
        file.stream.seek(0)
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

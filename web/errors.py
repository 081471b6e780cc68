"""The one table from exceptions to answers: status, code, message and what to do, for pages, scripts and commands.

Three kinds are never mixed: refusals (4xx, to be mended), unavailability (503, try again), integrity findings (500).
What is in no table is a fault of ours: an incident number for people; types and places, without texts, for the log.
"""

from __future__ import annotations

import errno
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from flask import Flask, Response, g, jsonify, render_template, request
from flask_login import AnonymousUserMixin  # type: ignore[import-untyped]  # publishes no types
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]  # publishes no types
from markupsafe import escape
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from audit_exports.builder import ExportRefused
from auditing.errors import AuditRefused
from documents.antivirus import ScannerSilent
from documents.refusals import FileRefused
from evidence import ports
from evidence.atrest import KeysUnavailable
from evidence.canonical import Json
from evidence.entry import MalformedEntry
from evidence.shredding import BlobErased, BlobWithheld, NotErased
from identity.accounts import EmailTaken, IdentityError, UnknownUser
from identity.login import LoginThrottled
from identity.tokens import ScopeInvalid, ServiceRole, UnknownService, UnknownToken
from signing.errors import LinkError
from web import messages
from web.acting import NoSuchRole
from web.answers import Answer, filled, shown_field
from web.api.callers import ApiRefused
from web.api.problems import is_api, problem
from web.api.words import API, FORM_PROBLEMS
from web.i18n import format_size, local
from web.linkmessages import LINKS
from web.logs import LOG
from web.messages import Message
from web.meters import noted
from web.peoplemessages import PEOPLE
from web.releases import DefinitionsUnfit
from web.security import wants_json
from web.views.definition_problems import in_file, spanish
from web.wiring import DraftTooLarge, HouseError, MovedAway, RetroactiveChange, WrongLog
from workflows.calendar import OutOfCalendar
from workflows.closing import TimersIncomplete
from workflows.errors import Refusal

__all__ = [
    "Answer",
    "answer_for",
    "api_answer",
    "house_answer",
    "install",
    "respond",
    "retold",
    "shown_field",
]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL_WORDS = ("disk is full", "SQLITE_IOERR_SHMSIZE")  # the latter: not even the log's shared index fits
_UNMIGRATED = re.compile(r"no such (table|column)|(relation|column) .* does not exist")
_SIZES = frozenset({"size", "limit"})


def answer_for(error: BaseException) -> Answer | None:
    """The answer to an exception that is in the table; ``None`` for a fault of ours."""
    for kind, make in _TABLE:
        if isinstance(error, kind):
            answer = make(error)
            noted(answer.code)
            return answer
    return None


def retold(told: Mapping[str, Json]) -> tuple[str, str]:
    """Message and advice of an answer that was kept as JSON, in this request's language."""
    code, fields, problems = str(told.get("code", "")), told.get("fields"), told.get("problems")
    known = messages.CASES.get(_variant(code, fields if isinstance(fields, dict) else {}))
    if known is None:
        return str(told.get("message", "")), str(told.get("advice", ""))
    again = _answer(known, code, fields if isinstance(fields, dict) else {})
    listed = problems if isinstance(problems, list) else []
    what = "; ".join(
        f"{item['field']}: {_problem(item)['message']}" for item in listed if isinstance(item, dict)
    )
    return f"{again.message} {what}".strip(), again.advice


def house_answer(code: str, fields: Mapping[str, Json] | None = None) -> Answer:
    """An answer of `messages.HOUSE` by its code."""
    return _answer(messages.HOUSE[code], code, fields or {})


def api_answer(code: str) -> Answer:
    """A refusal of the API by its code, without its fields."""
    return _answer(API[code], code, {})


def _answer(message: Message, code: str, fields: Mapping[str, Json], **more: Json) -> Answer:
    shown = {name: shown_field(name, value) for name, value in {**fields, **more}.items()}
    return Answer(
        status=message.status,
        code=code,
        message=filled(message.text, shown),
        advice=filled(message.advice, shown),
        fields=fields,
    )


def _refusal(error: Refusal) -> Answer:
    code, fields = error.code, error.fields
    message = messages.CASES[_variant(code, fields)]
    found = _answer(message, code, fields)
    problems = fields.get("problems")
    if not isinstance(problems, list):
        return found
    told = tuple(_problem(problem) for problem in problems if isinstance(problem, dict))
    where = {name: fields[name] for name in ("in_step",) if name in fields}
    return Answer(found.status, code, found.message, found.advice, where, told)


def _variant(code: str, fields: Mapping[str, Json]) -> str:
    if code == "step_not_open" and fields.get("seq"):
        return "step_not_open:done"
    detail = fields.get("why") or fields.get("problem")
    key = f"{code}:{detail}"
    return key if key in messages.CASES else code


def _problem(problem: Mapping[str, Json]) -> Mapping[str, Json]:
    code = str(problem.get("problem", ""))
    shown = {name: shown_field(name, value) for name, value in problem.items()}
    text = messages.FIELD_PROBLEMS.get(code) or FORM_PROBLEMS.get(code)
    return {**problem, "message": filled(text, shown) if text else code}


def _file(error: FileRefused) -> Answer:
    message = messages.FILES[error.code]
    fields: dict[str, Json] = {"name": error.name, **error.fields}
    sized = {
        name: format_size(value)
        for name, value in error.fields.items()
        if error.code == "too_large" and name in _SIZES and isinstance(value, int)
    }
    return Answer(
        message.status,
        f"file_{error.code}",
        filled(message.text, {k: shown_field(k, v) for k, v in {**fields, **sized}.items()}),
        filled(message.advice, {}),
        fields,
    )


def _identity(error: IdentityError) -> Answer:
    fields: dict[str, Json] = {}
    if isinstance(error, LoginThrottled):
        fields["until"] = f"{local(error.until):%H:%M}"
    elif isinstance(error, EmailTaken):
        fields["email"] = error.email
    elif isinstance(error, UnknownUser | NoSuchRole | UnknownService | UnknownToken):
        fields["subject"] = error.subject
    elif isinstance(error, ScopeInvalid):
        fields["scope"] = error.scope
    elif isinstance(error, ServiceRole):
        fields["role"] = error.role
    return _answer(PEOPLE[error.code], error.code, fields)


def _draft(error: DraftTooLarge) -> Answer:
    limit = format_size(error.limit) if error.code == "draft_bytes" else str(error.limit)
    return house_answer(error.code, {"limit": limit})


def _always(code: str) -> Callable[[BaseException], Answer]:
    return lambda _error: house_answer(code)


def _operating_system(error: OSError) -> Answer:
    return house_answer("disk_full" if error.errno in _FULL else "unavailable")


def _unavailable(error: ports.StoreUnavailable) -> Answer:
    """A full disk says so, wherever in the chain of causes it stands."""
    full = any(isinstance(cause, OSError) and cause.errno in _FULL for cause in _causes(error))
    full = full or any(words in str(error) for words in _FULL_WORDS)
    if _UNMIGRATED.search(str(error)):
        return house_answer("not_migrated")
    return house_answer("disk_full" if full else "unavailable")


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _corrupt(error: ports.BlobCorrupt) -> Answer:
    """A sealed file that changed, or entries that did: what is damaged is named, since somebody must look at it."""
    if _is_object(error.key):
        return house_answer("blob_corrupt", {"subject": error.key})
    return house_answer(
        "ledger_damaged", {"subject": error.key, "expected": error.expected, "found": error.found}
    )


def _missing(error: ports.BlobMissing) -> Answer:
    key = str(error)
    return house_answer("blob_missing" if _is_object(key) else "ledger_damaged", {"subject": key})


def _is_object(key: str) -> bool:
    return key.startswith("sha256/")


def _rolled_back(error: ports.RolledBack) -> Answer:
    fields: dict[str, Json] = {"signed": error.signed_size, "found": error.found_size}
    if isinstance(error, ports.GuardEmpty):
        return house_answer("guard_empty", fields)
    return house_answer("rolled_back", fields)


def _timers(error: TimersIncomplete) -> Answer:
    """What was recorded all the same, and which cases were not."""
    fields: dict[str, Json] = {
        "fired": [receipt.as_json() for receipt in error.receipts],
        "folios": [folio for folio, _ in error.failures],
    }
    told: tuple[Mapping[str, Json], ...] = tuple(
        {"field": folio, "row": 0, "problem": "timers", "message": what} for folio, what in error.failures
    )
    return replace(house_answer("timers_incomplete", fields), problems=told)


def _definitions(error: DefinitionsUnfit) -> Answer:
    """Each file of the installation's own with what is wrong in it."""
    told: tuple[Mapping[str, Json], ...] = tuple(
        {"field": place, "row": 0, "problem": "definition", "message": spanish(what) or what}
        for place, what in (in_file(problem) for problem in error.problems)
    )
    return replace(house_answer("definitions_unfit"), problems=told)


def _taken(error: ports.ReferenceTaken) -> Answer:
    fields: dict[str, Json] = {"kind": error.kind, "value": error.value, "folio": error.case}
    return _answer(messages.CASES["duplicate_reference"], "duplicate_reference", fields)


def _export(error: ExportRefused) -> Answer:
    found = _answer(messages.EXPORTS[error.code], f"export_{error.code}", {"detail": error.detail})
    told: tuple[Mapping[str, Json], ...] = tuple(
        {"field": item.subject, "row": 0, "problem": item.code, "message": f"{item.expected} / {item.found}"}
        for item in error.findings
    )
    return replace(found, problems=told)


def _link(error: LinkError) -> Answer:
    variant = f"{error.code}:{error.fields.get('why') or error.fields.get('how')}"
    return _answer(LINKS[variant if variant in LINKS else error.code], error.code, dict(error.fields))


def _api(error: ApiRefused) -> Answer:
    """Of a request that does not have its form, each place with what is wrong there."""
    found = _answer(API[error.code], error.code, error.fields)
    return replace(found, problems=tuple(_problem(item) for item in error.problems))


def _house(error: HouseError) -> Answer:
    return house_answer(error.code, error.fields)


def _http(error: HTTPException) -> Answer:
    codes = {
        400: "bad_request", 401: "login_required", 403: "forbidden", 404: "not_found",
        405: "method_not_allowed", 413: "too_large",
    }  # fmt: skip
    if isinstance(error, CSRFError):
        return house_answer("csrf")
    if isinstance(error.description, str) and error.description in messages.HOUSE:
        return house_answer(error.description)
    code = error.code or 500
    return replace(house_answer(codes.get(code, "bad_request" if code < 500 else "unavailable")), status=code)


_TABLE: tuple[tuple[type[BaseException], Callable[..., Answer]], ...] = (
    (Refusal, _refusal),
    (FileRefused, _file),
    (IdentityError, _identity),
    (LinkError, _link),
    (HouseError, _house),
    (ApiRefused, _api),
    (AuditRefused, lambda error: _answer(messages.AUDIT[error.code], f"audit_{error.code}", error.fields)),
    (DefinitionsUnfit, _definitions),
    (DraftTooLarge, _draft),
    (
        RetroactiveChange,
        lambda error: house_answer("retroactive", {"post": error.post, "since": error.since}),
    ),
    (ExportRefused, _export),
    (ports.AppendConflict, _always("conflict")),
    (ports.StoreSlow, _always("store_slow")),
    (ports.StoreBusy, _always("store_busy")),
    (KeysUnavailable, _always("keys_unavailable")),
    (ScannerSilent, _always("antivirus_silent")),
    (ports.StoreUnavailable, _unavailable),
    (ports.IdempotencyMismatch, lambda _: _answer(messages.CASES["request_reused"], "request_reused", {})),
    (ports.ReferenceTaken, _taken),
    (BlobErased, _always("blob_erased")),
    (BlobWithheld, _always("blob_withheld")),
    (NotErased, _always("not_erased")),
    (ports.BlobMissing, _missing),
    (ports.BlobCorrupt, _corrupt),
    (ports.RolledBack, _rolled_back),
    (WrongLog, _always("wrong_log")),
    (MovedAway, _always("moved")),
    (ports.StoreError, _always("store_unfit")),
    (OutOfCalendar, _always("out_of_calendar")),
    (TimersIncomplete, _timers),
    (MalformedEntry, lambda error: house_answer("ledger_damaged", {"subject": str(error)})),
    (HTTPException, _http),
    (OSError, _operating_system),
)


def install(app: Flask) -> None:
    """Answer every exception of a request by the table."""
    app.register_error_handler(Exception, _handle)


def _handle(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect made by the router
    answer = answer_for(error)
    if answer is None:
        answer = _incident(error)
    elif answer.status >= 500:
        _forget_person()
        LOG.error(
            "unavailable", exc_info=error, extra={"what": answer.code, "request": g.get("request_id", "")}
        )
    response = respond(answer)
    response.headers.extend(_own_headers(error))
    return response


def _own_headers(error: Exception) -> dict[str, str]:
    """What the protocol asks for beside the words: which methods there are, how to say who one is."""
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return {"Allow": ", ".join(sorted(error.valid_methods))}
    return dict(error.headers) if isinstance(error, ApiRefused) else {}


def _incident(error: Exception) -> Answer:
    incident = secrets.token_hex(4)
    LOG.error("incident", exc_info=error, extra={"incident": incident, "request": g.get("request_id", "")})
    _forget_person()
    noted("internal")
    return replace(house_answer("internal"), incident=incident)


def _forget_person() -> None:
    """The page about a failing store must not ask the store who is looking at it."""
    if "_login_user" not in g:
        g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login keeps it; it has no other way in


def respond(answer: Answer) -> Response:
    """The answer as a page, or as ``{"error": …}`` for scripts."""
    if is_api():
        response = problem(answer)
    elif wants_json():
        response = jsonify(error=answer.as_json())
    else:
        response = Response(_page(answer), mimetype="text/html")
    response.status_code = answer.status
    if answer.status in {429, 503, 507}:
        seconds = {"store_busy": "5", "store_slow": "15"}.get(answer.code, "60")
        response.headers.setdefault("Retry-After", seconds)
    if request.method == "HEAD":
        response.set_data(b"")
    return response


def _page(answer: Answer) -> str:
    """The error page; where even that fails, plain words: the way out of a fault must not be a second one."""
    try:
        return render_template("errors/error.html", answer=answer)
    except Exception as error:  # noqa: BLE001 - see above; logged like any incident
        LOG.error("error page", exc_info=error)
        words = " ".join(filter(None, [answer.message, answer.advice, answer.incident]))
        return f"<!doctype html><title>Constancia</title><p>{escape(words)}</p>"

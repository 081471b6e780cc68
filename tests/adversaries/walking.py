"""What walks the authorization matrix: callers, identifiers that exist and that are guessed, and what came back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from werkzeug.test import TestResponse

from tests.fakes.audit_room import YEAR, Room
from tests.fakes.authorization import Line
from tests.fakes.installation import Browser

GUESSED: Mapping[str, str] = {
    "eid": "2026-999999",
    "folio": f"MA-001-{YEAR}-999999",
    "seq": "77",
    "number": "7",
    "pid": "P9",
    "sid": "S9",
    "form": "csv",
    "fid": "F9",
    "rid": "R9",
    "process": "ZZ-001",
    "version": "1999-01-01",
    "step": "99",
    "which": "hallazgos",
    "path": "css/nothing.css",
    "place": "9/999",
    "sha256": "0" * 64,
}
"""One that nobody has for each part of an address; what is not here is ``x`` twenty-six times."""

FORBIDDEN, LOGIN, HIDDEN, IN = "forbidden", "login", "hidden", "in"


def worked(room: Room, address: str, auditor: Browser) -> dict[str, str]:
    """Give an engagement a population, a sample, a finding and a request; its identifiers."""
    assert room.freeze(address, by=auditor).status_code == 303
    assert room.draw(address, by=auditor).status_code == 303
    entries = f"{room.folios[0]}/1"
    finding = {"severity": "minor", "title": "Falta", "text": "Falta la firma", "entries": entries}
    assert auditor.post_form(f"{address}/hallazgos", finding).status_code == 303
    owner = room.id_of("laura@desk.example")
    asked = {"owner": owner, "due": f"{YEAR + 1}-01-15", "title": "El acuse"}
    assert auditor.post_form(f"{address}/solicitudes", asked).status_code == 303
    return {
        **GUESSED,
        "eid": address.rsplit("/", 1)[1],
        "folio": room.folios[0],
        "seq": "2",
        "number": "0",
        "pid": "P1",
        "sid": "S1",
        "fid": "F1",
        "rid": "R1",
        "process": "MA-001",
        "version": "2025-12-15",
        "step": "3",
    }


def path_of(rule: str, parts: Mapping[str, str]) -> str:
    """An address with its parts filled in."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: parts.get(found[1], "x" * 26), rule)


def calls(lines: tuple[Line, ...], parts: Mapping[str, str]) -> Iterator[tuple[Line, str, str]]:
    """Every method of every line, with its path."""
    for line in lines:
        for method in line.methods:
            yield line, method, path_of(line.rule, parts)


def form_of(room: Room, line: Line) -> dict[str, str]:
    """A form that would be good in the hand of somebody who may: what refuses is not the form."""
    entries, day = f"{room.folios[0]}/1", f"{YEAR + 1}-01-15"
    forms = {
        "/poblaciones": {"process": "MA-001", "start": f"{YEAR}-01-01", "end": f"{YEAR}-12-31"},
        "/poblaciones/<pid>/muestras": {"method": "size", "n": "3", "seed": "semilla"},
        "/hallazgos": {"severity": "minor", "title": "Falta", "text": "Falta la firma", "entries": entries},
        "/solicitudes": {"owner": room.id_of("laura@desk.example"), "due": day, "title": "El acuse"},
        "/solicitudes/<rid>/dictamen": {"accepted": "no", "text": "Otra"},
        "/hallazgos/<fid>/respuesta": {"text": "Se corrige", "due": day},
        "/hallazgos/<fid>/reprueba": {"closed": "si", "text": "Cerrado"},
        "/pedido/<rid>": {"entries": entries, "text": "Es ésta"},
    }
    return forms.get(line.rule.removeprefix("/auditoria/<eid>"), {})


def ask(browser: Browser, method: str, path: str, form: Mapping[str, str] | None = None) -> TestResponse:
    """Call as the pages' own script does, with a good form token: what refuses is not the token."""
    headers = {"Accept": "application/json"}
    if method != "GET":
        headers["X-CSRFToken"] = browser.token()
    sent: dict[str, object] = (
        {"json": {"slot": "estatus"}} if method in {"PATCH", "PUT"} else {"data": form or None}
    )
    return browser.client.open(path, method=method, headers=headers, buffered=True, **sent)  # type: ignore[arg-type]


def outcome(answer: TestResponse) -> str:
    """What an answer amounts to."""
    code = ((answer.get_json(silent=True) or {}).get("error") or {}).get("code", "")
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/entrar"):
        return LOGIN
    if answer.status_code == 403 and code in {"forbidden", ""}:
        return FORBIDDEN
    return HIDDEN if answer.status_code == 404 else IN


def sealed(room: Room) -> int:
    """How many entries the log has, told of auditors' looking apart."""
    house = room.place.house
    return sum(len(house.ledger.history(case)) for case in house.ledger.cases())

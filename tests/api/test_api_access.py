"""Who may call what: operations against scopes, tokens that ended, cookies, rates; and where tokens never are."""

from __future__ import annotations

import io
import json
import logging
import re
from datetime import timedelta

import pytest

from evidence.entry import EntryKind
from identity.access import ACCESS_CASE
from identity.accounts import Role
from identity.tokens import (
    PREFIX,
    SERVICE_ROLES,
    Scope,
    ScopeInvalid,
    ServiceRole,
    TokenDays,
    looks_like_token,
    new_token,
    scopes_of,
)
from tests.fakes.calling import BY, ROOT, System
from tests.fakes.installation import Installation
from web.api.declared import Operation
from web.api.registering import GROUPS
from web.logs import LOG, JsonLines

OPERATIONS = [operation for group in GROUPS for operation in group.operations]
FILLED = {
    "folio": "MA-001-2026-000001", "process": "MA-001", "step": "2", "seq": "1", "number": "0", "sha256": "0" * 64,
}  # fmt: skip
NOBODY = (None, "", "Bearer", "Bearer x", f"Bearer {PREFIX}{'A' * 46}", f"Basic {PREFIX}{'A' * 46}")


def path_of(operation: Operation) -> str:
    """The operation's path with something in its places."""
    return re.sub(r"\{(\w+)\}", lambda found: FILLED.get(found[1], "x"), operation.path)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda item: item.id)
def test_without_a_living_token_nothing_opens(place: Installation, operation: Operation) -> None:
    """No token, half a token, one of another form, and a session's cookie: 401 with a challenge, never a redirect."""
    client = place.client(Role.SUPERVISOR).client
    for given in NOBODY:
        headers = {} if given is None else {"Authorization": given}
        answer = client.open(ROOT + path_of(operation), method=operation.method, headers=headers)
        assert answer.status_code == 401, (operation.id, given)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.mimetype == "application/problem+json"


def test_each_scope_opens_its_operations_and_no_other(place: Installation) -> None:
    """The whole matrix: with all scopes but its own an operation is 403 and names it; with its own alone it is not."""
    walked = 0
    for scope in Scope:
        only = System.of(place, scopes=(scope,))
        but = System.of(place, scopes=tuple(set(Scope) - {scope}))
        for operation in OPERATIONS:
            for system, opens in ((only, operation.scope in {"", scope}), (but, operation.scope != scope)):
                answer = system.call(
                    operation.method, path_of(operation), json={} if operation.body else None
                )
                code = (answer.get_json(silent=True) or {}).get("code")
                assert (code == "scope_missing") is not opens, (operation.id, scope, answer.text)
                assert opens or 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
                answer.close()
                walked += 1
    assert walked == 2 * len(Scope) * len(OPERATIONS)


def test_a_token_of_a_process_sees_and_touches_that_process_alone(
    place: Installation, person: dict[str, str]
) -> None:
    """Other processes are refused before anything is looked up, and are absent from lists."""
    whole, agents = System.of(place), System.of(place, processes=("MA-002",))
    folio = whole.post("/cases", {"process": "MA-001", "data": person}).get_json()["folio"]
    refused = [
        agents.get("/processes/MA-001"),
        agents.get(f"/cases/{folio}"),
        agents.get("/cases/MA-001-2026-999999"),
        agents.get("/cases?process=MA-001"),
        agents.get(f"/cases/{folio}/data"),
        agents.get(f"/cases/{folio}/entries/1/objects/0"),
        agents.post("/cases", {"process": "MA-001", "data": person}),
        agents.post(f"/cases/{folio}/steps/2", {}),
        agents.post("/cases", {"process": "MA-002", "data": {}, "parent": {"folio": folio}}),
        agents.post("/cases/MA-002-2026-000001/links", {"link": folio}),
    ]
    assert [(answer.status_code, answer.get_json()["code"]) for answer in refused] == [
        (403, "process_not_allowed")
    ] * len(refused)
    assert agents.get("/cases").get_json()["total"] == 0
    assert [item["process"] for item in agents.get("/processes").get_json()["processes"]] == ["MA-002"]


def test_a_process_of_the_two_hundreds_is_its_own(place: Installation) -> None:
    """What a folio is of is its first two parts, whatever digits they have: unknown here, and not another's."""
    system = System.of(place, processes=("MA-201",))
    assert system.get("/cases/MA-201-2026-000001").get_json()["code"] == "unknown_case"
    assert system.get("/cases/MA-200-2026-000001").get_json()["code"] == "process_not_allowed"


def test_the_role_of_the_service_decides_what_it_may_record(
    place: Installation, person: dict[str, str]
) -> None:
    """Scopes open the door; the process says whose the step is, as for people."""
    auditor = System.of(place, Role.AUDITOR_INTERNO)
    answer = auditor.post("/cases", {"process": "MA-001", "data": person})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "role_not_allowed")


def test_a_token_ends_by_date_by_hand_and_with_its_service(place: Installation) -> None:
    """Expired, revoked, closed: the next request is a 401, and each end by hand is an entry."""
    house = place.house
    dated, revoked, closed = System.of(place, days=1), System.of(place), System.of(place)
    for system in (dated, revoked, closed):
        assert system.get("/me").status_code == 200
    house.tokens.revoke(revoked.token, BY)
    house.tokens.revoke(revoked.token, BY)
    house.tokens.close(closed.service, BY)
    place.clock.offset = timedelta(days=1, seconds=1)
    for system in (dated, revoked, closed):
        assert system.get("/me").get_json()["code"] == "token_invalid"
    facts = [sealed.entry.facts for sealed in house.ledger.history(ACCESS_CASE)]
    ended = [item for item in facts if item.get("token") == revoked.token]
    assert [("until" in item, "scopes" in item) for item in ended] == [(True, True), (False, False)]
    kinds = [
        (str(sealed.entry.kind), str(sealed.entry.facts.get("role", "")))
        for sealed in house.ledger.history(ACCESS_CASE)
        if sealed.entry.facts.get("subject") == closed.service
    ]
    assert kinds == [
        (str(EntryKind.ACCESS_GRANTED), "especialista"),
        (str(EntryKind.ACCESS_GRANTED), ""),
        (str(EntryKind.ACCESS_REVOKED), ""),
        (str(EntryKind.ACCESS_REVOKED), "especialista"),
    ]


def test_the_last_use_is_told(place: Installation, system: System) -> None:
    """About to the minute, and only of tokens that opened something."""

    def used() -> object:
        found = place.house.tokens.store.token(system.token)
        assert found is not None
        return found.used_at

    assert used() is None
    system.get("/me")
    first = used()
    assert first is not None
    system.get("/me")
    assert used() == first
    place.clock.offset = timedelta(minutes=2)
    system.get("/me")
    assert used() != first


def test_a_token_is_counted_and_the_count_is_shared(place: Installation) -> None:
    """Two applications on one database count together; past the limit 429 says when; another token is not touched."""
    object.__setattr__(place.settings, "api_rate", 5)
    system, other = System.of(place), System.of(place)
    place.clock.offset = timedelta(seconds=60 - place.clock().second)
    second = System(place.make_app().test_client(), system.text)
    left = []
    for n in range(5):
        answer = (system, second)[n % 2].get("/me")
        assert answer.status_code == 200
        left.append(re.search(r";r=(\d+);t=\d+", answer.headers["RateLimit"]))
    assert [found[1] for found in left if found] == ["4", "3", "2", "1", "0"]
    answer = second.get("/me")
    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_exceeded")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit-Policy"] == '"minute";q=5;w=60'
    assert other.get("/me").status_code == 200
    place.clock.offset += timedelta(minutes=1)
    assert system.get("/me").status_code == 200


def test_the_token_is_in_no_log_page_export_or_row(
    place: Installation, person: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the text nor its digest leaves: not in log lines, entries, the database in clear, pages or answers."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    LOG.addHandler(handler)
    system = System.of(place)
    try:
        with caplog.at_level(logging.DEBUG):
            system.post("/cases", {"process": "MA-001", "data": person})
            system.get("/me?a=b")
            system.get("/processes/ZZ-999")
            place.app.test_client().get(f"{ROOT}/nada", headers={"Authorization": f"Bearer {system.text}"})
    finally:
        LOG.removeHandler(handler)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    routes = {line["route"]: line["user"] for line in lines if "route" in line}
    assert routes[f"{ROOT}/me"] == routes[f"{ROOT}/cases"] == system.service
    pages = [place.client(Role.ADMINISTRADOR).get("/administracion/tokens").text]
    entries = [
        sealed.entry_bytes + (sealed.payload_bytes or b"")
        for case in (ACCESS_CASE, "MA-001-2026-000001")
        for sealed in place.house.ledger.history(case)
    ]
    stored = b"".join(path.read_bytes() for path in place.settings.data.rglob("*") if path.is_file())
    everything = "\n".join([stream.getvalue(), caplog.text, *pages]).encode() + b"".join(entries) + stored
    assert system.text.encode() not in everything
    assert system.text[len(PREFIX) : 30].encode() not in everything
    assert system.token.encode() in everything


def test_a_token_has_a_form_that_scanners_find() -> None:
    """Prefix, 40 random signs, checksum: another sign anywhere is no token, and no database is asked."""
    text = new_token()
    assert re.fullmatch(r"constancia_[0-9A-Za-z]{46}", text)
    assert looks_like_token(text)
    for n in range(len(text)):
        changed = text[:n] + ("A" if text[n] != "A" else "B") + text[n + 1 :]
        assert not looks_like_token(changed), n
    assert len({new_token() for _ in range(100)}) == 100


def test_what_a_token_may_not_be(place: Installation) -> None:
    """No role of direction or administration, no scope unknown, no end beyond a year: refused, and nothing written."""
    before = len(place.house.ledger.history(ACCESS_CASE))
    for role in set(Role) - SERVICE_ROLES:
        with pytest.raises(ServiceRole):
            place.house.tokens.add_service("x", role, BY)
    for texts in ((), ("cases:all",)):
        with pytest.raises(ScopeInvalid):
            scopes_of(texts)
    assert len(place.house.ledger.history(ACCESS_CASE)) == before
    service = place.house.tokens.add_service("Mesa", Role.ESPECIALISTA, BY)
    for days in (0, 367):
        with pytest.raises(TokenDays):
            place.house.tokens.issue(service.id, scopes=[Scope.SEARCH], processes=(), days=days, by=BY)
    assert place.house.tokens.store.tokens() == []


def test_other_origins_get_nothing_more(place: Installation, system: System) -> None:
    """No answer carries CORS headers, a preflight is no method here, and a request from another site is refused."""
    answer = system.get("/me", Origin="https://evil.example")
    assert not [name for name in answer.headers.keys() if name.lower().startswith("access-control")]  # noqa: SIM118
    sent = {"Origin": "https://evil.example", "Authorization": f"Bearer {system.text}"}
    client = place.app.test_client()
    preflight = client.options(f"{ROOT}/cases", headers=sent)
    assert (preflight.status_code, preflight.mimetype) == (405, "application/problem+json")
    assert set(preflight.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    posted = client.post(f"{ROOT}/cases", json={}, headers=sent)
    assert (posted.status_code, posted.get_json()["code"]) == (403, "foreign_origin")


def test_a_path_that_is_not_there_is_a_problem_too(place: Installation) -> None:
    """Below the API everything is told as a problem, in the language asked for."""
    answer = place.app.test_client().get(
        f"{ROOT}/casas", headers={"Accept": "text/html", "Accept-Language": "en"}
    )
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["title"] == "Does not exist"


def test_whoever_is_signed_in_is_nobody_here(place: Installation, caplog: pytest.LogCaptureFixture) -> None:
    """A session's cookie and the language it chose play no part: not in words, nor in the log."""
    browser = place.client(Role.SUPERVISOR)
    assert browser.post_form("/idioma", {"idioma": "en"}).status_code == 303
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="constancia"):
        told = browser.client.get(f"{ROOT}/me", headers={"Accept-Language": "es-MX"}).get_json()
    assert told["title"] == "Hace falta un token válido"
    assert [record.__dict__["user"] for record in caplog.records] == [""]

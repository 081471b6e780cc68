"""Everybody calls everything: addresses × roles × whose it is, against docs/authorization.md and nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from identity.accounts import Role
from identity.tokens import Scope
from tests.adversaries.walking import (
    FORBIDDEN,
    GUESSED,
    HIDDEN,
    IN,
    LOGIN,
    ask,
    calls,
    form_of,
    outcome,
    path_of,
    sealed,
    worked,
)
from tests.browser.papers import png
from tests.fakes.audit_room import Room
from tests.fakes.authorization import COLUMNS, NO_ACCOUNT, Line, lines, of_the_application, of_the_page, roles
from tests.fakes.calling import System
from tests.fakes.installation import Browser, Installation

OWNED = tuple(line for line in lines() if line.group not in NO_ACCOUNT and line.group != "api")
API = tuple(line for line in lines() if line.group == "api")
OFFICE = frozenset({Role.SUPERVISOR, Role.DIRECTOR, Role.ADMINISTRADOR})
"""Who finds every engagement."""
LEADS_BACK = {"/casos/<folio>/pasos/<step>", "/casos/<folio>/pasos/<step>/descartar",
              "/cuenta/sesiones/<session_id>/cerrar"}  # fmt: skip
"""A guess here is led back to the page it came from (303) and changes nothing."""
OUTSIDERS = ("other@audit.example", "in@desk.example", "laura@desk.example")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One desk with cases, and nobody's engagement yet."""
    place = Installation(tmp_path_factory.mktemp("matrix") / "data")
    yield Room(place)
    place.close()


@pytest.fixture(scope="module")
def parts(room: Room) -> dict[str, str]:
    """An engagement of one auditor with everything in it."""
    return worked(room, room.open("out@audit.example"), room.out)


def test_every_address_has_its_line_and_every_line_its_address(room: Room) -> None:
    """A new address without an expectation fails here: write its line in docs/authorization.md."""
    assert of_the_application(room.place.app) == of_the_page()
    assert len(lines()) == len({(line.rule, line.methods) for line in lines()})
    assert {line.group for line in OWNED} == set(roles())
    assert set(COLUMNS) == set(Role), "a new role is a new column of the page"


def test_a_stranger_is_sent_to_the_login_by_everything_that_needs_an_account(
    room: Room, parts: dict[str, str]
) -> None:
    """With identifiers that exist: the answer is the login's, whatever is asked for."""
    before, stranger = sealed(room), room.place.stranger()
    for line, method, path in calls(OWNED, parts):
        assert outcome(ask(stranger, method, path)) == LOGIN, (method, line.rule)
    assert sealed(room) == before


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reads_what_its_column_says_and_nothing_else(
    room: Room, parts: dict[str, str], role: Role
) -> None:
    """Reading what exists: in where the page has a ●, 403 where not; an engagement it is not named in, 404."""
    browser = room.place.client(role, email=f"{role}@matrix.example")
    for line, method, path in calls(OWNED, parts):
        if method != "GET":
            continue
        found, wanted = outcome(ask(browser, method, path)), _wanted(line, role)
        assert found == wanted or (found == HIDDEN and wanted == IN and _may_be_absent(line)), (line, found)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_changes_nothing_that_its_column_does_not_open(
    room: Room, parts: dict[str, str], role: Role
) -> None:
    """With identifiers that exist, whatever is not its own refuses and seals nothing."""
    browser, before = room.place.client(role, email=f"{role}@matrix.example"), sealed(room)
    for line, method, path in calls(OWNED, parts):
        wanted = _wanted(line, role)
        if method != "GET" and wanted != IN:
            answer = ask(browser, method, path, form_of(room, line))
            early = answer.status_code == 409 and line.group == "engagement-work"
            assert early or outcome(answer) == wanted, (method, line.rule, answer.status_code)
    assert sealed(room) == before


@pytest.mark.parametrize("role", list(Role))
def test_a_guess_finds_nothing_whoever_guesses(room: Room, role: Role) -> None:
    """Identifiers that nobody has, read or changed: 404 for who is let in, 403 for the rest, and nothing sealed."""
    browser, before = room.place.client(role, email=f"{role}@matrix.example"), sealed(room)
    for line, method, path in calls(OWNED, GUESSED):
        if "<" not in line.rule:
            continue
        answer = ask(browser, method, path)
        open_to_some = line.group == "engagement-work"  # whom it names is asked after whether it is there
        wanted = HIDDEN if open_to_some or _wanted(line, role) != FORBIDDEN else FORBIDDEN
        if line.rule in LEADS_BACK and wanted == HIDDEN:
            assert answer.status_code in {303, 404}, (method, line.rule)
        else:
            assert outcome(answer) == wanted, (method, line.rule, answer.status_code)
    assert sealed(room) == before


def test_the_named_auditor_alone_finds_the_engagement(room: Room, parts: dict[str, str]) -> None:
    """It reads all of it but what was looked at; other auditors, inside and outside, and the desk find nothing."""
    mine = tuple(line for line in OWNED if line.group.startswith("engagement") and "GET" in line.methods)
    reads = [(line, path) for line, method, path in calls(mine, parts) if method == "GET"]
    for line, path in reads:
        wanted = FORBIDDEN if line.group == "engagement-views" else IN
        found = outcome(ask(room.out, "GET", path))
        assert found == wanted or (found == HIDDEN and _may_be_absent(line)), line
    for email in OUTSIDERS:
        browser = _browser(room, email)
        for line, path in reads:
            if line.rule == "/auditoria/<eid>/pedido/<rid>" and email == "laura@desk.example":
                continue  # she was asked for it: that page is hers
            wanted = FORBIDDEN if line.group == "engagement-views" else HIDDEN
            assert outcome(ask(browser, "GET", path)) == wanted, (email, line)


def test_auditors_who_are_not_named_change_nothing_of_it(room: Room, parts: dict[str, str]) -> None:
    """Every form of an engagement, with identifiers that exist, by another auditor, an internal one and the desk."""
    before = sealed(room)
    for email in OUTSIDERS:
        browser = _browser(room, email)
        for line, method, path in calls(OWNED, parts):
            if method == "GET" or not line.group.startswith("engagement"):
                continue
            if line.rule == "/auditoria/<eid>/pedido/<rid>" and email == "laura@desk.example":
                continue
            wanted = HIDDEN if line.group in {"engagement", "engagement-work"} else FORBIDDEN
            assert outcome(ask(browser, method, path, form_of(room, line))) == wanted, (email, line.rule)
    assert sealed(room) == before


def test_an_engagement_that_ended_is_as_good_as_not_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The day after its last day its own auditor reads and changes nothing of it any more."""
    place = Installation(tmp_path_factory.mktemp("ended") / "data")
    old = Room(place)
    last = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011 - as the form takes it
    found = worked(old, old.open("out@audit.example", expires=last), old.out)
    place.clock.offset = timedelta(days=3)
    browser, before = place.client(Role.AUDITOR_EXTERNO, email="out@audit.example"), sealed(old)
    walked = 0
    for line, method, path in calls(OWNED, found):
        if line.group.startswith("engagement"):
            wanted = HIDDEN if line.group in {"engagement", "engagement-work"} else FORBIDDEN
            assert outcome(ask(browser, method, path, form_of(old, line))) == wanted, (method, line.rule)
            walked += 1
    assert walked > 40
    assert sealed(old) == before
    place.close()


def test_what_is_ones_own_is_nobody_elses(room: Room) -> None:
    """A draft's file, a task and a session of one person, asked for and ended by every other role."""
    owner, folio = room.desk, room.folios[1]
    boss = room.place.client(Role.SUPERVISOR, email="supervisor@matrix.example")
    job = boss.post_form("/bitacora/verificar").headers["Location"].rsplit("/", 1)[1].split("?")[0]
    staged = owner.send("POST", f"/borradores/{folio}/3/archivos", data=_picture())
    assert staged.status_code == 201, staged.text
    file_id = str(staged.get_json()["files"][0]["id"])
    session = room.place.house.sessions.of(room.id_of("laura@desk.example"))[0].id
    known = {"folio": folio, "step": "3", "file_id": file_id, "job_id": job, "session_id": session}
    for role in Role:
        browser = room.place.client(role, email=f"{role}@matrix.example")
        for line in OWNED:
            if not line.group.startswith("own-") or "_id>" not in line.rule:
                continue
            if "<job_id>" in line.rule and role is Role.SUPERVISOR:
                continue  # this supervisor's own task
            for method in line.methods:
                answer = ask(browser, method, path_of(line.rule, {**GUESSED, **known}))
                # Ending what is not there is told as done: whether it was, the owner sees below.
                done = line.rule in LEADS_BACK or method == "DELETE"
                assert outcome(answer) in {HIDDEN, FORBIDDEN} or done, (role, method, line.rule)
    assert owner.get(f"/borradores/{folio}/3/archivos/{file_id}").status_code == 200
    assert owner.get_json("/sesion").get_json()["signed_in"] is True


def test_tokens_open_operations_of_their_scope_and_no_page(room: Room, parts: dict[str, str]) -> None:
    """Each scope's token: its operations let it in, others are 403; every page sends it to the login."""
    for scope in Scope:
        system = System.of(room.place, scopes=(scope,))
        headers = {"Authorization": f"Bearer {system.text}", "Accept": "application/json"}
        for line, method, path in calls(API, GUESSED):
            answer = system.client.open(path, method=method, headers=headers, buffered=True)
            code = (answer.get_json(silent=True) or {}).get("code")
            assert (code == "scope_missing") is (line.scope not in {"any", str(scope)}), (scope, method, path)
    for line, method, path in calls(OWNED, parts):
        if method == "GET":
            answer = system.client.get(path, headers=headers, buffered=True)
            assert outcome(answer) == LOGIN, line.rule


def test_a_session_opens_no_operation(room: Room) -> None:
    """Whoever is signed in, and whatever their role: without a token an operation is a 401."""
    for role in Role:
        browser = room.place.client(role, email=f"{role}@matrix.example")
        for line, method, path in calls(API, GUESSED):
            assert ask(browser, method, path).status_code == 401, (role, method, line.rule)


def test_behind_links_a_guess_is_one_answer(room: Room) -> None:
    """Every address behind a personal link or an invitation, with a secret that nobody has: one word, never a case."""
    folio, before = room.folios[0], sealed(room)
    for line, method, path in calls(lines(), GUESSED):
        if line.group in {"link", "invitation"}:
            answer = ask(room.place.stranger(), method, path)
            assert 400 <= answer.status_code < 500 or answer.status_code == 200, (method, line.rule)
            assert folio not in answer.text
            assert sealed(room) == before, (method, line.rule)


def _wanted(line: Line, role: Role) -> str:
    """What the page says that this role, named in no engagement, gets."""
    if line.group in {"engagement", "engagement-work"} and role not in OFFICE:
        return HIDDEN
    if line.rule == "/casos/<folio>" and role is Role.AUDITOR_EXTERNO:
        return HIDDEN  # leads to the case in an engagement, where there is one
    return IN if role in roles()[line.group] else FORBIDDEN


def _may_be_absent(line: Line) -> bool:
    """Whether what is asked for need not exist in this desk: no campaign, no article, no mail, no task of one's own."""
    kinds = ("/campana/", "/filas", "/devueltas/", "/firmas", "<file_id>", "_id>", "/articulos/<folio>",
             "/pasos/<step>/", "<series>", "/correo/salida", "/tablero/informe", "<which>", "<code>",
             "/datos/constancia", "/pedido/", "/datos-personales/cuarentena/<folio>")  # fmt: skip
    return any(kind in line.rule for kind in kinds)


def _browser(room: Room, email: str) -> Browser:
    return {
        "other@audit.example": room.other,
        "in@desk.example": room.inside,
        "laura@desk.example": room.desk,
    }[email]


def _picture() -> dict[str, object]:
    return {"archivo": (io.BytesIO(png("borrador")), "borrador.png"), "slot": "estatus"}

"""What is delicate asks for a fresh second factor: grants, exports, erasure, one's own factors; address by address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest

from identity.access import ACCESS_CASE
from identity.accounts import Role
from identity.tokens import Scope
from tests.fakes.installation import Browser, Installation
from tests.fakes.signing_room import BY
from web.api.registering import GROUPS
from web.security import _FRESH, FRESH, access_of

GRANTS = {
    "administration.appoint", "administration.relieve", "administration.name_backup", "administration.end_backup",
    "tokens.add", "audit.new", "audit.open_one", "audit.change", "audit.grant", "auditinvite.invite",
    "recertification.begin", "recertification.decide",
}  # fmt: skip
"""Who gets to act, see or enter: posts, stand-ins, tokens of the API, engagements and what they withhold."""
EXPORTS = {
    "export.form", "export.start", "export.package", "auditlog.form", "auditlog.start", "auditlog.package",
    "auditlog.workpapers", "audit.engagements_table", "auditfield.population_file", "auditsheets.table",
    "auditcases.entries_table", "auditscope.table", "auditsample.table", "auditviews.of_engagement_table",
    "auditviews.everything_table", "recertification.table",
    "recertification.engagement_table", "subjects.overview", "subjects.find", "subjects.export",
}  # fmt: skip
"""What leaves as a file of many cases or people, by auditors too."""
FACTORS = {
    "factors.begin", "factors.revoke", "factors.reset", "session.change_password", "accountfactors.begin",
    "accountfactors.remove", "accountfactors.recovery",
}  # fmt: skip
"""How people enter."""
ERASURES = {"keeping.ask", "keeping.approve"}
"""What cannot be taken back."""
KNOWN = GRANTS | EXPORTS | FACTORS | ERASURES
LOOKS_DELICATE = re.compile(
    r"\.xlsx$|lista\.<form>$|/exportar$|/paquete$|papeles|/nombrar$|/respaldos/|/invitar$|/carpeta$|/otorgar|"
    r"/borrar$|/suprimir|/autorizar$|^/auditoria/nueva$|/abrir$.*auditoria"
)
"""Addresses whose very name says export, grant or erasure: one that comes is marked, or argued below."""
ARGUED = {
    "campaign.sheet",  # the workbook of one campaign: the step's own material, sent to areas every day it runs
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all of them: nothing here changes it."""
    made = Installation(tmp_path_factory.mktemp("delicate") / "data")
    yield made
    made.close()


def _fresh(place: Installation) -> set[str]:
    return {name for name, view in place.app.view_functions.items() if getattr(view, _FRESH, False)}


def test_the_table_is_whole_where_it_must_be(place: Installation) -> None:
    """Everything in the table is marked; whatever is marked and not in the table has been thought about elsewhere."""
    assert _fresh(place) >= KNOWN
    for rule in place.app.url_map.iter_rules():
        access = access_of(place.app.view_functions[rule.endpoint])
        assert access is not None
        if LOOKS_DELICATE.search(rule.rule) and not access.public and not access.token:
            assert rule.endpoint in _fresh(place) | ARGUED, f"mark {rule.endpoint} as @fresh, or argue"


@pytest.fixture(scope="module")
def people(place: Installation) -> dict[Role, Browser]:
    """Somebody of each role, with an application, signed in and proved a moment ago."""
    found = {}
    for role in Role:
        user = place.user(role, email=f"{role}@delicate.example")
        browser = place.client(role, email=user.email)
        desk = place.house.links.factors
        shown = desk.begin(user.id, user.email)
        code = pyotp.TOTP(shown.secret).at(int(place.clock().timestamp()))
        desk.confirm(user.id, shown.id, code, BY)
        for row in place.house.sessions.of(user.id):
            place.house.sessions._store.prove(row.token_hash, place.clock())
        found[role] = browser
    return found


def _calls(place: Installation) -> list[tuple[str, str, str, Role]]:
    """Endpoint, method, address with made-up parts, and every role that may call it."""
    calls = []
    for rule in place.app.url_map.iter_rules():
        if rule.endpoint in _fresh(place):
            path = re.sub(r"<(?:(int):)?\w+>", lambda found: "1" if found[1] else "x", rule.rule)
            access = access_of(place.app.view_functions[rule.endpoint])
            assert access is not None
            calls += [
                (rule.endpoint, method, path, role)
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
                for role in sorted(access.roles)
            ]
    return calls


def test_every_one_of_them_asks_when_the_proof_is_old(
    place: Installation, people: dict[Role, Browser]
) -> None:
    """As a page it leads to the proof, as a script it is told so; whoever may call it, and nothing is sealed."""
    calls = _calls(place)
    assert {endpoint for endpoint, *_ in calls} >= KNOWN
    tokens = {role: browser.token() for role, browser in people.items()}
    place.clock.offset += FRESH + timedelta(seconds=1)
    before = len(place.house.ledger.history(ACCESS_CASE))
    for endpoint, method, path, role in calls:
        client, form = people[role].client, {"csrf_token": tokens[role]}
        page = client.open(path, method=method, data=form if method != "GET" else None)
        assert page.status_code == 303, (endpoint, role, page.status_code)
        assert page.headers["Location"].startswith("/cuenta/comprobar?next="), (endpoint, role)
        headers = {"Accept": "application/json", "X-CSRFToken": tokens[role]}
        script = client.open(path, method=method, headers=headers)
        assert script.status_code == 403, (endpoint, role)
        assert script.get_json()["error"]["code"] == "second_factor_stale", (endpoint, role)
    assert len(place.house.ledger.history(ACCESS_CASE)) == before
    place.clock.offset -= FRESH + timedelta(seconds=1)


def test_none_of_them_asks_who_proved_it_a_moment_ago(
    place: Installation, people: dict[Role, Browser]
) -> None:
    """The guard lets through; what the view then says of made-up parts is its own business."""
    for endpoint, method, path, role in _calls(place):
        if method == "GET":
            answer = people[role].client.get(path, buffered=True)
            assert "/cuenta/comprobar" not in answer.headers.get("Location", ""), (endpoint, role)


def test_a_token_that_exports_is_made_with_a_proof_and_grants_nothing(place: Installation) -> None:
    """Systems prove no second factor: who makes their token does. No operation gives a role, a post or a token."""
    assert "tokens.add" in _fresh(place)
    assert str(Scope.EXPORT) == "export"
    names = [operation.id for group in GROUPS for operation in group.operations]
    assert len(names) > 20
    assert not [name for name in names if re.search(r"grant|token|post_|appoint|role|erase|account", name)]

"""Tokens as administration makes them, on the page and by the command, shown once; and the page of the API."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from documents.secrets_scan import scan
from identity.access import ACCESS_CASE
from identity.accounts import Role
from identity.tokens import new_token
from notifications.hooks import new_secret
from tests.fakes.calling import System
from tests.fakes.installation import Installation
from web.api.registering import GROUPS

PAGE = "/administracion/tokens"
SHOWN = re.compile(r"constancia_[0-9A-Za-z]{46}")


def form(**more: Any) -> dict[str, Any]:
    """The form as an administrator fills it."""
    return {
        "name": "CAM Pegasus",
        "role": "especialista",
        "days": "30",
        "scope": ["cases:read", "cases:open"],
        **more,
    }


def test_a_token_is_made_on_the_page_and_shown_once(place: Installation) -> None:
    """The answer shows it, no other page ever does; it works; the chain names scopes, processes and end."""
    browser = place.client(Role.ADMINISTRADOR)
    answer = browser.post_form(PAGE, form(process=["MA-001"]))
    text = SHOWN.findall(answer.text)
    assert (answer.status_code, len(text)) == (200, 1)
    assert answer.headers["Cache-Control"] == "no-store"
    listing = browser.get(PAGE).text
    assert not SHOWN.search(listing)
    assert "CAM Pegasus" in listing
    told = System(place.app.test_client(), text[0]).get("/me").get_json()
    assert (told["token"]["scopes"], told["token"]["processes"]) == (["cases:open", "cases:read"], ["MA-001"])
    sealed = place.house.ledger.history(ACCESS_CASE)[-1]
    assert sealed.entry.facts["scopes"] == ["cases:open", "cases:read"]
    assert sealed.entry.facts["processes"] == ["MA-001"]
    entry = browser.get(f"/casos/system:access/entradas/{sealed.entry.seq}").text
    assert "cases:open, cases:read" in entry
    assert sealed.entry.actor == place.user(Role.ADMINISTRADOR).id


def test_a_token_is_revoked_and_a_service_closed_on_the_page(place: Installation) -> None:
    """What was open is shut from the next request on; the page says so."""
    browser = place.client(Role.ADMINISTRADOR)
    one, two = System.of(place), System.of(place)
    assert browser.post_form(f"{PAGE}/{one.token}/revocar").status_code == 303
    assert browser.post_form(f"{PAGE}/cuentas/{two.service}/cerrar").status_code == 303
    assert {system.get("/me").status_code for system in (one, two)} == {401}
    assert browser.post_form(f"{PAGE}/t-nada/revocar").status_code == 404
    assert browser.post_form(f"{PAGE}/cuentas/{two.service}/cerrar").status_code == 404
    assert "revocado" in browser.get(PAGE).text


@pytest.mark.parametrize(
    "more",
    [
        {"scope": []},
        {"days": "0"},
        {"days": "x"},
        {"role": "director"},
        {"name": ""},
        {"service": "s-nada"},
        {"scope": "todo"},
    ],
)
def test_what_cannot_be_made_is_said_and_kept_in_the_form(place: Installation, more: dict[str, Any]) -> None:
    """A refusal in words, what was typed stays, and nothing is in the chain."""
    browser = place.client(Role.ADMINISTRADOR)
    before = len(place.house.ledger.history(ACCESS_CASE))
    answer = browser.post_form(PAGE, form(**more))
    assert answer.status_code in {404, 422}
    assert 'role="alert"' in answer.text
    assert not SHOWN.search(answer.text)
    assert len(place.house.ledger.history(ACCESS_CASE)) == before


def test_only_administration_sees_tokens(place: Installation) -> None:
    """Others do not find the page, nor a tab to it."""
    boss = place.client(Role.SUPERVISOR)
    assert boss.get(PAGE).status_code == 403
    assert PAGE not in boss.get("/administracion").text
    assert PAGE in place.client(Role.ADMINISTRADOR).get("/administracion").text


def test_the_command_makes_lists_and_revokes(place: Installation) -> None:
    """`flask tokens`: the text is in the answer to `add` alone; a revoked one lives no more."""

    def run(*args: str, code: int = 0) -> Any:
        result = place.app.test_cli_runner().invoke(args=["tokens", *args])
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    made = run("add", "--service", "Tickets", "--role", "capturista", "--scope", "cases:read", "--days", "7")
    system = System(place.app.test_client(), made["text"])
    assert system.get("/me").get_json()["service"]["name"] == "Tickets"
    second = run("add", "--service", made["service"], "--scope", "search", "--process", "MA-001")
    listed = run("list")["tokens"]
    assert {item["id"] for item in listed} == {made["id"], second["id"]}
    assert not SHOWN.search(json.dumps(listed))
    assert run("revoke", second["id"])["alive"] is False
    assert (
        run("add", "--service", "s-nada", "--scope", "search", code=1)["error"]["code"] == "unknown_service"
    )
    bad = run("add", "--service", made["service"], "--scope", "search", "--process", "ZZ-1", code=1)
    assert bad["error"]["code"] == "unknown_process"
    assert run("revoke", made["service"])["closed"] is True
    assert system.get("/me").status_code == 401


def test_the_book_names_the_system_and_its_channel(place: Installation, person: dict[str, str]) -> None:
    """Case and entry pages show the service by name, that it came by the API, and by which token."""
    system = System.of(place)
    folio = system.post("/cases", {"process": "MA-001", "data": person}).get_json()["folio"]
    browser = place.client()
    case, entry = browser.get(f"/casos/{folio}").text, browser.get(f"/casos/{folio}/entradas/1").text
    assert "CAM Pegasus" in case
    assert "por la API" in case
    assert "la API: actúa un sistema" in entry
    assert system.token in entry


def test_the_page_of_the_api_shows_every_operation(place: Installation) -> None:
    """For anybody, from the declarations: paths, scopes, and an anchor for every problem's type."""
    page = place.app.test_client().get("/api").text
    for group in GROUPS:
        for operation in group.operations:
            assert f"{operation.method} /api/v1{operation.path}" in page
    problem = place.app.test_client().get("/api/v1/me").get_json()["type"]
    assert f'id="{problem.partition("#")[2]}"' in page


def test_a_token_in_a_paper_is_stopped_at_the_door() -> None:
    """What announces itself as a token or a webhook's secret is found in any text; look-alikes are not."""
    for text in (new_token(), new_secret()):
        found = list(scan(f"Para entrar usa {text}, por favor"))
        assert [(item.word, item.blocks, item.offset) for item in found] == [("token", True, 16)]
    for text in ("constancia_de_estudios", f"x{new_token()}", f"{new_token()}x", "whsec_corto"):
        assert list(scan(text)) == []

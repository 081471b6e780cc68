"""Verifying an entry in the reader's own browser: it computes for itself, and says where something does not match."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from evidence.note import SigningKey
from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.papers import PERSON, png
from tests.browser.people import Person
from web.inception import settle
from workflows.commands import Actor, OpenCase, Upload

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

VECTORS = (
    Path(__file__).resolve().parents[2].parent / "shared/vectors/merkle-transparency-dev/testdata/inclusion"
)


@pytest.fixture(scope="module")
def folio(desk: Desk) -> str:
    """A case whose first entry has a file, under a signed head."""
    actor = Actor(id=desk.place.user().id, role="especialista")
    files = (Upload("ticket.png", io.BytesIO(png("ticket"))),)
    command = OpenCase("MA-001", actor, {**PERSON, "tipo": "alta", "sin_contrasenas": "si"}, uploads=files)
    receipt = desk.place.house.cases.open_case(command)
    settle(desk.place.house)
    return receipt.folio


@pytest.fixture
def entry(desk: Desk, folio: str, person: Callable[..., Person]) -> Page:
    """The page of that entry, seen by an external auditor."""
    page = person(Role.AUDITOR_INTERNO).page
    page.goto(f"{desk.address}/casos/{folio}/entradas/1")
    return page


def check(page: Page) -> None:
    """Press the button and wait for the end."""
    page.get_by_role("button", name="Verificar con mi navegador").click()
    expect(page.locator("[data-check] [data-verdict]")).not_to_have_attribute("data-state", "waiting")


def states(page: Page) -> dict[str, str]:
    """Each step's state."""
    found = page.locator("[data-check] [data-step]").evaluate_all(
        "items => items.map(item => [item.dataset.step, item.dataset.state])"
    )
    return dict(found)


def test_an_entry_is_verified_step_by_step(entry: Page, desk: Desk) -> None:
    """Every step holds and shows what was computed; the verdict says whose key it was."""
    check(entry)
    assert set(states(entry).values()) == {"held"}
    verdict = entry.locator("[data-check] [data-verdict]")
    expect(verdict).to_contain_text("la llave que dice este servidor")
    leaf = entry.locator("[data-check]").get_attribute("data-leaf") or "none"
    expect(entry.locator("[data-step=leaf] [data-said]")).to_have_text(leaf)
    assert not desk.place.house.ledger.history("system:exports")


def test_another_key_does_not_verify(entry: Page, desk: Desk) -> None:
    """The auditor's own key decides: one of the same name that did not sign is told at the signature."""
    other = SigningKey(desk.place.house.ledger.origin, bytes(32)).verifier.text
    for key, step in [(other, "signature"), ("nada", "key"), (other[:-4] + "AAA=", "key")]:
        entry.reload()
        entry.locator("[data-key]").fill(key)
        check(entry)
        assert states(entry)[step] == "failed"


@pytest.mark.parametrize(("part", "step"), [("bytes", "leaf"), ("prueba", "proof"), ("archivos/0", "files")])
def test_what_is_changed_on_the_way_is_found(entry: Page, part: str, step: str) -> None:
    """A server that shows one thing and hands out another is caught by the reader's own arithmetic."""

    def change(route: Route) -> None:
        answer = route.fetch()
        body = bytearray(answer.body())
        place = body.index(b"especialista") if part == "bytes" else 60 if part == "prueba" else len(body) // 2
        body[place] = ord("f") if body[place] != ord("f") else ord("g")
        route.fulfill(response=answer, body=bytes(body))

    entry.reload()
    entry.route(f"**/entradas/1/{part}", change)
    check(entry)
    entry.unroute(f"**/entradas/1/{part}")
    assert states(entry)[step] == "failed"
    expect(entry.locator("[data-check] [data-verdict]")).to_contain_text("Algo no coincide")


def test_the_browsers_arithmetic_agrees_with_public_vectors(entry: Page) -> None:
    """Every inclusion proof of the public suite is accepted or refused as it says."""
    if not VECTORS.is_dir():
        pytest.skip("the public vectors are not beside the checkout")
    cases = [json.loads(path.read_text()) for path in sorted(VECTORS.rglob("*.json"))]
    # what the vectors ask beyond a climb: hashes of 32 bytes, which parseProof and parseNote ask for in the page
    usable = [
        case
        for case in cases
        if {len(base64.b64decode(item)) for item in [case["root"], case["leafHash"], *(case["proof"] or [])]}
        == {32}
    ]
    script = next(iter(entry.locator("script[src*='check']").all())).get_attribute("src")
    wrong = entry.evaluate(
        """async ([script, cases]) => {
          const { climb, hex } = await import(script);
          const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
          const wrong = [];
          for (const item of cases) {
            let good;
            try {
              const path = (item.proof ?? []).map(bytes);
              const root = await climb(bytes(item.leafHash), BigInt(item.leafIdx), BigInt(item.treeSize), path);
              good = hex(root) === hex(bytes(item.root));
            } catch { good = false; }
            if (good === item.wantErr) wrong.push(item.desc);
          }
          return wrong;
        }""",
        [script, usable],
    )
    assert len(usable) > 40
    assert wrong == []


def test_the_panel_fits_a_phone_and_the_keyboard(entry: Page) -> None:
    """At 360 pixels nothing hangs over; the button is reached and pressed by keys alone."""
    entry.set_viewport_size({"width": 360, "height": 780})
    entry.reload()
    entry.locator("[data-key]").focus()
    entry.keyboard.press("Tab")
    entry.keyboard.press("Enter")
    expect(entry.locator("[data-check] [data-verdict]")).to_have_attribute("data-state", "held")
    assert entry.evaluate("document.documentElement.scrollWidth") <= 360

"""What a browser keeps of somebody who signed out: nothing of their work, and the key by which they check ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HELD = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


def test_signing_out_empties_what_the_browser_kept_and_not_the_key_of_ones_own(
    desk: Desk, person: Callable[..., Person]
) -> None:
    """Storage of the tab and of the site is empty once the answer to signing out is there; the key's cookie stays."""
    page = person(Role.AUDITOR_INTERNO).page
    page.goto(desk.address)
    page.evaluate("sessionStorage.setItem('pruebas:u-1/x', '[]'); localStorage.setItem('otra', '1')")
    page.evaluate("document.cookie = 'clave_publica=mia; path=/; samesite=strict; max-age=1000'")
    assert page.evaluate(HELD) != "[{},{}]"
    with page.expect_navigation(url="**/entrar*"):
        page.evaluate("document.querySelector('form[action$=\"/salir\"]').requestSubmit()")
    assert page.evaluate(HELD) == "[{},{}]"
    assert "clave_publica=mia" in page.evaluate("document.cookie")

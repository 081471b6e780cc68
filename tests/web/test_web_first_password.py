"""A password that somebody else gave opens one page: the one on which its person chooses another."""

from __future__ import annotations

import json

import pytest

from tests.fakes.installation import PASSWORD, Browser, Installation

EMAIL = "eva@desk.example"
OWN = "lluvia en abril sobre la azotea"


def added(place: Installation, *more: str) -> Browser:
    """Eva, added by console with a typed password and signed in with it."""
    runner = place.app.test_cli_runner()
    made = runner.invoke(
        args=[
            "users",
            "add",
            "--email",
            EMAIL,
            "--name",
            "Eva Ruiz",
            "--role",
            "supervisor",
            "--password-stdin",
            *more,
        ],
        input=PASSWORD + "\n",
    )
    assert made.exit_code == 0, made.output
    return entered(place, PASSWORD)


def given(place: Installation) -> Browser:
    """Eva, signed in with a password that somebody else typed."""
    return added(place, "--given")


def entered(place: Installation, password: str) -> Browser:
    browser = place.stranger()
    assert browser.post_form("/entrar", {"email": EMAIL, "password": password}).status_code == 303
    return browser


def test_a_given_password_opens_the_account_alone_until_another_is_chosen(place: Installation) -> None:
    """Pages lead to the account, scripts are told why; the same password is no other; then everything opens."""
    browser = given(place)
    for path in ("/", "/casos", "/administracion"):
        led = browser.get(path)
        assert (led.status_code, led.location) == (303, "/cuenta#contrasena")
    told = browser.get_json("/casos")
    assert (told.status_code, told.get_json()["error"]["code"]) == (403, "password_given")
    assert "Elige tu propia contraseña" in browser.get("/cuenta").text
    same = browser.post_form("/cuenta/contrasena", {"current": PASSWORD, "fresh": PASSWORD})
    assert same.status_code == 422
    assert "es la de ahora" in same.text
    assert browser.get("/").status_code == 303
    assert browser.post_form("/cuenta/contrasena", {"current": PASSWORD, "fresh": OWN}).status_code == 303
    assert browser.get("/").status_code == 200
    assert "Elige tu propia contraseña" not in browser.get("/cuenta").text
    assert entered(place, OWN).get("/").status_code == 200


def test_a_password_reset_by_console_is_a_given_one_again(place: Installation) -> None:
    """The one printed is known to who printed it; stronger parameters of hashes do not make it one's own."""
    given(place).post_form("/cuenta/contrasena", {"current": PASSWORD, "fresh": OWN})
    reset = place.app.test_cli_runner().invoke(args=["users", "password", "--email", EMAIL])
    printed = json.loads(reset.stdout)["password"]
    assert entered(place, printed).get("/").location == "/cuenta#contrasena"
    house = place.house
    found = house.accounts.by_email(EMAIL, house.clock())
    assert found is not None
    assert found.user.given


def test_a_password_typed_as_ones_own_opens_everything(place: Installation) -> None:
    """By its person at the console, or by a program that makes accounts: there is no other to choose."""
    assert added(place).get("/").status_code == 200


@pytest.mark.parametrize("fresh", ["Noviembre2026!", "especialista2026", "passwordpassword"])
def test_a_common_password_is_refused_in_words_and_nothing_changes(place: Installation, fresh: str) -> None:
    """The person hears why and what to do; the password in force stays."""
    browser = place.client()
    refused = browser.post_form("/cuenta/contrasena", {"current": PASSWORD, "fresh": fresh})
    assert refused.status_code == 422
    assert "se adivina pronto" in refused.text
    assert "frase de cuatro palabras" in refused.text
    again = {"email": "especialista@desk.example", "password": PASSWORD}
    assert place.stranger().post_form("/entrar", again).status_code == 303

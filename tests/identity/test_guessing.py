"""Passwords that are guessed soon: the commonest, the house's own words, and what is made of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # publishes no types

from identity.guessing import FEWEST, HOUSE_WORDS, guesses
from identity.passwords import MAX_LENGTH, MIN_LENGTH, PasswordRefused, check_new_password

WHO = {
    "email": "ana.nunez@desk.example",
    "name": "Ana María Núñez Ibáñez",
    "house": "Fianzas del Bajío, S. A.",
}
COMMONEST = FREQUENCY_LISTS["passwords"]


def refused(password: str) -> str:
    """The code a password is refused with, ``""`` where it is taken."""
    try:
        check_new_password(password, **WHO)
    except PasswordRefused as error:
        return error.code
    return ""


def test_the_commonest_passwords_are_refused() -> None:
    """All of 30,000 that are long enough, and of the 3,000 commonest every fourth, made long enough as people do it."""
    long = [word for word in COMMONEST if len(word) >= MIN_LENGTH]
    assert len(long) > 200
    assert [word for word in long if refused(word) != "password_common"] == []
    short = [word for word in COMMONEST[:3000:4] if len(word) < MIN_LENGTH]
    padded = [word + "123456789012"[: MIN_LENGTH - len(word)] for word in short]
    assert [word for word in padded if refused(word) != "password_common"] == []


@pytest.mark.parametrize(
    "password",
    [
        *(
            "passwordpassword",
            "1qaz2wsx3edc4rfv",
            "qwertyuiop12",
            "abcdefghijkl",
            "aaaaaaaaaaaa",
            "P4ssw0rd1234!",
        ),
        *(
            "Contraseña123",
            "CONTRASEÑA2026",
            "Bienvenido2026!",
            "Administrador1",
            "Noviembre2026!!",
            "Cambiame1234",
        ),
        *("Constancia#2026", "Mesadeayuda1", "Aseguradora26", "Seguros-2026-!", "15/09/1988 15/09/1988"),
        *(
            "ana.nunez2026",
            "NunezIbanez1!",
            "Núñez.Ibáñez",
            "desk.example1",
            "FianzasDelBajio",
            "fianzas bajio 26",
        ),
    ],
)
def test_what_somebody_who_knows_the_desk_tries_is_refused(password: str) -> None:
    """Keys in a row, months, years, the product, the trade, the organisation and the person, accents or not."""
    assert refused(password) == "password_common"


@pytest.mark.parametrize(
    "password",
    [
        "lluvia en abril sobre la azotea",
        "caballo-pila-grapa-correcta",
        "Xq7-vR2m_Zk9",
        "tres tristes tigres tragan",
    ],
)
def test_phrases_and_random_ones_are_taken(password: str) -> None:
    """No composition is asked for."""
    assert refused(password) == ""


def test_a_word_of_the_person_counts_for_them_alone() -> None:
    """Asked of many people at once, each is judged by their own words: nobody's names are left for another."""
    names = [f"Zuzanka{letter}vrb Quetzalli" for letter in "bcdfghjk"]

    def own_and_other(number: int) -> tuple[int, int]:
        mine, other = names[number], names[number - 1]
        return guesses(mine.replace(" ", ""), [mine]), guesses(mine.replace(" ", ""), [other])

    with ThreadPoolExecutor(8) as pool:
        for own, other in pool.map(own_and_other, [number % 8 for number in range(64)]):
            assert own < FEWEST < other


@given(st.text(max_size=MAX_LENGTH))
@settings(max_examples=60, deadline=None)
def test_any_text_is_judged(password: str) -> None:
    """Whatever is typed gets a number, and a house word put before it never makes it one of the hardest by itself."""
    assert guesses(password, WHO.values()) >= 1
    assert guesses(HOUSE_WORDS[0], WHO.values()) < 10**4

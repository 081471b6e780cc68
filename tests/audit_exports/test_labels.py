from __future__ import annotations

import pytest

from audit_exports.labels import NO_SECRETS, Labels
from audit_exports.markup import render
from workflows.registry import DefinitionRegistry
from workflows.values import NO_SECRETS as PRODUCT_NO_SECRETS


@pytest.fixture(scope="module")
def labels() -> Labels:
    """The words of the first step of MA-001."""
    return Labels(DefinitionRegistry.bundled().current("MA-001"), "1")


def test_codes_become_the_definition_s_words(labels: Labels) -> None:
    """Fields, choices and slots are shown by name, in both languages."""
    assert "Nombre completo" in render(labels.field("nombre"))
    assert "Alta de cuenta" in render(labels.value("tipo", "alta"))
    assert labels.plain("tipo", "alta") == "Alta de cuenta"


def test_what_a_definition_does_not_know_is_shown_as_recorded(labels: Labels) -> None:
    """A field of another version, a value outside the choice, text of a person: never dropped."""
    assert labels.field("otro") == "otro"
    assert labels.value("nombre", "Ana") == "Ana"
    assert labels.value("tipo", "raro") == "raro"
    assert labels.slot("otra") == "otra"
    assert labels.choice("otra") is None
    assert Labels(DefinitionRegistry.bundled().current("MA-001"), "99z").slot("x") == "x"


def test_the_tick_about_passwords_is_said_in_words(labels: Labels) -> None:
    """The name is the product's own, and is not shown as a code."""
    assert NO_SECRETS == PRODUCT_NO_SECRETS
    assert "contraseñas" in render(labels.field(NO_SECRETS))
    assert "sí" in render(labels.value(NO_SECRETS, "si"))

"""What a definition's author is told: every error at once, each with the line it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from web.views.definition_problems import line_of, tell
from workflows.loader import load
from workflows.tables import DefinitionInvalid

ROOT = Path(__file__).parents[2]
MA001 = (ROOT / "workflows/definitions/ma-001/2025-12-15.toml").read_text(encoding="utf-8")
MISTAKES = [
    ('kind = "rfc"', 'kind = "rfx"', "kind", "debe ser una de estas palabras"),
    ('types = ["PHY"]', 'types = ["PHX"]', "types", "«PHX» no es una de estas palabras"),
    ('requires = ["23"]', 'requires = ["29"]', "step.24.requires", "no existe un paso anterior"),
    ('meets = ["26a"]', 'meets = ["99"]', "timer.validacion", "no existe el paso «99»"),
    ('objective_en = "', 'objetive_en = "', "objetive_en", "no conoce esta clave"),
    ('performer = "metlife"', 'performer = "metlive"', "performer", "no existe el papel «metlive»"),
    ("waivable = true", 'waivable = "si"', "waivable", "true o false"),
    ('closes = "sin_respuesta"', 'closes = "sin"', "step.27.closes", "no existe el desenlace «sin»"),
]


@pytest.mark.parametrize(("right", "wrong", "place", "words"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_a_mistake_is_shown_where_it_is(right: str, wrong: str, place: str, words: str) -> None:
    """A mistake is told with the very line on which it stands."""
    assert right in MA001
    text = MA001.replace(right, wrong, 1)
    with pytest.raises(DefinitionInvalid) as refusal:
        load(text.encode())
    told = [item for item in tell(refusal.value.problems, text) if item.place.endswith(place)]
    assert any(words in item.text.es for item in told)
    line = text.splitlines()[told[0].line - 1]
    assert wrong.split(" = ", maxsplit=1)[0] in line or line.startswith("[["), line


def test_every_error_at_once() -> None:
    """Eight slips of six kinds in one file are told together, in the order of the file."""
    text = MA001
    for right, wrong, _, _ in MISTAKES:
        text = text.replace(right, wrong, 1)
    with pytest.raises(DefinitionInvalid) as refusal:
        load(text.encode())
    told = tell(refusal.value.problems, text)
    for _, _, _, words in MISTAKES:
        assert any(words in item.text.es for item in told), words
    assert [item.line for item in told] == sorted(item.line for item in told)


def test_what_is_no_toml_is_told_with_its_line() -> None:
    """A file that cannot be read as TOML says in which line reading stopped."""
    with pytest.raises(DefinitionInvalid) as refusal:
        load(b'format = 1\nprocess = "XX-001\n')
    (told,) = tell(refusal.value.problems, 'format = 1\nprocess = "XX-001\n')
    assert told.line == 2
    assert "no es TOML" in told.text.es


def test_a_place_that_is_not_written_has_its_tables_line() -> None:
    """What is missing is shown at the table that should have it; an unknown place at the start."""
    lines = MA001.splitlines()
    assert lines[line_of("step.13.branch", MA001) - 1] == "[[step.branch]]"
    assert lines[line_of("step.13.nothing", MA001) - 1] == "[[step]]"
    assert lines[line_of("document.scope", MA001) - 1].startswith("scope = ")
    assert line_of("nowhere", MA001) == 0

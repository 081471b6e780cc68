"""What is told about the inside of a file has words: none of the program's own reaches a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import documents
from documents.refusals import FileRefused
from tests.fakes.installation import Installation
from web.errors import answer_for
from web.filewords import KINDS, PARTS, PLACES

SOURCES = sorted(Path(documents.__file__).parent.glob("*.py"))


def _calls(*names: str) -> Iterator[ast.Call]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield node


def _leading(node: ast.expr) -> str:
    """A constant, or the constant that an f-string begins with; empty for what is neither."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]  # type: ignore[assignment]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_place_and_every_part_has_words() -> None:
    """Read from the sources of the readers: whatever they refuse with is in the tables."""
    places = {_leading(call.args[0]).split(" ")[0] for call in _calls("Passage")} - {""}
    parts = {
        _leading(word.value) for call in _calls("Refuse") for word in call.keywords if word.arg == "what"
    }
    parts |= {_leading(call.args[0]) for call in _calls("_over")}
    assert {"page", "sheet", "text", "subject", "body"} <= places
    assert {"frames", "pixels", "members", "rows", "embedded_files"} <= parts
    assert places <= set(PLACES)
    assert parts - {""} <= set(PARTS)
    kinds = {
        _leading(word.value) for call in _calls("Refuse") for word in call.keywords if word.arg == "also"
    }
    assert {"zip", "pdf", "html", "unknown"} == kinds == set(KINDS)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("es-MX", "«a.pdf» parece contener una contraseña (nip, en la página 3); no se guardó."),
        ("en", "“a.pdf” seems to contain a password (nip, at page 3); it was not stored."),
    ],
)
def test_a_secret_is_placed_in_the_reader_s_language(place: Installation, language: str, told: str) -> None:
    """The page or the cell, not the program's name for it."""
    with place.app.test_request_context(headers={"Accept-Language": language}):
        answer = answer_for(FileRefused("secret_found", "a.pdf", {"word": "nip", "place": "page 3"}))
    assert answer is not None
    assert answer.message == told


def test_too_much_of_something_is_named_in_spanish(place: Installation) -> None:
    """What was counted, in words; a word that is in no table stays as it is."""
    fields: dict[str, str | int] = {"family": "image", "found": 9, "limit": 1}
    with place.app.test_request_context(headers={"Accept-Language": "es-MX"}):
        told = [
            answer_for(FileRefused("over_limit", "a.png", {**fields, "what": what}))
            for what in ("frames", "quarks")
        ]
    assert [answer.message.partition("(")[2][:10] for answer in told if answer] == [
        "cuadros: 9",
        "quarks: 9;",
    ]

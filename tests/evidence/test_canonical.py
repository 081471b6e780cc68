"""Canonical JSON: RFC 8785's bytes within the ledger's domain, refusal outside it."""

from __future__ import annotations

import doctest
import json
from enum import StrEnum
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

import evidence.canonical
from evidence.canonical import MAX_INTEGER, Json, NotCanonical, canonical_bytes, parse_canonical

texts = st.text(st.characters(exclude_categories=["Cs"]))
awkward_keys = texts | st.sampled_from(
    ["\U00010000", "\uffff", "\ue000", "ñ", "é", "e\u0301", "", "\x00", "\x7f", "€"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(awkward_keys, inner, max_size=5),
    max_leaves=20,
)


def test_docstring_example() -> None:
    """What the module's documentation shows is what happens."""
    assert doctest.testmod(evidence.canonical).failed == 0


@given(values)
def test_same_bytes_as_an_independent_implementation(value: Json) -> None:
    """R5: an unrelated RFC 8785 library gives the same bytes, and they parse back to the same value."""
    made = canonical_bytes(value)
    assert made == rfc8785.dumps(value)
    assert parse_canonical(made) == value


def _holds_float(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(_holds_float(item) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_public_vectors(vectors: Path, name: str) -> None:
    """The public inputs give the public outputs, or are refused because they hold a float."""
    folder = vectors / "jcs-rfc8785" / "testdata"
    value = json.loads((folder / "input" / f"{name}.json").read_text(encoding="utf-8"))
    expected = (folder / "output" / f"{name}.json").read_bytes()
    if _holds_float(value):
        with pytest.raises(NotCanonical):
            canonical_bytes(value)
    else:
        assert canonical_bytes(value) == expected


def test_rfc_8785_examples() -> None:
    """The sorting example of section 3.2.3 and the string of section 3.2.2, typed in."""
    unsorted: Json = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    order = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical_bytes(unsorted))) == order
    assert canonical_bytes('€$\u000f\nA\'B"\\\\"/') == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    assert canonical_bytes({"literals": [None, True, False]}) == b'{"literals":[null,true,false]}'


class _Word(StrEnum):
    ONE = "uno"


def test_enumerations_are_their_text() -> None:
    """A text enumeration seals as the text it stands for."""
    assert canonical_bytes({"word": _Word.ONE, _Word.ONE: 1}) == b'{"uno":1,"word":"uno"}'


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        0.0,
        float("nan"),
        float("inf"),
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        10**400,
        {"deep": [1, {"x": 2.5}]},
        [1, [2.0]],
        ["ok", 1.0, "ok"],
        {1: "integer key"},
        {None: "null key"},
        {True: "boolean key"},
        "\ud800",
        {"\udfff": 1},
        ["a", "\ud800b"],
        b"bytes",
        {"set": {1}},
        object(),
    ],
)
def test_values_outside_the_domain_are_refused(value: Json) -> None:
    """Floats, big integers, other keys than strings, unpaired surrogates and foreign types are refused at any depth."""
    with pytest.raises(NotCanonical):
        canonical_bytes(value)


def test_bottomless_values_are_refused() -> None:
    """A value that holds itself, or is nested beyond reason, is a refusal and not a crash."""
    loop: list[Json] = []
    loop.append(loop)
    with pytest.raises(NotCanonical):
        canonical_bytes(loop)
    with pytest.raises(NotCanonical):
        parse_canonical(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1 ",
        b"01",
        b"-0",
        b"1e2",
        b"1.0",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'"\\u00f1"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b'{"\xef\xbf\xbf":1,"\xf0\x90\x80\x80":1}',
        b"[1,]",
        b"1\n2",
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    """Bytes that are not the one canonical form of a value in the domain do not parse."""
    with pytest.raises(NotCanonical):
        parse_canonical(data)


@given(st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
def test_whatever_parses_is_its_own_canonical_form(data: bytes) -> None:
    """Parsing is strict: what it accepts, it would write byte for byte the same."""
    try:
        value = parse_canonical(data)
    except NotCanonical:
        return
    assert canonical_bytes(value) == data

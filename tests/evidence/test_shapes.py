"""What is known by its shape is canonical, and nothing else is: both ways of reading always agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import shapes as shapes_module
from evidence.canonical import NotCanonical, canonical_bytes, parse_canonical
from evidence.shapes import Shapes, plain

NAMES = st.sampled_from(["a", "b", "é", "￿", "😀", "", ":", ",", "1", "}{"])
TEXTS = st.text(alphabet='aé😀 :,{}[]0-9.\x7f"\\\n', max_size=6)
NUMBERS = st.one_of(st.integers(-20, 20), st.sampled_from([10**14, 10**15 - 1, 10**15, 2**53 - 1, 1 - 2**53]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
ODD = [
    b'"',
    b"\\",
    b":",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b"0",
    b"-",
    b".",
    b"e",
    b" ",
    b"\n",
    b"\xff",
    b"\xed\xa0\x80",
    b"a",
]


def canonical(data: bytes) -> bool:
    """The long way."""
    try:
        parse_canonical(data)
    except NotCanonical:
        return False
    return True


def known(shapes: Shapes, data: bytes) -> bool:
    """The quick way, for what may go it."""
    try:
        return shapes.canonical(data.decode())
    except UnicodeDecodeError:
        return False


def agree(shapes: Shapes, data: bytes) -> None:
    """On the same bytes, twice: what was learned from them changes nothing."""
    if plain(data):
        for _ in range(2):
            assert known(shapes, data) == canonical(data)


@given(VALUES, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2), st.sampled_from(ODD)), max_size=4))
def test_both_ways_agree_on_values_and_on_damaged_ones(
    value: object, damage: list[tuple[int, int, bytes]]
) -> None:
    """A text is learned, and then changed: signs put in, left out or exchanged, wherever."""
    shapes = Shapes()
    data = canonical_bytes(value)  # type: ignore[arg-type]
    agree(shapes, data)
    for place, cut, put in damage:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + cut :]
        agree(shapes, data)


@given(st.lists(VALUES, min_size=2, max_size=6))
def test_both_ways_agree_after_many_texts(values: list[object]) -> None:
    """What was learned from one text is not held against another."""
    shapes = Shapes()
    for value in values * 2:
        agree(shapes, canonical_bytes(value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":"x","a":"y"}', b'{"a":"x","a":"y"}', b'{"a":01,"b":"y"}', b'{"a":-0,"b":"y"}', b'{"a":1.5,"b":"y"}',
        b'{"a":1e5,"b":"y"}', b'{"a":9007199254740993,"b":"y"}', b'{"a":"x", "b":"y"}', b'{"a":"x","b":"y"} ',
        b'{"a":"x","b":"y"', b'{"a":"x","b":y"}', b'{"a","x":"b":"y"}', b'{"a":"x","b":"y"}{}', b'{"a":+1,"b":"y"}',
    ],
)  # fmt: skip
def test_no_other_spelling_is_taken_for_the_known_one(data: bytes) -> None:
    """Another order, a member twice, other spellings of numbers, spaces, and what is no JSON."""
    shapes = Shapes()
    for good in (b'{"a":"x","b":"y"}', b'{"a":1,"b":"y"}', b'{"a":0,"b":"y"}', b'{"a":-7,"b":"y"}'):
        assert known(shapes, good)
    assert not known(shapes, data)
    assert not canonical(data)


def test_every_byte_of_a_known_text_counts() -> None:
    """Each exchanged for every other one: taken if, and only if, the long way takes it."""
    data = '{"data":{"n":[1,22,null,true],"s":"ñ"},"files":[{"name":"a","size":48213}],"z":""}'.encode()
    shapes, taken = Shapes(), 0
    assert known(shapes, data)
    for place in range(len(data)):
        for byte in range(256):
            other = data[:place] + bytes([byte]) + data[place + 1 :]
            if plain(other):
                taken += known(shapes, other)
                assert known(shapes, other) == canonical(other), other
    assert taken > 1000


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The texts that were parsed and encoded again."""
    seen: list[str] = []
    whole = shapes_module.scan_canonical

    def watched(text: str, start: int) -> tuple[object, int]:
        seen.append(text)
        return whole(text, start)

    monkeypatch.setattr(shapes_module, "scan_canonical", watched)
    return seen


def test_only_what_is_new_is_parsed(parsed: list[str]) -> None:
    """Other strings and numbers are no other shape; other names, or one member more, are."""
    shapes = Shapes()
    texts = [
        '{"a":"x","n":1}',
        '{"a":"yy","n":1}',
        '{"a":"","n":-22}',
        '{"b":"x","n":1}',
        '{"a":"x","m":0,"n":1}',
    ]
    assert all(shapes.canonical(text) for text in texts)
    assert parsed == [texts[0], texts[3], texts[4]]


def test_memory_has_an_end(parsed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes beyond the most push out those before, and very long texts are not kept at all."""
    monkeypatch.setattr(shapes_module, "_MOST", 3)
    shapes = Shapes()
    for n in range(7):
        assert shapes.canonical('{"%s":1}' % ("a" * (n + 1)))
    assert shapes.canonical('{"a":1}')
    assert len(parsed) == 8
    long = '{"a":"%s"}' % ("x" * 9000)
    assert shapes.canonical(long)
    assert shapes.canonical(long)
    assert parsed[8:] == [long, long]

"""Every parser of the house on good inputs gone wrong: an answer or a documented refusal, and no other exception.

Short here; `make fuzz` goes on for as long as it is told. What was found lies under ``corpus/`` and is played first.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.fuzzing.targets import CORPUS, TARGETS

LONG = int(os.environ.get("CONSTANCIA_FUZZ", "0"))
_INSERTS = (
    b"\x00",
    b"\xff",
    b"\n\n",
    b"\r\n",
    b"[" * 2000,
    b"(" * 500,
    b"9" * 5000,
    "\u202e".encode(),
    b"%s",
    b"../",
    b'"',
)


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with pieces cut, doubled, flipped or put in; now and then anything at all."""
    content = bytearray(
        draw(st.sampled_from(seeds)) if draw(st.integers(0, 9)) else draw(st.binary(max_size=300))
    )
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        how = draw(st.integers(0, 4))
        if how == 0:
            content[at : at + draw(st.integers(1, 40))] = b""
        elif how == 1:
            content[at:at] = content[at : at + draw(st.integers(1, 200))]
        elif how == 2 and content:
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif how == 3:
            content[at:at] = draw(st.sampled_from(_INSERTS))
        else:
            content[at:at] = draw(st.binary(min_size=1, max_size=8))
    return bytes(content)


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_answers_or_refuses(name: str) -> None:
    """Whatever the bytes: an answer, or an exception that its docstring names."""
    target = TARGETS[name]
    examples = LONG or target.examples

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=not LONG,
        phases=[Phase.explicit, Phase.generate] if not LONG else list(Phase),
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(target.seeds()))
    @example(b"")
    def play(data: bytes) -> None:
        _tried(name, data)

    play()


@pytest.mark.parametrize(
    "file", sorted(CORPUS.rglob("*.bin")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_once_broke_a_parser_is_refused(file: Path) -> None:
    """Each kept input, by the parser that it broke."""
    _tried(file.parent.name, file.read_bytes())


def test_every_kept_input_is_small_and_of_a_parser() -> None:
    """The corpus stays small, and belongs to parsers that are there."""
    for file in CORPUS.rglob("*.bin"):
        assert file.parent.name in TARGETS
        assert file.stat().st_size < 64 * 1024


def _tried(name: str, data: bytes) -> None:
    target = TARGETS[name]
    try:
        target.run(data)
    except target.refuses:
        return

"""The word list people compare digests with."""

import doctest
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import words
from evidence.words import WORDS, digest_words


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        before, row[0] = row[0], index
        for column, sign in enumerate(other, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (letter != sign)),
            )
    return row[-1]


def test_the_list_has_one_plain_noun_for_every_byte() -> None:
    """256 different words of four to seven unaccented letters (three for none), in alphabetical order."""
    assert len(WORDS) == len(set(WORDS)) == 256
    assert list(WORDS) == sorted(WORDS)
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 7 for word in WORDS)


def test_no_two_words_are_easily_confused() -> None:
    """Words differ in their first four letters and by more than one slip of the tongue or pen."""
    assert len({word[:4] for word in WORDS}) == 256
    pairs = [(a, b) for i, a in enumerate(WORDS) for b in WORDS[i + 1 :] if abs(len(a) - len(b)) < 2]
    assert [pair for pair in pairs if _distance(*pair) < 2] == []


def test_the_list_is_frozen() -> None:
    """Papers already printed quote these words, so the list may never change."""
    assert (
        hashlib.sha256(" ".join(WORDS).encode()).hexdigest()
        == "b0ae3fc74eaa7d2f946e59cf555428f4d1eb8c681277bd71c602759503405d42"
    )


@given(st.binary(min_size=32, max_size=32))
def test_the_first_six_bytes_choose_the_words(digest: bytes) -> None:
    """Words are the list's members at the first six bytes, whatever follows."""
    assert digest_words(digest.hex()) == tuple(WORDS[byte] for byte in digest[:6])


@pytest.mark.parametrize("wrong", ["", "00ff", "zz" * 32])
def test_what_is_no_digest_is_refused(wrong: str) -> None:
    """Too short or not hex raises, so that no page shows words of nothing."""
    with pytest.raises(ValueError, match=r"short|hex"):
        digest_words(wrong)


def test_the_worked_example_holds() -> None:
    """The example in the module's description is true."""
    assert doctest.testmod(words).failed == 0

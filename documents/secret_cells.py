"""Labels that stand in a cell of their own, and the cells that hold what they announce."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_REACH = 3
"""How many columns to the right of its label a value may stand."""
_GAP = 2
"""Blank rows after which a column's heading says nothing any more."""
_WORDS = re.compile(r"[^\W\d_]+(?:[^\S\n][^\W\d_]+)*\W*")


@dataclass(frozen=True, slots=True)
class _Heading:
    word: str
    of_a_form: bool


class LabelledCells:
    """Walks the rows of one table. ``announces`` gives the word of a cell that is a label, else ``""``."""

    def __init__(self, announces: Callable[[str], str]) -> None:
        self._announces = announces
        self._above: dict[int, _Heading] = {}
        self._blank = 0

    def row(self, texts: Sequence[str]) -> Iterator[tuple[int, str, str]]:
        """``(column, word, value)`` of each cell of the row that a label beside or above it speaks of.

        Of a form (the label first in its row, its value beside it) the next label stands below the label, and in a row
        of headings the next heading stands beside it: such cells count only when they are more than words.
        """
        filled = [index for index, text in enumerate(texts) if text]
        if not filled:
            self._blank += 1
            if self._blank >= _GAP:
                self._above = {}
            return
        self._blank = 0
        labels = {index: word for index in filled if (word := self._announces(texts[index]))}
        beside = {}
        for index, word in labels.items():
            right = _right(filled, index)
            if right is not None and (index == filled[0] or not _WORDS.fullmatch(texts[right])):
                beside[right] = word
        for index in filled:
            if index in labels:
                continue
            if index in beside:
                yield index, beside[index], texts[index]
            elif (heading := self._above.get(index)) and not (
                heading.of_a_form and _WORDS.fullmatch(texts[index])
            ):
                yield index, heading.word, texts[index]
        for index, word in labels.items():
            right = _right(filled, index)
            self._above[index] = _Heading(
                word, index == filled[0] and right is not None and right not in labels
            )


def _right(filled: Sequence[int], index: int) -> int | None:
    """The nearest filled cell at the right, within reach; a line may have as many cells as a file has room for."""
    at = bisect_right(filled, index)
    return filled[at] if at < len(filled) and filled[at] <= index + _REACH else None

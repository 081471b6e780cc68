"""Row numbers as text: ``1-90,95``, the one spelling in which facts name rows of a sheet.

Ascending, merged, without repetition: the same rows are always the same text. Standard library only: the offline
verifier reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_ROW = 1_048_576
MAX_ROWS = 20_000
_PART = re.compile(r"([1-9][0-9]{0,6})(?:-([1-9][0-9]{0,6}))?")


def format_ranges(numbers: Iterable[int]) -> str:
    """The text of a set of row numbers; ``""`` for none."""
    parts: list[str] = []
    begin = end = 0
    for number in sorted(set(numbers)):
        if begin and number == end + 1:
            end = number
            continue
        if begin:
            parts.append(_part(begin, end))
        begin = end = number
    if begin:
        parts.append(_part(begin, end))
    return ",".join(parts)


def parse_ranges(text: str) -> tuple[int, ...]:
    """The row numbers of a text, ascending.

    Raises:
        ValueError: not the spelling `format_ranges` gives, or more than `MAX_ROWS` rows.
    """
    numbers = spread_ranges(text)
    if format_ranges(numbers) != text:
        raise ValueError(f"not in order, or not merged: {text!r}")
    return numbers


def spread_ranges(text: str) -> tuple[int, ...]:
    """The row numbers of ranges as a person types them: blanks, any order and repetitions are taken.

    Raises:
        ValueError: not numbers and ranges, a range that runs backwards, or more than `MAX_ROWS` rows.
    """
    numbers: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"not a row nor a range of rows: {part[:20]!r}")
        first = int(match.group(1))
        last = int(match.group(2) or first)
        if last < first or last > MAX_ROW or last - first >= MAX_ROWS:
            raise ValueError(f"not a range of rows: {part[:20]!r}")
        numbers.update(range(first, last + 1))
        if len(numbers) > MAX_ROWS:
            raise ValueError(f"more than {MAX_ROWS} rows")
    return tuple(sorted(numbers))


def _part(begin: int, end: int) -> str:
    return str(begin) if begin == end else f"{begin}-{end}"

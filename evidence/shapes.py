r"""Canonical JSON known by its shape: a quick way to see that a text is in canonical form, beside `evidence.canonical`.

What a text spells without its strings and numbers, together with the names of its members, says whether it is in
canonical form, as long as every string in it stands for itself: it holds no backslash and no control character, which
RFC 8785 would have escaped, and it is UTF-8 (`plain`, and decoded). So once a text of a shape was parsed and encoded
again and found the same, another one of that shape need not be: only strings and numbers differ, and those are spelled
in the one way there is.

What has no known shape is parsed and encoded again, always; a shape that is not canonical is never kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

from evidence.canonical import NotCanonical, scan_canonical

_ESCAPED = bytes(range(0x20)) + b"\\"
_NUMBER = re.compile(r"(?<![0-9.eE+-])(?:0|-?[1-9][0-9]{0,14})(?![0-9.eE])")
"""Whole literals that can be spelled in one way only, and are within ±(2^53 - 1) whatever their digits."""
_MOST = 1024
_LONGEST = 8192

_Names = Callable[[Sequence[str]], object]
"""From the pieces of a text to the names of its members, in the order of the text."""


def plain(data: bytes) -> bool:
    """Whether every string in this JSON stands for itself: no backslash, and no control character."""
    return len(data.translate(None, _ESCAPED)) == len(data)


class _Shape:
    """The names that were seen in texts of one structure, and where they stand."""

    __slots__ = ("names", "seen")

    def __init__(self, names: _Names) -> None:
        self.names = names
        self.seen: set[object] = set()


class Shapes:
    """The shapes seen so far, not more than memory has room for. Not safe for threads."""

    def __init__(self) -> None:
        self._known: dict[str, _Shape] = {}
        self._spelled: dict[str, _Shape] = {}
        self._count = 0

    def canonical(self, text: str) -> bool:
        """Whether decoded UTF-8 that is `plain` is the canonical spelling of a value, as `scan_canonical` has it."""
        pieces = text.split('"')  # every quotation mark begins a string or ends one
        if not len(pieces) & 1:
            return False
        structure = '"'.join(pieces[::2])
        shape = self._spelled.get(structure)
        if shape is not None and shape.names(pieces) in shape.seen:
            return True
        return self._read(text, structure, pieces)

    def _read(self, text: str, structure: str, pieces: list[str]) -> bool:
        """A text whose very structure, numbers included, or whose names are new."""
        alike = _NUMBER.sub("0", structure)
        shape = self._known.get(alike)
        if shape is None or shape.names(pieces) not in shape.seen:
            try:
                _, end = scan_canonical(text, 0)
            except NotCanonical:
                return False
            if end != len(text):
                return False
        if len(text) <= _LONGEST:
            self._keep(structure, alike, shape or _Shape(_names_in(pieces)), pieces)
        return True

    def _keep(self, structure: str, alike: str, shape: _Shape, pieces: list[str]) -> None:
        if self._count >= _MOST:  # all of them: what is frequent is soon back
            self._known.clear()
            self._spelled.clear()
            self._count = 0
            shape = _Shape(shape.names)
        shape.seen.add(shape.names(pieces))
        self._known[alike] = self._spelled[structure] = shape
        self._count += 1


def _names_in(pieces: Sequence[str]) -> _Names:
    """Where the names stand in texts of this structure: strings that a colon follows."""
    places = [at for at in range(1, len(pieces), 2) if pieces[at + 1].startswith(":")]
    return itemgetter(*places) if places else _no_names


def _no_names(_pieces: Sequence[str]) -> object:
    return ()

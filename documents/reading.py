"""What a reader hands back to the door, and helpers for making it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evidence.canonical import Json

_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a file's text and where it stands (``page 3``, ``cell Hoja1!B4``, ``body``).

    ``between`` parts the cells of its lines for the scan for secrets; ``""`` where they were looked at one by one.
    """

    place: str
    text: str
    between: str = "\t"


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts, warning codes, and what is looked at but not kept: text for the scan, files inside (name and bytes)."""

    about: Mapping[str, Json]
    warnings: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()


def clean(text: str, limit: int) -> str:
    """Text fit for canonical JSON and for a page: no unpaired surrogates, no control characters, at most ``limit``."""
    readable = text[: limit * 2].encode("utf-8", "replace").decode("utf-8")
    printable = "".join(c for c in readable if c >= " " or c in "\n\t")
    return printable.replace("\x7f", "")[:limit]


def excerpt(passages: Iterable[Passage], limit: int) -> str:
    """The first ``limit`` characters of the passages with runs of blanks folded, for search."""
    parts: list[str] = []
    room = limit
    for passage in passages:
        piece = _LINES.sub("\n\n", _BLANKS.sub(" ", clean(passage.text, room))).strip()
        if piece:
            parts.append(piece)
            room -= len(piece) + 1
        if room <= 0:
            break
    return "\n".join(parts)[:limit]

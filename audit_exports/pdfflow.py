"""Text that flows over the pages of a PDF: headings, paragraphs, pairs and tables, with a running foot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache

from audit_exports.pdf import (
    ALERT,
    BOLD,
    BRAND,
    HEIGHT,
    INK,
    LINE,
    MONO,
    REGULAR,
    SOFT,
    WASH,
    WHITE,
    WIDTH,
    Canvas,
    Colour,
    Meta,
    document,
    drawable,
    text_width,
)
from audit_exports.pdftags import Element, Structure

MARGIN = 54.0
BODY = WIDTH - 2 * MARGIN
_FLOOR = 62.0
_TOP = HEIGHT - 58.0
_PAD = 4.0
_REMEMBERED = 400


@dataclass(frozen=True, slots=True)
class Col:
    """A table's column: heading and width in points; ``mono`` for digests, ``right`` for numbers."""

    heading: str
    width: float
    mono: bool = False
    right: bool = False


class Flow:
    """A document being written from top to bottom. ``foot`` stands under every page beside its number."""

    def __init__(self, meta: Meta, foot: str) -> None:
        self._meta = meta
        self._foot = drawable(foot)
        self._pages: list[Canvas] = []
        self._structure = Structure()
        self._open: Element | None = None
        self._y = 0.0
        self._turn()

    def bytes(self) -> bytes:
        """The file."""
        total = len(self._pages)
        for number, page in enumerate(self._pages, 1):
            page.artifact()
            page.box(MARGIN, 44, BODY, 0.6, LINE)
            page.text(MARGIN, 32, self._foot, font=REGULAR, size=7.5, colour=SOFT)
            told = f"{number} de {total}"
            right = WIDTH - MARGIN - text_width(told, REGULAR, 7.5)
            page.text(right, 32, told, font=REGULAR, size=7.5, colour=SOFT)
            page.end()
        return document(self._meta, self._pages, self._structure)

    def banner(self, over: str, title: str, under: str) -> None:
        """The head of a document: a coloured band with its name."""
        lines = wrap(title, BOLD, 21, BODY - 36)
        height = 58 + 25.0 * len(lines)
        self._box(MARGIN, self._y - height, BODY, height, BRAND)
        y = self._y - 24
        page = self._pages[-1]
        with self._tagged("P"):
            page.text(MARGIN + 18, y, drawable(over), font=REGULAR, size=9.5, colour=WHITE)
        with self._tagged("H1"):
            for line in lines:
                y -= 25
                page.text(MARGIN + 18, y, line, font=BOLD, size=21, colour=WHITE)
        with self._tagged("P"):
            page.text(MARGIN + 18, y - 19, drawable(under), font=REGULAR, size=9.5, colour=WHITE)
        self._y -= height + 16

    def heading(self, text: str, *, level: int = 1) -> None:
        """A heading that is never the last thing on a page."""
        size, before = (14.0, 14.0) if level == 1 else (10.5, 9.0)
        self._room(before + size + 96)
        self._y -= before if self._y < _TOP else 0
        with self._tagged("H2" if level == 1 else "H3"):
            for line in _joined(wrap(text, BOLD, size, BODY)):
                self._y -= size
                self._pages[-1].text(
                    MARGIN, self._y, line, font=BOLD, size=size, colour=BRAND if level == 1 else INK
                )
                self._y -= 4
        self._y -= 3

    def paragraph(self, text: str, *, size: float = 9.5, font: str = REGULAR, colour: Colour = INK) -> None:
        """A paragraph, wrapped."""
        lines = wrap(text, font, size, BODY)
        self._room(size + 4)
        with self._tagged("P"):
            for line in _joined(lines):
                self._room(size + 4)
                self._y -= size
                self._pages[-1].text(MARGIN, self._y, line, font=font, size=size, colour=colour)
                self._y -= 3.6
        self._y -= 4

    def note(self, text: str) -> None:
        """A paragraph that must not be overlooked, in a box."""
        lines = wrap(text, REGULAR, 9, BODY - 24)
        height = 12.6 * len(lines) + 12
        self._room(height + 6)
        page = self._pages[-1]
        self._box(MARGIN, self._y - height, BODY, height, WASH)
        self._box(MARGIN, self._y - height, 3, height, BRAND)
        y = self._y - 7
        with self._tagged("P"):
            for line in _joined(lines):
                y -= 9
                page.text(MARGIN + 12, y, line, font=REGULAR, size=9)
                y -= 3.6
        self._y -= height + 8

    def points(self, items: Iterable[str]) -> None:
        """A list."""
        listed = self._structure.root.add("L")
        for item in items:
            one = listed.add("LI")
            lines = wrap(item, REGULAR, 9.5, BODY - 14)
            self._room(13.5)
            with self._tagged("Lbl", one):
                self._pages[-1].text(MARGIN + 2, self._y - 9.5, "•", font=REGULAR, size=9.5, colour=BRAND)
            with self._tagged("LBody", one):
                for line in _joined(lines):
                    self._room(13.5)
                    self._y -= 9.5
                    self._pages[-1].text(MARGIN + 14, self._y, line, font=REGULAR, size=9.5)
                    self._y -= 3.6
            self._y -= 1.5
        self._y -= 4

    def pairs(self, items: Iterable[tuple[str, str]], *, label: float = 150) -> None:
        """Labels with their values beside them; values of 40 hexadecimal digits and more are set in a fixed width."""
        listed = self._structure.root.add("L")
        for name, value in items:
            one = listed.add("LI")
            digest = len(value) >= 40 and all(sign in "0123456789abcdef" for sign in value)
            font, size = (MONO, 8.0) if digest else (REGULAR, 9.5)
            lines = wrap(value or "—", font, size, BODY - label)
            names = wrap(name, REGULAR, 9, label - 10)
            self._room(13.2 * max(len(lines), len(names)) + 3)
            top = self._y
            with self._tagged("Lbl", one):
                for number, line in enumerate(names):
                    place = top - 9.5 - 13.2 * number
                    self._pages[-1].text(MARGIN, place, line, font=REGULAR, size=9, colour=SOFT)
            with self._tagged("LBody", one):
                for number, line in enumerate(lines):
                    self._pages[-1].text(
                        MARGIN + label, top - 9.5 - 13.2 * number, line, font=font, size=size
                    )
            self._y = top - 13.2 * max(len(lines), len(names)) - 2
        self._y -= 6

    def table(self, columns: Sequence[Col], rows: Iterable[Sequence[str]], *, none: str = "Ninguno.") -> None:
        """A table whose heading is repeated on every page; ``none`` is said where it has no rows."""
        self._room(60)
        listed = self._structure.root.add("Table")
        self._heads(columns, listed)
        seen = 0
        for row in rows:
            seen += 1
            cells = [
                wrap(
                    text,
                    MONO if column.mono else REGULAR,
                    7.2 if column.mono else 8.3,
                    column.width - 2 * _PAD,
                )
                for column, text in zip(columns, row, strict=True)
            ]
            height = 10.4 * max(map(len, cells)) + 6
            if self._y - height < _FLOOR:
                self._turn()
                self._heads(columns)
            self._row(columns, cells, height, listed.add("TR"))
        if not seen:
            self._y -= 13
            with self._tagged("P"):
                self._pages[-1].text(MARGIN + _PAD, self._y, none, font=REGULAR, size=8.5, colour=SOFT)
            self._y -= 4
        self._y -= 10

    def signatures(self, names: Sequence[str]) -> None:
        """Lines to sign on, side by side."""
        self._room(92)
        width = BODY / len(names)
        self._y -= 62
        for number, name in enumerate(names):
            x = MARGIN + number * width
            self._box(x, self._y, width - 24, 0.8, INK)
            with self._tagged("P"):
                self._pages[-1].text(x, self._y - 12, drawable(name), font=REGULAR, size=8.5, colour=SOFT)
        self._y -= 26

    def gap(self, points: float) -> None:
        """Empty space."""
        self._y -= points

    def turn(self) -> None:
        """Go on on a new page."""
        self._turn()

    def _heads(self, columns: Sequence[Col], listed: Element | None = None) -> None:
        """The head of a table; without ``listed`` it is a repetition, which is not read aloud again."""
        lines = [wrap(column.heading, BOLD, 8, column.width - 2 * _PAD) for column in columns]
        height = 9.6 * max(map(len, lines)) + 7
        self._box(MARGIN, self._y - height, sum(column.width for column in columns), height, BRAND)
        row = listed.add("TR") if listed is not None else None
        if row is None:
            self._pages[-1].artifact()
        x = MARGIN
        for column, found in zip(columns, lines, strict=True):
            with self._tagged("TH", row) if row is not None else nullcontext():
                for number, line in enumerate(found):
                    y = self._y - 11 - 9.6 * number
                    self._pages[-1].text(
                        self._at(column, x, line, BOLD, 8), y, line, font=BOLD, size=8, colour=WHITE
                    )
            x += column.width
        if row is None:
            self._pages[-1].end()
        self._y -= height

    def _row(
        self, columns: Sequence[Col], cells: Sequence[Sequence[str]], height: float, row: Element
    ) -> None:
        x, page, on, first = MARGIN, self._pages[-1], len(self._pages) - 1, self._y - 10.8
        for column, lines in zip(columns, cells, strict=True):
            font, size = (MONO, 7.2) if column.mono else (REGULAR, 8.3)
            cell = row.add("TD")
            if len(lines) == 1 and lines[0]:  # what most are
                colour, shown = (ALERT, lines[0][2:]) if lines[0].startswith("! ") else (INK, lines[0])
                place = self._at(column, x, shown, font, size) if column.right else x + _PAD
                page.cell(self._structure.mark(cell, on), place, first, shown, font, size, colour)
            elif lines != ("",):
                page.begin("TD", self._structure.mark(cell, on))
                for number, line in enumerate(lines):
                    alert = line.startswith("! ")
                    shown = line[2:] if alert else line
                    place = self._at(column, x, shown, font, size)
                    shown += " " if number + 1 < len(lines) and not column.mono else ""
                    page.text(place, self._y - 10.8 - 10.4 * number, shown, font=font, size=size,
                              colour=ALERT if alert else INK)  # fmt: skip
                page.end()
            x += column.width
        self._y -= height
        page.rule(MARGIN, self._y, sum([column.width for column in columns]), 0.5, LINE)

    def _box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A box that only decorates."""
        page = self._pages[-1]
        page.artifact()
        page.box(x, y, width, height, colour)
        page.end()

    @contextmanager
    def _tagged(self, tag: str, within: Element | None = None) -> Iterator[None]:
        """What is drawn meanwhile belongs to a new element, on every page it reaches."""
        self._open = (within or self._structure.root).add(tag)
        self._pages[-1].begin(tag, self._structure.mark(self._open, len(self._pages) - 1))
        yield
        self._pages[-1].end()
        self._open = None

    @staticmethod
    def _at(column: Col, x: float, text: str, font: str, size: float) -> float:
        return x + column.width - _PAD - text_width(text, font, size) if column.right else x + _PAD

    def _room(self, points: float) -> None:
        if self._y - points < _FLOOR:
            self._turn()

    def _turn(self) -> None:
        if self._open is not None:
            self._pages[-1].end()
        self._pages.append(Canvas())
        if self._open is not None:
            self._pages[-1].begin(self._open.tag, self._structure.mark(self._open, len(self._pages) - 1))
        self._y = _TOP


def wrap(text: str, font: str, size: float, width: float) -> tuple[str, ...]:
    """Drawable lines no wider than ``width``; what is wider by itself is cut in pieces."""
    return (_short if len(text) <= _REMEMBERED else _broken)(text, font, size, width)


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Lines of one text: all but the last end in a space, so that who hears or copies them gets words apart."""
    for number, line in enumerate(lines, 1):
        yield f"{line} " if number < len(lines) else line


def _broken(text: str, font: str, size: float, width: float) -> tuple[str, ...]:
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in drawable(part).split(" "):
            joined = f"{line} {word}" if line else word
            if text_width(joined, font, size) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            *whole, line = _pieces(word, font, size, width)
            lines += whole
        lines.append(line)
    return tuple(lines)


_short = lru_cache(maxsize=2048)(_broken)


def _pieces(word: str, font: str, size: float, width: float) -> list[str]:
    pieces, piece = [], ""
    for sign in word:
        if piece and text_width(piece + sign, font, size) > width:
            pieces.append(piece)
            piece = ""
        piece += sign
    return [*pieces, piece]

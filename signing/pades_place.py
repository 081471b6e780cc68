"""Where the visible mark goes: on the last page's signature line, else its lowest free place, else a page of its own.

A mark never covers what the signatory read. Letters of our own templates leave room above a ruled line, so their mark
stands in the room they keep for it; a letter from elsewhere whose last page is full gets one page more, which holds
nothing but the mark. That page is part of the signed revision, and the bytes shown stay the beginning of the file.
"""

from __future__ import annotations

import io
import re
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from documents.preview import page_png
from signing.letters import signature_boxes
from signing.pades_stamp import HEIGHT, WIDTH
from signing.report import Place

if TYPE_CHECKING:
    from PIL import Image

CELL = 4
"""Points a cell of the search grid is wide and high."""

MARGIN = 24
_CORNER = 12  # the marks at the corners of a room lie in so many points from its edge
_PAPER = 245  # darker than this is ink
_RULE = re.compile(rb"[\x00-\xd0]{100,}")  # at a point a pixel: a line of at least 100 points
_SMALLEST = 0.75


def free_place(stream: BinaryIO, *, page: int, size: tuple[float, float]) -> Place | None:
    """A place of a page where the mark covers nothing; ``None`` without one.

    First choice is the room that a letter of ours keeps for it, as long as it is empty; then right above the lowest
    ruled line with room over it, then the lowest room, as left as the text.

    Args:
        stream: the PDF.
        page: from 0.
        size: the page's width and height in points.

    Raises:
        Refuse: the page cannot be drawn.
    """
    from PIL import Image  # noqa: PLC0415 - only needed when something is signed

    columns, rows = int(size[0] // CELL), int(size[1] // CELL)
    drawn = Image.open(io.BytesIO(page_png(stream, page + 1, columns * CELL))).convert("L")
    picture = drawn.resize((columns * CELL, rows * CELL))
    sums = _sums(ink := _ink(picture, columns, rows), columns)
    kept = _kept(stream, sums, page, size[1])
    if kept is not None:
        return kept
    for scale in (1.0, _SMALLEST):
        wide, high = -(-int(WIDTH * scale) // CELL), -(-int(HEIGHT * scale) // CELL)
        found = _on_a_line(picture, sums, wide, high) or _lowest(ink, sums, wide, high)
        if found is not None:
            column, row = found
            bottom = size[1] - (row * CELL + HEIGHT * scale)
            return Place(page, float(column * CELL), bottom, WIDTH * scale, HEIGHT * scale)
    return None


def _kept(stream: BinaryIO, sums: list[list[int]], page: int, tall: float) -> Place | None:
    """The room that the letter itself keeps (`signing.letters`), where nothing but its corner marks is in it."""
    stream.seek(0)
    for box in signature_boxes(stream.read()):
        if box.page != page + 1:
            continue
        scale = min(box.width / WIDTH, box.height / HEIGHT, 1.0)
        upright = _empty(
            sums, box.x + _CORNER, tall - box.y - box.height, box.width - 2 * _CORNER, box.height
        )
        across = _empty(sums, box.x, tall - box.y - box.height + _CORNER, box.width, box.height - 2 * _CORNER)
        if scale >= _SMALLEST and upright and across:
            return Place(page, box.x, box.y, WIDTH * scale, HEIGHT * scale)
    return None


def _empty(sums: list[list[int]], left: float, top: float, width: float, height: float) -> bool:
    """Whether a rectangle of the page (points, from the top) lies on it and holds no ink."""
    column, row = -int(-left // CELL), -int(-top // CELL)
    wide, high = int((left + width) // CELL) - column, int((top + height) // CELL) - row
    inside = column >= 0 and row >= 0 and column + wide < len(sums[0]) and row + high < len(sums)
    return inside and not _count(sums, column, row, wide, high)


def _ink(picture: Image.Image, columns: int, rows: int) -> list[list[int]]:
    """Whether each cell holds ink, row by row from the top."""
    from PIL import Image, ImageFilter  # noqa: PLC0415 - as above

    darkest = picture.filter(ImageFilter.MinFilter(CELL + 1))
    cells = darkest.resize((columns, rows), Image.Resampling.NEAREST).tobytes()
    return [[int(cells[row * columns + column] < _PAPER) for column in range(columns)] for row in range(rows)]


def _on_a_line(picture: Image.Image, sums: list[list[int]], wide: int, high: int) -> tuple[int, int] | None:
    """Column and row of a free block that stands on the middle of a ruled line, the lowest such line.

    No text has a hundred dark points in a row; rules that separate header and footer seldom have room above them.
    """
    edge, columns = MARGIN // CELL, len(sums[0]) - 1
    pixels, width = picture.tobytes(), picture.width
    for line in range(picture.height - 1, 0, -1):
        run = max(_RULE.findall(pixels, line * width, (line + 1) * width), key=len, default=b"")
        if not run or len(run) > width * 0.6:
            continue
        middle = (pixels.index(run, line * width) - line * width + len(run) // 2) // CELL
        column = min(max(middle - wide // 2, edge), columns - edge - wide)
        row = line // CELL - 1 - high
        if row >= edge and not _count(sums, column, row, wide, high):
            return column, row
    return None


def _lowest(ink: list[list[int]], sums: list[list[int]], wide: int, high: int) -> tuple[int, int] | None:
    """Column and row (from the top) of the lowest free block, the leftmost not left of the text."""
    edge, columns, rows = MARGIN // CELL, len(ink[0]), len(ink)
    inked = [column for row in ink for column, dark in enumerate(row) if dark]
    text_left = min(inked) if inked else 2 * edge
    starts = sorted(range(edge, columns - edge - wide + 1), key=lambda column: (column < text_left, column))
    for row in range(rows - edge - high, edge - 1, -1):
        for column in starts:
            if not _count(sums, column, row, wide, high):
                return column, row
    return None


def _sums(ink: list[list[int]], columns: int) -> list[list[int]]:
    """How much ink lies above and left of each corner."""
    sums = [[0] * (columns + 1)]
    for row in ink:
        along = [0, *accumulate(row)]
        sums.append([above + here for above, here in zip(sums[-1], along, strict=True)])
    return sums


def _count(sums: list[list[int]], column: int, row: int, wide: int, high: int) -> int:
    low, right = row + high, column + wide
    return sums[low][right] - sums[row][right] - sums[low][column] + sums[row][column]

"""What can be read off a letter that comes back: codes printed on it, its pages, and every revision it has grown by.

For a scan that is the QR of its pages, whatever the angle; for a PDF signed elsewhere the digest of the file as it was
before each increment, by which it is recognised byte for byte. Whose hand signed is for a person to say.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pypdfium2  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from documents import images
from documents.limits import DEFAULT_LIMITS, Limits
from documents.names import safe_name, split_extension
from documents.preview import page_png
from documents.reading import clean
from documents.refusals import FileRefused, Refuse, hostile
from documents.sniffing import Kind, identify
from evidence.canonical import Json

READ_PAGES = 6
"""A letter's first pages; more are counted, not looked at."""

_WIDTHS = (1_700, 2_400)  # 200 dots an inch of a letter page, then more for a small code
_MOST_SIDE = 3_400
_MOST_CODES = 20
_MOST_REVISIONS = 20
_END = b"%%EOF"


@dataclass(frozen=True, slots=True)
class Paper:
    """What a file says of itself.

    ``pages`` in all; ``codes`` are page (from 1) and text of each QR; ``revisions`` size and hex SHA-256 of the file up
    to each end mark but the last. ``looked_at`` is how many pages were searched for codes.
    """

    pages: int
    looked_at: int
    codes: tuple[tuple[int, str], ...]
    revisions: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Json]:
        """For a payload."""
        return {
            "pages": self.pages,
            "looked_at": self.looked_at,
            "codes": [{"page": page, "text": text} for page, text in self.codes],
            "revisions": [{"size": size, "sha256": digest} for size, digest in self.revisions],
        }


def read_paper(stream: BinaryIO, *, name: str, limits: Limits = DEFAULT_LIMITS, look: bool = True) -> Paper:
    """Read a PDF or a picture of a page; without ``look`` no code is searched. Leaves the stream at its start.

    Raises:
        FileRefused: neither of both, or unreadable.
    """
    safe = safe_name(name)
    try:
        kind = identify(stream, split_extension(safe)[1])
        with hostile(kind.family):
            return _read(stream, kind, limits, READ_PAGES if look else 0)
    except Refuse as refusal:
        raise FileRefused(refusal.code, safe, refusal.fields) from refusal
    finally:
        stream.seek(0)


def _read(stream: BinaryIO, kind: Kind, limits: Limits, most: int) -> Paper:
    if kind.family == "image":
        images.dimensions(stream, kind, limits)
        if not most:
            return Paper(1, 0, (), ())
        picture = images.upright(images.open_image(stream, kind)).convert("L")
        picture.thumbnail((_MOST_SIDE, _MOST_SIDE))
        return Paper(1, 1, tuple((1, text) for text in _codes(picture)), ())
    if kind.family != "pdf":
        raise Refuse("type_not_allowed", found=kind.extension or "unknown")
    pages = _count(stream)
    looked_at = min(pages, most)
    found = [(number, text) for number in range(1, looked_at + 1) for text in _codes_of_page(stream, number)]
    return Paper(pages, looked_at, tuple(found[:_MOST_CODES]), tuple(_revisions(stream)))


def _count(stream: BinaryIO) -> int:
    stream.seek(0)
    document = pypdfium2.PdfDocument(stream, autoclose=False)
    try:
        return len(document)
    finally:
        document.close()


def _codes_of_page(stream: BinaryIO, number: int) -> list[str]:
    for width in _WIDTHS:
        found = _codes(Image.open(io.BytesIO(page_png(stream, number, width))).convert("L"))
        if found:
            return found
    return []


def _codes(picture: Image.Image) -> list[str]:
    """QR codes as they are, else after stretching the contrast and doubling: faint and small ones of bad scans."""
    import zxingcpp  # noqa: PLC0415 - native, and only needed for letters that come back

    larger = (picture.width * 2, picture.height * 2) if picture.width < _WIDTHS[0] else picture.size
    attempts: tuple[Callable[[], Image.Image], ...] = (
        lambda: picture,
        lambda: ImageOps.autocontrast(picture.resize(larger), cutoff=2),
    )
    for attempt in attempts:
        read = zxingcpp.read_barcodes(attempt(), formats=zxingcpp.barcode_formats_from_str("QRCode"))
        found = [clean(code.text, 300) for code in read if code.text]
        if found:
            return list(dict.fromkeys(found))
    return []


def _revisions(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Where the file ended before each increment, with the digest up to there.

    A writer may or may not end the mark with a line, so each end is told in every way it can be meant.
    """
    stream.seek(0)
    content = stream.read()
    hasher, done, told = hashlib.sha256(), 0, 0
    at = content.find(_END)
    while at >= 0 and told < _MOST_REVISIONS:
        for end in _ends(content, at + len(_END)):
            if end < len(content):
                hasher.update(content[done:end])
                done = end
                told += 1
                yield end, hasher.hexdigest()
        at = content.find(_END, at + 1)


def _ends(content: bytes, mark: int) -> Iterator[int]:
    yield mark
    if content[mark : mark + 2] == b"\r\n":
        yield mark + 1
        yield mark + 2
    elif content[mark : mark + 1] in (b"\n", b"\r"):
        yield mark + 1

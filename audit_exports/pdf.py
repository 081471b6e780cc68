"""A small writer of PDF files that gives the same bytes everywhere (ISO 32000-1), on the standard library alone.

Why not a typesetter: the verifier makes the report and the cover sheets again and compares bytes, so neither a
library's version nor a machine's deflate or fonts may show in them. Streams are not compressed; the fonts are three of
the fourteen that every reader has (section 9.6.2.2), with their widths from Adobe's published metrics.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

from audit_exports.pdftags import Structure

WIDTH, HEIGHT = 612, 792
"""A letter-size page, in points; 0, 0 is its lower left corner."""

REGULAR, BOLD, MONO = "F1", "F2", "F3"
_NAMES = {REGULAR: "Helvetica", BOLD: "Helvetica-Bold", MONO: "Courier"}
_FIRST = 32
# Widths of the characters from space to tilde, in thousandths of the size.
_HELVETICA = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 "
    "278 556 500 722 500 500 500 334 260 334 584"
)
_HELVETICA_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 "
    "584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 "
    "333 611 556 778 556 556 500 389 280 389 584"
)
_WIDTHS = {
    REGULAR: tuple(map(int, _HELVETICA.split())),
    BOLD: tuple(map(int, _HELVETICA_BOLD.split())),
}
_OTHER = {"…": 1000, "–": 556, "—": 1000, "·": 278, "•": 350, "“": 333, "”": 333, "’": 222, "‘": 222,
          "«": 556, "»": 556, "º": 365, "ª": 370, "°": 400, "¿": 611, "¡": 333, "§": 556, "×": 584,
          "í": 278, "ì": 278, "î": 278, "ï": 278}  # fmt: skip
_SPECIAL = re.compile(r"[\\()]")
_MONO_WIDTH, _UNKNOWN_WIDTH = 600, 556
_REMEMBERED = 100

Colour = tuple[float, float, float]
INK: Colour = (0.08, 0.15, 0.17)
SOFT: Colour = (0.33, 0.40, 0.42)
BRAND: Colour = (0.043, 0.353, 0.369)
LINE: Colour = (0.80, 0.84, 0.83)
WASH: Colour = (0.93, 0.955, 0.95)
ALERT: Colour = (0.64, 0.125, 0.125)
WHITE: Colour = (1.0, 1.0, 1.0)


def drawable(text: str) -> str:
    """Text in the signs the fonts have (Windows-1252): other letters lose their marks, other signs become ``?``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_drawn, unicodedata.normalize("NFC", text)))


def text_width(text: str, font: str, size: float) -> float:
    """How wide drawable text is, in points."""
    if font == MONO:
        return len(text) * _MONO_WIDTH * size / 1000
    known = _table(font)
    return sum(map(known.__getitem__, text)) * size / 1000


@dataclass(frozen=True, slots=True)
class Meta:
    """What a document says of itself; ``created`` is ledger time (RFC 3339, UTC)."""

    title: str
    subject: str
    created: str


class Canvas:
    """The drawing operations of one page."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, *, font: str, size: float, colour: Colour = INK) -> None:
        """One line whose baseline begins at ``x, y``; the text must be `drawable`."""
        shown = _short(text) if len(text) <= _REMEMBERED else _literal(text)
        self._parts.append(f"{_pen(x, font, size, colour)} {_number(y)} Td ({shown}) Tj ET")

    def cell(
        self, number: int, x: float, y: float, text: str, font: str, size: float, colour: Colour
    ) -> None:
        """`begin` of a table's cell, one line of `text`, `end`."""
        shown = _short(text) if len(text) <= _REMEMBERED else _literal(text)
        pen = _pen(x, font, size, colour)
        self._parts.append(f"/TD<</MCID {number}>>BDC\n{pen} {_number(y)} Td ({shown}) Tj ET\nEMC")

    def rule(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A `box` that decorates."""
        self._parts.append(f"/Artifact BMC\n{_boxed(colour, x, width, height) % _number(y)}\nEMC")

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle whose lower left corner is ``x, y``."""
        self._parts.append(_boxed(colour, x, width, height) % _number(y))

    def begin(self, tag: str, number: int) -> None:
        """What follows is marked content of a structure element, by its number on this page."""
        self._parts.append(f"/{tag}<</MCID {number}>>BDC")

    def artifact(self) -> None:
        """What follows decorates or repeats, and is not read aloud."""
        self._parts.append("/Artifact BMC")

    def end(self) -> None:
        """The end of what was begun."""
        self._parts.append("EMC")

    def stream(self) -> bytes:
        """The page's content."""
        return "\n".join(self._parts).encode("latin-1") + b"\n"


def document(meta: Meta, pages: list[Canvas], structure: Structure) -> bytes:
    """The whole file: fixed object numbers, a cross-reference table, nothing of the day or the machine."""
    first = 4 + len(_NAMES)
    tags = first + 2 * len(pages)
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(pages)))
    fonts = " ".join(f"/{code} {4 + n} 0 R" for n, code in enumerate(_NAMES))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang (es-MX) /ViewerPreferences << /DisplayDocTitle true >> "
        f"/MarkInfo << /Marked true >> /StructTreeRoot {tags} 0 R >>".encode(),
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        _info(meta),
        *(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
            for name in _NAMES.values()
        ),
    ]
    for number, page in enumerate(pages):
        content = page.stream()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources << /Font << {fonts} >> >> "
            f"/StructParents {number} /Tabs /S /Contents {first + 2 * number + 1} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%bendstream" % (len(content), content))
    objects += structure.objects(tags, [first + 2 * number for number in range(len(pages))])
    return _assemble(objects)


def _assemble(objects: list[bytes]) -> bytes:
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    written = [b"%d 0 obj\n%b\nendobj\n" % numbered for numbered in enumerate(objects, 1)]
    *places, _ = accumulate(map(len, written), initial=len(head))
    out = b"".join([head, *written])
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"%010d 00000 n \n" * len(places) % tuple(places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\n" % (len(objects) + 1)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def _info(meta: Meta) -> bytes:
    digits = "".join(sign for sign in meta.created[:19] if sign.isdigit())
    title, subject = _hex(meta.title), _hex(meta.subject)
    return (
        f"<< /Title {title} /Subject {subject} /Producer (Constancia) /CreationDate (D:{digits}Z) >>".encode()
    )


def _hex(text: str) -> str:
    """A text string as UTF-16 in hexadecimal (section 7.9.2.2)."""
    return "<FEFF" + text.encode("utf-16-be", "replace").hex().upper() + ">"


@cache
def _drawn(sign: str) -> str:
    if sign in "\t\r\n":
        return " "
    if _has(sign):
        return sign
    return "".join(part for part in unicodedata.normalize("NFKD", sign) if _has(part)) or "?"


def _has(sign: str) -> bool:
    try:
        return sign.encode("cp1252") >= b" " and sign.isprintable()
    except UnicodeEncodeError:
        return False


@cache
def _table(font: str) -> _Widths:
    """Width by sign; a letter with a mark is as wide as without it."""
    widths = {chr(_FIRST + place): width for place, width in enumerate(_WIDTHS[font])}
    for number in range(160, 256):
        sign = chr(number)
        widths[sign] = widths.get(unicodedata.normalize("NFD", sign)[0], _UNKNOWN_WIDTH)
    return _Widths(widths | _OTHER)


class _Widths(dict[str, int]):
    """Width by sign, that of a letter for signs the metrics do not have."""

    def __missing__(self, sign: str) -> int:
        return _UNKNOWN_WIDTH


def _literal(text: str) -> str:
    """Drawable text as it stands between the parentheses of a string."""
    written = text if text.isascii() else text.encode("cp1252", "replace").decode("latin-1")
    return _SPECIAL.sub(r"\\\g<0>", written)


_short = lru_cache(maxsize=2048)(_literal)


@lru_cache(maxsize=1024)
def _pen(x: float, font: str, size: float, colour: Colour) -> str:
    """How a line begins that is drawn from ``x`` on; most are drawn in a column of a table."""
    return f"BT /{font} {_number(size)} Tf {_paint(colour)} rg {_number(x)}"


@lru_cache(maxsize=1024)
def _boxed(colour: Colour, x: float, width: float, height: float) -> str:
    """A filled rectangle, with a place for its ``y``."""
    return f"{_paint(colour)} rg {_number(x)} %s {_number(width)} {_number(height)} re f"


@cache
def _paint(colour: Colour) -> str:
    return " ".join(map(_number, colour))


@lru_cache(maxsize=4096)
def _number(value: float) -> str:
    """At most two decimals, no exponent, no superfluous zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")

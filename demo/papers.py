"""Papers of everyday cases, made in a millisecond each: a one-page PDF, a small screenshot, a plain mail.

The longer stories have letters set by Typst and scans; a year of everyday work would take minutes that way. These are
as real to the readers of files (they open, they hold text, they differ from each other), only plainer.
"""

from __future__ import annotations

import io
import unicodedata
import zlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from demo.rendering import short_time

_WIDTH, _HEIGHT = 640, 300
_FACES = (
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSans-Regular.ttf",
    "Arial.ttf",
    "Helvetica.ttc",
)
_INKS = ("#0f5a4d", "#34406b", "#0b6b3a", "#6b3a0b", "#4a2c6b")


def shot(system: str, title: str, rows: Sequence[tuple[str, str]], moment: datetime, operator: str) -> bytes:
    """A screenshot: the window of a system with some lines, its operator and the machine's clock."""
    ink = _INKS[zlib.crc32(system.encode()) % len(_INKS)]
    window, palette = _window(system, ink)
    picture = window.copy()
    draw = ImageDraw.Draw(picture)
    title, operator = _printable(title), _printable(operator)
    draw.text((16, 44), title[:64], fill="#1a2325", font=_font(17))
    for place, (name, value) in enumerate(rows[:7]):
        draw.text((16, 80 + 24 * place), _printable(name)[:26], fill="#5a6467", font=_font(13))
        draw.text((200, 80 + 24 * place), _printable(value)[:56], fill="#1a2325", font=_font(13))
    draw.text((16, _HEIGHT - 26), f"{operator}  ·  {short_time(moment)}", fill="#465053", font=_font(12))
    buffer = io.BytesIO()
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


@cache
def _window(system: str, ink: str) -> tuple[Image.Image, Image.Image]:
    """The empty window of a system, and the few colours that pictures of it have."""
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), "#fffefa")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, _WIDTH, 30), fill=ink)
    draw.text((16, 7), f"{system} (simulado)", fill="#ffffff", font=_font(14))
    draw.line((0, _HEIGHT - 34, _WIDTH, _HEIGHT - 34), fill="#d8d3c5")
    written = picture.copy()
    ImageDraw.Draw(written).text((16, 44), "Muestra de letras 0123", fill="#1a2325", font=_font(17))
    return picture, written.quantize(16, method=Image.Quantize.FASTOCTREE)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The machine's sans serif where there is one, else the one Pillow brings, which has no accents."""
    for name in _FACES:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _printable(text: str) -> str:
    """Text as the face at hand can write it."""
    if isinstance(_font(13), ImageFont.FreeTypeFont) and _font(13).getname()[0] != "Aileron":  # type: ignore[union-attr]
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def letter(title: str, lines: Sequence[str], moment: datetime, *, signed: str = "") -> bytes:
    """A one-page PDF with a title and lines of text; ``signed`` adds a pen stroke that differs by it."""
    content = [b"BT /F1 16 Tf 64 720 Td (" + _text(title) + b") Tj ET"]
    place = 680
    for line in lines:
        content.append(f"BT /F1 11 Tf 64 {place} Td (".encode() + _text(line) + b") Tj ET")
        place -= 18
    foot = f"{short_time(moment)} · Documento de demostración"
    content.append(b"BT /F1 8 Tf 64 56 Td (" + _text(foot) + b") Tj ET")
    if signed:
        content.append(_stroke(signed))
    return _document(b"\n".join(content), moment)


def _text(text: str) -> bytes:
    """A literal string in WinAnsi."""
    plain = text.encode("cp1252", "replace")
    return plain.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _stroke(seed: str) -> bytes:
    """A signature above its line."""
    chance = zlib.crc32(seed.encode())
    points = [(chance >> (3 * n)) % 28 for n in range(9)]
    curves = [
        f"{80 + 20 * n} {150 + points[n]} {90 + 20 * n} {190 - points[n + 1]} {100 + 20 * n} {160 + points[n + 2]} c"
        for n in range(7)
    ]
    return (
        "0.1 0.1 0.35 RG 1.4 w 70 165 m " + " ".join(curves) + " S 0 G 0.5 w 64 148 m 260 148 l S"
    ).encode()


def _document(content: bytes, moment: datetime) -> bytes:
    stamp = moment.strftime("D:%Y%m%d%H%M%SZ").encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length " + str(len(content)).encode() + b" >>\nstream\n" + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /CreationDate (" + stamp + b") /Producer (Constancia, demo) >>",
    ]
    made, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(made)
    made += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for place in places:
        made += f"{place:010d} 00000 n \n".encode()
    made += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(made)

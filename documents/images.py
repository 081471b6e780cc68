"""Reading pictures: format, size in pixels, when taken. PNG, JPEG and WebP, nothing else of what Pillow can open.

The plugin classes are opened directly, so that no other decoder is reachable and so that the pixel limit is ours,
checked from the header before anything is decoded.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import BinaryIO

from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from documents.limits import Limits
from documents.reading import Reading, clean
from documents.refusals import Refuse
from documents.sniffing import Kind
from evidence.canonical import Json

_OPENERS: Mapping[str, Callable[[BinaryIO], ImageFile.ImageFile]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpg": JpegImagePlugin.JpegImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
}
_CHUNK = 64 * 1024
_TAKEN, _MAKE, _MODEL, _EXIF, _GPS = 36867, 271, 272, 34665, 34853
_MAX_SIDE = 65_500
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_TEM, _EOI = 0x01, 0xD9


def read(stream: BinaryIO, kind: Kind, limits: Limits) -> Reading:
    """Facts of a picture: ``format``, ``width``, ``height``, ``taken``, ``camera``, ``has_location``.

    The whole picture is decoded once (JPEG at an eighth of its size), so a truncated one is found out. The place where
    it was taken is not kept, only that the file tells it.

    Raises:
        Refuse: over_limit (pixels, frames), truncated, damaged.
    """
    trailing = _structure(stream, kind)
    width, height = dimensions(stream, kind, limits)
    image = open_image(stream, kind)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and kind.extension != "jpg":
        raise Refuse("over_limit", family="image", what="frames", found=int(frames), limit=1)
    facts = _exif(image)
    _decode(image)
    about: dict[str, Json] = {"format": kind.extension, "width": width, "height": height, **facts}
    return Reading(about, ("trailing_data",) if trailing else ())


def open_image(stream: BinaryIO, kind: Kind) -> ImageFile.ImageFile:
    """The opened, not yet decoded picture. Call `dimensions` before it: WebP allocates its canvas on opening."""
    stream.seek(0)
    return _OPENERS[kind.extension](stream)


def dimensions(stream: BinaryIO, kind: Kind, limits: Limits) -> tuple[int, int]:
    """Width and height from the header alone; refuses a picture over ``limits.pixels``."""
    stream.seek(0)
    width, height = _webp_size(stream.read(30)) if kind.extension == "webp" else open_image(stream, kind).size
    if width * height > limits.pixels or max(width, height) > _MAX_SIDE:
        raise Refuse("over_limit", family="image", what="pixels", found=width * height, limit=limits.pixels)
    return width, height


def _webp_size(head: bytes) -> tuple[int, int]:
    """Canvas of a WebP (RFC 9649): VP8X and VP8L hold sizes minus one, VP8 holds 14 bits of each."""
    form = head[12:16]
    if form == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    raise Refuse("damaged", family="image")


def _decode(image: ImageFile.ImageFile) -> None:
    image.draft("L", (max(1, image.width // 8), max(1, image.height // 8)))
    try:
        image.load()
    except OSError as error:
        if "truncated" in str(error) or "incomplete" in str(error):
            raise Refuse("truncated", family="image") from error
        raise


def _structure(stream: BinaryIO, kind: Kind) -> bool:
    """Whether bytes follow the end of the picture; refuses one whose end is missing."""
    if kind.extension == "png":
        return _png_chunks(stream)
    size = stream.seek(0, 2)
    if kind.extension == "webp":
        stream.seek(4)
        declared = int.from_bytes(stream.read(4), "little") + 8
        if declared > size:
            raise Refuse("truncated", family="image")
        return size > declared + 1
    stream.seek(0)
    end = _jpeg_end(stream.read())
    if end is None:
        raise Refuse("truncated", family="image")
    return size > end


def _jpeg_end(data: bytes) -> int | None:
    """Where the picture ends (ITU T.81, annex B): segments have lengths, scans go on to the next marker."""
    at = 2
    while found := _MARKER.search(data, at):
        at = found.end()
        marker = data[at - 1]
        if marker == _EOI:
            return at
        if marker != _TEM:
            at += int.from_bytes(data[at : at + 2], "big")
    return None


def _png_chunks(stream: BinaryIO) -> bool:
    """Walk the chunks, check every CRC (Pillow checks only those it uses), and find the end."""
    stream.seek(8)
    while True:
        header = stream.read(8)
        if len(header) < 8:
            raise Refuse("truncated", family="image")
        length, name = int.from_bytes(header[:4], "big"), header[4:]
        crc = zlib.crc32(name)
        while length > 0:
            piece = stream.read(min(length, _CHUNK))
            if not piece:
                raise Refuse("truncated", family="image")
            crc = zlib.crc32(piece, crc)
            length -= len(piece)
        stored = stream.read(4)
        if len(stored) < 4:
            raise Refuse("truncated", family="image")
        if int.from_bytes(stored, "big") != crc:
            raise Refuse("damaged", family="image")
        if name == b"IEND":
            return bool(stream.read(1))


def _exif(image: ImageFile.ImageFile) -> dict[str, Json]:
    """When and with what the picture was taken; unreadable EXIF is no reason to refuse a picture."""
    try:
        exif = image.getexif()
        inner = exif.get_ifd(_EXIF)
        taken = str(inner.get(_TAKEN, "")).strip("\0 ")
        camera = " ".join(str(exif.get(tag, "")).strip("\0 ") for tag in (_MAKE, _MODEL)).strip()
        located = bool(exif.get_ifd(_GPS))
    except Exception:  # noqa: BLE001 - Pillow raises nearly anything on hostile EXIF; the picture itself is judged apart
        return {"taken": "", "camera": "", "has_location": False}
    return {"taken": _taken(taken), "camera": clean(camera, 100), "has_location": located}


def _taken(text: str) -> str:
    """EXIF writes ``2026:11:03 10:15:00`` in local time without a zone; said the ISO way, or nothing."""
    date, _, time = text.partition(" ")
    parts = date.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts) or len(time) != 8:
        return ""
    return f"{'-'.join(parts)}T{clean(time, 8)}"


def upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF says and without any metadata."""
    from PIL import ImageOps  # noqa: PLC0415 - only previews need it

    turned = ImageOps.exif_transpose(image)
    bare = turned.convert("RGBA" if "A" in turned.getbands() or "transparency" in turned.info else "RGB")
    bare.info.clear()
    return bare

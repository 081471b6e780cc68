"""The visible mark of a signature: a page of its own size, drawn by typst, put on the document by pyHanko.

The mark is for people and proves nothing; the proof is the signature beneath it (see docs/formats/signature.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from evidence.canonical import Json
from evidence.words import digest_words
from signing.ports import DocumentUnfit, Stamp

if TYPE_CHECKING:
    import typst

WIDTH, HEIGHT = 276.0, 92.0
"""The mark's size in points."""

METHODS = {
    "N1": "N1 · enlace personal",
    "N2": "N2 · enlace y código por otra vía",
    "N3": "N3 · llave propia (passkey)",
    "N4": "N4 · e.firma",
}
"""How each level was reached, in the words that stand on paper. None of them is called «avanzada»: see the format."""

_SHEET = Path(__file__).resolve().parent.parent / "templates" / "stamps" / "signature.typ"
_PNG = b"\x89PNG\r\n\x1a\n"
_LONGEST = 60


@contextmanager
def drawn(stamp: Stamp, at: datetime, zone: ZoneInfo) -> Iterator[Path]:
    """The mark as a PDF of one page, gone afterwards; the same bytes for the same input.

    Raises:
        DocumentUnfit: ``picture_unreadable``, when the picture of the signature is not a PNG that can be drawn.
    """
    import typst  # noqa: PLC0415 - heavy, and only needed when something is signed

    with TemporaryDirectory(prefix="constancia-stamp-") as name:
        folder = Path(name)
        (folder / "signature.typ").write_bytes(_SHEET.read_bytes())
        if stamp.picture:
            if not stamp.picture.startswith(_PNG):
                raise DocumentUnfit("picture_unreadable")
            (folder / "picture.png").write_bytes(stamp.picture)
        try:
            made = typst.compile(
                folder / "signature.typ",
                root=folder,
                font_paths=_fonts(),
                sys_inputs={"data": json.dumps(_said(stamp, at, zone))},
                pdf_standards=["a-2b"],
                timestamp=int(at.timestamp()),
            )
        except typst.TypstError as error:
            if not stamp.picture:
                raise
            raise DocumentUnfit("picture_unreadable") from error
        assert isinstance(made, bytes)  # noqa: S101 - one output, so not a list of pages
        path = folder / "stamp.pdf"
        path.write_bytes(made)
        yield path


@cache
def _fonts() -> typst.Fonts:
    import typst  # noqa: PLC0415 - as above

    return typst.Fonts()


def _said(stamp: Stamp, at: datetime, zone: ZoneInfo) -> dict[str, Json]:
    moment = at.astimezone(zone)
    lines: list[Json] = [
        ["Folio", stamp.folio],
        ["Fecha", f"{moment:%d/%m/%Y %H:%M:%S} (UTC{moment:%z}), reloj del servidor"],
        ["Nivel", METHODS.get(stamp.level, stamp.level)],
        ["Palabras", " ".join(digest_words(stamp.digest))],
        ["Comprobar", stamp.check_url.removeprefix("https://").removeprefix("http://")],
    ]
    return {
        "title": "Firmado electrónicamente por",
        "name": _short(stamp.name),
        "post": _short(stamp.post),
        "acting_for": _short(f"Por ausencia de {stamp.acting_for}") if stamp.acting_for else "",
        "lines": [line for line in lines if isinstance(line, list) and line[1]],
        "digest": f"SHA-256 {stamp.digest[:32]}\n{stamp.digest[32:]}",
        "picture": bool(stamp.picture),
    }


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

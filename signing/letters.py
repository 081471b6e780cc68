"""Setting a letter: a template and data become a PDF that declares PDF/A-2b, the same bytes for the same input.

Data goes in as one JSON text and is never markup; nothing outside the templates' folder can be read; only the fonts
that the typesetter brings along are used, so that no machine's own fonts change a letter.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from documents import secrets_scan
from documents.refusals import hostile
from evidence.canonical import Json, canonical_bytes
from signing.letters_templates import Template, Templates
from workflows.commands import UsedTemplate
from workflows.errors import LetterUnfit

if TYPE_CHECKING:
    import typst

MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
LONGEST = 300
"""Characters of one value in a letter."""

_ROOM = re.compile(r"#firma-([1-9])\Z")
_MASK = 2
"""The pattern over a code's data. Every reader takes any of the eight; weighing them all was four fifths of the work of
making a code, and this one wins for seven of ten of our addresses."""

_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that no letter holds: controls, overrides of direction, private and unassigned ones."""


@dataclass(frozen=True, slots=True)
class SignatureBox:
    """A room kept free for a signature: the page (from 1), and its lower left corner and size in points.

    Counted from the page's lower left corner, as PDF counts.
    """

    page: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it is shown and sealed.

    ``sha256`` is that of ``pdf``; ``filled`` (hex SHA-256) that of the data but for its date: two letters of one case
    with the same ``filled`` say the same.
    """

    pdf: bytes
    name: str
    template: UsedTemplate
    filled: str

    @property
    def sha256(self) -> str:
        """Hex digest of the letter's bytes."""
        return hashlib.sha256(self.pdf).hexdigest()


@dataclass(frozen=True, slots=True)
class Content:
    """What a template is filled with: who it goes to, the table of facts, who signs, and what only it asks for."""

    addressee: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    signatory: tuple[str, str]
    more: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Whose letters they are. ``public_url`` (scheme and host, perhaps empty) is where anybody checks them.

    ``notice`` stands at the foot of every page; ``place`` before the date.
    """

    organisation: str
    office: str
    place: str = ""
    notice: str = ""
    public_url: str = ""


class Typesetter:
    """Sets letters; one for a process, since fonts are read once. Safe for threads."""

    def __init__(self, templates: Templates | None = None) -> None:
        self.templates = templates or Templates()
        self._lock = threading.Lock()
        self._shared: typst.Fonts | None = None

    def set(
        self, template: Template, head: Letterhead, content: Content, folio: str, day: datetime
    ) -> Letter:
        """Set a letter of a day, whose beginning (where the desk is) is the time the file states of itself.

        Raises:
            LetterUnfit: a value is too long, looks like a secret, or has characters that no letter can hold.
        """
        data = _checked(_filling(template, head, content, folio))
        filled = hashlib.sha256(canonical_bytes(data)).hexdigest()
        pdf = self._compiled(template, {**data, "date": long_day(day.date())}, day)
        return Letter(pdf, f"carta_{template.name}_{folio}.pdf", template.used, filled)

    def _compiled(self, template: Template, data: Mapping[str, Json], moment: datetime) -> bytes:
        import typst  # noqa: PLC0415 - half a second for every command that sets no letter

        folder = self.templates.folder
        try:
            made = typst.compile(
                folder / template.sheet,
                root=folder,
                font_paths=self.fonts(),
                sys_inputs={"data": json.dumps(data)},
                pdf_standards=["a-2b"],
                timestamp=int(moment.timestamp()),
            )
        except typst.TypstError as error:
            if "could not be displayed" in error.message:
                raise LetterUnfit(why="glyph", field="", value=_between(error.message)) from error
            raise
        if not isinstance(made, bytes):
            raise TypeError(f"{template.sheet} made {type(made).__name__}")
        return made

    def fonts(self) -> typst.Fonts:
        """Those that the typesetter brings along, read once."""
        import typst  # noqa: PLC0415 - as above

        with self._lock:
            if self._shared is None:
                self._shared = typst.Fonts(include_system_fonts=False)
            return self._shared


def signature_boxes(pdf: bytes) -> tuple[SignatureBox, ...]:
    """The rooms a letter keeps free for signatures, in their order; none in a PDF of another making.

    Each is the rectangle of a link whose address ends in ``#firma-`` and its number.

    Raises:
        documents.refusals.Refuse: the bytes are no PDF that can be read.
    """
    from pypdf import PdfReader  # noqa: PLC0415 - as above

    found: dict[int, SignatureBox] = {}
    with hostile("pdf"):
        for number, page in enumerate(PdfReader(io.BytesIO(pdf)).pages, 1):
            for item in page.annotations or ():
                annotation = item.get_object()
                action = annotation.get("/A", {}).get_object()
                match = _ROOM.search(str(action.get("/URI", "")))
                if match and annotation.get("/Subtype") == "/Link":
                    left, low, right, high = (float(value) for value in annotation["/Rect"])
                    found[int(match[1])] = SignatureBox(number, left, low, right - left, high - low)
    return tuple(found[key] for key in sorted(found))


def long_day(day: date) -> str:
    """«3 de noviembre de 2026»."""
    return f"{day.day} de {MONTHS[day.month - 1]} de {day.year}"


def _filling(template: Template, head: Letterhead, content: Content, folio: str) -> dict[str, Json]:
    address = f"{head.public_url}/verificar/{folio}" if head.public_url else ""
    host = head.public_url.partition("://")[2]
    facts: list[Json] = [[label, value] for label, value in content.facts]
    return {
        "organisation": head.organisation,
        "office": head.office,
        "place": head.place,
        "notice": head.notice,
        "folio": folio,
        "title": template.title.es,
        "addressee": list(content.addressee),
        "facts": facts,
        "signatory": {"name": content.signatory[0], "post": content.signatory[1]},
        "template": {"title": template.title.es, "version": template.version, "digest": template.digest},
        "check": {
            "address": address,
            "shown": [f"{host}/", f"verificar/{folio}"] if address else [],
            "said": address or folio,
            "qr": _qr(address or folio),
        },
        **content.more,
    }


def _qr(text: str) -> str:
    """A QR code as SVG: one path, a rectangle a run of dark modules."""
    import segno  # noqa: PLC0415 - as above

    rows = segno.make(text, error="m", micro=False, mask=_MASK).matrix
    runs = ((y, *run) for y, row in enumerate(rows) for run in _runs(row))
    path = "".join(f"M{x} {y}h{width}v1h-{width}z" for y, x, width in runs)
    size = len(rows)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{path}"/></svg>'


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where each run of dark modules begins, and how long it is."""
    start = 0
    for dark, modules in groupby(row):
        width = len(list(modules))
        if dark:
            yield start, width
        start += width


def _checked(data: dict[str, Json]) -> dict[str, Json]:
    """The data with every text in one line and fit for paper; the code's picture is our own."""
    return {name: value if name == "check" else _fit(value, name) for name, value in data.items()}


def _fit(value: Json, where: str) -> Json:
    if isinstance(value, list):
        label = str(value[0]) if where == "facts" and value and isinstance(value[0], str) else where
        return [_fit(item, label) for item in value]
    if isinstance(value, dict):
        return {name: _fit(item, name) for name, item in value.items()}
    return _line(value, where) if isinstance(value, str) else value


def _line(text: str, where: str) -> str:
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(line) > LONGEST:
        raise LetterUnfit(why="long", field=where, value=line[:40], limit=LONGEST)
    odd = next((c for c in line if unicodedata.category(c) in _UNWANTED), "")
    if odd:
        raise LetterUnfit(why="characters", field=where, value=f"U+{ord(odd):04X}")
    if secrets_scan.announces(line) or any(finding.blocks for finding in secrets_scan.scan(line)):
        raise LetterUnfit(why="secret", field=where, value="")
    return line


def _between(message: str) -> str:
    """The text that could not be shown, out of the typesetter's words."""
    found = re.search(r"`\"(.{1,40}?)\"`", message)
    return found[1] if found else ""

"""A derivative of a sealed file for the page: pictures by address, mails, tables and texts in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from documents.preview import Preview
from evidence.canonical import Json
from web.i18n import gettext as _
from web.views.lens import Lens, size_text

MOST_PAGES = 8
PREVIEW_WIDTH = 1100
"""Pixels of a drawn page or picture."""
_TALLEST = 960


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of a workbook."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of a file. ``trouble`` says why nothing can be shown; ``grave``: an integrity finding.

    ``twin`` is what a mail's HTML says where that is not what its plain text says.
    ``width`` and ``height`` are the room of a picture, kept free until it is drawn; 0 for pages: theirs is a sheet's.
    """

    form: str = ""
    pages: tuple[int, ...] = ()
    total: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    cut: bool = False
    twin: str = ""
    attachments: tuple[str, ...] = ()
    sheets: tuple[Table, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    trouble: str = ""
    advice: str = ""
    grave: bool = False
    width: int = 0
    height: int = 0

    @property
    def many(self) -> bool:
        """Whether there is more than one page."""
        return self.total > 1


def picture(about: Mapping[str, Json], media: str) -> Shown | None:
    """A file shown as pictures, known from what was read of it when it was sealed; ``None``: it is none."""
    if media.startswith("image/"):
        width, height = _room(about.get("width"), about.get("height"))
        return Shown("picture", (1,), 1, about=about_lines(about), width=width, height=height)
    if media == "application/pdf":
        pages = about.get("pages")
        total = pages if isinstance(pages, int) and pages > 0 else 1
        return Shown("picture", tuple(range(1, min(total, MOST_PAGES) + 1)), total, about=about_lines(about))
    return None


def _room(width: Json, height: Json) -> tuple[int, int]:
    """The size at which a picture is shown: as drawn for previews, and never taller than a screen or so."""
    if not isinstance(width, int) or not isinstance(height, int) or width < 1 or height < 1:
        return 0, 0
    scale = min(1.0, PREVIEW_WIDTH / width, _TALLEST / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def rendered(preview: Preview, about: Mapping[str, Json], lens: Lens) -> Shown:
    """A mail, table or text."""
    data = preview.data
    return Shown(
        form=preview.form,
        headers=tuple(_headers(data, lens)) if preview.form == "mail" else (),
        body=str(data.get("body", "")),
        cut=bool(data.get("cut")),
        twin=str(data.get("twin", "")),
        attachments=tuple(_attachments(about.get("attachments") or data.get("attachments"))),
        sheets=tuple(_sheets(data.get("sheets"))),
        about=() if preview.form == "mail" else about_lines(about),
    )


def _headers(data: Mapping[str, Json], lens: Lens) -> Iterator[tuple[str, str]]:
    names = (
        ("subject", _("Asunto")),
        ("from", _("De")),
        ("to", _("Para")),
        ("cc", _("Copia")),
        ("date", _("Fecha")),
        ("message_id", _("Identificador")),
    )
    for name, label in names:
        text = _moment(flat(data.get(name)), lens) if name == "date" else flat(data.get(name))
        if text:
            yield label, text


def _moment(text: str, lens: Lens) -> str:
    """A mail's date as dates are shown here; one that cannot be read stays as it was written."""
    try:
        return lens.moment(datetime.fromisoformat(text)).text
    except ValueError:
        return text


def flat(value: Json) -> str:
    """A value in one line: lists by commas, addresses as name and address."""
    if isinstance(value, list):
        return ", ".join(flat(item) for item in value)
    if isinstance(value, dict) and isinstance(value.get("count"), int):
        return str(value["count"])
    if isinstance(value, dict):
        name, address = str(value.get("name") or ""), str(value.get("address") or value.get("email") or "")
        return (
            f"{name} <{address}>"
            if name and address
            else name or address or ", ".join(f"{k}: {flat(v)}" for k, v in value.items())
        )
    if isinstance(value, bool):
        return _("sí") if value else _("no")
    return "" if value is None else str(value)


def _attachments(value: Json) -> Iterator[str]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            size = item.get("size")
            told = [
                str(item.get("name") or _("sin nombre")),
                size_text(size) if isinstance(size, int) else "",
            ]
            told += [_("por sí solo no se admitiría")] if item.get("refused") else []
            yield " · ".join(word for word in told if word)


def _sheets(value: Json) -> Iterator[Table]:
    for item in value if isinstance(value, list) else ():
        raw = item.get("rows") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(raw, list):
            rows = tuple(tuple(str(cell) for cell in row) for row in raw if isinstance(row, list))
            yield Table(str(item.get("name", "")), rows, bool(item.get("cut")))


def about_lines(about: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    """Facts read from a file when it was sealed, those that say something to people."""
    labels = {
        "pages": _("Páginas"),
        "width": _("Ancho en puntos"),
        "height": _("Alto en puntos"),
        "signatures": _("Firmas digitales dentro"),
        "title": _("Título"),
        "subject": _("Asunto"),
        "sheets": _("Hojas"),
        "rows": _("Renglones"),
        "encrypted": _("Cifrado"),
        "taken_at": _("Fecha de la imagen"),
    }
    return tuple(
        (labels[name], text) for name, value in about.items() if name in labels and (text := flat(value))
    )

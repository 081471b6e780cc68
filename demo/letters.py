"""Letters of the process, and the scans that come back signed."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from demo.people import Applicant
from demo.rendering import ZONE, long_date, pdf
from documents.preview import page_png
from evidence.canonical import Json
from signing.letters import Content, Letterhead, Typesetter
from workflows.commands import UsedTemplate

_HEAD = Letterhead(
    organisation="Dirección de Tecnología e Innovación",
    office="Mesa de Ayuda N1",
    place="Ciudad de México",
    notice="Documento de demostración. Los datos de las personas son ficticios.",
)
_METLIFE = {
    "ink": "#0b6b3a",
    "mark": "M",
    "house": "MetLife (simulado)",
    "office": "Administración de accesos",
    "sender": "Administración de accesos",
    "footer": "Documento de demostración. No fue emitido por MetLife.",
}
_METLIFE_DESK = ("MetLife", "Administración de accesos")
_SCAN_WIDTH = 960


@dataclass(frozen=True, slots=True)
class _Text:
    """What a letter says around its look."""

    title: str
    addressee: Sequence[str]
    before: Sequence[str]
    table: Sequence[tuple[str, str]]
    after: Sequence[str]
    signatures: Sequence[tuple[str, str]]


@cache
def _typesetter() -> Typesetter:
    return Typesetter()


def used(name: str) -> UsedTemplate:
    """The template of the house's letters of that name."""
    return _typesetter().templates.newest(name).used


def authorisation(who: Applicant, folio: str, moment: datetime, director: str) -> bytes:
    """The letter by which the director authorises an account (step 7)."""
    return _own("autorizacion", folio, moment, Content(_METLIFE_DESK, _facts(who), _director(director), {}))


def removal(who: Applicant, folio: str, moment: datetime, director: str) -> bytes:
    """The letter of a removal (step 28)."""
    return _own("baja", folio, moment, Content(_METLIFE_DESK, _facts(who), _director(director), {}))


def custody(who: Applicant, folio: str, moment: datetime) -> bytes:
    """The custody letter (step 22): user and applications and a promise; never a secret."""
    rows = (("Usuario", who.user_name), *_facts(who))
    signatory = (who.nombre, "Titular de la cuenta")
    return _own("custodia", folio, moment, Content((_HEAD.office,), rows, signatory, {}))


def _own(name: str, folio: str, moment: datetime, content: Content) -> bytes:
    """A letter on the templates that real desks use, dated by the story."""
    day = moment.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    setter = _typesetter()
    return setter.set(setter.templates.newest(name), _HEAD, content, folio, day).pdf


def _director(name: str) -> tuple[str, str]:
    return name, "Director General"


def dsn_letter(who: Applicant, dsn: str, moment: datetime) -> bytes:
    """MetLife's letter with the tracking number (step 16)."""
    return _letter(
        _METLIFE,
        dsn,
        moment,
        _Text(
            title="Acuse de solicitud de acceso",
            addressee=["Mesa de Ayuda N1", "Dirección de Tecnología e Innovación"],
            before=[
                "Se recibió la solicitud de acceso que se describe y se le asignó el número de seguimiento indicado."
            ],
            table=[
                ("DSN", dsn),
                ("Solicitante", who.nombre),
                ("RFC", who.rfc),
                ("Paquete", f"Paquete {who.paquete}"),
            ],
            after=["El trámite toma de 15 a 20 días. La confirmación se enviará por correo."],
            signatures=[("Administración de accesos", "Acuse automático")],
        ),
    )


def scan(letter: bytes, seed: str, moment: datetime, *, smudged: bool = False) -> bytes:
    """A letter printed, signed with a pen, and scanned: a PDF that holds one picture and no text.

    ``smudged`` makes the signature one that nobody could read.
    """
    chance = random.Random(seed)  # noqa: S311 - looks, not secrets
    page = Image.open(io.BytesIO(page_png(io.BytesIO(letter), 1, _SCAN_WIDTH))).convert("L")
    _sign(page, chance, smudged=smudged)
    tilted = page.rotate(chance.uniform(-0.7, 0.7), Image.Resampling.BICUBIC, fillcolor=255)
    paper = Image.new("L", tilted.size, chance.randint(241, 249))
    speckled = ImageChops.multiply(tilted, paper)
    draw = ImageDraw.Draw(speckled)
    for _ in range(90):
        x, y = chance.randrange(speckled.width), chance.randrange(speckled.height)
        draw.point((x, y), fill=chance.randint(120, 210))
    soft = speckled.filter(ImageFilter.GaussianBlur(0.6))
    buffer = io.BytesIO()
    stamp = moment.timetuple()
    soft.save(buffer, "PDF", resolution=113, quality=62, creationDate=stamp, modDate=stamp, title="Escaneo")
    return buffer.getvalue()


def _sign(page: Image.Image, chance: random.Random, *, smudged: bool) -> None:
    """A pen stroke over the first signature line (whose place the sheet fixes)."""
    draw = ImageDraw.Draw(page)
    left, base = page.width * 0.17, page.height * 0.862
    phase, height = chance.uniform(0, 6), chance.uniform(22, 38)
    points: list[tuple[float, float]] = []
    for step in range(240):
        t = step / 239
        swing = math.sin(t * chance.uniform(24.9, 25.1) + phase) * height * (1 - 0.6 * t)
        loop = math.sin(t * 61 + phase) * 7
        points.append((left + t * 210 + loop, base - 10 + swing - 18 * t))
    draw.line(points, fill=40, width=4, joint="curve")
    draw.line([(left - 12, base + 16), (left + 236, base - 2 - chance.uniform(0, 14))], fill=55, width=3)
    if smudged:
        box = (int(left - 30), int(base - 70), int(left + 260), int(base + 40))
        page.paste(page.crop(box).filter(ImageFilter.GaussianBlur(11)), box)


def _facts(who: Applicant) -> tuple[tuple[str, str], ...]:
    return (
        ("Nombre", who.nombre),
        ("RFC", who.rfc),
        ("Correo", who.correo),
        ("Zona", who.zona),
        ("Promotoría", who.promotoria or "Oficinas centrales"),
        ("Puesto", who.puesto),
        ("Aplicaciones de MetLife", f"Paquete {who.paquete}"),
    )


def _letter(look: dict[str, str], folio: str, moment: datetime, text: _Text) -> bytes:
    data: dict[str, Json] = {
        **look,
        "folio": folio,
        "title": text.title,
        "place": _HEAD.place,
        "date": long_date(moment),
        "addressee": list(text.addressee),
        "before": list(text.before),
        "table": [list(row) for row in text.table],
        "after": list(text.after),
        "signatures": [list(row) for row in text.signatures],
    }
    return pdf("letter.typ", data, moment)

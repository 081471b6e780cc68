"""Letters with invented data, for tests."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from signing.letters import Content, Letter, Letterhead, Typesetter

HEAD = Letterhead("Grupo Ñandú", "Mesa de Ayuda", "Ciudad de México", "", "https://constancia.example")
FOLIO = "MA-001-2026-000123"
DAY = datetime(2026, 11, 30, tzinfo=ZoneInfo("America/Mexico_City"))
FACTS = (("Nombre", "María Núñez"), ("RFC", "NUPM850101AB1"))
MORE = {"count": "850 usuarios", "application": "BeLife", "digest": "ab" * 32}
NAMES = ("autorizacion", "baja", "custodia", "responsiva")
TYPESETTER = Typesetter()


def content(
    facts: tuple[tuple[str, str], ...] = FACTS, signatory: str = "Jesús Quiriarte", **more: str
) -> Content:
    """What a letter is filled with."""
    return Content(("MetLife", "Accesos"), facts, (signatory, "Director General"), {**MORE, **more})


def letter(name: str = "autorizacion", filled: Content | None = None, head: Letterhead = HEAD) -> Letter:
    """A letter of a template in force."""
    return TYPESETTER.set(TYPESETTER.templates.newest(name), head, filled or content(), FOLIO, DAY)

"""Who answers for a zone at a moment: the holders of its post, the principal first; else the commercial manager."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workflows.catalogues import CatalogueVersion
from workflows.ports import Directory, Holder

FALLBACK_POST = "gerente_comercial"


@dataclass(frozen=True, slots=True)
class Answering:
    """The post that answers for a zone, and its holders; ``fallback``: the zone's own post has none."""

    post: str
    holders: tuple[Holder, ...]
    fallback: bool = False


def post_of_zone(zones: CatalogueVersion, zone: str) -> str:
    """The post of a zone: the one its item names, or ``asistente_`` and its code."""
    item = zones.item(zone)
    return (item.values.get("post", "") if item is not None else "") or f"asistente_{zone}"


def answering_for(zones: CatalogueVersion, zone: str, directory: Directory, moment: datetime) -> Answering:
    """Who answers for a zone at a moment; nobody at all gives no holders."""
    post = post_of_zone(zones, zone)
    holders = directory.holders(post, moment)
    if holders:
        return Answering(post, holders)
    return Answering(FALLBACK_POST, directory.holders(FALLBACK_POST, moment), fallback=True)

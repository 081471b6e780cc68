"""What a report is made from, for the page that hands it out and the command that writes it: the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from web.i18n import locale, zone
from web.views.lens import Lens
from web.views.monthly import Sources
from web.wiring import House


def report_sources(house: House) -> Sources:
    """The house's board and definitions, with lists' addresses below the installation's own."""
    base = house.settings.public_url.rstrip("/")

    def link(filters: Mapping[str, str]) -> str:
        return f"{base}/casos?{urlencode(filters)}"

    eyes = Lens(now=house.clock(), zone=zone(), locale=locale())
    return Sources(house.board, house.index, house.definitions.processes(), eyes, link)

"""A desk served on the very address that its mailed links lead to, and what every page behind a link must be."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.browser.conftest import _closing, _Quiet
from tests.fakes.installation import Installation
from tests.servers.processes import free_ports

PHONE = {"width": 360, "height": 740}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Room(Protocol):
    """One of `tests.fakes`' rooms."""

    @property
    def place(self) -> Installation:
        """The installation."""
        ...


Made = TypeVar("Made", bound=Room)


@contextmanager
def at_its_address(begin: Callable[[dict[str, str]], Made]) -> Iterator[Made]:
    """Begin a room with its public address, and serve it there, on a port that is known beforehand."""
    (port,) = free_ports(1)
    made = begin({"CONSTANCIA_PUBLIC_URL": f"http://127.0.0.1:{port}"})
    server = make_server("127.0.0.1", port, _closing(made.place.app), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
        made.place.close()


def sound(page: Page, name: str = "") -> None:
    """No violation of WCAG 2.2 AA, nothing wider than the window; a picture where ``CONSTANCIA_PICTURES`` says."""
    size = page.viewport_size
    assert size is not None
    if name and (folder := os.environ.get("CONSTANCIA_PICTURES")):
        page.screenshot(path=Path(folder) / f"{name}-{size['width']}.png", full_page=True)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

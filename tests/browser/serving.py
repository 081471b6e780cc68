"""The application at a loopback address, in this process; and what every page that a browser shows of it must be."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class _Quiet(WSGIRequestHandler):
    """A request handler that writes no access log."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - Werkzeug's name
        """Nothing: the tests look at the pages."""


def _closing(app: WSGIApplication) -> WSGIApplication:
    """Close every answer; Werkzeug's server forgets those whose reader is gone, gunicorn (in service) does not."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        answer = app(environ, start_response)
        try:
            yield from answer
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()

    return serve


@contextmanager
def serving(app: WSGIApplication, port: int = 0) -> Iterator[str]:
    """Serve until the end of the block, on a port that is known beforehand or any; gives scheme, host and port."""
    server = make_server("127.0.0.1", port, _closing(app), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


def sound(page: Page, name: str = "") -> None:
    """Nothing for axe, nothing wider than the window; a picture where ``CONSTANCIA_PICTURES`` names a folder."""
    size = page.viewport_size
    assert size is not None
    page.wait_for_load_state()  # what a link led to may be half read, and half a page has no landmarks
    if name and (folder := os.environ.get("CONSTANCIA_PICTURES")):
        page.screenshot(path=Path(folder) / f"{name}-{size['width']}.png", full_page=True)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name

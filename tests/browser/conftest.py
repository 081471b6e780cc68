"""The real application on a loopback port with its own data directory, and Chromium to look at it with."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from identity.accounts import Role
from tests.browser.papers import Papers
from tests.browser.people import Person
from tests.fakes.installation import Installation
from web.jobs import Steward

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_PATIENCE = 20_000  # milliseconds; only spent where something is wrong, or the machine is busy
_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


class Desk:
    """A running installation and its address."""

    def __init__(self, data: Path) -> None:
        self.place = Installation(data, {"CONSTANCIA_PUBLIC_REQUESTS": "true"})
        self.server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, _closing(self.place.app), threaded=True, request_handler=_Quiet
        )
        self.steward = Steward(self.place.house)
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def start(self) -> None:
        """Serve, and keep the house."""
        self._thread.start()
        self.steward.start()

    def stop(self) -> None:
        """End both and let go of the databases."""
        self.server.shutdown()
        self._thread.join(timeout=10)
        self.server.server_close()
        self.steward.stop()
        self.place.close()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A headless Chromium, under the one driver that a test process may have; skips where there is none."""
    path = next(
        (
            found
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    expect.set_options(timeout=_PATIENCE)
    browser = playwright.chromium.launch(executable_path=path, args=_ARGS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A fresh installation for the tests of one file."""
    made = Desk(tmp_path_factory.mktemp("desk") / "data")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """Files to bring."""
    return Papers(tmp_path / "papers")


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts that are closed afterwards; nothing moves in them, so that colours are judged at rest."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        settings = {
            "locale": "es-MX",
            "timezone_id": "America/Mexico_City",
            "viewport": {"width": 1280, "height": 900},
            "reduced_motion": "reduce",
        }
        context = chromium.new_context(**{**settings, **options})  # type: ignore[arg-type]  # passed through
        context.set_default_timeout(_PATIENCE)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def person(desk: Desk, new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., Person]]:
    """Makes signed-in people; at the end no page of theirs may have reported an error."""
    made: list[Person] = []

    def make(*roles: Role, email: str = "", name: str = "Laura Ortega Prado", **options: object) -> Person:
        user = desk.place.user(*roles, email=email, name=name)
        found = Person(new_context(**options), desk.address, user.email)
        made.append(found)
        return found

    yield make
    assert [error for one in made for error in one.errors] == []

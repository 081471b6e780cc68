"""The real application on a loopback port with its own data directory, and Chromium to look at it with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from identity.accounts import Role
from tests.browser.papers import Papers
from tests.browser.people import Person
from tests.browser.serving import serving
from tests.fakes.installation import Installation
from web.jobs import Steward

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


class Desk:
    """A running installation and its address."""

    def __init__(self, place: Installation, address: str) -> None:
        self.place = place
        self.address = address
        self.steward = Steward(place.house)


@contextmanager
def at_work(place: Installation, port: int = 0) -> Iterator[Desk]:
    """Serve an installation and keep its house until the end of the block; then it is closed."""
    try:
        with serving(place.app, port) as address:
            made = Desk(place, address)
            made.steward.start()
            try:
                yield made
            finally:
                made.steward.stop()
    finally:
        place.close()


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
    """A fresh installation for the tests of one file, served, with its steward at work."""
    place = Installation(tmp_path_factory.mktemp("desk") / "data", {"CONSTANCIA_PUBLIC_REQUESTS": "true"})
    with at_work(place) as made:
        yield made


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

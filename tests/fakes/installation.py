"""A real installation in a temporary directory, with passwords that cost tests little and a clock they may move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity.access import Granter
from identity.accounts import Role, User
from tests.fakes.homes import home
from tests.fakes.people import cheap_passwords
from web.app import create_app
from web.inception import initialise
from web.settings import Settings
from web.wiring import House

ORIGIN = "constancia.example/prueba"
UNHURRIED = {"CONSTANCIA_PAGE_RATE": "0", "CONSTANCIA_SESSIONS_EACH": "1000"}
"""Tests walk hundreds of pages as one person and from many browsers; `tests/web/test_web_pacing.py` has the limits."""
PASSWORD = "una frase larga y buena"


class MovingClock:
    """The present, moved by whatever the test adds."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


class Installation:
    """Settings, house, application and people of one installation."""

    def __init__(self, data: Path, env: Mapping[str, str] | None = None) -> None:
        self.env = {
            "CONSTANCIA_DATA": str(data),
            "CONSTANCIA_OCR": "no",
            **UNHURRIED,
            **home().env(data),
            **(env or {}),
        }
        self.clock = MovingClock()
        bare = Settings.from_env(self.env)
        self.house = initialise(bare, ORIGIN, self.env, "prueba", self._make)
        self.settings = self.house.settings
        self.app = self.make_app()

    def _make(self, settings: Settings) -> House:
        return House(settings, clock=self.clock, passwords=cheap_passwords())

    def make_app(self) -> Flask:
        """Another application on the same house."""
        app = create_app(self.settings, self.house)
        app.testing = False
        return app

    def user(self, *roles: Role, email: str = "", name: str = "Ana Ñuñez") -> User:
        """An account with those roles (an especialista if none), made once."""
        wanted = roles or (Role.ESPECIALISTA,)
        email = email or f"{wanted[0]}@desk.example"
        found = self.house.accounts.by_email(email, self.clock())
        if found is not None:
            return found.user
        by = Granter(via="console", os_user="prueba")
        return self.house.access.add_user(email=email, name=name, roles=wanted, password=PASSWORD, by=by)

    def client(self, *roles: Role, email: str = "") -> Browser:
        """A signed-in browser of an account with those roles."""
        user = self.user(*roles, email=email)
        browser = self.stranger()
        answer = browser.post_form("/entrar", {"email": user.email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return browser

    def stranger(self) -> Browser:
        """A browser nobody has signed in with."""
        return Browser(self.app.test_client())

    def close(self) -> None:
        """Let go of the databases."""
        self.house.close()


class Browser:
    """A test client that brings form tokens along as the pages do."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def token(self) -> str:
        """A form token of this session."""
        return str(self.client.get("/sesion").get_json()["csrf_token"])

    def get(self, path: str, **more: object) -> TestResponse:
        """GET as a page."""
        return self.client.get(path, **more)

    def get_json(self, path: str) -> TestResponse:
        """GET as a script."""
        return self.client.get(path, headers={"Accept": "application/json"})

    def post_form(self, path: str, data: Mapping[str, str] | None = None) -> TestResponse:
        """POST a form with its token."""
        return self.client.post(path, data={**(data or {}), "csrf_token": self.token()})

    def send(self, method: str, path: str, **more: object) -> TestResponse:
        """Any method as the pages' script sends it."""
        headers = {"Accept": "application/json", "X-CSRFToken": self.token()}
        return self.client.open(path, method=method, headers=headers, **more)  # type: ignore[arg-type]  # passed through

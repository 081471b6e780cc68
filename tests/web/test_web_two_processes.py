"""Two server processes on one database: what is counted, shut, opened or ended in one is so in the other."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from identity.throttle import ACCOUNT_LIMIT
from tests.fakes.installation import PASSWORD, Installation
from tests.servers.processes import die_with_parent, free_ports, stop, wait_until

ROOT = Path(__file__).resolve().parents[2]


class Caller:
    """A browser of one person at one of the processes; its cookie may be taken to the other."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port, self.cookie = port, cookie

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, object]]:
        """Status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Accept": "application/json", "Cookie": self.cookie}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = connection.getresponse()
        body = answer.read()
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                self.cookie = value.partition(";")[0]
        connection.close()
        return answer.status, json.loads(body) if body.startswith(b"{") else {}

    def post(self, path: str, form: dict[str, str]) -> int:
        """A form with its token; the status."""
        token = str(self.ask("GET", "/sesion")[1]["csrf_token"])
        return self.ask("POST", path, {**form, "csrf_token": token})[0]

    def enter(self, email: str, password: str) -> int:
        """The login's status."""
        return self.post("/entrar", {"email": email, "password": password})

    def inside(self) -> bool:
        """Whether this process knows the session."""
        return bool(self.ask("GET", "/sesion")[1]["signed_in"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The installation that both serve."""
    made = Installation(tmp_path_factory.mktemp("two") / "data")
    yield made
    made.close()


@pytest.fixture(scope="module")
def ports(place: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    """Two servers, each a process of its own with workers of its own."""
    found, logs = free_ports(2), tmp_path_factory.mktemp("logs")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
    environment |= {"CONSTANCIA_DATA": str(place.settings.data)}
    running = []
    for port in found:
        log = logs / f"{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "flask",
                    "serve",
                    "--port",
                    str(port),
                    "--workers",
                    "1",
                    "--threads",
                    "4",
                ],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
            )
        running.append(process)
        wait_until(lambda port=port: _lives(port), process, log, 90)  # type: ignore[misc]  # bound at once
    yield found
    for process in running:
        stop(process, signal.SIGTERM)


def _lives(port: int) -> bool:
    try:
        return Caller(port).ask("GET", "/healthz")[0] == 200
    except OSError:
        return False


def test_guesses_in_both_are_counted_as_one(place: Installation, ports: list[int]) -> None:
    """Guessed at both at once, so many as are free are judged, and the door is then shut in both, to the owner too."""
    user = place.user(email="guessed@desk.example")
    tries = ACCOUNT_LIMIT.free + 6

    def guess(number: int) -> int:
        return Caller(ports[number % 2]).enter(user.email, f"no es la contraseña {number}")

    with ThreadPoolExecutor(4) as crowd:
        answers = sorted(crowd.map(guess, range(tries)))
    assert answers == [401] * ACCOUNT_LIMIT.free + [429] * 6
    assert [Caller(port).enter(user.email, PASSWORD) for port in ports] == [429, 429]


def test_a_session_of_one_is_known_and_ended_in_the_other(place: Installation, ports: list[int]) -> None:
    """Begun here, known there; ended there, unknown here."""
    user = place.user(email="walker@desk.example")
    here = Caller(ports[0])
    assert here.enter(user.email, PASSWORD) == 200
    there = Caller(ports[1], here.cookie)
    assert there.inside()
    assert there.post("/salir", {}) in {200, 303}
    assert not Caller(ports[0], here.cookie).inside()

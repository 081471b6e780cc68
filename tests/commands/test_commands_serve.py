"""The production server as a process: ready, signing by itself, and ending cleanly when told to."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.installation import Installation
from tests.servers.processes import die_with_parent, free_ports, wait_until

ROOT = Path(__file__).resolve().parents[2]


def ask(port: int, path: str, host: str = "") -> tuple[int, dict[str, Any]]:
    """GET as a script; status 0 while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Accept": "application/json"} | ({"Host": host} if host else {})
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except ConnectionError:
        return 0, {}
    finally:
        connection.close()


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within 20 seconds."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_is_ready_keeps_the_house_and_ends_when_told(tmp_path: Path, workers: str) -> None:
    """Entries recorded beside it are sequenced and signed by the steward; SIGTERM ends every process with code 0."""
    place = Installation(tmp_path / "data")
    (port,) = free_ports(1)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "flask",
                "serve",
                "--port",
                str(port),
                "--workers",
                workers,
                "--threads",
                "4",
            ],
            cwd=ROOT,
            env={**environment, "CONSTANCIA_DATA": str(place.settings.data)},
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
        )
    try:
        wait_until(lambda: ask(port, "/readyz")[0] == 200, process, log, 60)
        parts = ask(port, "/readyz")[1]["parts"]
        assert {"steward.publish", "steward.timers", "steward.cleaning", "steward.boards"} <= parts.keys()
        assert ask(port, "/", host="evil.example")[0] == 400
        place.user()
        assert eventually(lambda: not list(place.house.ledger.unsequenced()))
        size = place.house.ledger.tree_size()
        # The steward may have recorded something of its own meanwhile: what was there is signed, maybe more.
        assert eventually(lambda: (place.house.guard.last() or (0, b""))[0] >= size)
        assert ask(port, "/tareas/x")[0] == 401
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(40)
        place.close()
    assert ended == 0, log.read_text(errors="replace")[-2000:]
    assert ask(port, "/healthz")[0] == 0
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert any(line["route"] == "/tareas/<job_id>" for line in lines if line["event"] == "request")
    assert "Traceback" not in log.read_text()

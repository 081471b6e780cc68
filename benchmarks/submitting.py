"""Submitting a file over HTTP as the pages do, and putting big ones into S3, each by sixteen threads at once.

A submit is one POST of a signed-in session to a step of a ticket, its 10 KB screenshot in the form: session, token and
role are checked, the file is read in a confined process, staged, stored and synced, the entry sealed and committed. The
server is `flask serve` in a process of its own. The baseline writes, syncs and renames the same file.
"""

from __future__ import annotations

import http.cookiejar
import io
import itertools
import json
import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from minio import Minio
from PIL import Image

from benchmarks.material import noise
from benchmarks.measure import Figure, SectionUnavailable, compare, per_second
from benchmarks.tickets import BEGUN
from benchmarks.uploads import durable_write
from identity.accounts import Role
from storage.s3 import S3BlobStore
from tests.fakes.installation import PASSWORD, Installation
from tests.servers import seaweedfs
from tests.servers.processes import die_with_parent, free_ports, wait_until
from tests.workflows.desk import TICKET
from tests.workflows.samples import Samples
from web.wiring import House
from workflows.commands import Actor, OpenCase, RecordStep
from workflows.values import NO_SECRETS

THREADS = 16
EACH = 2
MIB = 1024 * 1024
_ROOT = Path(__file__).resolve().parents[1]
_NUMBERS = itertools.count()


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Submits a second, beside write + fsync + rename of the same file by as many threads."""
    place = Installation(scratch / "data")
    user = place.user(Role.ESPECIALISTA)
    (port,) = free_ports(1)
    plain = scratch / "plain"
    plain.mkdir()
    with server(place, port, scratch / "log"), ThreadPoolExecutor(THREADS) as pool:
        people = list(pool.map(lambda _n: Person(port, user.email), range(THREADS)))

        def submit() -> float:
            folios = [ticket(place.house, Actor(user.id, "especialista")) for _ in people]
            pictures = [[_picture() for _ in range(EACH)] for _ in people]
            work = list(zip(people, folios, pictures, strict=True))
            return per_second(
                THREADS * EACH, lambda: list(pool.map(lambda one: one[0].submit(one[1], one[2]), work))
            )

        def write() -> float:
            pictures = [_picture() for _ in range(THREADS * EACH)]
            return per_second(
                len(pictures),
                lambda: list(
                    pool.map(lambda data: durable_write(plain, str(next(_NUMBERS)), data), pictures)
                ),
            )

        yield compare(
            "upload_10k_http_16",
            submit,
            "write + fsync + rename + fsync of the folder, 16 threads",
            write,
            unit="files/s",
            rounds=rounds,
        )
    place.close()


def run_s3(_scratch: Path, rounds: int) -> Iterator[Figure]:
    """Files of 1 MiB a second into S3, beside the SDK's own put, sixteen threads each."""
    weed = seaweedfs.binary()
    if weed is None:
        raise SectionUnavailable("SeaweedFS is not installed (it is in requirements-dev.txt)")
    body = noise(MIB - 8)
    with seaweedfs.seaweedfs_server(weed) as server, ThreadPoolExecutor(THREADS) as pool:
        store = S3BlobStore(server.endpoint, server.access_key, server.secret_key, "ours", secure=False)
        client = Minio(
            server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
        )
        client.make_bucket("plain", object_lock=True)
        until = datetime.now(UTC) + timedelta(days=1)

        def ours(data: bytes) -> object:
            return store.put(io.BytesIO(data), media="application/pdf", retain_until=until)

        def bare(data: bytes) -> object:
            return client.put_object("plain", str(next(_NUMBERS)), io.BytesIO(data), len(data))

        def rate(put: Callable[[bytes], object]) -> float:
            files = [next(_NUMBERS).to_bytes(8, "big") + body for _ in range(THREADS * 2)]
            return per_second(len(files), lambda: list(pool.map(put, files)))

        yield compare(
            "upload_1m_s3_16",
            lambda: rate(ours),
            "Minio.put_object, 16 threads",
            lambda: rate(bare),
            unit="files/s",
            rounds=rounds,
        )
        store.close()


class Person:
    """A signed-in browser, a connection for each request."""

    def __init__(self, port: int, email: str) -> None:
        self._base = f"http://127.0.0.1:{port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._post("/entrar", {"email": email, "password": PASSWORD})

    def submit(self, folio: str, pictures: list[bytes]) -> None:
        """Seal each picture as evidence of a step."""
        for picture in pictures:
            self._post(
                f"/casos/{folio}/pasos/8", {f"d.{NO_SECRETS}": "si", "d.accion": "Se revisó."}, picture
            )

    def _post(self, path: str, fields: dict[str, str], picture: bytes = b"") -> None:
        with self._opener.open(f"{self._base}/sesion") as answer:
            token = json.load(answer)["csrf_token"]
        parts = [
            f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in {**fields, "csrf_token": token}.items()
        ]
        if picture:
            head = (
                '--limit\r\nContent-Disposition: form-data; name="file.captura"; filename="captura.png"\r\n'
            )
            parts.append(head.encode() + b"Content-Type: image/png\r\n\r\n" + picture + b"\r\n")
        kind = {"Content-Type": "multipart/form-data; boundary=limit"}
        asked = urllib.request.Request(  # noqa: S310 - loopback
            f"{self._base}{path}", b"".join([*parts, b"--limit--\r\n"]), kind, method="POST"
        )
        with self._opener.open(asked) as answer:
            answer.read()


def ticket(house: House, actor: Actor) -> str:
    """A ticket that waits for its step 8."""
    samples = Samples()
    opening = {**TICKET, "asunto": f"Ticket {next(_NUMBERS)}"}
    folio = house.cases.open_case(OpenCase("MA-006", actor, opening)).folio
    for code, choice in BEGUN:
        view = house.cases.view(folio)
        made = samples.step(view.definition, view.definition.by_step[code], choice, view.state.params)
        house.cases.record(RecordStep(folio, code, **{"actor": actor, **made}))  # type: ignore[arg-type]
    return folio


def _picture() -> bytes:
    """A screenshot of some 10 KB that nobody has seen before."""
    out = io.BytesIO()
    pixels = random.Random(next(_NUMBERS)).randbytes(58 * 58 * 3)  # noqa: S311 - no secret
    Image.frombytes("RGB", (58, 58), pixels).save(out, "PNG")
    return out.getvalue()


@contextmanager
def server(place: Installation, port: int, log: Path) -> Iterator[None]:
    """`flask serve` of an installation, until the end of the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
    command = [sys.executable, "-m", "flask", "serve", "--port", str(port), "--threads", str(THREADS + 6)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            env={**environment, **place.env},
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, before any thread
        )
    try:
        wait_until(lambda: _answers(port), process, log, 60)
        yield
    finally:
        process.terminate()
        process.wait(40)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"):
            return True
    except OSError:
        return False

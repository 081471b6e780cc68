"""Against the real server: who dawdles, and who says two things of where a message ends, while others are served."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.installation import Installation
from tests.servers.processes import die_with_parent, free_ports, wait_until

ROOT = Path(__file__).parents[2]
THREADS = 4
CROWD = 40
"""Ten for each thread."""
WAIT = 60.0
"""Seconds a test gives anybody before it says that they were not served."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and a path under which it has something large."""

    port: int
    large: str

    def say(self, said: bytes, receive: int = 0) -> socket.socket:
        """A connection that has said so much and goes on holding the line."""
        line = socket.socket()
        if receive:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        line.settimeout(WAIT)
        line.connect(("127.0.0.1", self.port))
        line.sendall(said)
        return line

    def answer(self, said: bytes) -> tuple[int, bytes]:
        """The status of the first answer, and everything that was answered until the server closed."""
        with closing(self.say(said)) as line:
            whole = _all(line)
        return (int(whole.split(b" ", 2)[1]) if whole.startswith(b"HTTP/1.1 ") else 0), whole

    def others(self) -> list[int]:
        """What other people get meanwhile: a page, a small form, a style sheet and the probe."""
        found = []
        for method, path, body in (
            ("GET", "/entrar", None),
            ("POST", "/entrar", "email=a%40b.mx&password=x"),
            ("GET", self.large, None),
            ("GET", "/healthz", None),
        ):
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)) as one:
                headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
                one.request(method, path, body, headers)
                answer = one.getresponse()
                answer.read()
                found.append(answer.status)
        return found


SERVED = [200, 400, 200, 200]
"""The form lacks its token: refused by us, and that is an answer."""


def _all(line: socket.socket) -> bytes:
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


LARGE = """
import os, sys
from web import app, server
from web.security import public
from web.settings import Settings

def made(*given, real=app.create_app):
    one = real(*given)
    view = public(lambda: (b"x" * 65536 for _ in range(1024)))
    one.add_url_rule("/grande", "grande", view)
    return one

app.create_app = made
server.serve(Settings.from_env(os.environ), "127.0.0.1", int(sys.argv[1]), 1, int(sys.argv[2]))
"""
"""The same server, with a page of 64 MiB beside the others."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One worker with few threads, as `flask serve` starts it."""
    (port,) = free_ports(1)
    command = ["-m", "flask", "serve", "--port", str(port), "--threads", str(THREADS)]
    yield from _serving(tmp_path_factory.mktemp("slow"), port, command)


@pytest.fixture
def with_much(tmp_path: Path) -> Iterator[Served]:
    """The same, with much to read."""
    (port,) = free_ports(1)
    yield from _serving(tmp_path, port, ["-c", LARGE, str(port), str(THREADS)])


def _serving(base: Path, port: int, command: list[str]) -> Iterator[Served]:
    place = Installation(base / "data")
    place.user()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA")}
    log = base / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**kept, "CONSTANCIA_DATA": str(place.settings.data)},
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
        )
    found = Served(port, _large())
    try:
        wait_until(lambda: _ready(found), process, log, 90)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        place.close()
    assert "Traceback" not in log.read_text(errors="replace"), log.read_text(errors="replace")[-3000:]


def _ready(served: Served) -> bool:
    try:
        return served.others() == SERVED
    except OSError:
        return False


def _large() -> str:
    static = ROOT / "web" / "static"
    largest = max(
        (path for path in static.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    return f"/static/{largest.relative_to(static)}"


def test_heads_that_never_end_hold_nobody_up_and_are_told_off(served: Served) -> None:
    """Ten for each thread; everybody else is served; theirs are answered with 408 and closed."""
    with ExitStack() as held:
        begun = [served.say(b"GET /entrar HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") for _ in range(CROWD)]
        for line in begun:
            held.enter_context(closing(line))
        assert served.others() == SERVED
        assert {_all(line).split(b"\r\n")[0] for line in begun} == {b"HTTP/1.1 408 Request Timeout"}


@pytest.mark.parametrize(
    ("length", "brought"),
    [(900, b"email="), (50_000_000, b"email="), (50_000_000, b"x" * 300_000)],
    ids=["a form", "an upload", "an upload that stops"],
)
def test_bodies_that_never_end_hold_nobody_up(served: Served, length: int, brought: bytes) -> None:
    """Small ones wait without a thread; of large ones never all threads wait."""
    said = f"POST /entrar HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n".encode()
    said += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + brought
    with ExitStack() as held:
        for _ in range(CROWD):
            held.enter_context(closing(_sent(served, said)))
        for _ in range(3):
            assert served.others() == SERVED


def test_chunks_that_never_end_hold_nobody_up(served: Served) -> None:
    """Bodies whose length nobody knows."""
    said = (
        b"POST /entrar HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nFF\r\nemail="
    )
    with ExitStack() as held:
        for _ in range(CROWD):
            held.enter_context(closing(_sent(served, said)))
        assert served.others() == SERVED


def test_who_does_not_read_holds_nobody_up(with_much: Served) -> None:
    """More is asked for than the machine keeps for a connection, and nothing of it is read; who reads gets all."""
    wanted = b"GET /grande HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with ExitStack() as held:
        for _ in range(CROWD):
            held.enter_context(closing(_sent(with_much, wanted, 4096)))
        for _ in range(3):
            assert with_much.others() == SERVED
        assert len(with_much.answer(wanted)[1]) > 64 * 1024 * 1024


def test_who_does_not_leave_holds_nobody_up(served: Served) -> None:
    """Answered, and told that the connection ends, they stay."""
    with ExitStack() as held:
        lines = [
            served.say(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            for _ in range(CROWD)
        ]
        for line in lines:
            held.enter_context(closing(line))
        assert served.others() == SERVED
        assert all(line.recv(4096).startswith(b"HTTP/1.1 200") for line in lines)


def test_more_connections_than_there_are_places_for_let_the_oldest_go(served: Served) -> None:
    """Six hundred that say nothing: the next one is served all the same."""
    with ExitStack() as held:
        for _ in range(600):
            held.enter_context(closing(served.say(b"")))
        assert served.others() == SERVED


def test_who_has_said_everything_may_close_that_half(served: Served) -> None:
    """A request, and the end of what is sent: it is answered."""
    with closing(
        served.say(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    ) as line:
        line.shutdown(socket.SHUT_WR)
        assert _all(line).startswith(b"HTTP/1.1 200")
    with closing(served.say(b"GET /healthz HTTP/1.1\r\nHost: loc")) as line:
        line.shutdown(socket.SHUT_WR)
        assert _all(line) == b""


HEAD = b"POST /entrar HTTP/1.1\r\nHost: localhost\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
CONFLICTS = {
    "length and chunks": HEAD
    + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "chunks and length": HEAD
    + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + SMUGGLED,
    "one length twice": HEAD + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "two lengths in one": HEAD + b"Content-Length: 0, 44\r\n\r\n" + SMUGGLED,
    "a length with a sign": HEAD + b"Content-Length: +0\r\n\r\n" + SMUGGLED,
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n" + SMUGGLED,
    "a length in hexadecimal": HEAD + b"Content-Length: 0x0\r\n\r\n" + SMUGGLED,
    "a length with an underscore": HEAD + b"Content-Length: 0_0\r\n\r\n" + SMUGGLED,
    "an unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked, then identity": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a coding with a tab": HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a folded line": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a folded field": HEAD + b"X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "lines that end in LF": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n" + SMUGGLED,
    "one line that ends in LF": HEAD + b"X-A: b\nContent-Length: 44\r\n\r\n" + SMUGGLED,
    "a bare CR": HEAD + b"X-A: b\rContent-Length: 44\r\n\r\n" + SMUGGLED,
    "a NUL": HEAD + b"X-A: b\x00\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "a name with a blank": HEAD + b"Content Length: 0\r\n\r\n" + SMUGGLED,
    "a line without a colon": HEAD + b"Content-Length\r\n\r\n" + SMUGGLED,
    "a version of its own": b"GET /healthz HTTP/3.7\r\nHost: localhost\r\n\r\n" + SMUGGLED,
    "no version": b"GET /healthz\r\nHost: localhost\r\n\r\n" + SMUGGLED,
    "a line too long": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n" + SMUGGLED,
    "a field too long": HEAD + b"X-A: " + b"a" * 20_000 + b"\r\n\r\n" + SMUGGLED,
    "too many fields": HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n" + SMUGGLED,
    "a head without end": HEAD + b"".join(b"X-%d: %b\r\n" % (n, b"a" * 4000) for n in range(40)),
}


@pytest.mark.parametrize("said", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_what_says_two_things_is_refused_and_the_connection_ends(served: Served, said: bytes) -> None:
    """One answer of the 400s; what follows in the same bytes is no request of its own."""
    status, whole = served.answer(said)
    assert status in {400, 408, 413, 414, 431, 501, 505}, whole[:300]
    assert whole.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("size", [b"G", b"-1", b"0x2", b"+2", b"2 2", b"", b"2_0", b"FFFFFFFFFFFFFFFFFFFF"])
def test_chunks_of_no_size_end_the_connection(served: Served, size: bytes) -> None:
    """The body cannot be read, and where the next request begins is not guessed."""
    said = HEAD + b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, whole = served.answer(said + size + b"\r\nab\r\n0\r\n\r\n" + SMUGGLED)
    assert status in {0, 400, 413}, whole[:300]
    assert whole.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize(
    ("line", "host"),
    [
        (b"GET http://evil.example/entrar HTTP/1.1", b"localhost"),
        (b"GET http://evil.example/entrar HTTP/1.1", b"evil.example"),
        (b"GET /entrar HTTP/1.1", b"evil.example"),
        (b"GET //evil.example/entrar HTTP/1.1", b"evil.example"),
        (b"CONNECT evil.example:443 HTTP/1.1", b"evil.example:443"),
        (b"GET /entrar HTTP/1.1", b"localhost\r\nHost: evil.example"),
    ],
)
def test_no_other_host_is_spoken_for(served: Served, line: bytes, host: bytes) -> None:
    """Whether it stands in the line, in the field or in both, it is in no answer, and no address leads to it."""
    status, whole = served.answer(line + b"\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert b"evil.example" not in whole
    assert status in {200, 308, 400, 404, 405}, whole[:300]
    assert served.others() == SERVED


def test_two_requests_in_one_breath_are_two_answers(served: Served) -> None:
    """Pipelined, the second in two pieces: both are answered, in order, on one connection."""
    first = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    second = b"GET /entrar HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with closing(served.say(first + second[:20])) as line:
        begun = line.recv(65536)
        line.sendall(second[20:])
        whole = begun + _all(line)
    assert [part[:3] for part in whole.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200"]


def _sent(served: Served, said: bytes, receive: int = 0) -> socket.socket:
    """As `Served.say`, of which the server may take as little as it likes."""
    line = served.say(b"", receive)
    line.setblocking(False)
    with suppress(OSError):
        line.send(said)
    return line

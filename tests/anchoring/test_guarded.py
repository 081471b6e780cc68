"""Requests go to public addresses over TLS, to the address that was looked at, or nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from anchoring.guarded import Forbidden, Guarded, is_public
from anchoring.transport import MAX_ANSWER_BYTES, Unreachable

INSIDE = """
127.0.0.1 127.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.127.255.255 0.0.0.0
255.255.255.255 224.0.0.1 192.0.2.1 198.18.0.1 240.0.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 2002:7f00:1::1
2001:0:1::1 2001:db8::1 nonsense
""".split()


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_public_is_known(address: str) -> None:
    """Private, local, shared, mapped, translated, reserved, multicast, documentation: none is public."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111"])
def test_what_is_public_is_known(address: str) -> None:
    """The Internet."""
    assert is_public(address)


@contextmanager
def answering(
    body: bytes = b"ok", *, drip: float = 0.0, status: int = 200, heads: int = 0
) -> Iterator[tuple[str, list[str]]]:
    """A server on loopback; gives its host:port, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path} {self.headers['Host']}")
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            try:
                for _ in range(heads):
                    self.send_header("X-Slow", "x")
                    self.flush_headers()
                    time.sleep(drip)
                self.end_headers()
                for start in range(0, len(body), 1 << 16 if not drip else 1):
                    self.wfile.write(body[start : start + (1 << 16 if not drip else 1)])
                    self.wfile.flush()
                    time.sleep(drip)
            except OSError:
                return  # the client had enough, as it should

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_host_inside_is_asked_only_if_the_operator_named_it() -> None:
    """Named by host and port; another port of the same host is not named."""
    with answering() as (host, asked):
        answer = Guarded(frozenset({host})).post(f"http://{host}/a?b=c", b"x", "text/plain")
        assert (answer.status, answer.media, answer.body) == (200, "text/plain", b"ok")
        assert asked == [f"POST /a?b=c {host}"]
        for guard in (Guarded(), Guarded(plain=True), Guarded(frozenset({"127.0.0.1:1"}), plain=True)):
            with pytest.raises(Forbidden):
                guard.get(f"http://{host}/")
        assert len(asked) == 1


def test_a_name_with_one_address_inside_is_not_spoken_to() -> None:
    """All that it resolves to must be public: the one that is used is not the resolver's to choose."""
    guard = Guarded(plain=True, look_up=lambda _host, _port: ["8.8.8.8", "10.0.0.7"])
    with pytest.raises(Forbidden):
        guard.get("http://split.example/")


def test_a_name_is_resolved_once_and_that_address_is_used() -> None:
    """A name that answers otherwise the second time is never asked a second time."""
    with answering() as (host, asked):
        port = int(host.rpartition(":")[2])
        found: list[str] = []

        def look_up(name: str, _port: int) -> list[str]:
            found.append(name)
            return ["127.0.0.1"] if len(found) == 1 else ["192.0.2.9"]

        guard = Guarded(frozenset({f"seal.example:{port}"}), look_up=look_up)
        assert guard.get(f"http://seal.example:{port}/").body == b"ok"
        assert found == ["seal.example"]
        assert asked == [f"GET / seal.example:{port}"]


def test_without_tls_nothing_is_sent_unless_asked_for() -> None:
    """Plain HTTP is for hosts that were named, and for data that is signed itself."""
    public = {"look_up": lambda _host, _port: ["192.0.2.1"]}
    for url in (
        "http://tsa.example/",
        "ftp://tsa.example/",
        "file:///etc/passwd",
        "https://",
        "https://u:p@x.example/",
    ):
        with pytest.raises(Forbidden):
            Guarded(**public).get(url)
    with pytest.raises(Forbidden):
        Guarded().get("https://x.example:99999/")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """Wherever it leads."""
    with answering(b"", status=302) as (host, asked):
        assert Guarded(frozenset({host})).get(f"http://{host}/").status == 302
        assert len(asked) == 1


def test_an_answer_has_a_size_and_a_time() -> None:
    """One byte too many, or a byte now and then, and nobody waits any longer."""
    with answering(b"x" * (MAX_ANSWER_BYTES + 1)) as (host, _), pytest.raises(Unreachable, match="more than"):
        Guarded(frozenset({host})).get(f"http://{host}/")
    for body, heads in ((b"x" * 50, 0), (b"ok", 200)):  # a body that drips, and a head
        with (
            answering(body, drip=0.05, heads=heads) as (host, _),
            pytest.raises(Unreachable, match="too long"),
        ):
            Guarded(frozenset({host}), deadline_seconds=1).get(f"http://{host}/")


def test_nobody_there_is_unreachable() -> None:
    """A name without address, a port without server."""
    with pytest.raises(Unreachable):
        Guarded(frozenset({"127.0.0.1:9"})).get("http://127.0.0.1:9/")
    with pytest.raises(Unreachable):
        Guarded(look_up=lambda _host, _port: []).get("https://nowhere.example/")

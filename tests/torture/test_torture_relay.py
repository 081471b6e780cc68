"""The relay in front of servers passes, resets, swallows and slows as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.servers.processes import free_ports
from torture.proxy import Mood, Relay


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay before a server that gives every piece back."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo() -> None:
        while True:
            try:
                near, _peer = server.accept()
            except OSError:
                return
            with near, suppress(ConnectionError):
                while piece := near.recv(65536):
                    near.sendall(piece)

    threading.Thread(target=echo, daemon=True).start()
    (port,) = free_ports(1)
    made = Relay(("127.0.0.1", server.getsockname()[1]), port, delay=0.01, rate=1_000_000)
    yield made
    made.close()
    server.close()


def _connected(relay: Relay) -> socket.socket:
    host, _, port = relay.address.partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def test_it_passes_bytes_through_and_slowly_too(relay: Relay) -> None:
    """What goes in comes back whole, in small pieces where it is slow."""
    for mood in (Mood.PASS, Mood.SLOW, Mood.THROTTLE):
        relay.mood = mood
        with _connected(relay) as near:
            near.sendall(b"x" * 9000)
            got = b""
            while len(got) < 9000:
                got += near.recv(65536)
        assert got == b"x" * 9000


def test_it_swallows_and_goes_on_with_what_comes_later(relay: Relay) -> None:
    """Nothing arrives while it swallows; the connection itself stays."""
    with _connected(relay) as near:
        near.sendall(b"a")
        assert near.recv(1) == b"a"
        relay.mood = Mood.SWALLOW
        near.sendall(b"b")
        near.settimeout(0.7)
        with pytest.raises(TimeoutError):
            near.recv(1)
        relay.mood = Mood.PASS
        near.settimeout(5)
        near.sendall(b"c")
        assert near.recv(1) == b"c"


def test_it_ends_an_answer_in_its_middle_and_still_takes_what_is_sent(relay: Relay) -> None:
    """Half of the echo comes, then its end; the other way stays open."""
    with _connected(relay) as near:
        relay.mood = Mood.HALF
        near.sendall(b"x" * 1000)
        got = b""
        while piece := near.recv(65536):
            got += piece
        assert got == b"x" * 500
        near.sendall(b"y")


def _talk(near: socket.socket) -> None:
    """Say something and wait for the echo, a hundred times: a connection that is gone is noticed on the way."""
    for _ in range(100):
        near.sendall(b"b")
        near.recv(1)


def test_it_resets_what_runs_and_what_comes(relay: Relay) -> None:
    """A connection under way is reset, and a new one as well."""
    with _connected(relay) as near:
        near.sendall(b"a")
        assert near.recv(1) == b"a"
        relay.mood = Mood.CUT
        with pytest.raises(ConnectionError):
            _talk(near)
    with pytest.raises(ConnectionError), _connected(relay) as late:
        _talk(late)

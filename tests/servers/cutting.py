"""A wire that breaks: passes bytes between a client and a server, and closes after so many of the server's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wire:
    """``after`` bytes of the server pass (``-1``: all); ``passed`` counts those of the connection under way."""

    port: int
    after: int = -1
    passed: int = 0
    stopped: bool = field(default=False)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to a port of loopback, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    wire = Wire(listener.getsockname()[1])
    thread = threading.Thread(target=_serve, args=(listener, wire, port), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.stopped = True
        thread.join(timeout=10)
        listener.close()


def _serve(listener: socket.socket, wire: Wire, port: int) -> None:
    while not wire.stopped:
        with suppress(TimeoutError):
            near, _address = listener.accept()
            wire.passed = 0
            far = socket.create_connection(("127.0.0.1", port))
            up = threading.Thread(target=_pass, args=(near, far, None), daemon=True)
            up.start()
            _pass(far, near, wire)
            up.join(timeout=10)
            near.close()
            far.close()


def _pass(source: socket.socket, target: socket.socket, wire: Wire | None) -> None:
    with suppress(OSError):
        while data := source.recv(4096):
            if wire is not None and wire.after >= 0:
                data = data[: max(0, wire.after - wire.passed)]
                wire.passed += len(data)
                if not data:
                    break
            elif wire is not None:
                wire.passed += len(data)
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

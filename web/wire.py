"""Connections that are waited for, and who is let go when too many threads wait at once.

A thread that sends to somebody who does not read, or reads from somebody who does not send, serves nobody else. So each
wait is counted: while fewer than half of a worker's threads wait, slow people have all the time there is; from there on
the slowest of those who move nearly nothing is let go, and from three quarters on the slowest, whoever it is.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Buffer

STALLED = 30.0
"""Seconds without one byte after which nobody is there any more."""
GRACE = 60.0
"""Seconds of waiting that everybody has in one request, besides a second for each KiB moved."""
NEARLY_NOTHING = 16 * 1024
"""Bytes a second below which somebody is let go first, once they have been waited for `PATIENT` seconds."""
PATIENT = 3.0


class Crowd:
    """The connections that threads of this process are waiting for. Any thread may call."""

    def __init__(self, threads: int) -> None:
        self._some, self._most = max(1, threads // 2), max(1, threads * 3 // 4)
        self._lock = threading.Lock()
        self._waiting: dict[Wire, None] = {}

    @contextlib.contextmanager
    def waiting(self, wire: Wire) -> Iterator[None]:
        """For as long as it is waited for; somebody may be let go for it, itself included."""
        with self._lock:
            self._waiting[wire] = None
            self._make_room()
        try:
            yield
        finally:
            with self._lock:
                self._waiting.pop(wire, None)

    def _make_room(self) -> None:
        if len(self._waiting) <= self._some:
            return
        slowest = min(self._waiting, key=Wire.pace)
        if len(self._waiting) > self._most or slowest.slow():
            del self._waiting[slowest]
            slowest.let_go()


class Wire(socket.socket):
    """A client's connection; blocking for whoever uses it, and never for longer than the crowd allows.

    A reader of a connection that was let go finds its end, a writer finds it reset: as where the client had gone.
    """

    def __init__(self, fileno: int, crowd: Crowd) -> None:
        super().__init__(fileno=fileno)
        super().setblocking(False)
        self._crowd = crowd
        self._timeout: float | None = None
        self._since = 0.0
        self._gone = False
        self.begin()

    def begin(self) -> None:
        """Another request: what it moves and is waited for is counted anew."""
        self._moved, self._waited = 0, 0.0

    def pace(self) -> float:
        """Bytes for each second of waiting, the present wait included."""
        return self._moved / (self._patience() + 0.1)

    def slow(self) -> bool:
        """Whether it moves nearly nothing, and that for a while."""
        return self._patience() > PATIENT and self.pace() < NEARLY_NOTHING

    def let_go(self) -> None:
        """End it from another thread; whoever waits for it wakes up."""
        self._gone = True
        with contextlib.suppress(OSError):
            super().shutdown(socket.SHUT_RDWR)

    def setblocking(self, flag: bool) -> None:
        """As of a socket; the one beneath never blocks."""
        self._timeout = None if flag else 0.0

    def settimeout(self, value: float | None) -> None:
        """As of a socket."""
        self._timeout = value

    def gettimeout(self) -> float | None:
        """As of a socket."""
        return self._timeout

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """As of a socket."""
        while True:
            try:
                data = super().recv(bufsize, flags)
            except BlockingIOError:
                if not self._wait(select.POLLIN):
                    return b""
            else:
                self._moved += len(data)
                return data

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        """As of a socket."""
        rest = memoryview(data).cast("B")
        while rest:
            try:
                sent = super().send(rest, flags)
            except BlockingIOError:
                if not self._wait(select.POLLOUT):
                    raise ConnectionResetError(errno.ECONNRESET, "the client does not read") from None
            else:
                self._moved += sent
                rest = rest[sent:]

    def send(self, data: Buffer, flags: int = 0) -> int:
        """As of a socket, and all of it."""
        self.sendall(data, flags)
        return memoryview(data).nbytes

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def _patience(self) -> float:
        return self._waited + (time.monotonic() - self._since if self._since else 0.0)

    def _wait(self, event: int) -> bool:
        """Until something can be moved; ``False``: there is nobody to wait for any more."""
        if self._timeout == 0.0:
            raise BlockingIOError(errno.EAGAIN, "not now")
        poller, self._since = select.poll(), time.monotonic()
        poller.register(self, event)
        left = GRACE + self._moved / 1024 - self._waited
        limit = min(STALLED, max(left, 0.0), STALLED if self._timeout is None else self._timeout)
        with self._crowd.waiting(self):
            ready = poller.poll(limit * 1000)
        self._waited, self._since = self._patience(), 0.0
        if not ready and self._timeout is not None and not self._gone:
            raise TimeoutError(errno.ETIMEDOUT, "nothing came")
        return bool(ready) and not self._gone


def wire_of(client: socket.socket, crowd: Crowd) -> Wire:
    """An accepted socket, taken over."""
    return Wire(client.detach(), crowd)


def goodbye(sock: Any, status: str) -> None:
    """An answer without words to who sent no request that could be served; nothing is waited for."""
    said = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    with contextlib.suppress(OSError):
        sock.sendall(said)

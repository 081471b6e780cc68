"""Gunicorn's worker with threads, of which none is given to a request before it has arrived.

Heads, and bodies of up to a MiB, are gathered by the loop that accepts: as many people may dawdle over them as there is
room for connections, and the one who has dawdled longest makes room for who comes. Larger bodies and all answers are
moved by threads, which `web.wire` keeps from waiting all at once. Leaving, too, is waited for by the loop alone.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]  # publishes no types

from web.wire import Crowd, goodbye, wire_of

HEAD_SECONDS = 10.0
"""How long a head may take to arrive, and a body besides what its size needs."""
BODY_PACE = 8 * 1024
"""Bytes a second at which a small body must arrive at least."""
MOST_HEAD = 64 * 1024
MOST_BODY = 1024 * 1024
"""What is gathered of a body before a thread sees it; larger ones are read by a thread as they come."""
MOST_GATHERED = 64 * 1024 * 1024
"""Bytes that all connections of a worker together may have brought without a thread."""
LEAVING_SECONDS = 2.0
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,10})[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_NOT_GATHERED = re.compile(rb"^(?:transfer-encoding|expect|upgrade)[ \t]*:", re.IGNORECASE | re.MULTILINE)


class Conn(TConn):  # type: ignore[misc]  # untyped base
    """A connection and what it has brought of its next request; ``need`` bytes are enough, 0: not known yet."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.arrived = bytearray()
        self.need = 0
        self.leaving = False

    def init(self) -> None:
        """Begin to parse with what has arrived. In a thread."""
        super().init()
        if self.arrived:
            self.parser.unreader.unread(bytes(self.arrived))
            self.arrived.clear()

    def judge(self) -> str:
        """``""`` while more must come, ``ready``, or the status it is turned away with."""
        if self.need:
            return "ready" if len(self.arrived) >= self.need else ""
        end, bare = self.arrived.find(b"\r\n\r\n"), self.arrived.find(b"\n\n")
        if end < 0 or 0 <= bare < end:
            if bare >= 0:
                return "400 Bad Request"  # lines that end otherwise than HTTP's
            return "431 Request Header Fields Too Large" if len(self.arrived) > MOST_HEAD else ""
        if end > MOST_HEAD:
            return "431 Request Header Fields Too Large"
        self.need = end + 4 + _gathered(bytes(self.arrived[: end + 2]))
        self.timeout = time.monotonic() + HEAD_SECONDS + self.need / BODY_PACE
        return "ready" if len(self.arrived) >= self.need else ""


def _gathered(head: bytes) -> int:
    """How much of a body is waited for: all of a small one whose length is said once and plainly, else nothing."""
    lengths = _LENGTH.findall(head)
    if len(lengths) != 1 or head.lower().count(b"content-length") != 1 or _NOT_GATHERED.search(head):
        return 0
    return int(lengths[0]) if int(lengths[0]) <= MOST_BODY else 0


class Worker(ThreadWorker):  # type: ignore[misc]  # untyped base
    """See the module. Everything here runs in the loop, `Conn.init` apart."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._crowd = Crowd(self.cfg.threads)
        self._outside: dict[Conn, None] = {}
        """Those no thread has, in the order in which they began to wait."""

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, and let one go where there is no more room."""
        try:
            client, address = listener.accept()
        except OSError:  # nobody there any more, or no descriptor left for them
            self._shed()
            return
        self.nr_conns += 1
        if self.nr_conns > self.worker_connections * 3 // 4:
            self._shed()
        self._gather(Conn(self.cfg, wire_of(client, self._crowd), address, listener.getsockname()))

    def finish_request(self, conn: Conn, fs: Any) -> None:
        """A thread is done with a connection: its next request is gathered, or its end is waited for."""
        try:
            again = bool(not fs.cancelled() and fs.result())
        except Exception:  # noqa: BLE001 - as the base: told where it happened, and the connection ends
            again = False
        if not again:
            self._leave(conn)
            return
        conn.arrived = bytearray(conn.parser.unreader.take_buffered())
        self._gather(conn)

    def murder_keepalived(self, force: bool = False) -> None:
        """End whose time is over."""
        now = time.monotonic()
        for conn in [one for one in self._outside if force or one.timeout <= now]:
            if conn.arrived and not conn.leaving and not force:
                goodbye(conn.sock, "408 Request Timeout")
            self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in self._outside:
            conn.timeout = min(conn.timeout, deadline)

    def _gather(self, conn: Conn) -> None:
        fresh = conn.parser is None or bool(conn.arrived)
        conn.need, conn.timeout = 0, time.monotonic() + (HEAD_SECONDS if fresh else self.cfg.keepalive)
        self._outside[conn] = None
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._came, conn))
        if not self._settled(conn):
            self._came(conn, conn.sock)

    def _came(self, conn: Conn, sock: socket.socket) -> None:
        try:
            data = sock.recv(64 * 1024)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or conn.leaving:
            self._left(conn, data)
            return
        if not conn.arrived:
            conn.timeout = time.monotonic() + HEAD_SECONDS
        conn.arrived += data
        if not self._settled(conn) and sum(len(one.arrived) for one in self._outside) > MOST_GATHERED:
            self._shed()

    def _settled(self, conn: Conn) -> bool:
        """Whether what has arrived is enough to hand it on, or to turn it away."""
        verdict = conn.judge() if conn.arrived else ""
        if verdict == "ready":
            self._forget(conn)
            conn.data_ready = True
            conn.sock.begin()
            self.enqueue_req(conn)
        elif verdict:
            goodbye(conn.sock, verdict)
            self._forget(conn)
            self._leave(conn)
        return bool(verdict)

    def _leave(self, conn: Conn) -> None:
        """Say that nothing more comes, and wait a moment for the other side to read it to the end (RFC 9112, 9.6)."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        conn.leaving, conn.timeout = True, time.monotonic() + LEAVING_SECONDS
        conn.arrived.clear()
        conn.need = 0
        self._outside[conn] = None
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._came, conn))

    def _left(self, conn: Conn, data: bytes) -> None:
        conn.need += len(data)
        if not data or conn.need > MOST_HEAD:
            self._drop(conn)

    def _shed(self) -> None:
        """Let go who has waited longest without bringing a request."""
        if self._outside:
            self._drop(next(iter(self._outside)))

    def _drop(self, conn: Conn) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: Conn) -> None:
        self._outside.pop(conn, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

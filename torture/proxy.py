"""A TCP relay on loopback that can be told to misbehave: cut, swallow, slow, throttle or half close what passes."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from enum import StrEnum

_PIECE = 64 * 1024
_HARD_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends a reset, as a machine does that lost the connection."""


class Mood(StrEnum):
    """How the relay treats what passes."""

    PASS = "pass"
    CUT = "cut"  # running connections are reset, new ones too
    SWALLOW = "swallow"  # bytes are taken and never delivered: the network of a pulled cable
    SLOW = "slow"  # every piece waits, and is small
    THROTTLE = "throttle"  # so many bytes a second and no more
    HALF = "half"  # an answer ends in its middle: that side is closed, the other stays open


class Relay:
    """Listens on ``port`` of loopback and forwards to ``target``; `mood` may be set at any moment.

    ``delay`` is what every piece waits where it is slow, ``rate`` the bytes a second of a throttled connection.
    """

    def __init__(
        self, target: tuple[str, int], port: int, *, delay: float = 0.5, rate: int = 16 * 1024
    ) -> None:
        self._target = target
        self._delay = delay
        self._rate = rate
        self.mood = Mood.PASS
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._listener.settimeout(0.2)
        self.address = f"127.0.0.1:{port}"
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    def close(self) -> None:
        """Stop; running connections end within a second."""
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                near, _peer = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self.mood is Mood.CUT:
                _reset(near)
            else:
                threading.Thread(target=self._relay, args=(near,), name="relayed", daemon=True).start()

    def _relay(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, timeout=5)
        except OSError:
            _reset(near)
            return
        other = {near: far, far: near}
        with selectors.DefaultSelector() as waiting:
            for side in other:
                waiting.register(side, selectors.EVENT_READ)
            with contextlib.suppress(OSError):
                self._pump(waiting, other, near)
        for side in other:
            _reset(side) if self.mood is Mood.CUT else side.close()

    def _pump(
        self,
        waiting: selectors.DefaultSelector,
        other: dict[socket.socket, socket.socket],
        near: socket.socket,
    ) -> None:
        while not self._closed.is_set() and self.mood is not Mood.CUT:
            for key, _events in waiting.select(0.2):
                side = key.fileobj
                assert isinstance(side, socket.socket)
                piece = side.recv(4096 if self.mood in {Mood.SLOW, Mood.THROTTLE} else _PIECE)
                if not piece:
                    return
                self._pass(piece, other[side], answer=side is not near)

    def _pass(self, piece: bytes, to: socket.socket, *, answer: bool) -> None:
        """Deliver a piece as the mood is; raises `OSError` when the other side is gone."""
        mood = self.mood
        if mood is Mood.SLOW:
            time.sleep(self._delay)
        elif mood is Mood.THROTTLE:
            time.sleep(len(piece) / self._rate)
        if mood is Mood.HALF and answer:
            to.sendall(piece[: len(piece) // 2])
            to.shutdown(socket.SHUT_WR)
        elif mood is not Mood.SWALLOW:
            to.sendall(piece)


def _reset(side: socket.socket) -> None:
    with contextlib.suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD_RESET)
    side.close()

"""A master key that never comes here: somebody else opens the keys of cases, one question a key.

Keys are wrapped here, for a public half, and opened there. What is asked and answered is JSON (docs/operations.md, «A
key service that opens»); who asks it is a parameter.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping

from evidence.atrest import KeysUnavailable
from evidence.canonical import Json
from storage.ciphers.age import encrypted, public_of, secret_of

REMEMBERED = 5.0
"""Seconds for which the public halves are not asked for again."""
LONGEST_PAUSE = 30.0
Ask = Callable[[Mapping[str, Json]], Mapping[str, Json]]
"""One question and its answer. Raises `KeysUnavailable`: nobody answered, or nothing that could be read."""


class RemoteMaster:
    """What `storage.ciphers.master.MasterKey` does, by asking; safe for threads.

    After a question that nobody answered none is asked for a second, then for two, up to `LONGEST_PAUSE`: whoever
    comes meanwhile is told at once. A key that is refused stops nothing else.
    """

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._pause, self._shut_until = 0.0, float("-inf")
        self._known: tuple[str, ...] = ()
        self._known_until = float("-inf")

    @property
    def recipient(self) -> str:
        """The public half for which keys are wrapped from now on, 64 hex digits. Raises `KeysUnavailable`."""
        return self.recipients[0]

    @property
    def recipients(self) -> tuple[str, ...]:
        """The public halves whose keys it opens, the one that wraps first. Raises `KeysUnavailable`."""
        with self._lock:
            if self._clock() < self._known_until:
                return self._known
        told = self._asked({"v": 1, "do": "recipients"}).get("recipients")
        try:
            found = tuple(public_of(str(one)).hex() for one in told) if isinstance(told, list) else ()
        except ValueError as error:
            raise KeysUnavailable("the key service named something that is no age recipient") from error
        if not found:
            raise KeysUnavailable("the key service named no recipient")
        with self._lock:
            self._known, self._known_until = found, self._clock() + REMEMBERED
        return found

    def wrap(self, identity: str) -> bytes:
        """A case's identity as an age file that the key service opens. Raises `KeysUnavailable`."""
        return encrypted(f"{identity}\n".encode(), bytes.fromhex(self.recipient))

    def unwrap(self, wrapped: bytes, recipient: str) -> str:
        """The identity that was wrapped for ``recipient`` (64 hex digits).

        Raises:
            KeysUnavailable: nobody answered, or this one is not opened.
        """
        question: dict[str, Json] = {
            "v": 1,
            "do": "unwrap",
            "recipient": recipient,
            "wrapped": base64.b64encode(wrapped).decode("ascii"),
        }
        told = self._asked(question).get("identity")
        try:
            secret_of(str(told))
        except ValueError as error:
            raise KeysUnavailable("the key service did not open the key of a case") from error
        return str(told).strip()

    def _asked(self, question: Mapping[str, Json]) -> Mapping[str, Json]:
        with self._lock:
            left = self._shut_until - self._clock()
        if left > 0:
            raise KeysUnavailable(f"the key service did not answer; it is asked again in {left:.0f} s")
        try:
            answer = self._ask(question)
        except KeysUnavailable:
            with self._lock:
                self._pause = min(LONGEST_PAUSE, self._pause * 2 or 1.0)
                self._shut_until = self._clock() + self._pause
            raise
        with self._lock:
            self._pause = 0.0
        return answer

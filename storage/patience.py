"""`PatientStore`: an object store that hangs is noticed once, not waited for by everybody.

A server that no longer answers is worse than one that refuses: each upload would hold a thread for as long as the
client waits, until none is left for people who only read. So every call is watched. Once one has been silent for
``patience``, or has failed after a long silence, the store is *slow*: calls are refused at once with `StoreSlow`, save
one that is let through every ``pause`` to find out. The first that succeeds ends it. What fails at once (a refused
connection, a full disk) is no silence: it keeps nobody waiting, and has words of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO, cast

from evidence.entry import BlobRef
from evidence.ports import BlobMissing, BlobStore, StoredBlob, StoreSlow, StoreUnavailable, blob_key

PATIENCE = 8.0
"""Seconds of silence after which a store counts as slow."""
PAUSE = 5.0
"""Seconds between two calls that are let through to a slow store."""
LONG = 2.0
"""Seconds of silence before a failure that make it one for want of an answer."""
STALE = 15.0
"""Seconds after which the last answer says nothing any more and `answers` asks for another."""
_NOTHING = "0" * 64
"""The digest of no content: asking for it costs the store a look-up."""


class PatientStore:
    """`evidence.ports.BlobStore` in front of another one; safe for threads.

    Args:
        store: the one that does the work; its calls must end by themselves (client time-outs).
        monotonic: seconds on a clock that only runs forward.
    """

    def __init__(
        self,
        store: BlobStore,
        *,
        patience: float = PATIENCE,
        pause: float = PAUSE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self._patience = patience
        self._pause = pause
        self._now = monotonic
        self._lock = threading.Lock()
        self._calls: dict[int, float] = {}
        self._next = 0
        self._failed = False
        self._let_through = float("-inf")
        self._answered = float("-inf")
        self._asking = False

    @property
    def slow(self) -> bool:
        """Whether the last answer was none, or a call has been silent for too long and none has succeeded since."""
        with self._lock:
            return self._is_slow(self._now())

    def answers(self) -> bool:
        """Whether the store answers, without ever waiting for it: where nothing is known, it is asked beside."""
        with self._lock:
            moment = self._now()
            slow = self._is_slow(moment)
            due = self._let_through + self._pause if slow else self._answered + STALE
            ask = not self._asking and not self._calls and moment >= due
            self._asking = self._asking or ask
        if ask:
            threading.Thread(target=self._ask, name="objects", daemon=True).start()
        return not slow

    def put(
        self, source: BinaryIO, *, media: str, retain_until: datetime | None = None, case: str = ""
    ) -> BlobRef:
        """See the port. Raises `StoreSlow` before anything is read or sent."""
        with self._watched() as call:
            heard = cast("BinaryIO", _Heard(source, lambda: self._hear(call)))
            return self.store.put(heard, media=media, retain_until=retain_until, case=case)

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """See the port. Only the opening is watched: how fast it is read is the reader's affair."""
        opening = self.store.open(ref)
        with self._watched():
            stream = opening.__enter__()
        try:
            yield stream
        except BaseException as error:
            if not opening.__exit__(type(error), error, error.__traceback__):
                raise
        else:
            opening.__exit__(None, None, None)

    def stat(self, ref: BlobRef) -> StoredBlob:
        """See the port."""
        with self._watched():
            return self.store.stat(ref)

    def list(self) -> Iterator[StoredBlob]:
        """See the port; not watched: it lasts as long as there are objects."""
        return self.store.list()

    def _ask(self) -> None:
        try:
            self.stat(BlobRef(_NOTHING, 0, "", blob_key(_NOTHING)))
        except (BlobMissing, StoreUnavailable):
            return  # an answer, or the trouble that `slow` now tells
        finally:
            with self._lock:
                self._asking = False

    @contextmanager
    def _watched(self) -> Iterator[int]:
        call = self._begin()
        try:
            yield call
        except StoreUnavailable:
            self._end(call, failed=True)
            raise
        except BlobMissing:
            self._end(call, failed=False)
            raise
        except BaseException:
            self._end(call, failed=None)
            raise
        self._end(call, failed=False)

    def _begin(self) -> int:
        with self._lock:
            moment = self._now()
            if self._is_slow(moment):
                if moment < self._let_through + self._pause:
                    raise StoreSlow("the object store does not answer in time")
                self._let_through = moment
            self._next += 1
            self._calls[self._next] = moment
            return self._next

    def _hear(self, call: int) -> None:
        """A piece of an upload was asked for: it is long, not silent."""
        with self._lock:
            if call in self._calls:
                self._calls[call] = self._now()

    def _end(self, call: int, *, failed: bool | None) -> None:
        with self._lock:
            moment = self._now()
            since = self._calls.pop(call, moment)
            if failed and moment - since >= LONG:
                self._failed, self._let_through = True, moment
            elif failed is False:
                self._failed, self._answered = False, moment

    def _is_slow(self, moment: float) -> bool:
        return self._failed or any(moment - since > self._patience for since in self._calls.values())


class _Heard:
    """A source whose every reading is told: what is long because it is big is not silent."""

    def __init__(self, source: BinaryIO, tell: Callable[[], None]) -> None:
        self._source = source
        self._tell = tell

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        self._tell()
        return self._source.read(size)

    def seekable(self) -> bool:
        """Whether it can be read twice."""
        return self._source.seekable()

    def tell(self) -> int:
        """Where it stands."""
        return self._source.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go elsewhere."""
        return self._source.seek(offset, whence)

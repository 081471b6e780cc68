"""Work done by threads behind the caller: files are copied, or hashed, while the next case is being told.

Reading, hashing and writing let go of the interpreter's lock, so that other cores are used.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_MOST_BYTES = 16 << 20


class Behind:
    """Jobs given with `do` are begun in order, and run one after another where there is one thread.

    No more than some bytes of them wait at a time. The first exception of a job stops everything: later jobs are
    dropped, and it is raised by every call from then on.
    """

    def __init__(self, threads: int = 1, most: int = _MOST_BYTES) -> None:
        self._most = most
        self._wanted = threads
        self._jobs: deque[tuple[Callable[[], object], int]] = deque()
        self._turn = threading.Condition()
        self._waiting = 0
        self._busy = 0
        self._closed = False
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def do(self, job: Callable[[], object], weight: int) -> None:
        """Queue a job that holds ``weight`` bytes; waits while too much is queued."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting < self._most or self._error is not None)
            self._raise()
            if len(self._threads) < self._wanted:
                self._threads.append(threading.Thread(target=self._run, name="behind", daemon=True))
                self._threads[-1].start()
            self._jobs.append((job, weight))
            self._waiting += weight + 256
            self._turn.notify_all()

    def settle(self) -> None:
        """Wait until everything given so far is done."""
        with self._turn:
            self._turn.wait_for(lambda: self._error is not None or not (self._jobs or self._busy))
            self._raise()

    def close(self) -> None:
        """Drop what waits, let the jobs under way end, and end the threads."""
        with self._turn:
            self._closed = True
            self._jobs.clear()
            self._turn.notify_all()
        for thread in self._threads:
            thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: bool(self._jobs) or self._closed)
                if self._closed:
                    return
                job, weight = self._jobs.popleft()
                self._busy += 1
            error: BaseException | None = None
            try:
                job()
            except BaseException as raised:  # noqa: BLE001 - raised again where the caller waits for it
                error = raised
            with self._turn:
                self._busy -= 1
                self._waiting -= weight + 256
                if error is not None:
                    self._error = error
                    self._jobs.clear()
                self._turn.notify_all()

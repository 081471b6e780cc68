"""Back-pressure: so many writing requests at once as leave threads for people who read; who comes beyond is told so.

A worker whose threads all wait for a slow disk answers nobody, not even the probe that asks whether it lives. So a part
of its threads never takes a request that writes. Such a request waits a moment for its turn, then gets 503 with
Retry-After: nothing was begun, and what was typed is still on the page, or in its draft.
"""

from __future__ import annotations

import threading

from flask import Flask, g, request

from evidence.ports import StoreBusy

WAIT_SECONDS = 1.0
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def writers_of(threads: int) -> int:
    """How many of a worker's threads may be writing at once: three quarters, at least one."""
    return max(1, threads - max(1, threads // 4))


def install(app: Flask, most: int, wait: float = WAIT_SECONDS) -> None:
    """Let at most ``most`` writing requests of this process be under way at once."""
    turns = threading.BoundedSemaphore(most)

    @app.before_request
    def admit() -> None:
        if request.method in _READING:
            return
        if not turns.acquire(timeout=wait):
            raise StoreBusy(f"{most} writing requests are under way")
        g.admitted = True

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if g.pop("admitted", False):
            turns.release()

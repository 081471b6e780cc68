"""How many pages a signed-in person asks for: generous for people, an end for who copies the desk page by page.

Counted in the process, and told to the counter that all workers share every `STEP` requests: two statements for
sixteen pages. What the others counted is known from then on: a person exceeds the limit by `STEP` a worker at most.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from identity.remembered import RateStore

STEP = 16
HOURS_WORTH = 10
"""How many full minutes an hour has room for."""
MOST = 4096


@dataclass(slots=True)
class _Window:
    number: int = -1
    known: int = 0
    """What the shared counter said last."""
    own: int = 0
    """Counted here since."""

    def full(self, now: int, seconds: int, limit: int) -> int:
        """Seconds until it has room again, 0 where it has; begun anew with its time."""
        if self.number != now // seconds:
            self.number, self.known, self.own = now // seconds, 0, 0
        return seconds - now % seconds if self.known + self.own >= limit else 0


class Pace:
    """Counts requests of people; safe for threads. ``limit`` a minute, 0: no limit."""

    def __init__(self, rates: RateStore, limit: int, clock: Callable[[], datetime]) -> None:
        self._rates = rates
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._people: dict[str, tuple[_Window, _Window]] = {}

    def wait(self, person: str) -> int:
        """Count one request of a person; 0 where it may go on, else the seconds until the next may.

        Raises:
            StoreUnavailable: of the shared counter, once in `STEP` requests.
        """
        if not self._limit:
            return 0
        now = int(self._clock().timestamp())
        with self._lock:
            if len(self._people) >= MOST and person not in self._people:
                self._people.clear()  # begun anew from the shared counter
            minute, hour = self._people.setdefault(person, (_Window(), _Window()))
        counted = ((hour, f"{person}/h", 3600, self._limit * HOURS_WORTH), (minute, person, 60, self._limit))
        with self._lock:
            waits = [window.full(now, seconds, limit) for window, _key, seconds, limit in counted]
        if any(waits):
            return max(waits)
        for window, key, seconds, _limit in counted:
            self._count(window, key, now // seconds, seconds // 60)
        return 0

    def _count(self, window: _Window, key: str, number: int, minutes: int) -> None:
        with self._lock:
            window.own += 1
            told = window.own if window.own >= STEP else 0
            window.own -= told
        if told:  # the shared counter's windows are named by their first minute
            known = self._rates.count(key, number * minutes, told)
            with self._lock:
                window.known = known if window.number == number else window.known

"""A scenario, and what it may do while it is under way."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from torture.clients import Crowd
from torture.place import Place
from torture.servers import Web, Workers

_FIRST_DEATH_SECONDS = 120


@dataclass(frozen=True)
class Effort:
    """How hard: seconds a fault, deaths at each named point, random kills, and the seed of what is drawn."""

    seconds: float
    deaths: int
    kills: int
    seed: int


@dataclass
class Blow:
    """One scenario under way: what may be hurt, with what luck, and how hard; and what was seen on the way."""

    place: Place
    web: Web
    workers: Workers | None
    crowd: Crowd
    chance: random.Random
    effort: Effort
    kills: Counter[str] = field(default_factory=Counter)
    """By what was killed."""
    notes: list[str] = field(default_factory=list)
    """Measured on the way, for the row."""
    wrong: list[str] = field(default_factory=list)
    """Promises that the scenario itself saw broken."""
    _seen: set[int] = field(default_factory=set)

    @property
    def seconds(self) -> float:
        """How long the fault lasts."""
        return self.effort.seconds

    def pause(self, seconds: float) -> None:
        """Let people work."""
        time.sleep(seconds)

    def count_deaths(self, what: str) -> None:
        """Watch web workers die until enough did: each that is gone died, for nobody tells them to end."""
        self._until_enough(what, self._newly_dead)

    def count_workers_deaths(self, what: str) -> None:
        """The same of workers apart."""
        workers = self.workers
        assert workers is not None
        self._until_enough(what, lambda: workers.deaths - self.kills[what])

    def expect(self, kept: object, promise: str) -> None:
        """Note a promise as broken unless ``kept``."""
        if not kept:
            self.wrong.append(promise)

    def _newly_dead(self) -> int:
        living = set(self.web.workers())
        died = len(self._seen - living)
        self._seen = living
        return died

    def _until_enough(self, what: str, newly: Callable[[], int]) -> None:
        """Until the deaths that are wanted, or as many as there were in four times the seconds after the first."""
        limit = time.monotonic() + _FIRST_DEATH_SECONDS
        while time.monotonic() < limit and self.kills[what] < self.effort.deaths:
            died = newly()
            if died and not self.kills[what]:
                limit = time.monotonic() + 4 * self.seconds
            self.kills[what] += died
            time.sleep(0.02)


@dataclass(frozen=True)
class Scenario:
    """A fault with its name.

    ``needs_kills``: it is void if nothing was killed. ``mortal`` arms the web workers, ``worker_mortal`` those apart
    (see `torture.mortal`). ``twice``: every request is delivered twice. ``apart``: two `flask worker` beside pages.
    """

    name: str
    hurt: Callable[[Blow], None]
    needs_kills: bool = False
    mortal: str = ""
    worker_mortal: str = ""
    twice: bool = False
    apart: bool = False

    @property
    def told(self) -> str:
        """What is done, in words."""
        return (self.hurt.__doc__ or "").strip()

"""The faults, each a function that hurts an installation while its people work; it leaves everything running again."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.servers.seaweedfs_cluster import VOLUMES
from torture.mortal import POINTS
from torture.place import Place
from torture.proxy import Mood, Relay
from torture.servers import Web

_FIRST_DEATH_SECONDS = 120


@dataclass
class Blow:
    """One scenario under way: what may be hurt, with what luck, for how long, and how many kills are wanted."""

    place: Place
    web: Web
    chance: random.Random
    seconds: float
    kills_wanted: int
    kills: int = 0
    _seen: set[int] = field(default_factory=set)

    def pause(self, seconds: float) -> None:
        """Let people work."""
        time.sleep(seconds)

    def count_deaths(self, seconds: float) -> None:
        """Watch the workers for so long after the first death: each that is gone died, for nobody tells them to end."""
        limit = time.monotonic() + _FIRST_DEATH_SECONDS
        while time.monotonic() < limit:
            living = set(self.web.workers())
            died = len(self._seen - living)
            if died and not self.kills:
                limit = time.monotonic() + seconds
            self.kills += died
            self._seen = living
            time.sleep(0.02)


@dataclass(frozen=True)
class Scenario:
    """A fault with its name; ``needs_kills``: it is void if nothing was killed."""

    name: str
    hurt: Callable[[Blow], None]
    needs_kills: bool = False
    mortal: str = ""
    twice: bool = False


def calm(blow: Blow) -> None:
    """No fault: what the others are compared with."""
    blow.pause(blow.seconds)


def dies_at_point(blow: Blow) -> None:
    """Workers die by their own hand at the scenario's point, again and again."""
    blow.count_deaths(blow.seconds)


def workers_at_random(blow: Blow) -> None:
    """A worker is killed at a random moment, until enough were."""
    while blow.kills < blow.kills_wanted:
        blow.pause(blow.chance.uniform(0.05, 1.5))
        blow.kills += blow.web.kill_worker(blow.chance)


def whole_server(blow: Blow) -> None:
    """The server and all its workers are killed at once, and started again."""
    for _ in range(4):
        blow.pause(blow.chance.uniform(1, blow.seconds / 3))
        blow.kills += 1 + len(blow.web.workers())
        blow.web.kill()
        blow.web.start()


def clock_steps(blow: Blow) -> None:
    """The clock jumps two hours ahead, then falls back by an hour, twice: never before people got their roles."""
    for hours in (2, 1, 0):
        write_clock(blow.place.folder / "clock", timedelta(hours=hours))
        blow.pause(blow.seconds / 3)


def write_clock(path: Path, offset: timedelta) -> None:
    """By how much the house's clock is wrong from now on."""
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{offset.total_seconds():.0f}")
    fresh.replace(path)


def volume_killed(blow: Blow) -> None:
    """Each volume server is killed in turn and comes back; two copies of everything keep the store going."""
    cluster = blow.place.cluster
    assert cluster is not None
    for number in range(VOLUMES):
        cluster.signal_volume(number, signal.SIGKILL)
        blow.kills += 1
        blow.pause(blow.seconds / 4)
        cluster.revive_volume(number)
        blow.pause(blow.seconds / 8)


def volume_hangs(blow: Blow) -> None:
    """A volume server stops answering without going away (SIGSTOP), and continues."""
    cluster = blow.place.cluster
    assert cluster is not None
    cluster.signal_volume(0, signal.SIGSTOP)
    blow.pause(max(20.0, blow.seconds))
    cluster.signal_volume(0, signal.SIGCONT)


def database_restarts(blow: Blow) -> None:
    """PostgreSQL is shut down fast, and started again."""
    postgres = blow.place.postgres
    assert postgres is not None
    for _ in range(3):
        blow.pause(blow.seconds / 4)
        postgres.end()
        blow.pause(1)
        postgres.start()


def database_killed(blow: Blow) -> None:
    """PostgreSQL is killed with all its processes, and recovers from its log."""
    postgres = blow.place.postgres
    assert postgres is not None
    for _ in range(3):
        blow.pause(blow.seconds / 4)
        postgres.kill()
        blow.kills += 1
        blow.pause(1)
        postgres.start()


def _misbehaves(relay: Relay | None, mood: Mood, blow: Blow) -> None:
    assert relay is not None
    for _ in range(2):
        relay.mood = mood
        blow.pause(blow.seconds / 3)
        relay.mood = Mood.PASS
        blow.pause(blow.seconds / 6)


def store_cut(blow: Blow) -> None:
    """Connections to the object store are reset."""
    _misbehaves(blow.place.to_store, Mood.CUT, blow)


def store_swallows(blow: Blow) -> None:
    """The object store's answers get lost on the way: a pulled cable."""
    _misbehaves(blow.place.to_store, Mood.SWALLOW, blow)


def store_slow(blow: Blow) -> None:
    """Every piece to and from the object store takes half a second."""
    _misbehaves(blow.place.to_store, Mood.SLOW, blow)


def database_cut(blow: Blow) -> None:
    """Connections to the database are reset."""
    _misbehaves(blow.place.to_database, Mood.CUT, blow)


def disk_full(blow: Blow) -> None:
    """The data directory's file system fills to the last byte, twice, and is cleared."""
    filler = blow.place.folder / "filler"
    for _ in range(2):
        blow.pause(blow.seconds / 6)
        _fill(filler)
        blow.pause(blow.seconds / 3)
        filler.unlink()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as sink:
        for size in (1 << 20, 1 << 12, 1):
            piece = bytes(size)
            try:
                while sink.write(piece):
                    pass
            except OSError:
                continue


_AT_POINTS = tuple(
    Scenario(f"killed at {point}", dies_at_point, needs_kills=True, mortal=point) for point in POINTS
)
_EVERYWHERE = (
    Scenario("calm", calm),
    *_AT_POINTS,
    Scenario("workers killed at random", workers_at_random, needs_kills=True),
    Scenario("whole server killed", whole_server, needs_kills=True),
    Scenario("delivered twice", calm, twice=True),
    Scenario("clock steps", clock_steps, mortal="clock"),
)
SIEGES: dict[str, tuple[Scenario, ...]] = {
    "embedded": _EVERYWHERE,
    "small": (Scenario("disk full", disk_full),),
    "scaled": (
        *_EVERYWHERE,
        Scenario("volume server killed", volume_killed, needs_kills=True),
        Scenario("volume server hangs", volume_hangs),
        Scenario("PostgreSQL restarted", database_restarts),
        Scenario("PostgreSQL killed", database_killed, needs_kills=True),
        Scenario("object store cut off", store_cut),
        Scenario("object store's answers lost", store_swallows),
        Scenario("object store slow", store_slow),
        Scenario("database cut off", database_cut),
    ),
}
"""By kind of installation, in the order in which they are suffered."""

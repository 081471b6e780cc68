"""The faults, each a function that hurts an installation while its people work; it leaves everything running again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from torture import parts
from torture.blow import Blow, Scenario
from torture.clock import write_clock
from torture.errands import errands
from torture.mortal import POINTS
from torture.returning import backed_up_and_rolled_back

_OF_WORKERS = 0.6
"""How often it is one of the workers apart: they take longer to start than web workers."""


def calm(blow: Blow) -> None:
    """No fault: what the others are compared with."""
    blow.pause(blow.seconds)


def dies_at_point(blow: Blow) -> None:
    """Web workers die by their own hand at the scenario's point, again and again."""
    blow.count_deaths("web worker")


def sequencer_dies_at_point(blow: Blow) -> None:
    """`flask worker`s die by their own hand at the scenario's point, again and again; pages go on beside them."""
    blow.count_workers_deaths("sequencer")


def workers_at_random(blow: Blow) -> None:
    """A web worker, which also sequences and signs, is killed at a random moment, until enough were."""
    while blow.kills.total() < blow.effort.kills:
        blow.pause(blow.chance.uniform(0.05, 1.5))
        blow.kills["web worker"] += blow.web.kill_worker(blow.chance)


def apart_at_random(blow: Blow) -> None:
    """Pages and workers apart: one of the web workers or one of the `flask worker`s is killed at a random moment."""
    workers = blow.workers
    assert workers is not None
    while blow.kills.total() < blow.effort.kills // 2:
        blow.pause(blow.chance.uniform(0.1, 2))
        if blow.chance.random() < _OF_WORKERS:
            workers.kill_one(blow.chance)
        else:
            blow.kills["web worker"] += blow.web.kill_worker(blow.chance)
        blow.kills["worker"] = workers.deaths


def whole_server(blow: Blow) -> None:
    """The server and all its workers are killed at once, and started again, four times."""
    for _ in range(4):
        blow.pause(blow.chance.uniform(1, max(1.5, blow.seconds / 3)))
        blow.kills["web server"] += 1
        blow.kills["web worker"] += len(blow.web.workers())
        blow.web.kill()
        blow.web.start()


def clock_steps(blow: Blow) -> None:
    """The clock jumps two hours ahead, then falls back by an hour, twice: never before people got their roles."""
    for hours in (2, 1, 0):
        write_clock(blow.place.folder / "clock", timedelta(hours=hours))
        blow.pause(blow.seconds / 3)


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
_SEQUENCING = tuple(
    Scenario(
        f"sequencer killed at {point}",
        sequencer_dies_at_point,
        needs_kills=True,
        worker_mortal=point,
        apart=True,
    )
    for point in POINTS
    if point.startswith(("sequence.", "publish."))
)
_EVERYWHERE = (
    Scenario("calm", calm),
    Scenario("backup, restored and rolled back", backed_up_and_rolled_back),
    *_AT_POINTS,
    *_SEQUENCING,
    Scenario("workers killed at random", workers_at_random, needs_kills=True),
    Scenario("pages and workers killed at random", apart_at_random, needs_kills=True, apart=True),
    Scenario("whole server killed", whole_server, needs_kills=True),
    Scenario("delivered twice", calm, twice=True),
    Scenario("mail and jobs, workers killed", errands, needs_kills=True, worker_mortal="clock", apart=True),
    Scenario("clock steps", clock_steps, mortal="clock"),
)
SIEGES: dict[str, tuple[Scenario, ...]] = {
    "embedded": _EVERYWHERE,
    "small": (Scenario("disk full", disk_full),),
    "scaled": (
        *_EVERYWHERE,
        Scenario("volume server killed", parts.volume_killed, needs_kills=True),
        Scenario("volume server hangs", parts.volume_hangs),
        Scenario("PostgreSQL restarted", parts.database_restarts),
        Scenario("PostgreSQL killed", parts.database_killed, needs_kills=True),
        Scenario("object store cut off", parts.store_cut),
        Scenario("object store's answers lost", parts.store_swallows),
        Scenario("object store's answers broken off", parts.store_breaks_off),
        Scenario("object store slow", parts.store_slow),
        Scenario("object store throttled", parts.store_throttled),
        Scenario("database cut off", parts.database_cut),
    ),
}
"""By kind of installation, in the order in which they are suffered."""

SHORT: dict[str, tuple[str, ...]] = {
    "embedded": ("killed at append.composed", "sequencer killed at publish.guarded", "delivered twice"),
    "scaled": ("workers killed at random", "object store cut off", "PostgreSQL killed"),
}
"""What `--short` suffers: a couple of minutes."""

"""Faults of what an installation stands on: volume servers, the database, and the network to both."""

from __future__ import annotations

import signal

from tests.servers.seaweedfs_cluster import VOLUMES
from torture.blow import Blow
from torture.proxy import Mood, Relay
from torture.waiting import someone_waits

_SILENCE_SECONDS = 40.0
"""Longer than anybody waits for a store: what is silent is asked twice, ten seconds each."""


def volume_killed(blow: Blow) -> None:
    """Each volume server is killed in turn and comes back; two copies of everything keep the store going."""
    cluster = blow.place.cluster
    assert cluster is not None
    for number in range(VOLUMES):
        cluster.signal_volume(number, signal.SIGKILL)
        blow.kills["volume server"] += 1
        blow.pause(blow.seconds / 4)
        cluster.revive_volume(number)
        blow.pause(blow.seconds / 8)


def volume_hangs(blow: Blow) -> None:
    """A volume server stops answering without going away (SIGSTOP), and continues."""
    cluster = blow.place.cluster
    assert cluster is not None
    with someone_waits(blow, certain=False):
        cluster.signal_volume(0, signal.SIGSTOP)
        blow.pause(max(_SILENCE_SECONDS, blow.seconds))
        cluster.signal_volume(0, signal.SIGCONT)


def database_restarts(blow: Blow) -> None:
    """PostgreSQL is shut down fast, then twice at once (`restart -m immediate`), and started again after a second."""
    postgres = blow.place.postgres
    assert postgres is not None
    for number in range(3):
        blow.pause(blow.seconds / 4)
        postgres.end(immediate=number > 0)
        blow.pause(1)
        postgres.start()


def database_killed(blow: Blow) -> None:
    """PostgreSQL is killed with all its processes, and recovers from its log."""
    postgres = blow.place.postgres
    assert postgres is not None
    for _ in range(3):
        blow.pause(blow.seconds / 4)
        postgres.kill()
        blow.kills["PostgreSQL"] += 1
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
    """The object store's answers get lost on the way (a pulled cable), and somebody looks at what people are told."""
    relay = blow.place.to_store
    assert relay is not None
    with someone_waits(blow, certain=True):
        relay.mood = Mood.SWALLOW
        blow.pause(max(_SILENCE_SECONDS, blow.seconds))
        relay.mood = Mood.PASS


def store_breaks_off(blow: Blow) -> None:
    """The object store's answers end in their middle, and the connection stays half open."""
    _misbehaves(blow.place.to_store, Mood.HALF, blow)


def store_slow(blow: Blow) -> None:
    """Every piece to and from the object store takes half a second."""
    _misbehaves(blow.place.to_store, Mood.SLOW, blow)


def store_throttled(blow: Blow) -> None:
    """No more than 16 KiB a second pass through each connection to the object store."""
    _misbehaves(blow.place.to_store, Mood.THROTTLE, blow)


def database_cut(blow: Blow) -> None:
    """Connections to the database are reset."""
    _misbehaves(blow.place.to_database, Mood.CUT, blow)

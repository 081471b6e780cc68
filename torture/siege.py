"""One installation and the faults it suffers one after another, examined after each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from torture.aftermath import Aftermath, examine
from torture.clients import Crowd, Journal
from torture.mortal import POINTS
from torture.place import Place
from torture.scenarios import Blow, Scenario, write_clock
from torture.servers import Web

_FINISH_SECONDS = 120


@dataclass(frozen=True)
class Row:
    """A line of the table; ``wrong`` empty means that it was survived."""

    place: str
    scenario: str
    kills: int
    acknowledged: int
    retried: int
    unanswered: int
    entries: int
    orphans: int
    seconds: float
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Effort:
    """How hard and how long: seconds a fault, random kills in all, and the seed of what is drawn."""

    seconds: float
    kills: int
    seed: int


def besiege(kind: str, place: Place, scenarios: Sequence[Scenario], effort: Effort) -> Iterator[Row]:
    """Suffer each scenario in turn; everything that was ever acknowledged must still be there after the last."""
    whole = Journal()
    chance = random.Random(effort.seed)
    for scenario in scenarios:
        began = time.monotonic()
        blow, crowd = _suffer(place, scenario, effort, chance)
        _merge(whole, crowd.journal)
        found = examine(place.env, whole)
        blow.web.end()
        if scenario.needs_kills and not blow.kills:
            found.wrong.append("void: nothing was killed")
        if not crowd.journal.acknowledged:
            found.wrong.append(f"void: nothing was acknowledged ({crowd.journal.troubles})")
        yield _row(kind, scenario, blow, crowd, found, time.monotonic() - began)
        whole.refused.clear()


def _suffer(place: Place, scenario: Scenario, effort: Effort, chance: random.Random) -> tuple[Blow, Crowd]:
    """People work, the fault strikes, everything is healed, and people end what they had begun."""
    write_clock(place.clock, timedelta(0))
    web = place.web(mortal=scenario.mortal)
    web.start(wait=scenario.mortal not in POINTS)
    crowd = place.crowd(web.port, twice=scenario.twice)
    crowd.start()
    blow = Blow(place, web, chance, effort.seconds, effort.kills)
    scenario.hurt(blow)
    if scenario.mortal:
        blow.web = _replaced(place, web)
    else:
        web.wait_ready()
    crowd.finish(_FINISH_SECONDS)
    return blow, crowd


def _replaced(place: Place, web: Web) -> Web:
    """The same server without its death wish, at the same port."""
    web.kill()
    healthy = place.web()
    healthy.port = web.port
    healthy.start()
    return healthy


def _merge(whole: Journal, part: Journal) -> None:
    whole.acknowledged += part.acknowledged
    whole.unanswered += part.unanswered
    whole.refused += part.refused
    whole.sent |= part.sent


def _row(kind: str, scenario: Scenario, blow: Blow, crowd: Crowd, found: Aftermath, seconds: float) -> Row:
    journal = crowd.journal
    return Row(
        kind,
        scenario.name,
        blow.kills,
        len(journal.acknowledged),
        sum(journal.troubles.values()),
        len(journal.unanswered),
        found.entries,
        found.orphans,
        round(seconds, 1),
        tuple(found.wrong),
    )

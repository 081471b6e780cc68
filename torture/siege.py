"""One installation and the faults it suffers one after another, examined after each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from torture.aftermath import Aftermath, examine
from torture.blow import Blow, Effort, Scenario
from torture.clients import Crowd, Journal
from torture.clock import write_clock
from torture.mortal import POINTS
from torture.place import CLIENTS, Place
from torture.servers import Web

_FINISH_SECONDS = 120
_EACH = 3
_RECOVERY_SECONDS = 120


@dataclass(frozen=True)
class Row:
    """A line of the table; ``wrong`` empty means that it was survived.

    ``once``: how many of what was acknowledged was found exactly once. ``verdict`` is that of
    ``flask ledger verify --full``; ``orphans`` are counted by their explanation. ``recovery`` is the time from the end
    of the fault to the next acknowledged entry, ``silence`` the longest time without one; both in seconds.
    """

    place: str
    scenario: str
    done: str
    kills: dict[str, int]
    acknowledged: int
    retried: int
    unanswered: int
    once: int
    entries: int
    verdict: str
    orphans: dict[str, int]
    recovery: float | None
    silence: float
    seconds: float
    seed: int
    notes: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def killed(self) -> int:
        """How many processes were killed."""
        return sum(self.kills.values())


def besiege(kind: str, place: Place, scenarios: Sequence[Scenario], effort: Effort) -> Iterator[Row]:
    """Suffer each scenario in turn; everything that was ever acknowledged must still be there after the last.

    What a scenario draws depends on the seed and its name alone, not on which others were suffered before.
    """
    whole = Journal()
    _arrive(place, whole)
    for scenario in scenarios:
        began = time.monotonic()
        chance = random.Random(f"{effort.seed} {kind} {scenario.name}")
        blow, recovery = _suffer(place, scenario, effort, chance)
        _merge(whole, blow.crowd.journal)
        found = examine(place.env, whole)
        blow.web.end()
        if blow.workers is not None:
            blow.workers.end()
            found.wrong += blow.workers.strange
        found.wrong += blow.wrong
        if scenario.needs_kills and not blow.kills.total():
            found.wrong.append(f"void: nothing was killed ({blow.crowd.journal.troubles})")
        if not blow.crowd.journal.acknowledged:
            found.wrong.append(f"void: nothing was acknowledged ({blow.crowd.journal.troubles})")
        if recovery is None:
            found.wrong.append(f"nothing was acknowledged within {_RECOVERY_SECONDS} s after the fault")
        yield _row(kind, scenario, blow, found, recovery, time.monotonic() - began)
        whole.refused.clear()


def _arrive(place: Place, whole: Journal) -> None:
    """Everybody signs in, with both browsers, and writes something before anything happens.

    A login whose server dies counts as a guess, as it must; eight of them in a row shut the account for a while.
    """
    web = place.web()
    web.start()
    crowd = place.crowd(web.port, twice=True)
    crowd.start()
    limit = time.monotonic() + _FINISH_SECONDS
    while len(crowd.journal.acknowledged) < _EACH * CLIENTS and time.monotonic() < limit:
        time.sleep(0.1)
    crowd.finish(_FINISH_SECONDS)
    _merge(whole, crowd.journal)
    web.end()


def _suffer(
    place: Place, scenario: Scenario, effort: Effort, chance: random.Random
) -> tuple[Blow, float | None]:
    """People work, the fault strikes, everything is healed, and people end what they had begun."""
    write_clock(place.clock, timedelta(0))
    web = place.web(mortal=scenario.mortal, apart=scenario.apart)
    web.start(wait=scenario.mortal not in POINTS)
    workers = place.workers(mortal=scenario.worker_mortal) if scenario.apart else None
    if workers is not None:
        workers.start()
    crowd = place.crowd(web.port, twice=scenario.twice)
    crowd.start()
    blow = Blow(place, web, workers, crowd, chance, effort)
    scenario.hurt(blow)
    healed = time.monotonic()
    if scenario.mortal:
        blow.web = _replaced(place, web)
    else:
        web.wait_ready()
    if workers is not None:
        workers.heal() if scenario.worker_mortal else workers.wait_ready()
    recovery = _recovered(crowd, healed)
    crowd.finish(_FINISH_SECONDS)
    return blow, recovery


def _replaced(place: Place, web: Web) -> Web:
    """The same server without its death wish, at the same port."""
    web.kill()
    healthy = place.web()
    healthy.port = web.port
    healthy.start()
    return healthy


def _recovered(crowd: Crowd, healed: float) -> float | None:
    """Seconds until the next acknowledgement; ``None``: there was none in two minutes."""
    while time.monotonic() < healed + _RECOVERY_SECONDS:
        heard = crowd.journal.heard_since(healed)
        if heard is not None:
            return round(heard - healed, 2)
        time.sleep(0.02)
    return None


def _merge(whole: Journal, part: Journal) -> None:
    whole.acknowledged += part.acknowledged
    whole.unanswered += part.unanswered
    whole.refused += part.refused
    whole.sent |= part.sent


def _row(
    kind: str, scenario: Scenario, blow: Blow, found: Aftermath, recovery: float | None, seconds: float
) -> Row:
    journal = blow.crowd.journal
    return Row(
        place=kind,
        scenario=scenario.name,
        done=scenario.told,
        kills={what: count for what, count in blow.kills.items() if count},
        acknowledged=len(journal.acknowledged),
        retried=sum(journal.troubles.values()),
        unanswered=len(journal.unanswered),
        once=sum(told.mark in found.once for told in journal.acknowledged),
        entries=found.entries,
        verdict=found.verdict,
        orphans=dict(found.orphans),
        recovery=recovery,
        silence=round(journal.silence, 2),
        seconds=round(seconds, 1),
        seed=blow.effort.seed,
        notes=tuple(blow.notes),
        wrong=tuple(found.wrong),
    )

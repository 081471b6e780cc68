"""Filling a fresh installation with the demonstration, once.

The ledger's clock is the story's: it starts before the first story and walks to the present, so that entries, timers
and checkpoints lie in the past weeks. What happened is kept in ``demo.json`` in the data directory: a seeding that was
interrupted is taken up with the same present, and every act carries an idempotency key, so nothing is told twice.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from demo.auditing import PROCESSES, CaseReads, Room, audits
from demo.controls import LOOKED_MONTHS, daily_looks
from demo.diary import Beat, DemoClock
from demo.linked import ListDesk, Lists, Pair, pairs, publish_lists
from demo.people import BACKUPS, COLLEAGUES, CONTACTS, POSTS, Contact
from demo.plots import plot, teller_of
from demo.recertification import ROWS as RECERTIFIED
from demo.recertification import Campaign, CampaignCases
from demo.rendering import ZONE
from demo.stories import STORIES
from demo.tales import TaleCases, everyday, stages_of
from demo.teller import Cases, Desk
from demo.volume import planned
from evidence.canonical import Json
from evidence.entry import format_time, parse_time
from evidence.ports import Clock, LedgerStore
from evidence.publisher import Publisher
from evidence.words import WORDS
from identity.access import AccessDesk, Granter
from identity.accounts import AccountStore, Role, User, new_user_id
from identity.passwords import Passwords
from identity.posts import PostDesk
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor, Receipt
from workflows.controldesk import ControlDesk
from workflows.registry import DefinitionRegistry

RECORD = "demo.json"
SPAN = timedelta(days=400)
"""How long before the present the log of the demonstration begins: a year of everyday work, and its first month."""

Progress = Callable[[int, int], None]
"""Told after each act how many of how many have been told."""


def _silent(_told: int, _all: int) -> None:
    """Nobody is told."""


class DemoCases(Cases, CaseReads, TaleCases, CampaignCases, Protocol):
    """The case service, with its timers."""

    @property
    def definitions(self) -> DefinitionRegistry: ...  # noqa: D102 - see the service
    @property
    def controls(self) -> ControlDesk: ...  # noqa: D102

    def fire_due_timers(self, now: datetime | None = None) -> list[Receipt]: ...  # noqa: D102 - see the service


class DemoDirectory(Protocol):
    """Who holds which post, and who is whose backup."""

    def holders(self, post: str, moment: datetime) -> Sequence[Any]: ...  # noqa: D102
    def may_act_for(self, actor: str, principal: str, moment: datetime) -> bool: ...  # noqa: D102


class DemoHouse(Protocol):
    """What of the house the demonstration uses; `web.wiring.House` is one."""

    @property
    def ledger(self) -> LedgerStore: ...  # noqa: D102
    @property
    def publisher(self) -> Publisher: ...  # noqa: D102
    @property
    def cases(self) -> DemoCases: ...  # noqa: D102
    @property
    def calendar(self) -> BusinessCalendar: ...  # noqa: D102
    @property
    def catalogues(self) -> Lists: ...  # noqa: D102
    @property
    def catalogue_desk(self) -> ListDesk: ...  # noqa: D102
    @property
    def access(self) -> AccessDesk: ...  # noqa: D102
    @property
    def accounts(self) -> AccountStore: ...  # noqa: D102
    @property
    def directory(self) -> DemoDirectory: ...  # noqa: D102
    @property
    def posts(self) -> PostDesk: ...  # noqa: D102
    @property
    def passwords(self) -> Passwords: ...  # noqa: D102
    @property
    def room(self) -> Room: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """An account one may enter with."""

    email: str
    name: str
    post: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoCase:
    """One case and what it is there to show."""

    folio: str
    about: str


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the demonstration holds. ``password`` is that of every login; it is made anew for each data directory.

    ``cases`` are those worth a look, ``total`` counts all there are.
    """

    password: str
    logins: tuple[DemoLogin, ...]
    cases: tuple[DemoCase, ...]
    total: int
    entries: int

    def as_json(self) -> dict[str, Json]:
        """The same as one JSON object."""
        found: dict[str, Json] = json.loads(json.dumps(asdict(self)))
        return found


class _Record:
    """``demo.json``: readable by its owner alone, since it holds the demonstration's password."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORD

    def read(self) -> dict[str, Any]:
        """What is known, ``{}`` before the first seeding."""
        return dict(json.loads(self._path.read_text("utf-8"))) if self._path.exists() else {}

    def write(self, values: dict[str, Any]) -> None:
        """Keep it, whole or not at all."""
        part = self._path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(values, ensure_ascii=False, indent=1), "utf-8")
        part.replace(self._path)


def is_demo(folder: Path) -> bool:
    """Whether the data directory belongs to a demonstration, finished or not."""
    return (folder / RECORD).exists()


def begin(folder: Path, now: datetime) -> DemoClock:
    """The clock of the demonstration in that data directory, standing before its first story.

    It is needed before the log exists: were the log begun today, its order and its times would differ. An installation
    that is filled already gets a clock that stands at ``now``.
    """
    record = _Record(folder)
    known = record.read()
    if not known:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = {"present": format_time(now), "password": "-".join(secrets.choice(WORDS) for _ in range(4))}
        record.write(known)
    if "summary" in known:
        return DemoClock(now)
    return DemoClock(parse_time(known["present"]) - SPAN)


def seed(
    house: DemoHouse, folder: Path, clock: DemoClock, *, scale: float = 1.0, progress: Progress = _silent
) -> DemoSummary:
    """Fill the house, or tell what it was filled with.

    Args:
        house: open on ``clock``; freshly initialised, or left half filled.
        folder: the data directory, where `begin` left its record.
        clock: what `begin` gave.
        scale: how much everyday work beside the longer stories; below 1 fewer cases of the same courses.
        progress: is told how far the telling has come.
    """
    record = _Record(folder)
    known = record.read()
    if "summary" in known:
        return _summary(known["summary"])
    present = parse_time(known["present"])
    desk = Desk(house.cases, _people(house, clock, known["password"]))
    tellers = [teller_of(desk, story) for story in STORIES]
    beats = [beat for teller in tellers for beat in plot(teller, house.calendar, present)]
    beats += _year(house, desk.ids, present, scale)
    campaign = Campaign(
        house.cases, desk.ids, house.calendar, present, round(RECERTIFIED * min(1, 2 * scale))
    )
    beats += campaign.beats() if campaign.rows else []
    linked = _linked(house, desk.ids, present) if scale else ()
    beats += [beat for pair in linked for beat in pair.beats(house.calendar, present)]
    _tell(house, clock, beats, present, progress)
    if any(case.startswith(f"{PROCESSES[0]}-") for case in house.ledger.cases()):
        audits(house.room, house.cases, desk.ids, present, ZONE)
        _settle(house)
    summary = DemoSummary(
        password=known["password"],
        logins=tuple(DemoLogin(who.email, who.name, who.post, who.roles) for who in COLLEAGUES),
        cases=(
            *(DemoCase(teller.folio, teller.story.about) for teller in tellers),
            *([DemoCase(campaign.folio, campaign.about)] if campaign.folio else []),
            *(DemoCase(pair.second.folio, pair.about) for pair in linked),
        ),
        total=sum(1 for case in house.ledger.cases() if ":" not in case),
        entries=house.ledger.tree_size(),
    )
    record.write({**known, "summary": summary.as_json()})
    return summary


def _year(house: DemoHouse, ids: Mapping[str, str], present: datetime, scale: float) -> list[Beat]:
    """Everyday cases and daily looks, of the processes in force."""
    definitions = house.cases.definitions.processes()
    known = {definition.process for definition in definitions}
    plan = [one for one in planned(present, house.calendar, scale) if one.course.process in known]
    months = max(1, round(LOOKED_MONTHS * scale)) if plan else 0
    looks = daily_looks(house.cases.controls, definitions, plan, ids, house.calendar, present, months)
    told = everyday(house.cases, plan, ids, house.calendar, present) + looks
    if not told:
        return []

    def lists(_moment: datetime) -> None:
        publish_lists(house.catalogues, house.catalogue_desk, Actor(id=ids["abraham"], role="supervisor"))

    return [Beat(min(beat.moment for beat in told) - timedelta(hours=1), "", lists), *told]


def _linked(house: DemoHouse, ids: Mapping[str, str], present: datetime) -> tuple[Pair, ...]:
    """The pairs of cases, once the year's lists are told."""
    return pairs(stages_of(house.cases, ids), house.calendar, present)


def _people(house: DemoHouse, clock: Clock, password: str) -> Mapping[str, str]:
    """Accounts, posts and backups; gives the opaque id of each person by key."""
    ids: dict[str, str] = {}
    for who in COLLEAGUES:
        found = house.accounts.by_email(who.email, clock())
        if found is None or not found.user.active:
            roles = [Role(role) for role in who.roles]
            user = house.access.add_user(
                email=who.email, name=who.name, roles=roles, password=password, by=Granter(), locale="es"
            )
        else:
            user = found.user
        ids[who.key] = user.id
    nobody_knows = house.passwords.hash(secrets.token_urlsafe(24))
    for contact in CONTACTS:
        ids[contact.key] = _contact(house, clock, contact, nobody_knows)
    _posts(house, clock, ids)
    return ids


def _contact(house: DemoHouse, clock: Clock, contact: Contact, password_hash: str) -> str:
    """A shut account, so that the directory has a name for the post."""
    found = house.accounts.by_email(contact.email, clock())
    if found is not None:
        return found.user.id
    user = User(new_user_id(), contact.email, contact.name, frozenset(), "es", active=False)
    house.accounts.add(user, password_hash, clock())
    return user.id


def _posts(house: DemoHouse, clock: Clock, ids: Mapping[str, str]) -> None:
    soon = clock() + timedelta(days=1)  # a repeated seeding asks a moment earlier than the first appointed
    for post, keys in POSTS:
        if house.directory.holders(post, soon):
            continue
        for rank, key in enumerate(keys):
            house.posts.appoint(post, ids[key], Granter(), rank=rank)
    for actor, principal in BACKUPS:
        if house.directory.may_act_for(ids[actor], ids[principal], soon):
            continue
        house.posts.name_backup(ids[actor], ids[principal], Granter())


def _tell(
    house: DemoHouse, clock: DemoClock, beats: Sequence[Beat], present: datetime, progress: Progress
) -> None:
    """Walk through the past: what happens, in its order; every evening the timers, then the head is signed."""

    def evening(moment: datetime) -> None:
        house.cases.fire_due_timers(moment)
        _settle(house)

    start = min(beat.moment for beat in beats)
    evenings = [Beat(moment, "", evening) for moment in _evenings(start, present, house.calendar)]
    everything = sorted([*beats, *evenings], key=lambda beat: beat.moment)
    for told, beat in enumerate(everything, 1):
        clock.set(beat.moment)
        beat.tell(beat.moment)
        progress(told, len(everything))
    clock.set(present)
    evening(present)


def _evenings(start: datetime, present: datetime, calendar: BusinessCalendar) -> list[datetime]:
    """The end of each of the desk's days, after it has closed."""
    first = start.astimezone(ZONE).replace(hour=18, minute=35, second=0, microsecond=0)
    days = (present - first).days + 1
    moments = [(first + timedelta(days=day)).astimezone(UTC) for day in range(days + 1)]
    return [
        moment
        for moment in moments
        if moment < present and calendar.is_business_day(calendar.local_day(moment))
    ]


def _settle(house: DemoHouse) -> None:
    while house.ledger.sequence():
        pass
    house.publisher.publish()


def _summary(values: Mapping[str, Any]) -> DemoSummary:
    return DemoSummary(
        password=values["password"],
        logins=tuple(DemoLogin(**{**login, "roles": tuple(login["roles"])}) for login in values["logins"]),
        cases=tuple(DemoCase(**case) for case in values["cases"]),
        total=values["total"],
        entries=values["entries"],
    )

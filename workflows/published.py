"""Catalogues as the chain ``system:catalogues`` tells them: read, and published with one entry each.

The reader is a projection that rebuilds itself: it keeps what it read for as long as the chain has the same head.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry, format_time
from evidence.ports import Clock, Composition, LedgerStore
from workflows.calendar import BusinessCalendar
from workflows.cataloguerules import check_items, settled_days
from workflows.catalogues import (
    CATALOGUES_CASE,
    SHAPES,
    CatalogueVersion,
    Timeline,
    item_json,
    own_version,
    published_at,
    timeline_of,
    with_names,
)
from workflows.commands import Actor
from workflows.definition import Catalogue, CatalogueItem, Definition
from workflows.errors import (
    CatalogueStale,
    FieldInvalid,
    FieldProblem,
    RetroactiveCatalogue,
    UnknownCatalogue,
)
from workflows.revisions import revised


class LedgerCatalogues:
    """`workflows.ports.Catalogues` read from a ledger. Safe for threads: what was read is replaced whole.

    ``head`` tells the leaf of the chain's last entry at little cost; without one the chain is read for every question.
    """

    def __init__(
        self, ledger: LedgerStore, bundled: Mapping[str, Catalogue], head: Callable[[], str] | None = None
    ) -> None:
        self._ledger = ledger
        self._bundled = bundled
        self._head = head
        self._read: tuple[str, Timeline] = ("", {})
        self._calendar: tuple[Timeline, BusinessCalendar] | None = None
        self._held = threading.local()

    @property
    def bundled(self) -> Mapping[str, Catalogue]:
        """The first lists, as the definitions bring them."""
        return self._bundled

    def codes(self) -> tuple[str, ...]:
        """Every catalogue that can be published, sorted."""
        return tuple(sorted({*SHAPES, *self._bundled, *self.timeline()}))

    def in_force(self, code: str, moment: datetime) -> CatalogueVersion:
        """See the port."""
        found = published_at(self.timeline(), code, moment)
        return found if found is not None else own_version(code, self._bundled.get(code))

    def versions(self, code: str) -> tuple[CatalogueVersion, ...]:
        """Every version, the first one included, in the order of publication."""
        return own_version(code, self._bundled.get(code)), *self.timeline().get(code, ())

    def named(self, definition: Definition) -> Definition:
        """See the port."""
        return with_names(definition, self.timeline())

    def calendar(self, base: BusinessCalendar) -> BusinessCalendar:
        """The table of business days with every revision published so far."""
        timeline = self.timeline()
        known = self._calendar
        if known is None or known[0] is not timeline:
            known = self._calendar = timeline, revised(base, timeline)
        return known[1]

    @contextmanager
    def steady(self) -> Iterator[None]:
        """For who reads: in this block, this thread is told the lists as they are when it first asks for them.

        A page asks some six times. What another thread, or this one after the block, is told is never older than that.
        """
        outer = getattr(self._held, "looks", None)
        self._held.looks = [] if outer is None else outer
        try:
            yield
        finally:
            self._held.looks = outer

    def timeline(self) -> Timeline:
        """Everything published so far."""
        looks: list[Timeline] | None = getattr(self._held, "looks", None)
        if looks is None:
            return self._present()
        if not looks:
            looks.append(self._present())
        return looks[0]

    def _present(self) -> Timeline:
        if self._head is None:
            return timeline_of(self._ledger.history(CATALOGUES_CASE))
        head = self._head()
        known, timeline = self._read
        if head != known:
            entries = self._ledger.history(CATALOGUES_CASE)
            timeline = timeline_of(entries)
            self._read = entries[-1].leaf if entries else "", timeline
        return timeline


@dataclass(frozen=True, slots=True)
class PublishCatalogue:
    """Publish a whole new list. ``based_on`` is the version it was made from: the newest, or it is refused.

    ``since`` is from when it is in force (now); ``notes`` by item code are kept in the payload.
    """

    code: str
    items: tuple[CatalogueItem, ...]
    actor: Actor
    based_on: str
    since: datetime | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""


class CatalogueDesk:
    """Publishes catalogues: the only writer of ``system:catalogues``."""

    def __init__(
        self, ledger: LedgerStore, catalogues: LedgerCatalogues, clock: Clock, calendar: BusinessCalendar
    ) -> None:
        """Take the ports. ``calendar`` says which day it is where the desk is; any revision of it does."""
        self._ledger = ledger
        self._catalogues = catalogues
        self._clock = clock
        self._calendar = calendar

    def publish(self, command: PublishCatalogue) -> SealedEntry:
        """Seal a new version.

        Raises:
            UnknownCatalogue, CatalogueStale (somebody published since), RetroactiveCatalogue, FieldInvalid,
            RequestReused, evidence.ports.StoreError; nothing is written then.
        """
        if command.code not in self._catalogues.codes():
            raise UnknownCatalogue(catalogue=command.code, options=list(self._catalogues.codes()))
        own = own_version(command.code, self._catalogues.bundled.get(command.code))
        now = self._clock()

        def compose(history: Sequence[SealedEntry]) -> Composition:
            published = timeline_of(history).get(command.code, ())
            newest = published[-1] if published else own
            if command.based_on != newest.version:
                raise CatalogueStale(
                    catalogue=command.code, based_on=command.based_on, newest=newest.version, seq=newest.seq
                )
            self._check(command, newest, now)
            return Composition((_draft(command, str(len(published) + 2)),))

        key = f"catalogue/{command.actor.id}/{command.idempotency_key}" if command.idempotency_key else ""
        written = self._ledger.append(
            CATALOGUES_CASE, compose, idempotency_key=key, request_digest=_digest(command) if key else ""
        )
        return written[-1]

    def _check(self, command: PublishCatalogue, newest: CatalogueVersion, now: datetime) -> None:
        if command.since is not None and command.since < now:
            day = self._calendar.local_day(command.since).isoformat()
            raise RetroactiveCatalogue(catalogue=command.code, since=format_time(command.since), item=day)
        check_items(command.code, command.items, command.notes)
        shape = SHAPES.get(command.code)
        if shape is not None and shape.codes == "day":
            self._settled(command, newest, self._calendar.local_day(now))

    def _settled(self, command: PublishCatalogue, newest: CatalogueVersion, today: date) -> None:
        """Days off are for days to come: what lies behind neither comes nor goes."""
        table = self._calendar
        outside = [
            day for day in command.items if not table.first.isoformat() <= day.code <= table.last.isoformat()
        ]
        if outside:
            span = f"{table.first} – {table.last}"
            raise FieldInvalid(tuple(FieldProblem(day.code, "outside_table", 0, "", span) for day in outside))
        changed = settled_days(newest.items, today) ^ settled_days(command.items, today)
        if changed or command.since is not None:
            item = min(changed, default="")  # ISO dates sort as text
            raise RetroactiveCatalogue(catalogue=command.code, since=format_time(self._clock()), item=item)


def _draft(command: PublishCatalogue, version: str) -> EntryDraft:
    items: list[Json] = [item_json(item) for item in command.items]
    facts: dict[str, Json] = {
        "catalogue": command.code,
        "version": version,
        "items": items,
        "actor_class": command.actor.kind,
        "via": command.actor.via,
    }
    if command.since is not None:
        facts["since"] = format_time(command.since)
    payload: dict[str, Json] = {"data": {"notes": dict(command.notes)}, **command.actor.channel()}
    return EntryDraft(
        actor=command.actor.id,
        role=command.actor.role,
        kind=EntryKind.CATALOGUE_PUBLISHED,
        facts=facts,
        payload=payload,
    )


def _digest(command: PublishCatalogue) -> str:
    asked: list[Json] = [
        command.code,
        [item_json(item) for item in command.items],
        command.based_on,
        format_time(command.since) if command.since else "",
        dict(command.notes),
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

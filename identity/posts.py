"""Posts change hands only together with an entry in the log, from now on and never backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry, format_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.access import ACCESS_CASE, Granter, via_json


class PostBook(Protocol):
    """Dated rows of who holds which post, and who may stand in for whom; only added and ended.

    Each raises its own refusal of a change that would rewrite the past, and then changes nothing.
    """

    def appoint(self, post: str, actor: str, *, since: datetime, now: datetime, rank: int = 0) -> None:
        """Add a holder; rank 0 is the principal."""
        ...

    def relieve(self, post: str, actor: str, *, until: datetime, now: datetime) -> bool:
        """End a holder's time; ``False`` when it was not running."""
        ...

    def name_backup(self, actor: str, principal: str, *, since: datetime) -> None:
        """Let one stand in for another."""
        ...


class PostDesk:
    """Appoints, relieves and names backups.

    The row is written first, since it may be refused; an entry that then cannot be sealed leaves an error and a row
    that ``posts list`` shows: repeating the command seals what happened.
    """

    def __init__(self, ledger: LedgerStore, book: PostBook, clock: Clock) -> None:
        self._ledger = ledger
        self._book = book
        self._clock = clock

    def appoint(
        self, post: str, actor: str, by: Granter, *, since: datetime | None = None, rank: int = 0
    ) -> None:
        """Give a post from ``since`` (now) on."""
        now = self._clock()
        start = since or now
        self._book.appoint(post, actor, since=start, now=now, rank=rank)
        facts = {"subject": actor, "post": post, "since": format_time(start)}
        self._seal(EntryKind.ACCESS_GRANTED, facts, by)

    def relieve(self, post: str, actor: str, by: Granter, *, until: datetime | None = None) -> bool:
        """End somebody's time in a post at ``until`` (now); ``False`` when it was not running."""
        now = self._clock()
        end = until or now
        if not self._book.relieve(post, actor, until=end, now=now):
            return False
        facts = {"subject": actor, "post": post, "until": format_time(end)}
        self._seal(EntryKind.ACCESS_REVOKED, facts, by)
        return True

    def name_backup(self, actor: str, principal: str, by: Granter) -> None:
        """Let ``actor`` stand in for ``principal`` from now on."""
        now = self._clock()
        self._book.name_backup(actor, principal, since=now)
        facts = {"subject": actor, "acting_for": principal, "since": format_time(now)}
        self._seal(EntryKind.ACCESS_GRANTED, facts, by)

    def _seal(self, kind: EntryKind, facts: Mapping[str, Json], by: Granter) -> None:
        draft = EntryDraft(
            actor=by.id,
            role=by.role,
            kind=kind,
            facts={**facts, "via": by.via},
            payload={"via": via_json(by)},
        )

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((draft,))

        self._ledger.append(ACCESS_CASE, compose)

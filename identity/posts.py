"""Posts change hands only together with an entry in the log, from now on and never backwards.

Who decides in another's place needs a paper: whoever comes into a post that authorises after its first holder, and the
backup of who holds one, are appointed with a document, which is an object of the entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry, format_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.access import ACCESS_CASE, Granter, via_json
from identity.accounts import IdentityError

_POST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.-]{0,63}")


class PostInvalid(IdentityError):
    """A post's code has letters, digits and ``_ : . -`` only: it stays in the entry for ever."""

    code = "post_invalid"


class PaperMissing(IdentityError):
    """Somebody who decides in another's place is appointed with a document."""

    code = "paper_missing"


class AlreadyHolds(IdentityError):
    """The person holds the post already, or will."""

    code = "already_holds"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of appointment: the stored object, and the name it had."""

    blob: BlobRef
    name: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """Somebody's time in a post, or (``principal``) as another's backup: ledger times, ``until`` empty: open."""

    actor: str
    since: str
    until: str = ""
    post: str = ""
    principal: str = ""
    rank: int = 0
    paper: str = ""

    def holds_at(self, moment: str) -> bool:
        """Whether it runs at a ledger time."""
        return self.since <= moment and (not self.until or moment < self.until)


class PostBook(Protocol):
    """Dated rows of who holds which post, and who may stand in for whom; only added and ended.

    Each raises its own refusal of a change that would rewrite the past, and then changes nothing.
    """

    def appoint(
        self, post: str, actor: str, *, since: datetime, now: datetime, rank: int = 0, paper: str = ""
    ) -> None:
        """Add a holder; rank 0 is the principal."""
        ...

    def relieve(self, post: str, actor: str, *, until: datetime, now: datetime) -> bool:
        """End a holder's time; ``False`` when it was not running."""
        ...

    def name_backup(self, actor: str, principal: str, *, since: datetime, paper: str = "") -> None:
        """Let one stand in for another."""
        ...

    def end_backup(self, actor: str, principal: str, *, until: datetime, now: datetime) -> bool:
        """Let one stand in for another no more; ``False`` when nobody did."""
        ...

    def appointments(self) -> Sequence[Appointment]:
        """Every time in a post there was, is or will be."""
        ...


class PostDesk:
    """Appoints, relieves and names backups.

    The row is written first, since it may be refused; an entry that then cannot be sealed leaves an error and a row
    that ``posts list`` shows: repeating the command seals what happened. ``deciding``: posts whose holders authorise.
    """

    def __init__(
        self, ledger: LedgerStore, book: PostBook, clock: Clock, deciding: frozenset[str] = frozenset()
    ) -> None:
        self._ledger = ledger
        self._book = book
        self._clock = clock
        self.deciding = deciding

    def appoint(
        self,
        post: str,
        actor: str,
        by: Granter,
        *,
        since: datetime | None = None,
        rank: int = 0,
        paper: Paper | None = None,
    ) -> None:
        """Give a post from ``since`` (now) on.

        Raises:
            PostInvalid, PaperMissing, AlreadyHolds, or what the book raises; nothing was written then.
        """
        if not _POST.fullmatch(post):
            raise PostInvalid(post)
        if paper is None and self._for_another(post, rank):
            raise PaperMissing(post)
        now = self._clock()
        start = since or now
        if self._holds(post, actor, format_time(start)):
            raise AlreadyHolds(post)
        self._book.appoint(post, actor, since=start, now=now, rank=rank, paper=_digest(paper))
        facts: dict[str, Json] = {"subject": actor, "post": post, "since": format_time(start)}
        if rank:
            facts["rank"] = rank
        self._seal(EntryKind.ACCESS_GRANTED, facts, by, paper)

    def relieve(self, post: str, actor: str, by: Granter, *, until: datetime | None = None) -> bool:
        """End somebody's time in a post at ``until`` (now); ``False`` when it was not running."""
        now = self._clock()
        end = until or now
        if not self._book.relieve(post, actor, until=end, now=now):
            return False
        facts: dict[str, Json] = {"subject": actor, "post": post, "until": format_time(end)}
        self._seal(EntryKind.ACCESS_REVOKED, facts, by)
        return True

    def name_backup(self, actor: str, principal: str, by: Granter, *, paper: Paper | None = None) -> None:
        """Let ``actor`` stand in for ``principal`` from now on.

        Raises:
            PaperMissing: the principal holds a post that authorises.
        """
        now = self._clock()
        if paper is None and self._decides(principal, format_time(now)):
            raise PaperMissing(principal)
        self._book.name_backup(actor, principal, since=now, paper=_digest(paper))
        facts: dict[str, Json] = {"subject": actor, "acting_for": principal, "since": format_time(now)}
        self._seal(EntryKind.ACCESS_GRANTED, facts, by, paper)

    def end_backup(self, actor: str, principal: str, by: Granter, *, until: datetime | None = None) -> bool:
        """Let ``actor`` stand in for ``principal`` no more; ``False`` when nobody did."""
        now = self._clock()
        end = until or now
        if not self._book.end_backup(actor, principal, until=end, now=now):
            return False
        facts: dict[str, Json] = {"subject": actor, "acting_for": principal, "until": format_time(end)}
        self._seal(EntryKind.ACCESS_REVOKED, facts, by)
        return True

    def _holds(self, post: str, actor: str, since: str) -> bool:
        """Whether another time of the person in the post runs then; the very same one is a command repeated."""
        return any(
            one.post == post
            and one.actor == actor
            and one.since != since
            and (not one.until or since < one.until)
            for one in self._book.appointments()
        )

    def _for_another(self, post: str, rank: int) -> bool:
        """Whether somebody comes to decide in another's place: in a deciding post, all but its very first holder."""
        known = any(one.post == post for one in self._book.appointments())
        return post in self.deciding and (rank > 0 or known)

    def _decides(self, actor: str, moment: str) -> bool:
        return any(
            one.actor == actor and one.post in self.deciding and one.holds_at(moment)
            for one in self._book.appointments()
        )

    def _seal(
        self, kind: EntryKind, facts: Mapping[str, Json], by: Granter, paper: Paper | None = None
    ) -> None:
        payload: dict[str, Json] = {"via": via_json(by)}
        if paper is not None:
            payload["files"] = [{"name": paper.name, "slot": "", "about": {}}]
        draft = EntryDraft(
            actor=by.id,
            role=by.role,
            kind=kind,
            objects=(paper.blob,) if paper is not None else (),
            facts={**facts, "via": by.via},
            payload=payload,
        )

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((draft,))

        self._ledger.append(ACCESS_CASE, compose)


def _digest(paper: Paper | None) -> str:
    return paper.blob.sha256 if paper is not None else ""

"""The chain of an engagement in the ledger: read, and added to by whoever may. The only writer of ``audit:`` chains.

State is folded anew whenever a chain's head has moved, and remembered by that head: there is no projection to go stale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from auditing.errors import AuditRefused
from auditing.fold import fold
from auditing.model import CHAINS, WAITING, Engagement, EntryName, Item, Kind
from auditing.population import day_of, process_of
from documents.secrets_scan import scan
from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry
from evidence.ports import Clock, Composition, LedgerStore

KEEPERS = frozenset({"supervisor", "administrador"})
"""Roles that open, change and close engagements."""

ANSWERING = KEEPERS | {"director"}
"""Roles that answer for the house, whoever an item's owner is."""

AUDITOR_ROLES = {Kind.INTERNAL: "auditor_interno", Kind.EXTERNAL: "auditor_externo"}
_DESK_ROLES = frozenset("especialista supervisor director capturista administrador cpanel".split())
_TITLE, _TEXT = 200, 8000


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: opaque id, the role acted in, through which door, and the console's user where there is one."""

    id: str
    role: str
    via: str = "web"
    os_user: str = ""


class ChainHeads(Protocol):
    """Where each engagement's chain stands."""

    def heads(self) -> Mapping[str, str]:
        """Leaf of the last entry by name of the chain, of every chain that begins with `CHAINS`.

        Raises:
            StoreUnavailable.
        """
        ...


Make = Callable[[Engagement], Sequence[EntryDraft]]


class Register:
    """Reads engagements. Any number of threads may share one."""

    def __init__(self, ledger: LedgerStore, heads: ChainHeads) -> None:
        self._ledger = ledger
        self._heads = heads
        self._known: dict[str, Engagement] = {}

    def all(self) -> tuple[Engagement, ...]:
        """Every engagement, the newest first."""
        heads = self._heads.heads()
        found = (self._at(chain, leaf) for chain, leaf in heads.items())
        return tuple(
            sorted((item for item in found if item is not None), key=lambda item: item.id, reverse=True)
        )

    def get(self, wanted: str) -> Engagement:
        """One engagement.

        Raises:
            AuditRefused: ``engagement_unknown``.
        """
        chain = CHAINS + wanted
        leaf = self._heads.heads().get(chain)
        found = self._at(chain, leaf) if leaf is not None else None
        if found is None:
            raise AuditRefused("engagement_unknown", engagement=wanted[:64])
        return found

    def asked_of(self, owner: str, today: date) -> tuple[tuple[Engagement, Item], ...]:
        """The requests that wait for an account's answer, in engagements that live on that day."""
        return tuple(
            (state, item)
            for state in self.all()
            if state.live(today)
            for item in state.items
            if item.owner == owner and item.state in WAITING
        )

    def _at(self, chain: str, leaf: str) -> Engagement | None:
        known = self._known.get(chain)
        if known is None or known.head != leaf:
            known = fold(self._ledger.history(chain))
            if known is not None:
                self._known[chain] = known
        return known


class Chain:
    """What the desks of the room share: the ledger, the register, the day, and the one way to write."""

    def __init__(
        self,
        ledger: LedgerStore,
        register: Register,
        clock: Clock,
        zone: ZoneInfo,
        roles_of: Callable[[str], frozenset[str]],
    ) -> None:
        self.ledger = ledger
        self.register = register
        self.clock = clock
        self.zone = zone
        self.roles_of = roles_of

    def today(self) -> date:
        """The date in the house's zone."""
        return self.clock().astimezone(self.zone).date()

    def write(self, wanted: str, make: Make, *, key: str = "", digest: str = "") -> Engagement:
        """Add what ``make`` says of the engagement as it stands; with a ``key``, once.

        Raises:
            AuditRefused: ``engagement_unknown``, or what ``make`` raises; nothing was written.
            AppendConflict, IdempotencyMismatch, StoreUnavailable.
        """
        self.register.get(wanted)

        def compose(history: Sequence[SealedEntry]) -> Composition:
            state = fold(history)
            if state is None:
                raise AuditRefused("engagement_unknown", engagement=wanted[:64])
            return Composition(tuple(make(state)))

        key = f"audit:{wanted}:{key}" if key else ""
        self.ledger.append(CHAINS + wanted, compose, idempotency_key=key, request_digest=digest)
        return self.register.get(wanted)

    def auditor(self, state: Engagement, by: By) -> None:
        """Refuse whoever is not an auditor of this engagement, or comes when it is over."""
        if by.id not in state.terms.auditors or by.role != AUDITOR_ROLES[state.terms.kind]:
            raise AuditRefused("not_an_auditor")
        self.open(state)

    def open(self, state: Engagement) -> None:
        """Refuse when the engagement is closed or expired."""
        if not state.live(self.today()):
            raise AuditRefused("engagement_over", expires=state.terms.expires)

    def keeper(self, by: By) -> None:
        """Refuse whoever may not open, change or close engagements."""
        if by.role not in KEEPERS:
            raise AuditRefused("not_a_keeper")

    def fit(self, kind: Kind, auditors: Iterable[str]) -> None:
        """Refuse auditors who lack the role, or who work at the desk they would audit."""
        for auditor in auditors:
            roles = self.roles_of(auditor)
            if AUDITOR_ROLES[kind] not in roles or not roles.isdisjoint(_DESK_ROLES):
                raise AuditRefused("auditor_unfit", role=AUDITOR_ROLES[kind])

    def case_of(self, folio: str) -> tuple[str, str] | None:
        """Process and day of opening of a process case; ``None`` for what is none."""
        history = self.ledger.history(folio) if ":" not in folio else ()
        if not history or history[0].entry.kind is not EntryKind.CASE_OPENED:
            return None
        return process_of(history[0].entry), day_of(history[0].entry.at, self.zone)

    def in_scope(self, state: Engagement, folio: str) -> bool:
        """Whether a case is one of those an engagement covers."""
        found = self.case_of(folio)
        return found is not None and state.terms.covers(*found)

    def named(self, entries: Iterable[tuple[str, int]]) -> tuple[EntryName, ...]:
        """Sealed entries of process cases, with their leaves.

        Raises:
            AuditRefused: ``entry_unknown``.
        """
        return tuple(self._name(folio, seq) for folio, seq in entries)

    def _name(self, folio: str, seq: int) -> EntryName:
        history = self.ledger.history(folio) if self.case_of(folio) else ()
        if not 1 <= seq <= len(history):
            raise AuditRefused("entry_unknown", folio=folio[:64], seq=seq)
        return EntryName(folio, seq, history[seq - 1].leaf)


def draft(
    by: By,
    kind: EntryKind,
    facts: Mapping[str, Json],
    data: Mapping[str, Json],
    *,
    objects: tuple[BlobRef, ...] = (),
    refs: Iterable[EntryName] = (),
) -> EntryDraft:
    """An entry of an engagement's chain: words and numbers as facts, everything typed in the payload."""
    channel: dict[str, Json] = {"channel": by.via}
    if by.os_user:
        channel["os_user"] = by.os_user
    told = {name: value for name, value in data.items() if value not in ("", None, {})}
    return EntryDraft(
        actor=by.id,
        role=by.role,
        kind=kind,
        objects=objects,
        refs=tuple(dict.fromkeys(name.leaf for name in refs)),
        facts={**facts, "actor_class": "person", "via": by.via},
        payload={"data": dict[str, Json](told), "via": channel},
    )


def names_json(names: Iterable[EntryName]) -> list[Json]:
    """Sealed entries as facts hold them."""
    found: list[Json] = []
    for name in names:
        found.append({"folio": name.folio, "seq": name.seq, "leaf": name.leaf})  # noqa: PERF401 - typed as Json
    return found


def digest_of(*parts: Json) -> str:
    """What identifies a request to itself when it comes again."""
    return hashlib.sha256(canonical_bytes(list(parts))).hexdigest()


def title(raw: str) -> str:
    """A title in one line. Raises `AuditRefused`: ``text_missing``, ``text_long``, ``text_secret``."""
    return _bounded(" ".join(raw.split()), _TITLE, needed=True)


def prose(raw: str, *, needed: bool = False) -> str:
    """A longer text. Raises `AuditRefused`: ``text_missing``, ``text_long``, ``text_secret``."""
    return _bounded(raw.replace("\r\n", "\n").strip(), _TEXT, needed=needed)


def _bounded(told: str, most: int, *, needed: bool) -> str:
    if needed and not told:
        raise AuditRefused("text_missing")
    if len(told) > most:
        raise AuditRefused("text_long", most=most)
    if any(finding.blocks for finding in scan(told)):
        raise AuditRefused("text_secret")
    return told

"""Who the opaque actor ids are, and which roles they held when: read from the chain ``system:access`` and nothing else.

Builder and verifier read the same entries the same way. Which entries carry payloads in a package follows from the
package's cases: only those about people who appear in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from evidence.canonical import Json, NotCanonical
from evidence.entry import SYSTEM, Entry, EntryKind, MalformedEntry, SealedEntry

ACCESS = "system:access"
"""The chain in which accounts get and lose roles."""

_CHANGES = frozenset({EntryKind.ACCESS_GRANTED, EntryKind.ACCESS_REVOKED})


class Naming(StrEnum):
    """Whether a name is known.

    ``system`` is the program itself, ``unnamed`` an id the chain gives no name to, ``reserved`` one whose name is
    withheld.
    """

    NAMED = "named"
    ERASED = "erased"
    UNNAMED = "unnamed"
    SYSTEM = "system"
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True)
class Tenure:
    """A role held from entry ``seq`` of the chain on, to before entry ``until_seq`` (0 while it is in force).

    ``since`` and ``until`` are the ledger times of these entries, ``index`` and ``until_index`` their places in the
    log.
    """

    role: str
    seq: int
    index: int
    since: str
    until_seq: int = 0
    until_index: int = -1
    until: str = ""

    def covers(self, index: int) -> bool:
        """Whether the role was held by an entry at this place of the log. Places are proved; clocks are not."""
        return self.index < index and (not self.until_seq or index < self.until_index)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts. ``name`` is the id itself where the chain gives no other."""

    id: str
    name: str
    naming: Naming
    tenures: tuple[Tenure, ...] = ()


_MOST_TOLD = 4096


class Roster:
    """Everybody the chain speaks of, in ``entries`` entries; where names are ``reserved`` nobody has one.

    Memory: a name and the tenures of each person.
    """

    def __init__(self, *, reserved: bool = False) -> None:
        self.entries = 0
        self.reserved = reserved
        self._names: dict[str, str] = {}
        self._erased: set[str] = set()
        self._tenures: dict[str, list[Tenure]] = {}
        self._told: dict[str, Person] = {}

    def see(self, item: SealedEntry) -> None:
        """The chain's next entry, in order; what does not have the expected shape says nothing."""
        self.entries += 1
        self._told.clear()
        subject = subject_of_access(item.entry)
        if not subject:
            return
        if item.payload_bytes is None:
            self._erased.add(subject)
        elif name := _name(item):
            self._names[subject] = name  # people change names: the newest counts
        if role := text_of(item.entry.facts, "role"):
            self._turn(subject, role, item)

    def person(self, actor: str) -> Person:
        """Who that is."""
        if (known := self._told.get(actor)) is None:
            if len(self._told) >= _MOST_TOLD:
                self._told.clear()
            known = self._told[actor] = self._person(actor)
        return known

    def _person(self, actor: str) -> Person:
        tenures = tuple(self._tenures.get(actor, ()))
        if actor == SYSTEM:
            return Person(actor, actor, Naming.SYSTEM, tenures)
        if self.reserved:
            return Person(actor, actor, Naming.RESERVED, tenures)
        if name := self._names.get(actor):
            return Person(actor, name, Naming.NAMED, tenures)
        return Person(actor, actor, Naming.ERASED if actor in self._erased else Naming.UNNAMED, tenures)

    def all_tenures(self) -> Iterator[tuple[str, Tenure]]:
        """Every role anybody held, with whose it was, in the order in which they were granted."""
        found = ((actor, item) for actor, tenures in self._tenures.items() for item in tenures)
        return iter(sorted(found, key=lambda pair: pair[1].seq))

    def held(self, actor: str, role: str, index: int) -> bool:
        """Whether the actor held the role at that place of the log; the program needs no grant for its own."""
        if (actor, role) == (SYSTEM, SYSTEM):
            return True
        return any(item.role == role and item.covers(index) for item in self._tenures.get(actor, ()))

    def _turn(self, subject: str, role: str, item: SealedEntry) -> None:
        """A grant opens a tenure unless one is open; a revocation ends the open one."""
        tenures = self._tenures.setdefault(subject, [])
        entry, index = item.entry, -1 if item.index is None else item.index
        at = next((n for n, held in enumerate(tenures) if held.role == role and not held.until_seq), None)
        if entry.kind is EntryKind.ACCESS_GRANTED and at is None:
            tenures.append(Tenure(role, entry.seq, index, entry.at))
        elif entry.kind is EntryKind.ACCESS_REVOKED and at is not None:
            tenures[at] = replace(tenures[at], until_seq=entry.seq, until_index=index, until=entry.at)


def subject_of_access(entry: Entry) -> str:
    """Whom an entry of the chain is about; ``""`` for one that is about nobody."""
    return text_of(entry.facts, "subject") if entry.kind in _CHANGES else ""


def people_of(entry: Entry) -> tuple[str, ...]:
    """Everybody an entry of a case names, sorted, without the program: who acts, for whom, parties to duties."""
    parties = entry.facts.get("parties")
    found = {entry.actor, text_of(entry.facts, "acting_for")}
    if isinstance(parties, dict):
        found.update(actor for actor in parties.values() if isinstance(actor, str))
    return tuple(sorted(found - {"", SYSTEM}))


def text_of(members: Mapping[str, Json], name: str) -> str:
    """A member that is text; ``""`` where it is absent or anything else."""
    value = members.get(name, "")
    return value if isinstance(value, str) else ""


def _name(item: SealedEntry) -> str:
    try:
        data = item.payload().get("data")
    except (MalformedEntry, NotCanonical):
        return ""
    return text_of(data, "name") if isinstance(data, dict) else ""

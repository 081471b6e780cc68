"""Who is in a package, and how often: counted case by case, told at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from audit_exports.people import Person, Roster
from audit_exports.record import CaseRecord


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person: entries made, entries that only name them, and entries made in a role they did not hold then."""

    person: Person
    acted: int
    named: int
    unheld: int


class Presence:
    """Memory: three numbers a person."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._acted = Counter[str]()
        self._named = Counter[str]()
        self._unheld = Counter[str]()

    def add(self, record: CaseRecord) -> None:
        """One more case."""
        for row in record.entries:
            for actor in row.people:
                (self._acted if actor == row.actor else self._named)[actor] += 1
            if not row.role_held:
                self._unheld[row.actor] += 1

    def ids(self) -> frozenset[str]:
        """Everybody so far."""
        return frozenset(self._acted) | frozenset(self._named)

    def rows(self) -> Iterator[PersonRow]:
        """Everybody, by id: an order that no erasure changes."""
        for actor in sorted(self.ids()):
            person = self._roster.person(actor)
            yield PersonRow(person, self._acted[actor], self._named[actor], self._unheld[actor])

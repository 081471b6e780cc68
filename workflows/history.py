"""Which entries count: corrections resolved, in the order in which things were first recorded.

An entry that supersedes another stands in that one's place. The leaf hashes it refers to are read from the chain
itself (each entry's ``prev`` is the leaf of the one before), so that entries alone are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.entry import Entry, EntryKind
from workflows.facts import Facts, facts_of


@dataclass(frozen=True, slots=True)
class Effective:
    """An entry that counts: ``place`` is the ``seq`` of the first version, ``first`` that version."""

    place: int
    first: Entry
    entry: Entry
    facts: Facts


@dataclass(frozen=True, slots=True)
class History:
    """What counts, what was corrected by what, and which entries could not be placed (``seq``, why)."""

    effective: tuple[Effective, ...]
    superseded: tuple[tuple[int, int], ...]
    annulled: tuple[tuple[int, int], ...]
    unreadable: tuple[tuple[int, str], ...]

    def in_force(self) -> frozenset[int]:
        """``seq`` of every entry that counts."""
        return frozenset(item.entry.seq for item in self.effective)

    def then(self, entry: Entry) -> History | None:
        """With one more entry that corrects nothing; ``None`` for a correction: all is to be resolved anew."""
        if entry.kind is EntryKind.EVIDENCE_SUPERSEDED:
            return None
        facts = facts_of(entry)
        problems = tuple((entry.seq, f"facts.{name}") for name in facts.problems)
        return History(
            (*self.effective, Effective(entry.seq, entry, entry, facts)),
            self.superseded,
            self.annulled,
            (*self.unreadable, *problems),
        )


def resolve(entries: Sequence[Entry]) -> History:
    """Apply corrections to the entries of one case, given by ``seq``."""
    place_of = {entry.seq: entry.seq for entry in entries}
    by_leaf = {after.prev: before.seq for before, after in pairwise(entries)}
    latest: dict[int, Entry] = {entry.seq: entry for entry in entries}
    firsts = dict(latest)
    superseded, annulled, unreadable = [], [], []
    facts_at = {entry.seq: facts_of(entry) for entry in entries}
    for entry in entries:
        facts = facts_at[entry.seq]
        unreadable += [(entry.seq, f"facts.{name}") for name in facts.problems]
        if entry.kind is not EntryKind.EVIDENCE_SUPERSEDED:
            continue
        del latest[entry.seq]
        target = by_leaf.get(entry.refs[0]) if entry.refs else None
        if target is None or target >= entry.seq or firsts[target].step != entry.step:
            unreadable.append((entry.seq, "refs"))
            continue
        place = place_of[entry.seq] = place_of[target]
        current = latest.pop(place, None)
        if current is not None:
            superseded.append((current.seq, entry.seq))
        if facts.annul:
            annulled.append((place, entry.seq))
        else:
            latest[place] = entry
    effective = tuple(
        Effective(place, firsts[place], latest[place], facts_at[latest[place].seq])
        for place in sorted(latest)
    )
    return History(effective, tuple(superseded), tuple(annulled), tuple(unreadable))

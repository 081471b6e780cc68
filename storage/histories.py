"""Histories that this process has checked, kept so that an unchanged case is neither read nor hashed again.

What is kept under a case's head is what hashing its rows gave: the head's leaf commits to every entry before it. Kept
histories are used only while the database still shows the same head, the same last entry byte by byte, the same number
of entries and no erasure since; anything else is read and checked anew (decision 0013).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from evidence.entry import EntryKind, SealedEntry
from evidence.ports import Projection

TAKING = frozenset({EntryKind.ERASURE_EXECUTED, EntryKind.QUARANTINE_PLACED, EntryKind.QUARANTINE_DESTROYED})
"""Kinds of entries that take payloads out of sight: what this process knows of their case is used no more."""

MOST_ENTRIES = 16_384
"""Entries kept in all, of the cases used last: two to four KB each."""


@dataclass(frozen=True, slots=True)
class Known:
    """A case as this process checked it last: never empty. ``erased``: how many erasures there were before it was read.

    ``projection`` is what was projected in the transaction that wrote the last entry, where this process wrote it.
    """

    entries: tuple[SealedEntry, ...]
    erased: int
    projection: Projection | None = None

    @property
    def last(self) -> SealedEntry:
        """The entry the head must point at."""
        return self.entries[-1]


class Histories:
    """What is known of cases; bounded, the least used go first; safe for threads."""

    def __init__(self, most_entries: int = MOST_ENTRIES) -> None:
        self._most = most_entries
        self._held: OrderedDict[str, Known] = OrderedDict()
        self._entries = 0
        self._lock = threading.Lock()

    def get(self, case: str) -> Known | None:
        """What is known of a case."""
        with self._lock:
            found = self._held.get(case)
            if found is not None:
                self._held.move_to_end(case)
            return found

    def keep(self, case: str, known: Known) -> None:
        """Keep what was read, or written and committed.

        A case of which something was erased, or ever stood in quarantine, is read each time: no process shall remember
        what another has destroyed.
        """
        giant = len(known.entries) > self._most // 4  # one giant shall not drive out everybody else
        if giant or _erased(known):
            self.forget(case)
            return
        with self._lock:
            self._drop(case)
            self._held[case] = known
            self._entries += len(known.entries)
            while self._entries > self._most:
                self._drop(next(iter(self._held)))

    def forget(self, case: str) -> None:
        """Read this case anew the next time."""
        with self._lock:
            self._drop(case)

    def forget_projection(self, case: str) -> None:
        """Somebody writes the caches of this case by another way."""
        with self._lock:
            found = self._held.get(case)
            if found is not None:
                self._held[case] = replace(found, projection=None)

    def _drop(self, case: str) -> None:
        found = self._held.pop(case, None)
        if found is not None:
            self._entries -= len(found.entries)


def _erased(known: Known) -> bool:
    """Whether an entry of the case erases something, or withholds it.

    Where ``known.erased`` is none nobody has to look: an erasure since makes the count another one, and what is kept
    is not used.
    """
    return any(item.entry.kind in TAKING for item in known.entries) if known.erased > 0 else False

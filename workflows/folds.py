"""Cases as they were folded last, kept between commands so that an unchanged case is not folded again.

A case's last leaf hash commits to all its entries, and with them to the definition they pin: what was folded under that
leaf is what folding them again would give. Bounded; forgetting costs time and nothing else.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from evidence.entry import SealedEntry
from workflows.calendar import BusinessCalendar
from workflows.definition import Definition
from workflows.derive import Derivation

MOST = 512
"""Cases kept: a few dozen KB each."""
MOST_ENTRIES = 65_536
"""Entries of all that is kept: a campaign of thousands is more than a few dozen KB, and kept once for each head."""
_BACK = 8
"""Entries that are read on at most; a case that has moved further is folded from its beginning."""


class Folds:
    """Derivations by the leaf of a case's last entry; safe for threads."""

    def __init__(self, most: int = MOST, most_entries: int = MOST_ENTRIES) -> None:
        self._most = most
        self._most_entries = most_entries
        self._held: OrderedDict[str, tuple[BusinessCalendar, Derivation]] = OrderedDict()
        self._entries = 0
        self._lock = threading.Lock()

    def of(
        self, definition: Definition, entries: Sequence[SealedEntry], calendar: BusinessCalendar
    ) -> Derivation:
        """The entries of one case, folded. Raises `workflows.derive.NotACase` as `derive` does."""
        back, found = self._nearest(entries, calendar)
        if found is None:
            found = Derivation.of(definition, [sealed.entry for sealed in entries], calendar)
        else:
            for sealed in entries[len(entries) - back :]:
                found = found.then(sealed.entry)
        self._keep(entries, calendar, found)
        return found

    def _nearest(
        self, entries: Sequence[SealedEntry], calendar: BusinessCalendar
    ) -> tuple[int, Derivation | None]:
        """What is known of the longest beginning of these entries, and how many are to be read on."""
        with self._lock:
            for back in range(min(_BACK, len(entries))):
                held = self._held.get(entries[-1 - back].leaf)
                if held is not None and held[0] is calendar:
                    return back, held[1]
        return 0, None

    def _keep(self, entries: Sequence[SealedEntry], calendar: BusinessCalendar, found: Derivation) -> None:
        with self._lock:
            former = self._held.pop(entries[-1].leaf, None)
            self._entries += len(entries) - (len(former[1].entries) if former is not None else 0)
            self._held[entries[-1].leaf] = (calendar, found)
            while len(self._held) > self._most or (
                self._entries > self._most_entries and len(self._held) > 1
            ):
                _, (_, oldest) = self._held.popitem(last=False)
                self._entries -= len(oldest.entries)

"""What the terms of an engagement keep out of its package: content of entries, files, and names of people.

Nothing is taken out of what was sealed: entries, proofs, facts and states are whole. Payloads, salts and files stay
behind, except those of entries that the house opened one by one. Builder and verifier ask the same chain.
"""

from __future__ import annotations

from auditing.model import Engagement
from evidence.entry import Entry, SealedEntry

RESERVED = "reservado"
"""What tables show in the place of something withheld."""


class Mask:
    """The terms of one engagement; of none, or of one that masks nothing, nothing is withheld."""

    def __init__(self, engagement: Engagement | None = None) -> None:
        self._engagement = engagement if engagement is not None and engagement.terms.masked else None

    @property
    def active(self) -> bool:
        """Whether personal data is masked; then people are their opaque ids, whoever they are."""
        return self._engagement is not None

    def withholds(self, entry: Entry) -> bool:
        """Whether payload, salt and files of a case's entry stay behind: all but those the house granted."""
        return self._engagement is not None and not self._engagement.granted(entry.case, entry.seq)

    def seen(self, item: SealedEntry) -> SealedEntry:
        """An entry of a case as the package has it: everything readable is made from this and nothing else."""
        if not self.withholds(item.entry):
            return item
        return SealedEntry(item.entry_bytes, item.leaf, None, None, item.index, item.entry)

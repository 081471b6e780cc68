"""What a package leaves behind: what an engagement's terms keep out, what is blocked, in quarantine, or was destroyed.

Nothing is taken out of what was sealed: entries, proofs, facts and states are whole. Payloads, salts and files stay
behind, except those of entries that the house opened one by one. Builder and verifier ask the same chains: that of the
engagement, and that of the case.
"""

from __future__ import annotations

from collections.abc import Sequence

from auditing.model import Engagement
from evidence.entry import Entry, SealedEntry
from evidence.quarantine import NOTHING as UNTOUCHED
from evidence.quarantine import Outcome, Quarantine, Withheld, quarantine_of
from workflows.keeping import NOTHING, Keeping, keeping_of

RESERVED = "reservado"
"""What tables show in the place of something withheld."""

WITHHELD, BLOCKED, ERASED = "withheld", "blocked", "erased"
QUARANTINED, DESTROYED = "quarantined", "destroyed"
STAND_INS = {
    WITHHELD: RESERVED,
    BLOCKED: "bloqueado",
    ERASED: "borrado",
    QUARANTINED: "en cuarentena",
    DESTROYED: "destruido en cuarentena",
}
"""What stands in the place of what is missing, by why."""


class Mask:
    """The terms of one engagement, over a case also what its chain says; of neither, nothing is withheld."""

    def __init__(self, engagement: Engagement | None = None) -> None:
        self._engagement = engagement if engagement is not None and engagement.terms.masked else None
        self.keeping: Keeping = NOTHING
        self.quarantine: Withheld = UNTOUCHED
        self._gone: frozenset[int] = frozenset()

    @property
    def active(self) -> bool:
        """Whether personal data is masked; then people are their opaque ids, whoever they are."""
        return self._engagement is not None

    def over(self, entries: Sequence[SealedEntry]) -> Mask:
        """This mask over one case."""
        found = Mask(self._engagement)
        found.keeping, found.quarantine = keeping_of(entries), quarantine_of(entries)
        found._gone = frozenset(item.entry.seq for item in entries if item.leaf in found.keeping.gone)
        return found

    def why(self, entry: Entry) -> str:
        """Why payload and salt of a case's entry stay behind; ``""``: they do not."""
        return self._whole(entry) or _why(self.quarantine.payload(entry.seq))

    def why_file(self, entry: Entry, sha256: str) -> str:
        """Why a file of it stays behind, by its digest; ``""``: it does not."""
        return self._whole(entry) or _why(self.quarantine.file(entry.seq, sha256))

    def _whole(self, entry: Entry) -> str:
        """Why all of an entry stays behind: what was decided about the case, or agreed about the engagement."""
        if entry.seq in self._gone:
            return ERASED
        if self.keeping.blocked:
            return BLOCKED
        masked = self._engagement is not None and not self._engagement.granted(entry.case, entry.seq)
        return WITHHELD if masked else ""

    def withholds(self, entry: Entry) -> bool:
        """Whether payload and salt of a case's entry stay behind."""
        return bool(self.why(entry))

    def seen(self, item: SealedEntry) -> SealedEntry:
        """An entry of a case as the package has it: everything readable is made from this and nothing else."""
        if not self.withholds(item.entry):
            return item
        return SealedEntry(item.entry_bytes, item.leaf, None, None, item.index, item.entry)


def _why(found: Quarantine | None) -> str:
    if found is None:
        return ""
    return DESTROYED if found.outcome is Outcome.DESTROYED else QUARANTINED

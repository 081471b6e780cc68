"""What an ``anchor.recorded`` entry states: which checkpoint was fixed elsewhere, by whom, and when."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind

ANCHORS_CASE = "system:anchors"
FACT = "anchor"
COSIGNATURE = "cosignature"
TIMESTAMP = "timestamp"
KINDS = (COSIGNATURE, TIMESTAMP)


@dataclass(frozen=True, slots=True)
class AnchorFact:
    """The member ``anchor`` of the facts.

    ``name`` is who answered, ``size`` that of the checkpoint, ``time`` the one they state, written as a ledger time.
    """

    kind: str
    name: str
    size: int
    time: str

    def as_json(self) -> dict[str, Json]:
        """The four members by name."""
        return asdict(self)


def anchor_of(entry: Entry) -> AnchorFact | None:
    """The anchor an entry tells of; ``None`` where it tells of none, or not in this form."""
    found = entry.facts.get(FACT)
    if entry.kind is not EntryKind.ANCHOR_RECORDED or not isinstance(found, dict):
        return None
    kind, name, size, time = (found.get(member) for member in ("kind", "name", "size", "time"))
    if kind not in KINDS or not isinstance(name, str) or not isinstance(time, str):
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 1 or len(entry.objects) != 2:
        return None
    return AnchorFact(str(kind), name, size, time)

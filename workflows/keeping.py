"""Whether the data of a case may be used: legal holds, block and erasure, read from its entries and nothing else.

`workflows.derive` says what a case amounts to; this says what may still be done with what people typed and sent. None
of it changes the derived state, so that a case before its erasure and after it are the same case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evidence.canonical import NotCanonical
from evidence.entry import EntryKind, MalformedEntry, SealedEntry
from evidence.ports import Reference
from workflows.keepingerrors import CaseErased, DataBlocked

MARK = "datos"
"""Kind of the references by which cases that are held, blocked, asked about or erased are found."""

HELD, BLOCKED, ASKED, ERASED = "retenido", "bloqueado", "solicitado", "borrado"
"""Values of those references."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold that stands: the entry that placed it, when, by whom; ``reason`` is empty where it is not shown."""

    seq: int
    leaf: str
    at: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for erasure: which entry, when, by whom, on which ground, and why in words."""

    seq: int
    leaf: str
    at: str
    actor: str
    ground: str
    reason: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a case's data stands. ``blocked`` and ``erased`` are the numbers of the entries that say so, 0 for none.

    What is gone is not blocked any more. ``gone`` are the leaves whose payloads were erased; ``asked`` is the
    request that waits for a second person.
    """

    holds: tuple[Hold, ...] = ()
    blocked: int = 0
    asked: Asked | None = None
    erased: int = 0
    gone: frozenset[str] = frozenset()

    @property
    def shut(self) -> bool:
        """Whether the data is not to be used: blocked, or gone."""
        return bool(self.blocked or self.erased)

    def marks(self) -> Iterator[Reference]:
        """The references by which such cases are found."""
        told = ((HELD, self.holds), (BLOCKED, self.blocked), (ASKED, self.asked), (ERASED, self.erased))
        for value, stands in told:
            if stands and (value == ERASED or not self.erased):
                yield Reference(MARK, value)


NOTHING = Keeping()
_KINDS = frozenset(
    {
        EntryKind.HOLD_PLACED,
        EntryKind.HOLD_LIFTED,
        EntryKind.DATA_BLOCKED,
        EntryKind.DATA_UNBLOCKED,
        EntryKind.ERASURE_REQUESTED,
        EntryKind.ERASURE_WITHDRAWN,
        EntryKind.ERASURE_EXECUTED,
    }
)


def keeping_of(entries: Sequence[SealedEntry]) -> Keeping:
    """How the data of a case stands after its entries."""
    found = [sealed for sealed in entries if sealed.entry.kind in _KINDS]
    return _read(found) if found else NOTHING


def _read(entries: Sequence[SealedEntry]) -> Keeping:
    holds: dict[str, Hold] = {}
    blocked, erased, asked = 0, 0, None
    gone: set[str] = set()
    for sealed in entries:
        entry = sealed.entry
        if entry.kind is EntryKind.HOLD_PLACED:
            holds[sealed.leaf] = Hold(entry.seq, sealed.leaf, entry.at, entry.actor, _reason(sealed))
        elif entry.kind is EntryKind.HOLD_LIFTED:
            for leaf in entry.refs:
                holds.pop(leaf, None)
        elif entry.kind in {EntryKind.DATA_BLOCKED, EntryKind.DATA_UNBLOCKED}:
            blocked = entry.seq if entry.kind is EntryKind.DATA_BLOCKED else 0
        elif entry.kind is EntryKind.ERASURE_EXECUTED:
            erased, asked = erased or entry.seq, None
            gone.update(entry.refs)
        else:
            asked = _asked(sealed) if entry.kind is EntryKind.ERASURE_REQUESTED else None
    return Keeping(tuple(holds.values()), 0 if erased else blocked, asked, erased, frozenset(gone))


def _asked(sealed: SealedEntry) -> Asked:
    entry = sealed.entry
    ground = entry.facts.get("reason")
    return Asked(
        entry.seq,
        sealed.leaf,
        entry.at,
        entry.actor,
        ground if isinstance(ground, str) else "",
        _reason(sealed),
    )


def _reason(sealed: SealedEntry) -> str:
    """What the payload says, where it can be read: packages of strangers are read too."""
    try:
        return str(sealed.payload().get("note", ""))
    except (MalformedEntry, NotCanonical):
        return ""


def shown(entries: Sequence[SealedEntry], keeping: Keeping | None = None) -> Sequence[SealedEntry]:
    """The entries as whoever does not answer for the data sees them: without payloads that are blocked or erased.

    An erasure is heeded from its entry on, whether or not what it destroys has been destroyed yet.
    """
    stands = keeping or keeping_of(entries)
    if not stands.shut:
        return entries
    return [_bare(item) if stands.blocked or item.leaf in stands.gone else item for item in entries]


def left(entries: Sequence[SealedEntry], keeping: Keeping | None = None) -> Sequence[SealedEntry]:
    """The entries as whoever answers for blocked data sees them: only what was erased is missing."""
    gone = (keeping or keeping_of(entries)).gone
    return [_bare(item) if item.leaf in gone else item for item in entries] if gone else entries


def _bare(sealed: SealedEntry) -> SealedEntry:
    return replace(sealed, payload_bytes=None, salt=None)


def require_usable(entries: Sequence[SealedEntry], *, keepers: bool) -> None:
    """Refuse what would use the data of a case. ``keepers``: an act about the data itself, which a block allows.

    Raises:
        CaseErased, DataBlocked.
    """
    stands = keeping_of(entries)
    if not entries or not stands.shut:
        return
    folio = entries[0].entry.case
    if stands.erased:
        raise CaseErased(folio=folio, seq=stands.erased)
    if not keepers:
        raise DataBlocked(folio=folio, seq=stands.blocked)

"""What the storage tests share: a clock that ticks, drafts, projections, and a ledger on each kind of home."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry, format_time
from evidence.ports import Composition, LedgerStore, Projection, Reference
from evidence.rowcheck import Checked, RowCheck
from evidence.tiles import tiles_of
from evidence.tree import leaf_hash, node_hash
from storage.ciphers.keys import CaseKeys

ORIGIN = "constancia.example/prueba"
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class TickingClock:
    """A clock that moves one second at every look; ``now`` may be set."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The next second."""
        self.now += timedelta(seconds=1)
        return self.now


def draft(note: str = "nota", **members: object) -> EntryDraft:
    """A plain draft of a person's evidence."""
    given: dict[str, object] = {
        "actor": "u-1",
        "role": "especialista",
        "kind": EntryKind.EVIDENCE_RECORDED,
        "process": "MA-001@2025-12-15",
        "step": "3",
        "payload": {"note": note},
    }
    return EntryDraft(**{**given, **members})  # type: ignore[arg-type]


def writes(*drafts: EntryDraft) -> Callable[[Sequence[SealedEntry]], Composition]:
    """A compose that adds these drafts whatever came before."""
    return lambda _history: Composition(drafts or (draft(),))


def opens(*drafts: EntryDraft) -> Callable[[str], Composition]:
    """The same for a case about to be opened."""
    return lambda _folio: Composition(drafts or (draft(),))


def projection(case: str, *references: Reference, **members: object) -> Projection:
    """A projection of a case with sensible members."""
    given: dict[str, object] = {
        "case": case,
        "process": "MA-001",
        "version": "2025-12-15",
        "opened_at": format_time(START),
        "updated_at": format_time(START),
        "status": "En proceso",
        "closed": False,
        "complete": False,
        "next_due": "",
        "next_mark": "",
        "assignee": "u-1",
        "title": f"Alta de cuenta {case}",
        "document": b'{"ticket":"En proceso"}',
        "references": references,
        "search_text": f"alta de cuenta {case.lower()}",
    }
    return Projection(**{**given, **members})  # type: ignore[arg-type]


def projects(wanted: Projection, *drafts: EntryDraft) -> Callable[[Sequence[SealedEntry]], Composition]:
    """A compose that adds drafts and projects the case as given."""
    return lambda _history: Composition(drafts or (draft(),), lambda _entries: wanted)


def fill(ledger: LedgerStore, count: int) -> None:
    """Add ``count`` entries over some cases, ten to an append where there are many, and sequence them all."""
    cases = 7 + count // 10
    together = 10 if count > 100 else 1
    for first in range(0, count, together):
        drafts = [draft(f"nota {number}") for number in range(first, min(first + together, count))]
        ledger.append(f"MA-001-2026-{first // together % cases:06d}", writes(*drafts))
    sequence_all(ledger)


def sequence_all(ledger: LedgerStore) -> None:
    """Sequence until nothing waits."""
    while ledger.sequence():
        pass


def leaves_of(ledger: LedgerStore) -> list[bytes]:
    """The leaf hashes of all sequenced entries, from their bytes."""
    return [leaf_hash(sealed.entry_bytes) for sealed in ledger.entries()]


def root_by_definition(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1 word by word, slow and independent of the product's arithmetic."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(root_by_definition(leaves[:split]), root_by_definition(leaves[split:]))


def expected_tiles(leaves: Sequence[bytes]) -> Mapping[tuple[int, int, int], bytes]:
    """Every Merkle tile of these leaves as tlog-tiles defines it."""
    found = {}
    for tile in tiles_of(len(leaves)):
        span = 256**tile.level
        first = tile.n * 256
        hashes = [
            root_by_definition(leaves[place * span : (place + 1) * span])
            for place in range(first, first + tile.width)
        ]
        found[tile.level, tile.n, tile.width] = b"".join(hashes)
    return found


def check_whole(ledger: LedgerStore) -> list[SealedEntry]:
    """Everything a healthy ledger must be, from its bytes up; returns all entries, sequenced first.

    Dense chains, dense indices, the root and tiles that belong to them, columns and heads that agree.
    """
    sequenced = list(ledger.entries())
    assert [sealed.index for sealed in sequenced] == list(range(len(sequenced)))
    assert ledger.tree_size() == len(sequenced)
    leaves = [bytes.fromhex(sealed.leaf) for sealed in sequenced]
    if leaves:
        assert ledger.root() == root_by_definition(leaves)
        for (level, n, width), data in expected_tiles(leaves).items():
            assert ledger.tile(level, n, width) == data
    everything = [*sequenced, *ledger.unsequenced()]
    heads: dict[str, tuple[int, str]] = {}
    for sealed in everything:
        assert leaf_hash(sealed.entry_bytes).hex() == sealed.leaf
        seq, leaf = heads.get(sealed.entry.case, (0, ""))
        assert sealed.entry.seq == seq + 1
        assert not leaf or sealed.entry.prev == leaf
        heads[sealed.entry.case] = sealed.entry.seq, sealed.leaf
    assert sorted(heads) == list(ledger.cases())
    assert list(ledger.cache_discrepancies()) == []
    rows = [*ledger.stored_rows(), *ledger.unsequenced_rows()]
    told = RowCheck(ledger.origin, objects=False).many(rows)
    assert [found for item in told if isinstance(item, Checked) for found in item.findings] == []
    return everything


def notes(entries: Sequence[SealedEntry]) -> list[Json]:
    """The notes of entries made by `draft`."""
    return [sealed.payload()["note"] for sealed in entries]


MASTER = CaseKeys.new_master()
"""One master key for all tests of this process."""


def keys_of(engine: Engine, master: str | None = MASTER, *, encrypting: bool = True) -> CaseKeys:
    """The keys of a database's cases, under the tests' master key."""
    return CaseKeys(engine, lambda: master, encrypting=encrypting)

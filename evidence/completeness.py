"""Committing to the heads of all cases, proving from such a commitment, and checking commitments on replay."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from evidence.anchored import ANCHORS_CASE
from evidence.entry import SYSTEM, Entry, EntryDraft, EntryKind, SealedEntry
from evidence.findings import Code, Finding
from evidence.heads import FACT, HEADS_CASE, CaseHead, Commitment, HeadsMap, commitment_of
from evidence.ports import Composition, LedgerStore
from evidence.runs import Run

_OF_ITSELF = frozenset({HEADS_CASE, ANCHORS_CASE})

JOURNAL = 65_536
"""How many entries may lie between a commitment's size and its own index: it is made at once or not at all."""


def heads_at(ledger: LedgerStore, size: int) -> HeadsMap:
    """The map over the first ``size`` entries of a ledger."""
    return HeadsMap(size, ledger.heads(size))


def commit_heads(ledger: LedgerStore) -> tuple[Commitment, SealedEntry]:
    """Append ``heads.committed`` for everything that has an index now.

    Safe in several processes: the entry's idempotency key is its size, and one size has one map.

    Raises:
        StoreUnavailable, BlobCorrupt.
    """
    made = heads_at(ledger, ledger.tree_size()).commitment
    draft = EntryDraft(SYSTEM, SYSTEM, EntryKind.HEADS_COMMITTED, facts={FACT: made.as_fact()})
    written = ledger.append(
        HEADS_CASE,
        lambda _history: Composition((draft,)),
        idempotency_key=f"heads/{made.size}",
        request_digest=made.root.hex(),
    )
    return made, written[-1]


def latest_commitment(ledger: LedgerStore) -> tuple[Commitment, SealedEntry] | None:
    """The newest commitment and its entry; ``None`` where there is none yet."""
    for sealed in reversed(ledger.history(HEADS_CASE)):
        found = commitment_of(sealed.entry.facts)
        if sealed.entry.kind is EntryKind.HEADS_COMMITTED and found is not None:
            return found, sealed
    return None


def grown_since(ledger: LedgerStore, size: int, stop: int | None = None) -> bool:
    """Whether entries from index ``size`` on (below ``stop``) say more than the log's own commitments and anchors.

    What the log says of itself is no reason for it to say it again.
    """
    return any(sealed.entry.case not in _OF_ITSELF for sealed in ledger.entries(size, stop))


class HeadsChecker:
    """Holds every ``heads.committed`` entry against the heads that were really there at its size.

    Give it entries in the order of the log, each before the chain checker takes it; ``heads`` is that checker's table
    of ``(seq, leaf hex)`` by case. Memory is about one line for each of the last `JOURNAL` entries.
    """

    def __init__(self, heads: Mapping[str, tuple[int, str]]) -> None:
        self._heads = heads
        self._journal: deque[_Noted | Run] = deque()
        self._count = 0

    def see(self, index: int, entry: Entry, subject: str) -> list[Finding]:
        """Take note of an entry; findings where it commits to other heads."""
        findings = self._check(index, entry, subject) if entry.kind is EntryKind.HEADS_COMMITTED else []
        self.note(index, entry.case)
        return findings

    def note(self, index: int, case: str) -> None:
        """Take note of an entry of another kind."""
        self._keep(_Noted(index, case, self._heads.get(case)), 1)

    def note_run(self, run: Run) -> None:
        """Take note of entries none of which commits to heads, and whose chains go on from the heads there are."""
        self._keep(run, run.length)

    def _keep(self, noted: _Noted | Run, count: int) -> None:
        self._journal.append(noted)
        self._count += count
        while (rest := self._count - _count(self._journal[0])) >= JOURNAL:
            self._journal.popleft()
            self._count = rest

    def _check(self, index: int, entry: Entry, subject: str) -> list[Finding]:
        claimed = commitment_of(entry.facts)
        if claimed is None:
            return [Finding(Code.HEADS_DIFFER, subject, "a commitment to heads", "none that can be read")]
        reach = self._reach() if self._journal else index
        if not (reach <= claimed.size <= index):
            return [Finding(Code.HEADS_DIFFER, subject, f"a size from {reach} to {index}", str(claimed.size))]
        found = self._at(claimed.size).commitment
        if found == claimed:
            return []
        return [Finding(Code.HEADS_DIFFER, subject, _said(claimed), _said(found))]

    def _reach(self) -> int:
        """The index of the oldest of the last `JOURNAL` entries; of a run the first ones may be older than that."""
        oldest = self._journal[0]
        if isinstance(oldest, Run):
            return oldest.start + max(0, self._count - JOURNAL)
        return oldest.place

    def _at(self, size: int) -> HeadsMap:
        """The map as it was, the entries since then undone, newest first."""
        heads: dict[str, tuple[int, str] | None] = dict(self._heads)
        for noted in reversed(self._journal):
            if isinstance(noted, Run):
                _undo(noted, size, heads)
                if noted.start <= size:
                    break
                continue
            if noted.place < size:
                break
            heads[noted.case] = noted.before
        known = ((case, head) for case, head in heads.items() if head is not None)
        ordered = sorted(known, key=lambda item: item[0].encode())
        return HeadsMap(size, (CaseHead(case, seq, bytes.fromhex(leaf)) for case, (seq, leaf) in ordered))


class _Noted(NamedTuple):
    """An entry by its index, and the head that its case had before."""

    place: int
    case: str
    before: tuple[int, str] | None


def _count(noted: _Noted | Run) -> int:
    return noted.length if isinstance(noted, Run) else 1


def _undo(run: Run, size: int, heads: dict[str, tuple[int, str] | None]) -> None:
    """Take back those entries of a run that have an index from ``size`` on."""
    if run.start >= size:
        heads.update((part.case, _before(part.seq, part.prev)) for part in run.parts)
        return
    for case, seq, prev, _ in reversed(run.members()[size - run.start :]):
        heads[case] = _before(seq, prev)


def _before(seq: int, prev: str) -> tuple[int, str] | None:
    """The head of a case before an entry whose place in its chain was checked."""
    return (seq - 1, prev) if seq > 1 else None


def _said(commitment: Commitment) -> str:
    return f"{commitment.cases} cases at {commitment.size}, {commitment.root.hex()}"

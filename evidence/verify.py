"""Verification of a whole ledger: every byte re-hashed, every link followed, the tree replayed, one verdict.

One implementation serves the nightly check, the page and the command; the offline verifier of packages uses the same
single checks (`evidence.checks`). What is given as argument is trusted (origin, keys, known checkpoints); what the
ledger says about itself is not. Projections are no evidence and are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice

from evidence.anchors import AnchorChecker, Note, copy_of
from evidence.checks import (
    ChainChecker,
    ClockChecker,
    ErasureLedger,
    check_checkpoint,
    check_fresh,
    subject_of,
)
from evidence.completeness import HeadsChecker
from evidence.entry import BlobRef, Entry
from evidence.findings import Code, Finding, Report, Verdict, verdict_of
from evidence.note import VerifierKey
from evidence.objects import ObjectChecker
from evidence.outside import Anchor, OutsideAnchors, Trust
from evidence.ports import BlobCorrupt, BlobMissing, BlobStore, LedgerStore, StoredBlob
from evidence.presence import unreferenced, verify_objects
from evidence.processes import may_fork, ordered
from evidence.replay import TreeReplay
from evidence.rowcheck import Checked, Piece, RowCheck
from evidence.rows import Row
from evidence.runs import Run
from evidence.tree import leaf_hash

__all__ = ["Finding", "Progress", "Report", "Verdict", "verify_ledger", "verify_objects"]

Progress = Callable[[int, int], None]
"""Called now and then with entries checked so far and entries in all."""

LEVELS = ("none", "A0", "A1", "A2", "A3")
"""Anchors from weak to strong; ``docs/formats/ledger.md`` says what each means."""

_BATCH = 256
_SPAN = 512
"""Entries that a process reads and checks at a time."""
_WORTH_SHARING = 8 * _BATCH
"""Entries from which on several processes are begun."""
_LARGEST_NOTE = 8192
_DIGEST = re.compile(r"sha256/[0-9a-f]{2}/([0-9a-f]{64})")


def verify_ledger(  # noqa: PLR0913 - what may be asked of it
    ledger: LedgerStore,
    blobs: BlobStore | None = None,
    *,
    keys: Iterable[VerifierKey],
    full: bool = False,
    known_checkpoints: Iterable[bytes] = (),
    progress: Progress | None = None,
    now: datetime | None = None,
    trust: Trust | None = None,
    processes: int = 1,
) -> Report:
    """Check everything a ledger holds; appends may go on meanwhile.

    Args:
        ledger: what is checked; its ``origin`` must be the one the caller expects.
        blobs: the object store; without it objects are not looked at.
        keys: the log keys the caller trusts. Without any the verdict is never valid.
        full: also read every object, and list the store for objects nobody refers to and for copies of checkpoints.
        known_checkpoints: signed notes the caller kept from earlier.
        progress: told about every 256 entries.
        now: against which locks are judged; the present by default.
        trust: logs, witnesses and time stamps the caller trusts; the policy's quorum must have cosigned a checkpoint
            that agrees.
        processes: how many may share the work of a long log (see `evidence.processes`).

    Raises:
        StoreUnavailable: the ledger store cannot answer; nothing was decided.
        WorkerLost: one of the processes died; nothing was decided.
    """
    return _Verification(ledger, blobs, keys, trust or Trust(), full=full, processes=processes).run(
        known_checkpoints, progress, now or datetime.now(UTC)
    )


class _Verification:
    """One run: what it has seen, and what it found."""

    def __init__(
        self,
        ledger: LedgerStore,
        blobs: BlobStore | None,
        keys: Iterable[VerifierKey],
        trust: Trust,
        *,
        full: bool,
        processes: int,
    ) -> None:
        self._ledger = ledger
        self._processes = processes
        self._blobs = blobs
        self._full = full
        self._keys = (*keys, *trust.policy.log_keys)
        self._log = ledger.origin
        self._objects = ObjectChecker(blobs, full=full) if blobs is not None else None
        self._anchors = AnchorChecker(self._keys, self._log)
        self._outside = OutsideAnchors(trust, every=full)
        self._policy = trust.policy
        self._not_before = trust.not_before
        self._held: dict[str, Anchor] = {}
        self._rows = RowCheck(self._log, objects=blobs is not None)
        self._replay = TreeReplay(ledger)
        self._chain = ChainChecker(self._log)
        self._heads = HeadsChecker(self._chain.heads)
        self._clock = ClockChecker()
        self._erasures = ErasureLedger()
        self._findings: list[Finding] = []
        self._checked = 0
        self._expected = 0

    def run(self, known: Iterable[bytes], progress: Progress | None, now: datetime) -> Report:
        # Read before the size: what is not among the first `size` entries and was waiting then, is waiting still.
        waiting = {row.leaf: row for row in self._ledger.unsequenced_rows()}
        size = self._size()
        self._sequenced(size, known, waiting, progress)
        for row in waiting.values():
            self._take(self._rows.one(row))
        for subject, expected, found in self._ledger.cache_discrepancies():
            self._find(Code.ENTRY_COLUMN, subject, expected, found)
        self._findings += self._erasures.findings()
        if not self._checked:
            self._find(Code.LOG_EMPTY, "log", "entries", "none")
        if self._objects is not None:
            self._objects.hand_over()
            # While the last ones are still being read:
            leftovers = list(self._objects.leftovers()) if self._full else []
            self._findings += self._objects.settle()
            self._findings = self._erasures.excused(self._findings)
            self._leftovers(leftovers)
        self._hold_outside()
        self._anchors.finish()
        self._fresh()
        return self._report(len(waiting), now)

    def _size(self) -> int | None:
        """How many entries the store says are sequenced; ``None``, and a finding, where it cannot tell."""
        try:
            return self._ledger.tree_size()
        except BlobCorrupt as error:
            self._find(Code.TREE_ROOT, "log", error.expected, error.found)
            return None

    def _sequenced(
        self,
        size: int | None,
        known: Iterable[bytes],
        waiting: dict[str, Row],
        progress: Progress | None,
    ) -> None:
        """The entries that have an index; the tree stops where a tile or a checkpoint ends."""
        notes = self._anchors.in_order(self._ledger.checkpoints(), known)
        note = self._meet(next(notes, None), notes)
        leaves: list[bytes] = []
        for piece in self._looked_at(size):
            leaves += self._taken(piece, waiting)
            while leaves and (room := self._room(note)) <= len(leaves):
                self._findings += self._replay.take(leaves[:room])
                del leaves[:room]
                note = self._meet(note, notes)
                if progress is not None:
                    progress(self._replay.size, size or self._replay.size)
        self._findings += self._replay.take(leaves)
        self._findings += self._replay.finish(size)
        if progress is not None:
            progress(self._replay.size, self._replay.size)
        self._beyond(note, notes)

    def _room(self, note: Note | None) -> int:
        """How many entries the tree takes until it is looked at."""
        here = self._replay.size
        room = _BATCH - here % _BATCH
        return room if note is None else min(room, note.size - here)

    def _meet(self, note: Note | None, notes: Iterable[Note]) -> Note | None:
        """Hold the notes of the present size against the root; returns the next one."""
        while note is not None and note.size <= self._replay.size:
            self._known_copy(note)
            self._anchors.meet(note, self._replay.root(), self._replay.size)
            note = next(iter(notes), None)
        return note

    def _beyond(self, note: Note | None, notes: Iterable[Note]) -> None:
        """Notes of sizes we did not reach: the log is shorter than it was, or has grown since we began."""
        while note is not None:
            self._known_copy(note)
            if note.size > (self._size() or 0):
                self._anchors.meet(note, None, self._replay.size)
            note = next(iter(notes), None)

    def _looked_at(self, size: int | None) -> Iterator[Piece]:
        """The rows that have an index and what is to be told of them.

        Of a long log several processes read and check one range after the other. Without a size nobody knows how far
        the ranges go: then all is one.
        """
        if size is None or size < _WORTH_SHARING or self._processes < 2 or not may_fork():
            rows = self._ledger.stored_rows(0, size)
            while batch := list(islice(rows, _SPAN)):
                yield from self._rows.many(batch)
            return
        self._ledger.let_go()
        ranges = ((start, min(start + _SPAN, size)) for start in range(0, size, _SPAN))
        for told in ordered(self._range, ranges, processes=self._processes, given=2):
            yield from told

    def _range(self, span: tuple[int, int]) -> list[Piece]:
        """What there is to tell of the rows with these indices; in a process of its own, or in this one."""
        return self._rows.many(self._ledger.stored_rows(*span))

    def _taken(self, piece: Piece, waiting: dict[str, Row]) -> list[bytes]:
        return self._take_run(piece, waiting) if isinstance(piece, Run) else [self._take_one(piece, waiting)]

    def _take_run(self, run: Run, waiting: dict[str, Row]) -> list[bytes]:
        """What entries with nothing to tell mean beside all others; returns their leaf hashes."""
        leaves = run.each_leaf()
        self._checked += run.length
        self._place(run.start, leaves[0], run.start + run.length)
        if waiting:
            for leaf in leaves:
                waiting.pop(leaf, None)
        if self._chain.fits(run) and self._clock.fits(run):
            self._heads.note_run(run)
            self._chain.take(run)
            self._clock.take(run)
        else:
            self._one_by_one(run, leaves)
        for subject, objects in run.named:
            self._look(objects, subject)
        return [bytes.fromhex(leaf) for leaf in leaves]

    def _one_by_one(self, run: Run, leaves: list[str]) -> None:
        """The entries of a run that does not fit what is before it: those that do not are named."""
        for index, (leaf, member) in enumerate(zip(leaves, run.members(), strict=True), run.start):
            case, seq, prev, at = member
            self._heads.note(index, case)
            self._findings += self._chain.follow(case, seq, prev, leaf)
            self._findings += self._clock.tick(at, case, seq)

    def _take_one(self, told: Checked, waiting: dict[str, Row]) -> bytes:
        """What any other row that has an index means; returns the leaf hash of the bytes that are really there."""
        row = told.row
        waiting.pop(row.leaf, None)
        self._place(row.log_index, row.leaf, None if row.log_index is None else row.log_index + 1)
        return self._take(told)

    def _place(self, index: int | None, leaf: str, following: int | None) -> None:
        """Indices are dense: ``index`` is the expected one, and ``following`` is expected next."""
        if index != self._expected:
            self._find(Code.INDEX_GAP, f"leaf {leaf}", str(self._expected), str(index))
        self._expected = self._expected + 1 if following is None else following

    def _take(self, told: Checked) -> bytes:
        self._checked += 1
        self._findings += told.findings
        if told.entry is not None:
            self._telling(told.row, told.entry)
        return leaf_hash(told.row.entry_bytes)

    def _telling(self, row: Row, entry: Entry) -> None:
        subject, leaf = subject_of(entry), str(row.leaf)
        if row.log_index is not None:
            self._findings += self._heads.see(row.log_index, entry, subject)
        self._findings += self._chain.check(entry, leaf)
        self._findings += self._clock.check(entry)
        self._outside.see(entry, subject)
        self._erasures.see(entry, leaf, payload_present=row.payload_bytes is not None or row.salt is not None)
        self._look(entry.objects, subject)

    def _look(self, objects: Iterable[BlobRef], subject: str) -> None:
        if self._objects is not None:
            for ref in objects:
                self._findings += self._objects.check(ref, subject)

    def _known_copy(self, note: Note) -> None:
        if self._full and note.kept and self._objects is not None:
            self._findings += self._objects.check_copy(copy_of(note.note), note.subject)

    def _leftovers(self, objects: Iterable[StoredBlob]) -> None:
        """Objects nobody refers to: a copy of a checkpoint that the database no longer has, or an orphan."""
        for stored in objects:
            note = self._read_note(stored)
            if note is None:
                self._findings.append(unreferenced(stored))
            elif note.size <= self._replay.size:
                self._anchors.meet(note, self._replay.root_at(note.size), self._replay.size)
            elif note.size > (self._size() or 0):
                self._anchors.meet(note, None, self._replay.size)

    def _hold_outside(self) -> None:
        """What others anchored, held against the tree; the newest of each that agrees, and the policy's quorum."""
        cosigned: dict[int, set[str]] = {}
        names = {witness.key.name: witness.name for witness in self._policy.witnesses}
        for told, note, answer in self._outside.notes(self._blobs) if self._blobs is not None else ():
            before = len(self._anchors.findings)
            size = told.fact.size
            root = self._replay.root_at(size) if size <= self._replay.size else None
            self._anchors.meet(Note(size, note, told.subject, kept=False), root, self._replay.size)
            if len(self._anchors.findings) > before:
                continue
            anchor = self._outside.judge(told, note, answer)
            if anchor is not None:
                self._held[anchor.name] = anchor
                cosigned.setdefault(size, set()).add(names.get(anchor.name, ""))
        self._findings += self._outside.findings
        if not self._policy.is_met(()) and not any(map(self._policy.is_met, cosigned.values())):
            found = ", ".join(sorted(set().union(*cosigned.values()) - {""})) or "none"
            self._find(Code.QUORUM_UNMET, "log", f"the quorum {self._policy.quorum}", found)

    def _read_note(self, stored: StoredBlob) -> Note | None:
        digest = _DIGEST.fullmatch(stored.key)
        if self._blobs is None or digest is None or stored.size > _LARGEST_NOTE:
            return None
        ref = BlobRef(digest[1], stored.size, "", stored.key, stored.version)
        try:
            with self._blobs.open(ref) as stream:
                note = stream.read(_LARGEST_NOTE + 1)
        except (BlobCorrupt, BlobMissing):
            return None
        checkpoint, _ = check_checkpoint(note, self._keys, log=self._log, subject=stored.key)
        return (
            None
            if checkpoint is None
            else Note(checkpoint.size, note, f"locked copy {stored.key}", kept=False)
        )

    def _report(self, unsequenced: int, now: datetime) -> Report:
        findings = tuple(self._findings + self._anchors.findings)
        return Report(
            verdict=verdict_of(findings),
            level=max((self._anchors.level(self._blobs, now), *self._levels()), key=_strength),
            size=self._replay.size,
            root=self._replay.root().hex(),
            entries_checked=self._checked,
            objects_checked=self._objects.objects_checked if self._objects is not None else 0,
            bytes_checked=self._objects.bytes_checked if self._objects is not None else 0,
            findings=findings,
            checkpoint_size=self._anchors.covered,
            unsequenced=unsequenced,
            anchors=tuple(asdict(anchor) for anchor in self._held.values()),
        )

    def _fresh(self) -> None:
        """The newest entry that an agreeing checkpoint covers, and what others stated."""
        covered = self._anchors.covered
        newest = next(iter(self._ledger.entries(covered - 1, covered)), None) if covered else None
        told = [anchor.time for anchor in self._held.values()]
        at = newest.entry.at if newest is not None else ""
        self._findings += check_fresh(self._not_before, at, *told, subject=f"checkpoint {covered}")

    def _levels(self) -> list[str]:
        """Levels that others' anchors reach: only beside a checkpoint of the log itself that agrees."""
        return [anchor.level for anchor in self._held.values()] if self._anchors.covered else []

    def _find(self, code: Code, subject: str, expected: str, found: str) -> None:
        self._findings.append(Finding(code, subject, expected, found))


def _strength(level: str) -> int:
    return LEVELS.index(level)

"""The single checks of a verification, each without a store behind it: ledger and packages use the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from evidence.canonical import Json, NotCanonical, parse_canonical
from evidence.checkpoint import Checkpoint, MalformedCheckpoint, OtherLog, open_checkpoint
from evidence.entry import (
    SALT_BYTES,
    Entry,
    EntryKind,
    MalformedEntry,
    SealedEntry,
    format_time,
    genesis_hash,
    parse_entry,
    parse_time,
    payload_commitment,
)
from evidence.findings import Code, Finding
from evidence.grammar import quick_entry
from evidence.note import InvalidSignature, MalformedNote, UnverifiedNote, VerifierKey
from evidence.quarantine import Quarantine, decides, placed_by
from evidence.tree import leaf_hash

if TYPE_CHECKING:
    from evidence.runs import Run

CLOCK_TOLERANCE = timedelta(seconds=60)
"""Concurrent writers may commit in another order than they read the clock; more than this is a finding."""


def subject_of(entry: Entry) -> str:
    """How findings name an entry: ``<case>/<seq>``."""
    return f"{entry.case}/{entry.seq}"


def check_entry_bytes(
    entry_bytes: bytes, leaf: str, *, log: str, place: str = ""
) -> tuple[Entry | None, list[Finding]]:
    """Do the bytes parse, hash to ``leaf`` (hex), and belong to this log?

    The entry is ``None`` where they do not parse; findings then call it ``place``, or by its leaf.
    """
    findings = []
    entry = None
    subject = place or f"leaf {leaf}"
    try:
        entry = quick_entry(entry_bytes) or parse_entry(entry_bytes)
        subject = subject_of(entry)
    except MalformedEntry as error:
        findings.append(Finding(Code.ENTRY_MALFORMED, subject, "an entry", str(error)))
    hashed = leaf_hash(entry_bytes).hex()
    if hashed != leaf:
        findings.append(Finding(Code.ENTRY_LEAF, subject, leaf, hashed))
    if entry is not None and entry.log != log:
        findings.append(Finding(Code.ENTRY_LOG, subject, log, entry.log))
    return entry, findings


def check_payload(
    commitment: str, payload_bytes: bytes | None, salt: bytes | None, *, subject: str, parse: bool = True
) -> list[Finding]:
    """Is a payload what its entry committed to? Nothing is said of one that is wholly absent (see `ErasureLedger`)."""
    return read_payload(commitment, payload_bytes, salt, subject=subject, parse=parse)[1]


def read_payload(
    commitment: str, payload_bytes: bytes | None, salt: bytes | None, *, subject: str, parse: bool = True
) -> tuple[Json, list[Finding]]:
    """What `check_payload` finds, and the payload's value: ``None`` where that is something, or it was not parsed."""
    if payload_bytes is None and salt is None:
        return None, []
    if payload_bytes is None or salt is None or len(salt) != SALT_BYTES:
        found = "payload or salt is missing or cut"
        return None, [Finding(Code.PAYLOAD_DIFFERS, subject, commitment, found)]
    found = payload_commitment(salt, payload_bytes)
    if found != commitment:
        return None, [Finding(Code.PAYLOAD_DIFFERS, subject, commitment, found)]
    try:
        return parse_canonical(payload_bytes) if parse else None, []
    except NotCanonical as error:
        return None, [Finding(Code.PAYLOAD_MALFORMED, subject, "canonical JSON", str(error))]


def check_fresh(not_before: datetime | None, *moments: str, subject: str) -> list[Finding]:
    """Does anything known of the log, by these ledger times, reach to what the verifier asks for?

    Times of entries are the log's own claim; a cosignature's or a stamp's is somebody else's.
    """
    newest = max((moment for moment in moments if moment), default="")
    if not_before is None or (newest and parse_time(newest) >= not_before):
        return []
    expected = f"known until {format_time(not_before)} or later"
    return [Finding(Code.CHECKPOINT_STALE, subject, expected, newest or "nothing")]


class ChainChecker:
    """Per case: ``seq`` dense from 1, each ``prev`` the leaf before, the first one the genesis hash.

    Give it entries in the order of the log. Memory is one leaf a case.
    """

    def __init__(self, log: str) -> None:
        self._log = log
        self._heads: dict[str, tuple[int, str]] = {}

    @property
    def heads(self) -> Mapping[str, tuple[int, str]]:
        """The last ``(seq, leaf)`` of each case so far; a live view."""
        return self._heads

    def check(self, entry: Entry, leaf: str) -> list[Finding]:
        """Findings about this link; the chain goes on from this entry whatever was found."""
        return self.follow(entry.case, entry.seq, entry.prev, leaf)

    def follow(self, case: str, seq: int, prev: str, leaf: str) -> list[Finding]:
        """The same of an entry's members."""
        head = self._heads.get(case)
        last, expected = head if head is not None else (0, genesis_hash(self._log, case))
        self._heads[case] = seq, leaf
        if seq == last + 1 and prev == expected:
            return []
        findings = []
        if seq != last + 1:
            findings.append(Finding(Code.CHAIN_SEQ, f"{case}/{seq}", str(last + 1), str(seq)))
        if prev != expected:
            findings.append(Finding(Code.CHAIN_PREV, f"{case}/{seq}", expected, prev))
        return findings

    def fits(self, run: Run) -> bool:
        """Whether each case goes on in the run just where it stands here."""
        heads = self._heads
        for case, seq, prev, _, _ in run.parts:
            head = heads.get(case)
            if (head if head is not None else (0, genesis_hash(self._log, case))) != (seq - 1, prev):
                return False
        return True

    def take(self, run: Run) -> None:
        """Go on from the ends of a run that fits."""
        self._heads.update((part.case, (part.last_seq, part.last_leaf)) for part in run.parts)


def check_chain(entries: Iterable[SealedEntry], log: str) -> Iterator[Finding]:
    """Bytes, leaf, link and payload of each entry of one or more cases, in order."""
    chain = ChainChecker(log)
    for sealed in entries:
        entry, findings = check_entry_bytes(sealed.entry_bytes, sealed.leaf, log=log)
        yield from findings
        if entry is not None:
            yield from chain.check(entry, sealed.leaf)
            subject = subject_of(entry)
            yield from check_payload(entry.payload, sealed.payload_bytes, sealed.salt, subject=subject)


class ClockChecker:
    """Ledger time against log order: the order is by index, and a clock set back is worth knowing."""

    def __init__(self) -> None:
        self._latest = ""
        self._floor = ""

    def check(self, entry: Entry) -> list[Finding]:
        """A finding when ``at`` lies more than `CLOCK_TOLERANCE` before the latest time seen so far."""
        return self.tick(entry.at, entry.case, entry.seq)

    def tick(self, at: str, case: str, seq: int) -> list[Finding]:
        """The same of an entry's members."""
        if at >= self._latest:  # fixed width: the order of texts is the order of times
            self._latest = at
            self._floor = ""
            return []
        if not self._floor:
            self._floor = format_time(parse_time(self._latest) - CLOCK_TOLERANCE)
        if at >= self._floor:
            return []
        return [Finding(Code.TIME_BACKWARDS, f"{case}/{seq}", f"{self._latest} or later", at)]

    def fits(self, run: Run) -> bool:
        """Whether no entry of the run, in which times are in order, lies too far before what was seen until now."""
        if run.earliest >= self._latest:
            return True
        return run.earliest >= (self._floor or format_time(parse_time(self._latest) - CLOCK_TOLERANCE))

    def take(self, run: Run) -> None:
        """Go on from the latest time of a run that fits."""
        if run.latest >= self._latest:
            self._latest = run.latest
            self._floor = ""


class ErasureLedger:
    """Absent payloads and files held against the entries of their own case that say why they are absent.

    ``erasure.executed`` refers to whole entries; ``quarantine.destroyed`` to the payload or to files of entries, where
    somebody else had placed that very quarantine. One of another chain destroys nothing (`evidence.shredding`), and so
    explains nothing.
    """

    def __init__(self) -> None:
        self._absent: dict[tuple[str, str], str] = {}
        self._erased_by: dict[tuple[str, str], str] = {}
        self._placed: dict[tuple[str, str], Quarantine] = {}
        self._payloads: dict[tuple[str, str], str] = {}
        self._files: dict[tuple[str, str], str] = {}

    def see(self, entry: Entry, leaf: str, *, payload_present: bool) -> None:
        """Take note of an entry."""
        if not payload_present:
            self._absent[entry.case, leaf] = subject_of(entry)
        if entry.kind is EntryKind.ERASURE_EXECUTED:
            for ref in entry.refs:
                self._erased_by.setdefault((entry.case, ref), f"erased by {subject_of(entry)}")
        elif entry.kind is EntryKind.QUARANTINE_PLACED:
            placed = placed_by(entry, leaf)
            if placed is not None:
                self._placed[entry.case, leaf] = placed
        elif entry.kind in {EntryKind.QUARANTINE_RELEASED, EntryKind.QUARANTINE_DESTROYED} and entry.refs:
            self._decided(entry)

    def _decided(self, entry: Entry) -> None:
        placed = self._placed.get((entry.case, entry.refs[0]))
        if placed is None or not decides(entry, placed):
            return
        del self._placed[entry.case, placed.leaf]
        if entry.kind is EntryKind.QUARANTINE_RELEASED:
            return
        said = f"destroyed in quarantine by {subject_of(entry)}"
        for (seq, part), target in zip(placed.parts.items(), placed.targets, strict=True):
            if part.payload:
                self._payloads.setdefault((entry.case, target), said)
            for sha256 in part.files:
                self._files.setdefault((f"{entry.case}/{seq}", sha256), said)

    def findings(self) -> Iterator[Finding]:
        """After the last entry: gone by which entry, or missing."""
        for place, subject in self._absent.items():
            said = self._erased_by.get(place) or self._payloads.get(place)
            if said is None:
                expected = "a payload, or an erasure.executed or quarantine.destroyed entry"
                yield Finding(Code.PAYLOAD_MISSING, subject, expected, "neither")
            else:
                yield Finding(Code.PAYLOAD_ERASED, subject, "a payload", said)

    def excused(self, findings: Iterable[Finding]) -> list[Finding]:
        """After the last entry: findings, with files that an entry says are gone told as such."""
        erasers = {
            subject: self._erased_by[place]
            for place, subject in self._absent.items()
            if place in self._erased_by
        }
        return [self._excused(finding, erasers) for finding in findings]

    def _excused(self, finding: Finding, erasers: Mapping[str, str]) -> Finding:
        """``finding`` names a file as ``<case>/<seq> <key>``, and its digest as what it expected."""
        entry = finding.subject.rpartition(" ")[0]
        said = erasers.get(entry) or self._files.get((entry, finding.expected))
        if finding.code != Code.OBJECT_MISSING or said is None:
            return finding
        return Finding(Code.OBJECT_ERASED, finding.subject, finding.expected, said)


def check_checkpoint(
    note: bytes, keys: Iterable[VerifierKey], *, log: str, subject: str
) -> tuple[Checkpoint | None, list[Finding]]:
    """Open a note with the keys the verifier trusts; the checkpoint is ``None`` where nothing may be believed."""
    try:
        return open_checkpoint(note, keys, log), []
    except InvalidSignature as error:
        finding = Finding(Code.CHECKPOINT_SIGNATURE, subject, "a signature by this key", str(error))
    except UnverifiedNote:
        finding = Finding(Code.CHECKPOINT_KEY, subject, "a signature by a given key", "none")
    except OtherLog as error:
        finding = Finding(Code.CHECKPOINT_LOG, subject, error.expected, error.found)
    except (MalformedNote, MalformedCheckpoint) as error:
        finding = Finding(Code.CHECKPOINT_MALFORMED, subject, "a signed checkpoint", str(error))
    return None, [finding]

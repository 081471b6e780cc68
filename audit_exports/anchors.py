"""Anchors in a package: what witnesses and authorities gave, and how it leads to the package's checkpoint.

Of each witness and authority the newest anchor under the checkpoint travels: its entry with its proof, the note, what
came back, and the consistency proof from the note's size to the checkpoint's. The same proofs are given from the
checkpoints of earlier packages, so that an auditor who kept one sees that the log has only grown since.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.bagwriter import BagWriter
from audit_exports.codes import Code
from audit_exports.consistency import MalformedConsistency, parse_consistency
from audit_exports.containers import printable
from audit_exports.entrycheck import EntryReader
from audit_exports.entrywriter import EntryWriter
from audit_exports.trust import Trust
from evidence.anchored import ANCHORS_CASE, TIMESTAMP, AnchorFact, anchor_of
from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.checks import check_checkpoint
from evidence.entry import BlobRef, SealedEntry
from evidence.findings import Code as CoreCode
from evidence.findings import Finding
from evidence.note import NoteError
from evidence.outside import Anchor, OutsideAnchors, Told
from evidence.outside import Trust as Believed
from evidence.ports import BlobStore
from evidence.tree import InvalidProof, verify_consistency

_ENTRY = re.compile(r"cadena/anclas/entries/([1-9][0-9]{0,8})\.json")
_CONSISTENCY = re.compile(r"cadena/consistencia/([1-9][0-9]{0,18})\.txt")
_MAX_ANSWER = 1 << 20
_MAX_CONSISTENCY = 1 << 16


def newest_anchors(history: Iterable[SealedEntry], size: int) -> list[tuple[SealedEntry, AnchorFact]]:
    """The newest anchor of each kind and name among the first ``size`` entries of the log, by their place."""
    found: dict[tuple[str, str], tuple[SealedEntry, AnchorFact]] = {}
    for item in history:
        fact = anchor_of(item.entry)
        if item.index is not None and item.index < size and fact is not None and fact.size <= size:
            found[fact.kind, fact.name] = item, fact
    return sorted(found.values(), key=lambda pair: pair[0].entry.seq)


class AnchorWriter:
    """Writes anchors into a package."""

    def __init__(self, history: Sequence[SealedEntry], blobs: BlobStore, size: int) -> None:
        self._anchors = newest_anchors(history, size)
        self._blobs = blobs

    @property
    def sizes(self) -> set[int]:
        """The sizes of the notes, from which the package must prove consistency."""
        return {fact.size for _, fact in self._anchors}

    @property
    def facts(self) -> tuple[AnchorFact, ...]:
        """What each of them says."""
        return tuple(fact for _, fact in self._anchors)

    def write(
        self, bag: BagWriter, writer: EntryWriter, put: Callable[[BagWriter, BlobRef, str, str], None]
    ) -> None:
        """Each anchor with its two objects; ``put`` writes an object under a path, refusing what is not as sealed."""
        for item, _fact in self._anchors:
            writer.write(bag, item, payload=False)
            for place, blob in enumerate(item.entry.objects, 1):
                put(bag, blob, layout.anchor_path(item.entry.seq, place), f"{ANCHORS_CASE}/{item.entry.seq}")


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A time stamp that holds: its entry's subject and index in the log, and whether its certificates have ended."""

    anchor: Anchor
    subject: str
    index: int
    ended: bool


class AnchorCheck:
    """Judges the anchors in a package by the verifier's own trust, and older checkpoints he kept."""

    def __init__(self, bag: Bag, report: Callable[[Finding], None], trust: Trust) -> None:
        self._bag = bag
        self._report = report
        self._trust = trust
        self._judge = OutsideAnchors(Believed(trust.policy, trust.stamps), every=True)
        self._proofs: dict[int, Sequence[bytes]] = {}
        self._note = b""
        self._stamps: list[_Stamp] = []
        self.anchors: dict[str, Anchor] = {}
        self.facts: list[AnchorFact] = []

    def check(self, reader: EntryReader, checkpoint: Checkpoint, note: bytes) -> None:
        """Every anchor, the policy's quorum, and the checkpoint the verifier kept."""
        self._note = note
        self._earlier(checkpoint)
        cosigned: dict[int, set[str]] = {}
        names = {item.key.name: item.name for item in self._trust.policy.witnesses}
        seqs = (int(match[1]) for match in map(_ENTRY.fullmatch, self._bag.paths()) if match)
        for seq in sorted(seqs):
            anchor = self._anchor(reader, checkpoint, seq)
            if anchor is not None:
                self.anchors[anchor.name] = anchor
                cosigned.setdefault(anchor.size, set()).add(names.get(anchor.name, ""))
        for finding in self._judge.findings:
            self._report(finding)
        self._aged()
        policy = self._trust.policy
        if not policy.is_met(()) and not any(map(policy.is_met, cosigned.values())):
            found = ", ".join(sorted(set().union(*cosigned.values()) - {""})) or "none"
            self._report(Finding(CoreCode.QUORUM_UNMET, "--policy", f"the quorum {policy.quorum}", found))
        if self._trust.since is not None:
            self._since(self._trust.since, checkpoint)

    def _anchor(self, reader: EntryReader, checkpoint: Checkpoint, seq: int) -> Anchor | None:
        item = reader.single(ANCHORS_CASE, seq)
        fact = None if item is None else anchor_of(item.entry)
        if item is None or fact is None:
            self._report(Finding(CoreCode.ANCHOR_INVALID, f"{ANCHORS_CASE}/{seq}", "an anchor", "none"))
            return None
        self.facts.append(fact)
        files = [self._object(seq, place, blob) for place, blob in enumerate(item.entry.objects, 1)]
        note, answer = files
        if note is None or answer is None:
            return None
        told = Told(fact, item.entry.objects, f"{ANCHORS_CASE}/{seq}")
        if not self._continues(note, checkpoint, told.subject):
            return None
        held = self._judge.judge(told, note, answer)
        stamps = self._trust.stamps
        if held is not None and fact.kind == TIMESTAMP and stamps is not None:
            self._stamps.append(_Stamp(held, told.subject, item.index or 0, stamps.ended(answer, note)))
        return held

    def _aged(self) -> None:
        """Stamps whose certificates have ended, unless one that has not covers the entry that tells of them."""
        fresh = [stamp.anchor.size for stamp in self._stamps if not stamp.ended]
        for stamp in self._stamps:
            if stamp.ended and not any(size > stamp.index for size in fresh):
                expected = "a later stamp over a checkpoint that covers this entry"
                self._report(Finding(Code.ANCHOR_AGED, stamp.subject, expected, "none"))

    def _object(self, seq: int, place: int, blob: BlobRef) -> bytes | None:
        path = layout.anchor_path(seq, place)
        data = self._bag.take(path, _MAX_ANSWER)
        if data is not None and (hashlib.sha256(data).hexdigest(), len(data)) != (blob.sha256, blob.size):
            expected = f"{blob.sha256}, {blob.size} bytes"
            self._report(Finding(CoreCode.OBJECT_DIFFERS, path, expected, f"{len(data)} bytes"))
            return None
        return data

    def _since(self, note: bytes, checkpoint: Checkpoint) -> None:
        """A checkpoint the verifier kept from earlier: signed by the log, and continued by the package's."""
        if not self._trust.keys:
            return  # reported for the package's own checkpoint
        log = self._trust.origin(checkpoint.origin)
        opened, findings = check_checkpoint(note, self._trust.keys, log=log, subject="--since")
        for finding in findings:
            self._report(finding)
        if opened is None:
            return
        if opened.size > checkpoint.size:
            expected = f"at most {checkpoint.size} entries"
            self._report(Finding(Code.SINCE_LATER, "--since", expected, f"{opened.size} entries"))
        else:
            self._continues(note, checkpoint, "--since")

    def _continues(self, note: bytes, checkpoint: Checkpoint, subject: str) -> bool:
        """Whether the package's checkpoint continues an earlier one."""
        try:
            old = peek_checkpoint(note)
        except NoteError as error:
            self._report(Finding(CoreCode.CHECKPOINT_MALFORMED, subject, "a checkpoint", str(error)))
            return False
        if old.size != checkpoint.size and old.size not in self._proofs:
            path = layout.consistency_path(old.size)
            self._report(Finding(Code.SINCE_UNPROVED, subject, path, "no such proof in the package"))
            return False
        return self._led(note, old, checkpoint, self._proofs.get(old.size, ()), subject)

    def _led(
        self, note: bytes, old: Checkpoint, new: Checkpoint, proof: Sequence[bytes], subject: str
    ) -> bool:
        try:
            if old.origin != new.origin:
                raise InvalidProof(f"a checkpoint of {old.origin}")
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        except InvalidProof as error:
            found = f"{printable(self._note.decode('utf-8', 'replace'))}: {error}"
            expected = printable(note.decode("utf-8", "replace"))
            self._report(Finding(CoreCode.LOG_FORKED, subject, expected, found))
            return False
        return True

    def _earlier(self, checkpoint: Checkpoint) -> None:
        """The earlier checkpoints in the package: signed by the log, and continued by this one."""
        for path in self._bag.paths():
            match = _CONSISTENCY.fullmatch(path)
            data = self._bag.take(path, _MAX_CONSISTENCY) if match else None
            if match is None or data is None:
                continue
            size = int(match[1])
            try:
                proof, note = parse_consistency(data, size)
                old = peek_checkpoint(note)
                if old.size != size:
                    raise MalformedConsistency(f"a note of size {old.size}")
            except (MalformedConsistency, NoteError) as error:
                self._report(Finding(Code.PROOF_MALFORMED, path, "a proof from an earlier note", str(error)))
                continue
            if self._trust.keys:
                log = self._trust.origin(checkpoint.origin)
                for finding in check_checkpoint(note, self._trust.keys, log=log, subject=path)[1]:
                    self._report(finding)
            if self._led(note, old, checkpoint, proof, path):
                self._proofs[size] = proof

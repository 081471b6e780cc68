"""Completeness of the cases in a package: the log's commitment to their heads, and a proof for each.

A package carries the newest ``heads.committed`` entry under its checkpoint and, for every case and system chain it
holds, the audit path from its last entry (or its absence) to the root committed to. So an entry left out at the end of
a case is as visible as one left out in the middle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.bagwriter import BagWriter
from audit_exports.codes import Code
from audit_exports.entrycheck import EntryReader
from audit_exports.entrywriter import EntryWriter
from audit_exports.refused import ExportRefused
from evidence.canonical import Json, NotCanonical, canonical_bytes, parse_canonical
from evidence.checkpoint import Checkpoint
from evidence.completeness import heads_at
from evidence.entry import EntryKind, SealedEntry
from evidence.findings import Code as CoreCode
from evidence.findings import Finding
from evidence.heads import (
    HEADS_CASE,
    AbsenceProof,
    CaseHead,
    Commitment,
    HeadProof,
    HeadsMap,
    commitment_of,
)
from evidence.headsrange import RangeProof, prove_range
from evidence.ports import LedgerStore
from evidence.tree import InvalidProof

_ENTRY = re.compile(r"cadena/cabezas/entries/([1-9][0-9]{0,8})\.json")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_MAX_PROOF = 1 << 16
_MAX_SERIES = 1 << 28


class HeadsWriter:
    """Proofs from the newest commitment under a checkpoint; writes nothing where the log has made none.

    Raises:
        ExportRefused: the heads are not those the log committed to.
    """

    def __init__(self, ledger: LedgerStore, checkpoint: Checkpoint) -> None:
        self._entry, commitment = _newest(ledger.history(HEADS_CASE), checkpoint.size)
        self._map: HeadsMap | None = None
        if commitment is not None:
            self._map = heads_at(ledger, commitment.size)
            if self._map.commitment != commitment:
                found = self._map.commitment.root.hex()
                finding = Finding(CoreCode.HEADS_DIFFER, HEADS_CASE, commitment.root.hex(), found)
                raise ExportRefused("integrity", HEADS_CASE, [finding])

    def write(self, bag: BagWriter, writer: EntryWriter, cases: Iterable[str]) -> None:
        """The commitment's entry, and one proof a case."""
        if self._map is None or self._entry is None:
            return
        writer.write(bag, self._entry, payload=False)
        for case in sorted(cases):
            bag.add(layout.head_path(case), proof_bytes(self._map.prove(case)))

    def write_series(self, bag: BagWriter, prefixes: Iterable[str]) -> None:
        """One run for each prefix: every case that begins so."""
        for prefix in prefixes if self._map is not None else ():
            assert self._map is not None  # noqa: S101 - the loop is empty otherwise
            proof = prove_range(self._map.heads, prefix, self._map.subtree)
            bag.add(layout.series_path(prefix), range_bytes(proof))


class HeadsCheck:
    """Holds what a package has of each case against the commitment.

    `open` comes first, then `see` once a chain. ``complete_as_of`` is in the end the size of the log at which every
    chain was shown to be whole, 0 where that was not shown.
    """

    def __init__(self, bag: Bag, report: Callable[[Finding], None]) -> None:
        self._bag = bag
        self._report = report
        self._commitment: Commitment | None = None
        self.at = ""

    @property
    def complete_as_of(self) -> int:
        """See the class."""
        return self._commitment.size if self._commitment is not None and self._bag.tally.whole else 0

    @property
    def size(self) -> int:
        """The size of the log that was committed to, 0 without a commitment."""
        return self._commitment.size if self._commitment is not None else 0

    def open(self, reader: EntryReader) -> None:
        """Read the commitment."""
        seqs = [int(match[1]) for match in map(_ENTRY.fullmatch, self._bag.paths()) if match]
        if not seqs:
            self._report(Finding(Code.HEADS_NONE, HEADS_CASE, "a commitment to the heads of cases", "none"))
            return
        for seq in seqs:
            item = reader.single(HEADS_CASE, seq)
            if item is None:
                continue
            found = commitment_of(item.entry.facts)
            if item.entry.kind is not EntryKind.HEADS_COMMITTED or found is None or len(seqs) > 1:
                expected = "one commitment to the heads of cases"
                self._report(Finding(Code.HEADS_MALFORMED, f"{HEADS_CASE}/{seq}", expected, f"{len(seqs)}"))
                continue
            self._commitment, self.at = found, item.entry.at

    def see(self, case: str, entries: Sequence[SealedEntry]) -> None:
        """A chain as the package has it: was it that long, and did it end so?"""
        if self._commitment is None:
            return
        try:
            proof = self._proof(case)
            proof.verify(self._commitment)
            self._fits(case, entries, proof, self._commitment.size)
        except InvalidProof as error:
            self._bag.tally.whole = False
            self._report(Finding(Code.HEADS_INVALID, case, f"whole at {self._commitment.size}", str(error)))

    def series(self, prefix: str) -> frozenset[str] | None:
        """Every case whose name begins so; ``None`` where that is not shown (a finding says so, or `open` did)."""
        if self._commitment is None:
            return None
        path = layout.series_path(prefix)
        try:
            data = self._bag.take(path, _MAX_SERIES)
            if data is None:
                raise InvalidProof("no proof")
            proof = parse_range(data)
            if proof.prefix != prefix:
                raise InvalidProof("another prefix")
            return frozenset(head.case for head in proof.cases(self._commitment) if ":" not in head.case)
        except InvalidProof as error:
            expected = f"every case at {self._commitment.size}"
            self._report(Finding(Code.POPULATION_UNPROVED, path, expected, str(error)))
            return None

    def _proof(self, case: str) -> HeadProof | AbsenceProof:
        path = layout.head_path(case)
        data = self._bag.take(path, _MAX_PROOF)
        if data is None:
            raise InvalidProof("no proof")
        return parse_head_proof(data)

    def _fits(
        self, case: str, entries: Sequence[SealedEntry], proof: HeadProof | AbsenceProof, size: int
    ) -> None:
        covered = [item for item in entries if item.index is not None and 0 <= item.index < size]
        if isinstance(proof, AbsenceProof):
            if covered or proof.case != case:
                raise InvalidProof("the log had entries of this case")
            return
        head = CaseHead(case, len(covered), bytes.fromhex(covered[-1].leaf)) if covered else None
        if proof.head != head:
            raise InvalidProof(
                f"the log had {proof.head.seq} entries of this case, the package has {len(covered)}"
            )


def proof_bytes(proof: HeadProof | AbsenceProof) -> bytes:
    """A proof as a file: canonical JSON, hashes in hex."""
    if isinstance(proof, HeadProof):
        return canonical_bytes(_written(proof))
    return canonical_bytes(
        {
            "case": proof.case,
            "before": _written(proof.before) if proof.before else None,
            "after": _written(proof.after) if proof.after else None,
        }
    )


def parse_head_proof(data: bytes) -> HeadProof | AbsenceProof:
    """The inverse of `proof_bytes`; raises `InvalidProof` for any other bytes."""
    try:
        value = parse_canonical(data)
        if not isinstance(value, dict):
            raise InvalidProof("not an object")
        if value.keys() == {"case", "before", "after"}:
            sides = [None if value[side] is None else _read(value[side]) for side in ("before", "after")]
            return AbsenceProof(_text(value["case"]), *sides)
        return _read(value)
    except NotCanonical as error:
        raise InvalidProof("not canonical JSON") from error


def range_bytes(proof: RangeProof) -> bytes:
    """A run as a file: canonical JSON, hashes in hex."""
    heads: list[Json] = [
        {"case": head.case, "seq": head.seq, "leaf": head.leaf.hex()} for head in proof.heads
    ]
    path: list[Json] = [item.hex() for item in proof.path]
    return canonical_bytes({"prefix": proof.prefix, "start": proof.start, "heads": heads, "path": path})


def parse_range(data: bytes) -> RangeProof:
    """The inverse of `range_bytes`; raises `InvalidProof` for any other bytes."""
    try:
        value = parse_canonical(data)
    except NotCanonical as error:
        raise InvalidProof("not canonical JSON") from error
    if not isinstance(value, dict) or value.keys() != {"prefix", "start", "heads", "path"}:
        raise InvalidProof("not a run of heads")
    heads, path = value["heads"], value["path"]
    if not isinstance(heads, list) or not isinstance(path, list):
        raise InvalidProof("no run, or no path")
    return RangeProof(
        _text(value["prefix"]), _number(value, "start"), tuple(map(_head, heads)), tuple(map(_hash, path))
    )


def _head(value: Json) -> CaseHead:
    if not isinstance(value, dict) or value.keys() != {"case", "seq", "leaf"}:
        raise InvalidProof("not a head")
    return CaseHead(_text(value["case"]), _number(value, "seq"), _hash(value["leaf"]))


def _newest(history: Sequence[SealedEntry], size: int) -> tuple[SealedEntry | None, Commitment | None]:
    for item in reversed(history):
        if item.index is not None and item.index < size and item.entry.kind is EntryKind.HEADS_COMMITTED:
            return item, commitment_of(item.entry.facts)
    return None, None


def _written(proof: HeadProof) -> dict[str, Json]:
    head = proof.head
    path: list[Json] = [item.hex() for item in proof.path]
    return {
        "case": head.case,
        "seq": head.seq,
        "leaf": head.leaf.hex(),
        "index": proof.index,
        "path": path,
    }


def _read(value: Json) -> HeadProof:
    if not isinstance(value, dict) or value.keys() != {"case", "seq", "leaf", "index", "path"}:
        raise InvalidProof("not a proof of a head")
    path = value["path"]
    if not isinstance(path, list):
        raise InvalidProof("no path")
    head = CaseHead(_text(value["case"]), _number(value, "seq"), _hash(value["leaf"]))
    return HeadProof(head, _number(value, "index"), tuple(map(_hash, path)))


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise InvalidProof("not a text")
    return value


def _number(members: Mapping[str, Json], name: str) -> int:
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidProof(f"{name} is not a natural number")
    return value


def _hash(value: Json) -> bytes:
    if not isinstance(value, str) or not _HEX64.fullmatch(value):
        raise InvalidProof("not a hash")
    return bytes.fromhex(value)

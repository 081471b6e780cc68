"""What a verification says: findings from a closed vocabulary, one verdict, one report.

Verification never stops at the first fault: it collects findings and then gives one verdict. A code weighs in one of
three ways. Most make the verdict *invalid*. Some say that nothing was proved (*unverifiable*). Notices inform and weigh
nothing. A code that is in neither list below, such as one of a caller's own, makes the verdict invalid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """The outcome; commands exit with 0, 1 and 2."""

    VALID = "valid"
    INVALID = "invalid"
    UNVERIFIABLE = "unverifiable"

    @property
    def exit_code(self) -> int:
        """0 valid, 1 invalid, 2 unverifiable."""
        return list(Verdict).index(self)


class Code(StrEnum):
    """What can be found; ``docs/formats/ledger.md`` has the table."""

    ENTRY_MALFORMED = "entry.malformed"
    ENTRY_LEAF = "entry.leaf_differs"
    ENTRY_COLUMN = "entry.column_differs"
    ENTRY_LOG = "entry.other_log"
    CHAIN_SEQ = "chain.seq_not_dense"
    CHAIN_PREV = "chain.prev_differs"
    INDEX_GAP = "index.not_dense"
    PAYLOAD_DIFFERS = "payload.differs"
    PAYLOAD_MALFORMED = "payload.malformed"
    PAYLOAD_MISSING = "payload.missing"
    PAYLOAD_ERASED = "payload.erased"
    TIME_BACKWARDS = "time.backwards"
    OBJECT_MISSING = "object.missing"
    OBJECT_ERASED = "object.erased"
    OBJECT_DIFFERS = "object.differs"
    OBJECT_VERSION = "object.version_differs"
    OBJECT_RETENTION = "object.retention_shortened"
    OBJECT_UNREFERENCED = "object.unreferenced"
    OBJECT_UNAVAILABLE = "object.unavailable"
    TREE_SIZE = "tree.size_differs"
    TREE_ROOT = "tree.root_differs"
    TREE_TILE = "tree.tile_differs"
    CHECKPOINT_MALFORMED = "checkpoint.malformed"
    CHECKPOINT_SIGNATURE = "checkpoint.signature_invalid"
    CHECKPOINT_KEY = "checkpoint.unknown_key"
    CHECKPOINT_LOG = "checkpoint.other_log"
    CHECKPOINT_MISFILED = "checkpoint.misfiled"
    CHECKPOINT_ROOT = "checkpoint.root_differs"
    CHECKPOINT_NONE = "checkpoint.none"
    CHECKPOINT_STALE = "checkpoint.stale"
    HEADS_DIFFER = "heads.differ"
    VIEWS_DIFFER = "views.differ"
    ANCHOR_INVALID = "anchor.invalid"
    QUORUM_UNMET = "quorum.unmet"
    LOG_TRUNCATED = "log.truncated"
    LOG_FORKED = "log.forked"
    LOG_EMPTY = "log.empty"
    KEY_NONE = "key.none"


UNVERIFIABLE: frozenset[str] = frozenset(
    {
        Code.OBJECT_UNAVAILABLE,
        Code.CHECKPOINT_KEY,
        Code.CHECKPOINT_NONE,
        Code.CHECKPOINT_STALE,
        Code.QUORUM_UNMET,
        Code.LOG_EMPTY,
        Code.KEY_NONE,
    }
)
NOTICES: frozenset[str] = frozenset(
    {Code.PAYLOAD_ERASED, Code.OBJECT_ERASED, Code.TIME_BACKWARDS, Code.OBJECT_UNREFERENCED}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between what must be and what is; all texts, for people and programs."""

    code: str
    subject: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification.

    ``level`` is the strongest anchor reached (``none``, ``A0``, ``A1``, ...); ``size`` and ``root`` (hex) are what was
    recomputed; ``checkpoint_size`` is how many entries the largest agreeing checkpoint covers; ``unsequenced`` counts
    entries that wait for their place in the tree; ``bytes_checked`` are the bytes of objects read. ``anchors`` are the
    newest that others gave and the verifier trusts, one a name, each as level, name, size and time.
    """

    verdict: Verdict
    level: str
    size: int
    root: str
    entries_checked: int
    objects_checked: int
    bytes_checked: int
    findings: tuple[Finding, ...]
    checkpoint_size: int = 0
    unsequenced: int = 0
    anchors: tuple[Mapping[str, str | int], ...] = ()

    def beside(self, more: Iterable[Finding]) -> Report:
        """The report with findings about what lies outside the log and is committed to by it; they weigh as much."""
        found = tuple(more)
        worst = {self.verdict, verdict_of(found)}
        order = (Verdict.INVALID, Verdict.UNVERIFIABLE, Verdict.VALID)
        verdict = next(item for item in order if item in worst)
        return replace(self, verdict=verdict, findings=(*self.findings, *found))

    def as_json(self) -> dict[str, object]:
        """The report as commands print it."""
        return asdict(self) | {"findings": [asdict(finding) for finding in self.findings]}


def verdict_of(
    findings: Iterable[Finding],
    *,
    unverifiable: frozenset[str] = UNVERIFIABLE,
    notices: frozenset[str] = NOTICES,
) -> Verdict:
    """One verdict for all findings: invalid outweighs unverifiable, which outweighs valid."""
    codes = {finding.code for finding in findings} - notices
    if codes - unverifiable:
        return Verdict.INVALID
    return Verdict.UNVERIFIABLE if codes else Verdict.VALID


def weights() -> Mapping[str, Verdict]:
    """Every code with the verdict it leads to by itself; for documents and their tests."""
    return {code: verdict_of([Finding(code, "", "", "")]) for code in Code}

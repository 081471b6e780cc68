"""What a verifier has looked at and found so far, in a form that adds up over cases and processes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from audit_exports.codes import weigh
from evidence.findings import Finding, Verdict

MAX_FINDINGS = 1000


@dataclass(slots=True)
class Tally:
    """Counts of what was read and checked.

    ``paths`` are the files asked for, relative to ``data/``; ``newest`` is the latest ledger time of a proved entry;
    ``whole`` says whether every chain so far was as long as the log committed to.
    """

    paths: set[str] = field(default_factory=set)
    bytes: int = 0
    entries: int = 0
    objects: int = 0
    letters: int = 0
    keys: int = 0
    keys_unverified: int = 0
    payloads_withheld: int = 0
    files_withheld: int = 0
    newest: str = ""
    whole: bool = True

    def add(self, other: Tally) -> None:
        """Take in what somebody else counted."""
        self.paths |= other.paths
        self.bytes += other.bytes
        self.entries += other.entries
        self.objects += other.objects
        self.letters += other.letters
        self.keys += other.keys
        self.keys_unverified += other.keys_unverified
        self.payloads_withheld += other.payloads_withheld
        self.files_withheld += other.files_withheld
        self.newest = max(self.newest, other.newest)
        self.whole &= other.whole


@dataclass(frozen=True, slots=True)
class Haul:
    """Findings on their way: those kept in order, one of each code, and how many there were."""

    kept: tuple[Finding, ...]
    codes: tuple[Finding, ...]
    total: int


class Found:
    """Findings as they come, from any thread: the first `MAX_FINDINGS` are kept, all are counted and weighed."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._clear()

    def report(self, finding: Finding) -> None:
        """One more."""
        self.add(Haul((finding,), (finding,), 1))

    def add(self, haul: Haul) -> None:
        """Those that somebody else found."""
        with self._turn:
            self._total += haul.total
            for finding in haul.codes:
                self._codes.setdefault(finding.code, finding)
            self._kept.extend(haul.kept[: MAX_FINDINGS - len(self._kept)])

    def take(self) -> Haul:
        """All of them; none are left."""
        with self._turn:
            haul = Haul(tuple(self._kept), tuple(self._codes.values()), self._total)
            self._clear()
        return haul

    def verdict(self) -> Verdict:
        """What they amount to."""
        return weigh(self._codes.values())

    def _clear(self) -> None:
        self._kept: list[Finding] = []
        self._codes: dict[str, Finding] = {}
        self._total = 0

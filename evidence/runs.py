"""Rows of a log that follow one another and have nothing to tell, said together.

The verification of a long log is shared by processes, each of which reads and checks rows of its own. Of most rows the
one that puts all together needs to know only where their cases' chains begin and end, between which times they lie, and
their leaf hashes. The rest travels packed, for the case that it is needed after all: that something before the run does
not fit it, or that an entry later in the log commits to the heads at a place within it.
"""

from __future__ import annotations

import marshal
from typing import NamedTuple

from evidence.checks import ClockChecker
from evidence.entry import BlobRef

Member = tuple[str, int, str, str]
"""Of an entry: case, seq, prev, at."""

HASH_DIGITS = 64


class Named(NamedTuple):
    """The objects of one entry, which `evidence.checks.subject_of` calls ``subject``."""

    subject: str
    objects: tuple[BlobRef, ...]


class Part(NamedTuple):
    """What a run has of one case: dense, each entry's ``prev`` the leaf before."""

    case: str
    seq: int
    prev: str
    last_seq: int
    last_leaf: str


class Run(NamedTuple):
    """Entries from index ``start`` on, without a gap, whose bytes, columns and payloads are as they must be.

    ``leaves`` are their leaf hashes in hex, one after the other; ``earliest`` and ``latest`` their times, which are in
    order as `ClockChecker` wants it; ``packed`` their members (see `members`).
    """

    start: int
    leaves: str
    parts: tuple[Part, ...]
    earliest: str
    latest: str
    packed: bytes
    named: tuple[Named, ...]

    @property
    def length(self) -> int:
        """How many entries."""
        return len(self.leaves) // HASH_DIGITS

    def each_leaf(self) -> list[str]:
        """The leaf hash of each, in hex."""
        return [self.leaves[at : at + HASH_DIGITS] for at in range(0, len(self.leaves), HASH_DIGITS)]

    def members(self) -> list[Member]:
        """The members of each entry that chains, heads and clock ask for."""
        found: list[Member] = marshal.loads(self.packed)  # noqa: S302 - what this program has packed
        return found


class RunMaker:
    """Takes rows that are as they must be, in the order of the log, for as long as they make one run."""

    def __init__(self) -> None:
        self._start = self._next = 0
        self._leaves: list[str] = []
        self._members: list[Member] = []
        self._first: dict[str, tuple[int, str]] = {}
        self._last: dict[str, tuple[int, str]] = {}
        self._clock = ClockChecker()
        self._named: list[Named] = []

    def take(self, index: int, leaf: str, member: Member) -> bool:
        """Whether the entry goes on with the run; if it does, it is part of it."""
        case, seq, prev, at = member
        if not self._leaves:
            self._start = self._next = index
        last = self._last.get(case)
        if index != self._next or (last is not None and last != (seq - 1, prev)):
            return False
        if self._clock.tick(at, case, seq):
            return False
        if last is None:
            self._first[case] = seq, prev
        self._last[case] = seq, leaf
        self._next += 1
        self._leaves.append(leaf)
        self._members.append(member)
        return True

    def name(self, subject: str, objects: tuple[BlobRef, ...]) -> None:
        """The objects of the entry taken last."""
        self._named.append(Named(subject, objects))

    def made(self) -> Run | None:
        """The run, unless it is empty."""
        if not self._leaves:
            return None
        times = [at for _, _, _, at in self._members]
        parts = tuple(Part(case, *first, *self._last[case]) for case, first in self._first.items())
        packed = marshal.dumps(self._members)
        leaves = "".join(self._leaves)
        return Run(self._start, leaves, parts, min(times), max(times), packed, tuple(self._named))

"""Evidence in quarantine: which files and payloads of a case nobody gets to see, read from its entries alone.

Somebody says that a password slipped in (``quarantine.placed``): from that entry on what it names is withheld from
everybody. Another person decides: a false alarm gives it back (``quarantine.released``), a true one takes it for good
(``quarantine.destroyed``). Entry, digests and reason stay. An entry that does not say whole and true what it is about,
or that decides alone what the same person reported, withholds nothing and excuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from evidence.entry import Entry, EntryKind, SealedEntry

PAYLOAD = "payload"
"""Stands in a part for the entry's payload: what was typed, and the names of its files."""

KINDS = frozenset(
    {
        EntryKind.QUARANTINE_PLACED,
        EntryKind.QUARANTINE_VIEWED,
        EntryKind.QUARANTINE_RELEASED,
        EntryKind.QUARANTINE_DESTROYED,
    }
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class Outcome(StrEnum):
    """What became of a quarantine."""

    WAITING = "waiting"
    RELEASED = "released"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Part:
    """What of one entry is meant: its ``payload``, and ``files`` by the SHA-256 of the plain file."""

    payload: bool = False
    files: frozenset[str] = frozenset()

    def text(self) -> str:
        """The part as facts spell it."""
        return ",".join([*([PAYLOAD] if self.payload else []), *sorted(self.files)])


@dataclass(frozen=True, slots=True)
class Quarantine:
    """One quarantine: the entry that placed it, what it is about by ``seq``, and what was decided.

    ``decided`` is the number of the entry that decided, 0 while it waits; ``viewed`` are those of looks at it.
    """

    seq: int
    leaf: str
    at: str
    actor: str
    role: str
    reason: str
    parts: Mapping[int, Part]
    targets: tuple[str, ...]
    outcome: Outcome = Outcome.WAITING
    decided: int = 0
    decided_at: str = ""
    decided_by: str = ""
    viewed: tuple[int, ...] = ()

    @property
    def withholds(self) -> bool:
        """Whether what it is about is out of everybody's sight."""
        return self.outcome is not Outcome.RELEASED

    @property
    def refs(self) -> tuple[str, ...]:
        """What an entry that decides it refers to: the entry that placed it, then those it is about."""
        return (self.leaf, *self.targets)

    @property
    def files(self) -> int:
        """How many different files it is about."""
        return len(frozenset().union(*(part.files for part in self.parts.values())))


@dataclass(frozen=True, slots=True)
class Withheld:
    """All quarantines of a case in their order, and which of them withholds what."""

    all: tuple[Quarantine, ...] = ()
    _payloads: Mapping[int, Quarantine] = field(default_factory=dict)
    _files: Mapping[tuple[int, str], Quarantine] = field(default_factory=dict)

    def payload(self, seq: int) -> Quarantine | None:
        """What withholds the payload of an entry."""
        return self._payloads.get(seq)

    def file(self, seq: int, sha256: str) -> Quarantine | None:
        """What withholds a file of an entry, by the digest of the plain file."""
        return self._files.get((seq, sha256))

    def of(self, entry: Entry) -> Quarantine | None:
        """What withholds the payload of an entry or any of its files."""
        found = (self.file(entry.seq, blob.sha256) for blob in entry.objects)
        return self.payload(entry.seq) or next(filter(None, found), None)

    def places(self) -> tuple[tuple[int, str], ...]:
        """Entry and digest of every file that is withheld."""
        return tuple(self._files)

    @property
    def waiting(self) -> tuple[Quarantine, ...]:
        """Those nobody has decided yet."""
        return tuple(item for item in self.all if item.outcome is Outcome.WAITING)

    @property
    def destroyed(self) -> tuple[Quarantine, ...]:
        """Those that were true: what they are about is gone for good."""
        return tuple(item for item in self.all if item.outcome is Outcome.DESTROYED)


NOTHING = Withheld()


def parts_of(entry: Entry) -> dict[int, Part]:
    """What an entry about a quarantine says that it is about; nothing where that is not spelled as it must be."""
    told = entry.facts.get("parts")
    found: dict[int, Part] = {}
    for name, text in told.items() if isinstance(told, dict) else ():
        part = _part(text)
        if not _NUMBER.fullmatch(name) or part is None:
            return {}
        found[int(name)] = part
    return found


def parts_text(parts: Mapping[int, Part]) -> dict[str, str]:
    """The fact `parts_of` reads."""
    return {str(seq): parts[seq].text() for seq in sorted(parts)}


def _part(text: object) -> Part | None:
    words = text.split(",") if isinstance(text, str) else []
    files = frozenset(word for word in words if _DIGEST.fullmatch(word))
    part = Part(PAYLOAD in words, files)
    return part if words and part.text() == text else None


def quarantine_of(entries: Sequence[SealedEntry]) -> Withheld:
    """The quarantines of a case after its entries."""
    if not any(item.entry.kind in KINDS for item in entries):
        return NOTHING
    found: dict[str, Quarantine] = {}
    for item in entries:
        if item.entry.kind is EntryKind.QUARANTINE_PLACED:
            placed = _placed(item, entries)
            if placed is not None:
                found[item.leaf] = placed
        elif item.entry.kind in KINDS:
            about = found.get(item.entry.refs[0]) if item.entry.refs else None
            if about is not None:
                found[about.leaf] = _after(about, item.entry)
    return _withheld(tuple(found.values()))


def decides(entry: Entry, about: Quarantine) -> bool:
    """Whether an entry decides that quarantine: another person, all that it is about, nothing decided before."""
    right = entry.refs == about.refs and parts_of(entry) == about.parts
    return about.outcome is Outcome.WAITING and entry.actor != about.actor and right


def placed_by(entry: Entry, leaf: str) -> Quarantine | None:
    """What an entry that places a quarantine says, not yet held against what it names."""
    parts = parts_of(entry)
    if not parts or len(parts) != len(entry.refs) or max(parts) >= entry.seq:
        return None
    reason = entry.facts.get("reason")
    ordered = dict(sorted(parts.items()))
    said = reason if isinstance(reason, str) else ""
    return Quarantine(entry.seq, leaf, entry.at, entry.actor, entry.role, said, ordered, entry.refs)


def _placed(item: SealedEntry, entries: Sequence[SealedEntry]) -> Quarantine | None:
    found = placed_by(item.entry, item.leaf)
    if found is None:
        return None
    by_seq = {other.entry.seq: other for other in entries if other.entry.seq in found.parts}
    if tuple(by_seq[seq].leaf for seq in found.parts if seq in by_seq) != found.targets:
        return None
    for seq, part in found.parts.items():
        if not part.files <= {blob.sha256 for blob in by_seq[seq].entry.objects}:
            return None
    return found


def _after(about: Quarantine, entry: Entry) -> Quarantine:
    """A quarantine after an entry that refers to it."""
    if entry.kind is EntryKind.QUARANTINE_VIEWED:
        return replace(about, viewed=(*about.viewed, entry.seq))
    if not decides(entry, about):
        return about
    true = entry.kind is EntryKind.QUARANTINE_DESTROYED
    outcome = Outcome.DESTROYED if true else Outcome.RELEASED
    return replace(about, outcome=outcome, decided=entry.seq, decided_at=entry.at, decided_by=entry.actor)


def _withheld(found: tuple[Quarantine, ...]) -> Withheld:
    payloads: dict[int, Quarantine] = {}
    files: dict[tuple[int, str], Quarantine] = {}
    for item in sorted(
        found, key=lambda one: one.outcome is Outcome.DESTROYED
    ):  # what is gone for good stays said
        for seq, part in item.parts.items() if item.withholds else ():
            if part.payload:
                payloads[seq] = item
            files.update({(seq, sha256): item for sha256 in part.files})
    return Withheld(found, payloads, files)


def without(entries: Sequence[SealedEntry], told: Withheld | None = None) -> tuple[SealedEntry, ...]:
    """The entries as everybody sees them: without the payloads that stand in quarantine or were destroyed in it.

    ``told``: their quarantines, where somebody has read them already.
    """
    found = quarantine_of(entries) if told is None else told
    if not found.all:
        return tuple(entries)
    return tuple(
        replace(item, payload_bytes=None, salt=None) if found.payload(item.entry.seq) else item
        for item in entries
    )


def named(entries: Iterable[SealedEntry]) -> bool:
    """Whether an entry is about a quarantine."""
    return any(item.entry.kind in KINDS for item in entries)

"""The check of ``system:access`` in a package: the chain itself, and that it tells of nobody but those who appear."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.codes import Code
from audit_exports.entrycheck import EntryReader
from audit_exports.people import ACCESS, Roster, subject_of_access
from evidence.entry import EntryKind, SealedEntry
from evidence.findings import Code as CoreCode
from evidence.findings import Finding


class AccessChecker:
    """Reads the chain once, before the cases; `finish` comes after them. Memory: a line an entry."""

    def __init__(self, bag: Bag, reader: EntryReader, report: Callable[[Finding], None]) -> None:
        self._bag = bag
        self._reader = reader
        self._report = report
        self._about: list[tuple[int, str, str, bool]] = []
        self._erasers: dict[str, int] = {}

    def read(self, seqs: Sequence[int], *, reserved: bool = False) -> Roster:
        """Who is who according to the entries that could be read; nobody has a name where names are ``reserved``."""
        roster = Roster(reserved=reserved)
        for item in self._reader.read(ACCESS, seqs):
            roster.see(item)
            self._note(item)
        return roster

    def finish(self, people: Collection[str]) -> None:
        """A payload for each entry about ``people`` unless it was erased, and for no other entry."""
        for seq, leaf, subject, present in self._about:
            place = f"{ACCESS}/{seq}"
            if present and subject not in people:
                found = f"a payload about {subject or 'nobody'}"
                self._report(Finding(Code.PERSON_UNNEEDED, place, "no payload", found))
            elif not present and subject in people:
                self._absent(place, leaf)

    def _note(self, item: SealedEntry) -> None:
        entry = item.entry
        present = self._bag.has(layout.payload_path(ACCESS, entry.seq))
        self._about.append((entry.seq, item.leaf, subject_of_access(entry), present))
        if entry.kind is EntryKind.ERASURE_EXECUTED:
            for leaf in entry.refs:
                self._erasers.setdefault(leaf, entry.seq)

    def _absent(self, place: str, leaf: str) -> None:
        eraser = self._erasers.get(leaf)
        if eraser is None:
            expected = "a payload, or an erasure.executed entry"
            self._report(Finding(CoreCode.PAYLOAD_MISSING, place, expected, "neither"))
        else:
            found = f"erased by {ACCESS}/{eraser}"
            self._report(Finding(CoreCode.PAYLOAD_ERASED, place, "a payload", found))

"""The chain ``system:catalogues`` in a package: written whole, and read back for lists and calendar.

Entries travel with their proofs and without payloads, which hold notes only. Builder and verifier make the same of
them: the names of what was chosen, and the calendar with every revision published under the checkpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.bagwriter import BagWriter
from audit_exports.codes import Code
from audit_exports.entrycheck import EntryReader
from audit_exports.entrywriter import EntryWriter
from audit_exports.refused import refuse
from evidence.checks import check_chain
from evidence.entry import SealedEntry
from evidence.findings import Finding
from workflows.calendar import BusinessCalendar
from workflows.catalogues import CATALOGUES_CASE, FIRST_VERSION, own_catalogue, timeline_of, with_names
from workflows.definition import Definition
from workflows.revisions import revised


class Lists:
    """What the chain says, for builder and verifier alike. ``base`` is the calendar before any revision."""

    def __init__(self, entries: Sequence[SealedEntry], base: BusinessCalendar) -> None:
        self.timeline = timeline_of(entries)
        self.calendar = revised(base, self.timeline)
        self._base = base
        self._places = {item.leaf: -1 if item.index is None else item.index for item in entries}

    @property
    def was_revised(self) -> bool:
        """Whether the calendar has a revision."""
        return self.calendar.id != self._base.id

    def named(self, definition: Definition) -> Definition:
        """The definition with the names of what was published since."""
        return with_names(definition, self.timeline)

    def unknown(self, definition: Definition, item: SealedEntry) -> list[str]:
        """The versions an entry names that were not published before it, as ``catalogue version``."""
        used = item.entry.facts.get("catalogues")
        if not isinstance(used, dict):
            return []
        return [f"{code} {version}" for code, version in sorted(used.items())
                if not self._published(definition, code, version, item.index)]  # fmt: skip

    def _published(self, definition: Definition, code: str, version: object, index: int | None) -> bool:
        own = own_catalogue(definition, code)
        if version == (own.version if own is not None else FIRST_VERSION):
            return True
        found = next((known for known in self.timeline.get(code, ()) if known.version == version), None)
        # An index of -1 is an entry nothing proves a place for, which is a finding of its own.
        return found is not None and (index is None or index < 0 or self._places[found.leaf] < index)


class ListChain:
    """The chain's entries under the checkpoint, on their way into a package.

    Raises:
        ExportRefused: bytes or links are not what was sealed.
    """

    def __init__(self, entries: Sequence[SealedEntry], origin: str, base: BusinessCalendar) -> None:
        refuse(CATALOGUES_CASE, list(check_chain(entries, origin)))
        self._entries = entries
        self.lists = Lists(entries, base)

    def write(self, bag: BagWriter, writer: EntryWriter) -> None:
        """Every entry with its proof, and the revised calendar for readers."""
        for item in self._entries:
            writer.write(bag, item, payload=False)
        if self.lists.was_revised:
            bag.add(layout.calendar_path(self.lists.calendar.id), self.lists.calendar.source)


def read_lists(
    bag: Bag,
    reader: EntryReader,
    report: Callable[[Finding], None],
    seqs: Sequence[int],
    base: BusinessCalendar,
) -> Lists:
    """The chain in a package, and whether its revised calendar is the one that follows from it."""
    entries = reader.read(CATALOGUES_CASE, seqs)
    for item in entries:
        path = layout.payload_path(CATALOGUES_CASE, item.entry.seq)
        if bag.has(path):
            report(Finding(Code.FILE_UNEXPECTED, path, "nothing", "a payload"))
    lists = Lists(entries, base)
    if lists.was_revised:
        path = layout.calendar_path(lists.calendar.id)
        expected, found = hashlib.sha256(lists.calendar.source).hexdigest(), bag.digest(path)
        if found is not None and found != expected:
            report(Finding(Code.CALENDAR_OTHER, path, expected, found))
    return lists

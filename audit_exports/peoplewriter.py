"""The chain ``system:access`` on its way into a package: whole, but with the payloads of those who appear only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from audit_exports.bagwriter import BagWriter
from audit_exports.entrywriter import EntryWriter
from audit_exports.people import ACCESS, Roster, subject_of_access
from audit_exports.refused import refuse
from evidence.checks import ErasureLedger, check_chain
from evidence.entry import SealedEntry


class AccessChain:
    """The chain's entries under the checkpoint, checked when made. Memory is that of the chain.

    Raises:
        ExportRefused: bytes, links or payloads are not what was sealed.
    """

    def __init__(self, entries: Sequence[SealedEntry], origin: str, *, reserved: bool = False) -> None:
        refuse(ACCESS, list(check_chain(entries, origin)))
        self._entries = entries
        self.roster = Roster(reserved=reserved)
        for item in entries:
            self.roster.see(item)

    def write(self, bag: BagWriter, writer: EntryWriter, people: Collection[str]) -> None:
        """Every entry with its proof; payload and salt only of entries about ``people``.

        Raises:
            ExportRefused: a payload about them is gone and nobody erased it, or an entry has no proof.
        """
        erasures = ErasureLedger()
        for item in self._entries:
            wanted = subject_of_access(item.entry) in people
            present = item.payload_bytes is not None or not wanted
            erasures.see(item.entry, item.leaf, payload_present=present)
        refuse(ACCESS, list(erasures.findings()))
        for item in self._entries:
            writer.write(bag, item, payload=subject_of_access(item.entry) in people)

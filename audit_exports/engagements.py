"""An engagement in a package: its chain whole, the cases that follow from it, and its draws repeated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.codes import Code
from audit_exports.entrycheck import EntryReader
from audit_exports.refused import ExportRefused, refuse
from auditing.fold import fold
from auditing.model import CHAINS, Engagement
from auditing.population import MalformedPopulation, parse_population, sha256_of
from auditing.sampling import reproduces
from evidence.checks import ErasureLedger, check_chain
from evidence.entry import Entry, EntryKind, SealedEntry, parse_time
from evidence.findings import Code as CoreCode
from evidence.findings import Finding
from workflows.calendar import BusinessCalendar

_ENTRY = re.compile(r"auditoria/entries/([1-9][0-9]{0,8})\.json")
_MAX_POPULATION = 64 << 20


def chain_of(engagement: str) -> str:
    """The name of an engagement's chain."""
    return CHAINS + engagement


def engagement_in(entries: Sequence[SealedEntry], wanted: str, origin: str) -> Engagement:
    """The engagement of a chain that is about to be exported.

    Raises:
        ExportRefused: ``engagement``: there is none, or its terms forbid downloads; ``integrity``.
    """
    refuse(chain_of(wanted), list(check_chain(entries, origin)))
    erasures = ErasureLedger()
    for item in entries:
        erasures.see(item.entry, item.leaf, payload_present=item.payload_bytes is not None)
    refuse(chain_of(wanted), list(erasures.findings()))
    found = fold(entries)
    if found is None:
        raise ExportRefused("engagement", f"no engagement {wanted} under the checkpoint")
    if not found.terms.downloads:
        raise ExportRefused("engagement", f"{wanted}: its terms allow no downloads")
    return found


def sampled(engagement: Engagement) -> frozenset[str]:
    """The cases of all its samples; none where nothing was drawn."""
    return frozenset(folio for sample in engagement.samples for folio in sample.folios)


def covered(engagement: Engagement, first: Entry, calendar: BusinessCalendar) -> bool:
    """Whether a case, by its first entry, is one of an engagement's: drawn, or in scope where nothing was drawn."""
    drawn = sampled(engagement)
    if drawn:
        return first.case in drawn
    process = first.process.partition("@")[0]
    return engagement.terms.covers(process, calendar.local_day(parse_time(first.at)).isoformat())


class EngagementReader:
    """The chain in a package: checked like a case's, its files against their digests, its samples drawn again.

    ``lists`` are the folios of the lists that its populations froze, by the digest of the list.
    """

    def __init__(self, bag: Bag, reader: EntryReader, report: Callable[[Finding], None]) -> None:
        self._bag = bag
        self._reader = reader
        self._report = report
        self.lists: dict[str, tuple[str, ...]] = {}

    def read(self, wanted: str) -> Engagement | None:
        """What the chain amounts to; ``None`` where none is claimed, or after a finding."""
        if not wanted:
            return None
        seqs = sorted(int(match[1]) for match in map(_ENTRY.fullmatch, self._bag.paths()) if match)
        entries = self._reader.read(chain_of(wanted), seqs)
        erasures = ErasureLedger()
        for item in entries:
            present = self._bag.has(layout.payload_path(chain_of(wanted), item.entry.seq))
            erasures.see(item.entry, item.leaf, payload_present=present)
            self._objects(item)
        for finding in erasures.findings():
            self._report(finding)
        found = fold(entries) if len(entries) == len(seqs) else None
        if found is None:
            self._report(Finding(Code.SCOPE_DIFFERS, layout.SCOPE, f"engagement {wanted}", "no such chain"))
            return None
        self._draws(found, entries)
        return found

    def cases(self, engagement: Engagement, firsts: Iterable[Entry], calendar: BusinessCalendar) -> None:
        """Whether the package's cases are the engagement's: none beside them, none of a sample missing."""
        present = set()
        for first in firsts:
            present.add(first.case)
            if not covered(engagement, first, calendar):
                self._report(
                    Finding(Code.CASE_OUT_OF_SCOPE, first.case, "a case of the engagement", "not one")
                )
        for folio in sorted(sampled(engagement) - present):
            self._report(Finding(Code.SAMPLE_DIFFERS, folio, "in the package", "not there"))

    def _objects(self, item: SealedEntry) -> None:
        for place, blob in enumerate(item.entry.objects, 1):
            path = layout.engagement_object(item.entry.seq, place)
            found, size = self._bag.digest(path), self._bag.size(path)
            if found is not None and (found, size) != (blob.sha256, blob.size):
                expected = f"{blob.sha256}, {blob.size} bytes"
                self._report(Finding(CoreCode.OBJECT_DIFFERS, path, expected, f"{found}, {size} bytes"))

    def _draws(self, engagement: Engagement, entries: Sequence[SealedEntry]) -> None:
        """Every sample again from the list that its population froze."""
        for item in entries:
            if item.entry.kind is EntryKind.POPULATION_FROZEN:
                data = self._bag.take(layout.engagement_object(item.entry.seq, 1), _MAX_POPULATION)
                try:
                    rows = parse_population(data or b"")
                except MalformedPopulation:
                    rows = ()
                self.lists[sha256_of(data or b"")] = tuple(row.folio for row in rows)
        for sample in engagement.samples:
            population = engagement.population(sample.population)
            folios = self.lists.get(population.digest, ()) if population else ()
            if not reproduces(sample, folios):
                expected = f"sample {sample.id} drawn by its seed"
                self._report(Finding(Code.SAMPLE_DIFFERS, engagement.chain, expected, "another"))

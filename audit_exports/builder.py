"""Export: from the ledger to a package, checked on the way, logged before it is handed over.

Every entry is hashed and chained again, every proof leads to the signed checkpoint, every object is read through the
store's self-checking stream. Whatever does not fit refuses the whole export: there is no package with a silent hole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from audit_exports import layout
from audit_exports.anchors import AnchorWriter
from audit_exports.bagwriter import BagWriter
from audit_exports.catalogues import ListChain, Lists
from audit_exports.consistency import earlier_sizes, write_consistency
from audit_exports.derived import Derived, case_files
from audit_exports.destination import Destination
from audit_exports.engagements import chain_of, covered, engagement_in, sampled
from audit_exports.entrywriter import EntryWriter
from audit_exports.exportlog import EXPORTS, Written, log_export
from audit_exports.heads import HeadsWriter
from audit_exports.irregular import irregularities
from audit_exports.masking import QUARANTINED, Mask
from audit_exports.people import ACCESS
from audit_exports.peoplewriter import AccessChain
from audit_exports.record import FileItem, PackageFacts, Scope, Totals
from audit_exports.recount import recount, words_of
from audit_exports.refused import ExportRefused, refuse
from audit_exports.scope import check_scope, in_period, named_by, prefixes_of, sample_of, scope_bytes
from audit_exports.seals import write_seals
from audit_exports.states import definition_digest, state_of
from audit_exports.succession import RotationWriter
from audit_exports.zipwriter import CHUNK
from auditing.model import Engagement
from evidence.anchored import ANCHORS_CASE, AnchorFact
from evidence.checkpoint import Checkpoint
from evidence.checks import ErasureLedger, check_chain, check_checkpoint
from evidence.entry import BlobRef, MalformedEntry, SealedEntry
from evidence.findings import Code, Finding
from evidence.keyring import LEDGER_CASE
from evidence.note import VerifierKey
from evidence.ports import BlobCorrupt, BlobMissing, BlobStore, LedgerStore
from evidence.seals import SEALS_CASE
from workflows.calendar import BusinessCalendar
from workflows.catalogues import CATALOGUES_CASE
from workflows.commands import Actor
from workflows.definition import Definition

__all__ = ["Definitions", "ExportReceipt", "ExportRefused", "Progress", "Sources", "export"]

Progress = Callable[[int, int], None]
"""Called with the cases done and the cases in all."""


class Definitions(Protocol):
    """Every definition ever used, by the digest that cases pin."""

    def by_digest(self, digest: str) -> Definition:
        """The definition whose file has this SHA-256 (hex)."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What an export reads. ``calendar`` is the table before any revision published in the log.

    ``keys`` are the log's own: a checkpoint they did not sign is not exported under.
    """

    ledger: LedgerStore
    blobs: BlobStore
    definitions: Definitions
    calendar: BusinessCalendar
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True, slots=True)
class ExportReceipt:
    """What was handed over: ``tag_manifest`` is the digest that entry ``seq`` of ``system:exports`` holds.

    ``package_bytes`` is the zip's size; ``leaf`` and ``recorded_at`` are the logged entry's.
    """

    path: Path
    package_bytes: int
    tag_manifest: str
    checkpoint_size: int
    totals: Totals
    seq: int
    leaf: str
    recorded_at: str


def export(
    sources: Sources,
    scope: Scope,
    out: Path,
    *,
    actor: Actor,
    checkpoint: int = 0,
    since: Iterable[int] = (),
    progress: Progress | None = None,
) -> ExportReceipt:
    """Write the package of ``scope`` to ``out``, replacing what was there only once all is well.

    ``checkpoint`` is the size of a signed checkpoint, 0 for the largest. ``since`` are sizes of earlier ones that
    somebody kept, from which the package shall prove that the log only grew. The same scope at the same checkpoint
    gives the same bytes. The export is an entry of ``system:exports``, later than the checkpoint and so not in the
    package.

    Raises:
        ExportRefused: see there; nothing was written or logged.
        StoreUnavailable: a store does not answer, or the package cannot be written (disk full); nothing is left.
    """
    try:
        check_scope(scope)
    except ValueError as error:
        raise ExportRefused("scope", str(error)) from error
    with Destination(out) as destination:
        written = _Export(sources, scope, checkpoint, since, progress).write(destination.stream)
        destination.settle()
        entry = log_export(sources.ledger, written, actor, out.name)
        package_bytes = destination.hand_over()
    return ExportReceipt(
        path=out,
        package_bytes=package_bytes,
        tag_manifest=written.tag_manifest,
        checkpoint_size=written.facts.size,
        totals=written.totals,
        seq=entry.entry.seq,
        leaf=entry.leaf,
        recorded_at=entry.entry.at,
    )


class _Export:
    """One export under way."""

    def __init__(
        self,
        sources: Sources,
        scope: Scope,
        checkpoint: int,
        since: Iterable[int],
        progress: Progress | None,
    ) -> None:
        self._sources = sources
        self._scope = scope
        self._progress = progress or (lambda _done, _all: None)
        self._checkpoint, self._note = self._chosen_checkpoint(checkpoint)
        self._writer = EntryWriter(sources.ledger, self._checkpoint, self._note)
        self._since = set(since)
        self._heads = HeadsWriter(sources.ledger, self._checkpoint)
        chain = self._history(CATALOGUES_CASE)
        self._told: list[str] = []
        self._chain = ListChain(chain, self._checkpoint.origin, sources.calendar)
        self._audit: list[SealedEntry] = []
        self._engagement: Engagement | None = None
        if scope.engagement:
            self._audit = self._history(chain_of(scope.engagement))
            self._engagement = engagement_in(self._audit, scope.engagement, self._checkpoint.origin)
        self._mask = Mask(self._engagement)

    def write(self, sink: BinaryIO) -> Written:
        """The whole zip."""
        folios, members = self._folios()
        facts = self._facts(members)
        access = AccessChain(self._history(ACCESS), self._checkpoint.origin, reserved=self._mask.active)
        lists = self._chain.lists
        bag = BagWriter(sink)
        definitions: dict[str, Definition] = {}
        try:
            with Derived(facts, access.roster, lists, self._engagement) as derived:
                for done, folio in enumerate(folios):
                    self._progress(done, len(folios))
                    self._case(bag, derived, facts, lists, definitions, folio)
                self._progress(len(folios), len(folios))
                if not derived.totals.cases:
                    raise ExportRefused("nothing_in_scope", "no case of this scope lies under the checkpoint")
                access.write(bag, self._writer, () if self._mask.active else derived.people())
                self._chain.write(bag, self._writer)
                self._audited(bag)
                self._heads.write(bag, self._writer, {*self._told, ACCESS, CATALOGUES_CASE})
                terms = self._engagement.terms.processes if self._engagement is not None else ()
                self._heads.write_series(bag, prefixes_of(self._scope, terms))
                derived.anchors = self._anchored(bag)
                self._shared(bag, definitions)
                for path, size, pieces in derived.whole():
                    bag.add_stream(path, size, pieces)
                bag.add(layout.SCOPE, scope_bytes(facts, derived.totals))
                tag_manifest, _ = bag.finish(facts)
                return Written(tag_manifest, facts, derived.totals)
        except BaseException:
            bag.abandon()
            raise

    def _chosen_checkpoint(self, size: int) -> tuple[Checkpoint, bytes]:
        ledger = self._sources.ledger
        found = next(iter(ledger.checkpoints(size)), None) if size else ledger.latest_checkpoint()
        if found is None or (size and found[0] != size) or not found[0]:
            raise ExportRefused(
                "checkpoint_unknown", f"no signed checkpoint of size {size or 'greater than 0'}"
            )
        opened, findings = check_checkpoint(
            found[1], self._sources.keys, log=ledger.origin, subject="checkpoint"
        )
        if opened is None or opened.size != found[0]:
            raise ExportRefused("integrity", f"checkpoint {found[0]}", findings)
        return opened, found[1]

    def _folios(self) -> tuple[list[str], list[str]]:
        """The cases to export, sorted, and the population a sample was drawn from (none without a sample)."""
        named = [folio for folio in self._sources.ledger.cases() if named_by(self._scope, folio)]
        missing = sorted(set(self._scope.folios) - set(named))
        if missing:
            raise ExportRefused("nothing_in_scope", f"unknown or outside the scope: {', '.join(missing)}")
        if self._engagement is not None:
            return sorted(folio for folio in named if self._of_engagement(self._engagement, folio)), []
        if not (self._scope.sample or self._scope.start or self._scope.end):
            return sorted(named), []
        found = [folio for folio in named if self._within(folio)]
        if outside := sorted(set(self._scope.folios) - set(found)):
            raise ExportRefused("nothing_in_scope", f"outside the period: {', '.join(outside)}")
        return sample_of(found, self._scope), sorted(found) if self._scope.sample else []

    def _of_engagement(self, engagement: Engagement, folio: str) -> bool:
        drawn = sampled(engagement)
        if drawn:
            return folio in drawn
        history = self._history(folio)
        return bool(history) and covered(engagement, history[0].entry, self._sources.calendar)

    def _audited(self, bag: BagWriter) -> None:
        """The engagement's chain, with its payloads and files."""
        for item in self._audit:
            self._writer.write(bag, item)
            for place, blob in enumerate(item.entry.objects, 1):
                path = layout.engagement_object(item.entry.seq, place)
                self._object(bag, blob, path, f"{item.entry.case}/{item.entry.seq}")
        if self._audit:
            self._told.append(self._audit[0].entry.case)

    def _within(self, folio: str) -> bool:
        try:
            entries = [item.entry for item in self._history(folio)]
        except MalformedEntry:
            return True  # what cannot be read is not left out: `_check` refuses it with its finding
        return bool(entries) and in_period(self._scope, entries, self._sources.calendar)

    def _history(self, folio: str) -> list[SealedEntry]:
        """The case's entries under the checkpoint."""
        size = self._checkpoint.size
        return [
            item
            for item in self._sources.ledger.history(folio)
            if item.index is not None and item.index < size
        ]

    def _facts(self, members: Sequence[str]) -> PackageFacts:
        size = self._checkpoint.size
        newest = next(self._sources.ledger.entries(size - 1, size))
        return PackageFacts(
            origin=self._checkpoint.origin,
            size=size,
            root=self._checkpoint.root.hex(),
            as_of=newest.entry.at,
            calendar=self._sources.calendar.id,
            scope=self._scope,
            members=tuple(members),
        )

    def _case(
        self,
        bag: BagWriter,
        derived: Derived,
        facts: PackageFacts,
        lists: Lists,
        definitions: dict[str, Definition],
        folio: str,
    ) -> None:
        entries = self._history(folio)
        if not entries:
            return
        self._told.append(folio)
        refuse(folio, list(check_chain(entries, self._sources.ledger.origin)))
        mask = self._mask.over(entries)
        self._check(folio, entries, mask)
        entries = [mask.seen(item) for item in entries]
        definition = self._definition(entries[0], definitions)
        state = state_of(definition, entries, as_of=facts.as_of, calendar=lists.calendar)
        told = {item.entry.seq: words_of(item, mask) for item in entries}
        for item in entries:
            self._entry(bag, item, told[item.entry.seq][1])
        record = recount(
            lists.named(definition), state, entries, derived.roster, lists.calendar.id, mask, told
        )
        found = tuple(irregularities(record))
        derived.add(record, found)
        for path, data in case_files(record, facts, found):
            bag.add(path, data)

    def _check(self, folio: str, entries: Sequence[SealedEntry], mask: Mask) -> None:
        """Refuse a case of which payloads are missing that no entry of it explains."""
        erasures = ErasureLedger()
        for item in entries:
            there = item.payload_bytes is not None or mask.why(item.entry) == QUARANTINED
            erasures.see(item.entry, item.leaf, payload_present=there)
        refuse(folio, list(erasures.findings()))

    def _definition(self, first: SealedEntry, known: dict[str, Definition]) -> Definition:
        digest = definition_digest(first.entry)
        if digest not in known:
            known[digest] = self._sources.definitions.by_digest(digest)
        return known[digest]

    def _anchored(self, bag: BagWriter) -> tuple[AnchorFact, ...]:
        """Anchors of others, the log's changes of keys, and proofs that it has only grown since."""
        ledger, size = self._sources.ledger, self._checkpoint.size
        anchors = AnchorWriter(ledger.history(ANCHORS_CASE), self._sources.blobs, size)
        anchors.write(bag, self._writer, self._object)
        rotations = RotationWriter(ledger.history(LEDGER_CASE), size, ledger.checkpoints())
        rotations.write(bag, self._writer)
        write_seals(bag, self._writer, ledger.history(SEALS_CASE), size)
        sizes = anchors.sizes | rotations.sizes | earlier_sizes(ledger.history(EXPORTS), size) | self._since
        write_consistency(bag, ledger, sizes, self._checkpoint)
        return anchors.facts

    def _entry(self, bag: BagWriter, item: SealedEntry, files: Sequence[FileItem]) -> None:
        self._writer.write(bag, item)
        for blob, told in zip(item.entry.objects, files, strict=True):
            if told.withheld:
                continue
            self._object(bag, blob, told.path, f"{item.entry.case}/{item.entry.seq}")

    def _object(self, bag: BagWriter, blob: BlobRef, path: str, subject: str) -> None:
        """Write an object behind our back; what is wrong with it comes out of a later call to the bag."""
        name = f"{subject} {blob.key}"

        def judge(digest: str) -> None:
            if digest != blob.sha256:
                raise _differs(blob, name, digest)

        bag.add_behind(path, blob.size, self._blob_chunks(blob, name), judge)

    def _blob_chunks(self, blob: BlobRef, name: str) -> Iterator[bytes]:
        seen = 0
        try:
            with self._sources.blobs.open(blob) as stream:
                while chunk := stream.read(CHUNK):
                    seen += len(chunk)
                    if seen > blob.size:
                        break
                    yield chunk
        except BlobMissing as error:
            finding = Finding(Code.OBJECT_MISSING, name, blob.sha256, "nothing")
            raise ExportRefused("integrity", name, [finding]) from error
        except BlobCorrupt as error:
            raise _differs(blob, name, str(error)) from error
        if seen != blob.size:
            raise _differs(blob, name, f"{seen} bytes")

    def _shared(self, bag: BagWriter, definitions: dict[str, Definition]) -> None:
        by_path = {layout.definition_path(item.process, item.version): item for item in definitions.values()}
        if len(by_path) != len(definitions):
            raise ExportRefused("integrity", "two different definitions have the same process and version")
        for path, definition in sorted(by_path.items()):
            bag.add(path, definition.source)
        calendar = self._sources.calendar
        bag.add(layout.calendar_path(calendar.id), calendar.source)
        bag.add(layout.CHECKPOINT, self._note)


def _differs(blob: BlobRef, name: str, found: str) -> ExportRefused:
    return ExportRefused("integrity", name, [Finding(Code.OBJECT_DIFFERS, name, blob.sha256, found)])

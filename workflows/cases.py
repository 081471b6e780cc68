"""The case service: the only writer of case entries.

Every command takes the same way (`workflows.writer`): read the files, try the draft on the history as it stands, store
the objects, then append, where the draft is made again on the history that counts. What is refused writes no entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry
from evidence.ports import BlobStore, Clock, LedgerStore, Projection
from workflows import closing, rules, sets
from workflows.calendar import BusinessCalendar
from workflows.casefile import CaseView
from workflows.claims import Situation
from workflows.commands import (
    Actor,
    OpenCase,
    OpenSet,
    Part,
    Receipt,
    RecordSet,
    RecordStep,
    RefuseRequest,
    Supersede,
    WaiveStep,
)
from workflows.controldesk import ControlDesk
from workflows.corrections import (
    bare,
    correction,
    correctors,
    ground_of,
    known_ground,
    noted,
    refusal,
)
from workflows.definition import Definition, Ground
from workflows.derive import derive
from workflows.errors import OutOfScope, UnknownCase
from workflows.facts import Facts, time_text
from workflows.judging import outside_of
from workflows.ports import CaseIndex, Catalogues, Directory, DocumentReader
from workflows.readers import DirectReader
from workflows.rebuild import RebuildReport, rebuild, recount
from workflows.registry import DefinitionRegistry
from workflows.state import CaseState
from workflows.uploads import PreparedFile, prepare
from workflows.writer import Calendars, CaseWriter

MAX_FILES = 20


class CaseService:
    """Commands and reads of cases; safe for threads and for several processes on one ledger."""

    def __init__(  # noqa: PLR0913 - the ports are its parameters
        self,
        *,
        ledger: LedgerStore,
        blobs: BlobStore,
        definitions: DefinitionRegistry,
        calendar: BusinessCalendar | Calendars,
        clock: Clock,
        index: CaseIndex,
        directory: Directory | None = None,
        catalogues: Catalogues | None = None,
        reader: DocumentReader | None = None,
        retention_years: int = 0,
        max_files: int = MAX_FILES,
    ) -> None:
        """Take the ports.

        Args:
            ledger: where entries go.
            blobs: where files go, before their entry.
            definitions: all versions ever used.
            calendar: the table by which days are counted, or what gives it where it may be revised.
            clock: the present.
            index: the projections, for timers and the rebuild.
            catalogues: lists in force; without any, the definitions' own.
            directory: who holds which post; without one, holders of posts and backups are not checked.
            reader: reads files; by default in this very process, which is for files one trusts.
            retention_years: for how long the object store must refuse to let a file go; 0 asks for no lock.
            max_files: files one entry may have.
        """
        self._writer = CaseWriter(
            ledger=ledger,
            blobs=blobs,
            definitions=definitions,
            calendar=calendar if callable(calendar) else lambda: calendar,
            clock=clock,
            directory=directory,
            index=index,
            catalogues=catalogues,
            retention_years=retention_years,
        )
        self._index = index
        self._reader = reader or DirectReader()
        self._max_files = max_files
        self.controls = ControlDesk(self._writer, index, self.record)

    @property
    def definitions(self) -> DefinitionRegistry:
        """The definitions cases may have."""
        return self._writer.definitions

    @property
    def calendar(self) -> BusinessCalendar:
        """The table by which days are counted."""
        return self._writer.calendar

    def with_lists(self, definition: Definition, moment: datetime | None = None) -> Definition:
        """A definition whose catalogues are those in force at a moment (now): for forms, never for derivation."""
        return self._writer.blank(definition, moment).listed()

    def view(self, folio: str, as_of: datetime | None = None) -> CaseView:
        """A case now, or as it was known at a moment.

        Raises:
            UnknownCase: no such case, or none yet at that moment. UnknownDefinition.
        """
        entries = self._writer.history(folio)
        if as_of is not None and entries[0].entry.at > time_text(as_of):
            raise UnknownCase(folio=folio)
        definition = self._writer.definition_of(entries)
        plain = [sealed.entry for sealed in entries]
        state = derive(definition, plain, calendar=self.calendar, as_of=as_of, now=self._writer.clock())
        return CaseView(definition, state, entries[: state.length])

    def open_case(self, command: OpenCase) -> Receipt:
        """Open a case; its first entry also records the evidence of the opening step.

        Raises:
            OutOfScope: what was asked for belongs elsewhere; the request and its refusal have been recorded.
            UnknownProcess, RoleNotAllowed, FieldInvalid, DuplicateCase, DuplicateReference, EvidenceNotAccepted,
            DutiesConflict, DateNotCredible, RequestReused, TooManyFiles, FileChanged,
            documents.refusals.FileRefused, evidence.ports.StoreError.
        """
        definition = self.definitions.current(command.process)
        rules.role_allowed(definition.opening.step, definition.opening.roles, command.actor)
        ground = ground_of(definition, command.data)
        if ground is not None:
            receipt = self._open_refused(definition, ground, command, "")
            raise OutOfScope(
                refusal=ground.code,
                destination=ground.destination,
                message=ground.message.es,
                folio=receipt.folio,
            )
        files = self._opening_files(definition, command)
        receipt = self._writer.open(definition, sets.opening(definition, command, files), files, command)
        return self._stands(definition, receipt)

    def open_with(self, command: OpenCase, parts: Sequence[Part]) -> Receipt:
        """Open a case and record steps of it by the same actor: one append, all or nothing, one idempotency key.

        Raises:
            OutsideHours: the contact came outside the hours; it and its refusal have been recorded, the parts not.
            And what `open_case` and `record` raise; a refusal of a part names it in its field ``in_step``.
        """
        definition = self.definitions.current(command.process)
        if not parts or ground_of(definition, command.data) is not None:
            return self.open_case(command)
        rules.role_allowed(definition.opening.step, definition.opening.roles, command.actor)
        files = self._opening_files(definition, command)
        opened = sets.opening(definition, command, files)
        pieces, more = self._pieces(definition, command.actor, parts)
        first = sets.Piece(definition.opening.step, sets.attended(opened), len(files))
        whole = OpenSet(command, tuple(parts))
        everything = (*files, *more)
        receipt = self._writer.open(definition, sets.in_sequence((first, *pieces)), everything, whole)
        return self._stands(definition, receipt)

    def record_all(self, command: RecordSet) -> Receipt:
        """Record several steps of a case by one actor: one append, all or nothing, one idempotency key.

        Raises:
            What `record` raises; a refusal names its step in its field ``in_step``.
        """
        definition = self._writer.definition_of(self._writer.history(command.folio))
        pieces, files = self._pieces(definition, command.actor, command.parts)
        receipt = self._writer.append(command.folio, sets.in_sequence(pieces), files, command)
        return self._stands(definition, receipt)

    def read_files(self, command: RecordStep) -> tuple[PreparedFile, ...]:
        """The command's files, read for its step; `record` takes them for every case of the same definition.

        Raises:
            UnknownCase, UnknownStep, TooManyFiles, documents.refusals.FileRefused.
        """
        definition = self._writer.definition_of(self._writer.history(command.folio))
        step = rules.known_step(definition, command.step)
        return prepare(command.uploads, step, self._reader, self._max_files)

    def record(self, command: RecordStep, read: Sequence[PreparedFile] | None = None) -> Receipt:
        """Record a step's evidence: one entry with all files, values and the choice.

        Args:
            command: what to record.
            read: its files as `read_files` gave them, where they have been read before.

        Raises:
            UnknownCase, UnknownStep, RoleNotAllowed, NoDelegate, StepNotOpen, CaseClosed, GuardUnmet, ChoiceMissing,
            ChoiceUnknown, FieldInvalid, EvidenceMissing, EvidenceNotAccepted, ReuseNotAllowed, DutiesConflict,
            DuplicateReference, DateNotCredible, RequestReused, TooManyFiles, FileChanged,
            documents.refusals.FileRefused, evidence.ports.StoreError.
        """
        definition = self._writer.definition_of(self._writer.history(command.folio))
        step = rules.known_step(definition, command.step)
        rules.role_allowed(step.code, step.roles or ("system",), command.actor)
        files = self.read_files(command) if read is None else tuple(read)
        drafts = sets.recording(step, command.actor, _part(command), files)
        return self._stands(definition, self._writer.append(command.folio, drafts, files, command))

    def supersede(self, command: Supersede) -> Receipt:
        """Correct an entry with a reason: a new entry takes its place, or (``annul``) nothing does.

        Raises:
            UnknownEntry, NotSupersedable, ReasonMissing, and what `record` raises save the guards: what is corrected
            was already done.
        """
        history = self._writer.history(command.folio)
        situation = self._writer.situation(history)
        rules.reason_given(command.reason)
        target = _target(situation, command)
        step = situation.definition.by_step.get(target)
        corrected = situation.entries[command.seq - 1].entry
        rules.role_allowed(target, correctors(situation.definition, corrected), command.actor)
        uploads = () if command.annul else command.uploads
        files = prepare(uploads, step, self._reader, self._max_files)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            _target(situation, command)
            return (correction(situation, command, files, blobs),)

        return self._writer.append(command.folio, drafts, files, command)

    def waive(self, command: WaiveStep) -> Receipt:
        """Do without a step, or without the separation of duties in it: an exception with a reason.

        Raises:
            UnknownCase, UnknownStep, RoleNotAllowed, ReasonMissing, NotWaivable, FieldInvalid, RequestReused.
        """
        definition = self._writer.definition_of(self._writer.history(command.folio))
        step = rules.known_step(definition, command.step)
        rules.role_allowed(step.code, definition.waiver_roles, command.actor)
        rules.reason_given(command.reason)
        reason = noted(command.reason)

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            rules.waivable(_state(situation), step, command.rule)
            facts = Facts(actor_class=command.actor.kind, via=command.actor.via, rule=command.rule)
            return (bare(situation, command.actor, EntryKind.STEP_WAIVED, step.code, facts, reason),)

        return self._writer.append(command.folio, drafts, (), command)

    def refuse(self, command: RefuseRequest) -> Receipt:
        """Refuse a request on a listed ground: an open case, or (``process``) one that is opened to be refused.

        Raises:
            UnknownCase, UnknownProcess, UnknownRefusal, RoleNotAllowed, CaseClosed, FieldInvalid, DateNotCredible,
            RequestReused, TooManyFiles, documents.refusals.FileRefused.
        """
        if not command.folio:
            definition = self.definitions.current(command.process)
            ground = known_ground(definition, command.refusal)
            rules.role_allowed(definition.opening.step, definition.opening.roles, command.actor)
            return self._open_refused(definition, ground, command, command.note)
        definition = self._writer.definition_of(self._writer.history(command.folio))
        ground = known_ground(definition, command.refusal)
        roles = (*definition.opening.roles, *definition.waiver_roles)
        rules.role_allowed(definition.opening.step, roles, command.actor)
        files = prepare(command.uploads, None, self._reader, self._max_files)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            rules.case_open(_state(situation))
            return (refusal(situation, ground, command, command.note, files, blobs),)

        return self._writer.append(command.folio, drafts, files, command)

    def fire_due_timers(self, now: datetime | None = None) -> list[Receipt]:
        """Record what timers owe: warnings, expiries, and automatic closings on business days.

        Idempotent, and safe from several processes at once: each mark has one idempotency key. Returns the receipts
        of what this call recorded.

        Raises:
            workflows.closing.TimersIncomplete: some cases could not be handled; all others were.
        """
        return closing.fire(self._writer, self._index, now or self._writer.clock())

    def rebuild(self) -> RebuildReport:
        """Compare every projection with a fresh derivation and write all of them anew."""
        return rebuild(self._writer.ledger, self._index, self._writer.projecting())

    def recount(self) -> int:
        """Bring projections with a running timer up to a revised calendar; gives how many changed."""
        return recount(self._writer.ledger, self._index, self._writer.projecting())

    def project(self, entries: Sequence[SealedEntry]) -> Projection:
        """What a case's entries project to."""
        return self._writer.projecting()(entries)

    def _opening_files(
        self, definition: Definition, command: OpenCase | RefuseRequest
    ) -> tuple[PreparedFile, ...]:
        step = definition.by_step[definition.opening.step]
        return prepare(command.uploads, step, self._reader, self._max_files)

    def _open_refused(
        self, definition: Definition, ground: Ground, command: OpenCase | RefuseRequest, note: str
    ) -> Receipt:
        """Record a request together with its refusal, so that it is counted and can be found."""
        files = self._opening_files(definition, command)
        drafts = sets.opening_refused(definition, ground, command, files, note)
        return self._writer.open(definition, drafts, files, command)

    def _stands(self, definition: Definition, receipt: Receipt) -> Receipt:
        """The receipt, unless a contact outside the hours left only its refusal, or only the verdict."""
        found = outside_of(self.calendar, definition, self._writer.history(receipt.folio), receipt)
        if found is not None:
            raise found
        return receipt

    def _pieces(
        self, definition: Definition, actor: Actor, parts: Sequence[Part]
    ) -> tuple[tuple[sets.Piece, ...], tuple[PreparedFile, ...]]:
        """The parts of a set with their files read, in their order."""
        pieces: list[sets.Piece] = []
        everything: list[PreparedFile] = []
        for part in parts:
            with sets.named(part.step):
                step = rules.known_step(definition, part.step)
                rules.role_allowed(step.code, step.roles or ("system",), actor)
                files = prepare(part.uploads, step, self._reader, self._max_files)
            pieces.append(sets.Piece(step.code, sets.recording(step, actor, part, files), len(files)))
            everything += files
        return tuple(pieces), tuple(everything)


def _part(command: RecordStep) -> Part:
    return Part(
        step=command.step,
        uploads=command.uploads,
        data=command.data,
        choice=command.choice,
        note=command.note,
        reuse=command.reuse,
        occurred_at=command.occurred_at,
        acting_for=command.acting_for,
    )


def _state(situation: Situation) -> CaseState:
    if situation.state is None:
        raise ValueError("the case has no entries yet")
    return situation.state


def _target(situation: Situation, command: Supersede) -> str:
    """The step of the entry to correct, once it is clear that it may be corrected."""
    plain = [sealed.entry for sealed in situation.entries]
    return rules.supersedable(_state(situation), plain, command.seq, annul=command.annul).step

"""The case service: the only writer of case entries.

Every command takes the same way (`workflows.writer`): read the files, try the draft on the history as it stands, store
the objects, then append, where the draft is made again on the history that counts. What is refused writes no entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from evidence.entry import SealedEntry
from evidence.ports import BlobStore, Clock, LedgerStore, Projection
from evidence.quarantine import quarantine_of, without
from workflows import children, closing, mailnotes, noticing, rules, sets
from workflows.answering import AnswerBook
from workflows.assignees import answering
from workflows.calendar import BusinessCalendar
from workflows.campaigns import CampaignService
from workflows.casefile import CaseView
from workflows.commands import (
    Actor,
    LinkCase,
    NoteMail,
    NoticeRefusal,
    OpenCase,
    OpenChild,
    Opened,
    OpenSet,
    Part,
    Receipt,
    RecordSet,
    RecordStep,
)
from workflows.controldesk import ControlDesk
from workflows.corrections import ground_of
from workflows.definition import Definition, Step
from workflows.departures import ExceptionCommands
from workflows.derive import derive
from workflows.errors import OutOfScope, Refusal, UnknownCase
from workflows.facts import time_text
from workflows.judging import outside_of
from workflows.keepdesk import KeepDesk
from workflows.keeping import keeping_of, left, shown
from workflows.letters import figures_of
from workflows.ports import CaseIndex, Catalogues, Directory, DocumentReader
from workflows.proposals import proposed
from workflows.quarantinedesk import QuarantineDesk
from workflows.readers import DirectReader
from workflows.rebuild import RebuildReport, rebuild, recount
from workflows.registry import DefinitionRegistry
from workflows.returning import ReturnBook
from workflows.reviewing import ReviewBook
from workflows.signatures import RequestBook
from workflows.uploads import PreparedFile, prepare
from workflows.writer import Calendars, CaseWriter
from workflows.zones import Answering

MAX_FILES = 20


class CaseService(ExceptionCommands):
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
        mailing: bool = False,
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
            mailing: whether what a process tells people is also mailed (`workflows.notices`).
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
            mailing=mailing,
        )
        self._index = index
        self._reader = reader or DirectReader()
        self._max_files = max_files
        self.controls = ControlDesk(self._writer, index, self, self._reader, max_files)
        self.requests = RequestBook(self._writer, self._reader, max_files)
        self.answers = AnswerBook(self._writer)
        self.returns = ReturnBook(self._writer, self._reader, max_files)
        self.reviews = ReviewBook(self._writer)
        self.keeping = KeepDesk(self._writer)
        self.quarantine = QuarantineDesk(self._writer)
        self.campaigns = CampaignService(self._writer, index, self._reader, blobs, self.open_case)

    @property
    def calendar(self) -> BusinessCalendar:
        """The table by which days are counted."""
        return self._writer.calendar

    def with_lists(self, definition: Definition, moment: datetime | None = None) -> Definition:
        """A definition whose catalogues are those in force at a moment (now): for forms, never for derivation."""
        return self._writer.blank(definition, moment).listed()

    def definition(self, folio: str) -> Definition:
        """The definition a case pinned, which never changes, as it was released.

        Raises:
            UnknownCase, UnknownDefinition.
        """
        return self._writer.definition_of(self._writer.known(folio))

    def view(self, folio: str, as_of: datetime | None = None, *, answerable: bool = False) -> CaseView:
        """A case now, or as it was known at a moment; ``answerable``: for who also sees blocked data.

        Raises:
            UnknownCase: no such case, or none yet at that moment. UnknownDefinition.
        """
        entries = self._writer.history(folio)
        keeping, withheld = keeping_of(entries), quarantine_of(entries)
        seen = (left if answerable else shown)(without(entries, withheld), keeping)
        if as_of is not None and entries[0].entry.at > time_text(as_of):
            raise UnknownCase(folio=folio)
        definition = self._writer.definition_of(entries)
        plain = [sealed.entry for sealed in entries]
        state = derive(definition, plain, calendar=self.calendar, as_of=as_of, now=self._writer.clock())
        return CaseView(self._writer.named(definition), state, seen[: state.length], keeping, withheld)

    def open_case(self, command: OpenCase, *, unless: Refusal | None = None) -> Receipt:
        """Open a case; its first entry also records the evidence of the opening step.

        ``unless``: why what is to follow would be refused; then no case is opened, save one that was before by the
        same idempotency key.

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
                destination_name=ground.destination_name.es,
                message=ground.message.es,
                message_en=ground.message.en,
                destination_name_en=ground.destination_name.en,
                folio=receipt.folio,
            )
        files = self._opening_files(definition, command)
        if command.parent:
            self._writer.history(command.parent)
        drafts = sets.unless(unless, sets.opening(definition, command, files))
        receipt = self._writer.open(definition, drafts, files, command)
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

    def open_child(self, command: OpenChild) -> Opened:
        """Open the case that goes on from a step, and record that step with its folio (`workflows.children`).

        Raises:
            ChildNotOffered, and what `open_case` and `record` raise: of the step before anything is opened. What the
            step refuses after that is in the answer's ``refused``, and the parent names the child all the same.
        """
        return children.open_child(self, self._writer, command)

    def link(self, command: LinkCase) -> Receipt:
        """Say that a case goes together with another one there is; both may be closed.

        Raises:
            UnknownCase, UnknownStep, RoleNotAllowed, LinkNotPossible, FieldInvalid, RequestReused.
        """
        return children.link(self._writer, command)

    def notice(self, command: NoticeRefusal) -> Receipt:
        """Say that a refusal was seen by who it is told to; the case stays as it is.

        Raises:
            UnknownCase, RoleNotAllowed, NothingToNotice, FieldInvalid, RequestReused.
        """
        return noticing.notice(self._writer, command)

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

    def answering(self, folio: str, step: Step) -> Mapping[str, Answering]:
        """Who answers for the case's zone now, by the fields of a step that ask for it."""
        zoned = [field for field in step.fields if field.zone]
        if not zoned:
            return {}
        situation = self._writer.seen(folio)
        found = {field.name: answering(situation, field, {}) for field in zoned}
        return {name: one for name, one in found.items() if one is not None}

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
        definition = self._writer.definition_of(self._writer.known(command.folio))
        step = rules.known_step(definition, command.step)
        rules.role_allowed(step.code, step.roles or ("system",), command.actor)
        files = prepare(command.uploads, step, self._reader, self._max_files) if read is None else tuple(read)
        drafts = sets.recording(step, command.actor, _part(command), files)
        return self._stands(definition, self._writer.append(command.folio, drafts, files, command))

    def note_mail(self, command: NoteMail) -> Receipt:
        """Note in a case what became of a mail: sent, failed, sent back, filed or put aside; no step is recorded.

        Raises:
            UnknownCase, UnknownStep, RoleNotAllowed, FieldInvalid, RequestReused, TooManyFiles, FileChanged,
            documents.refusals.FileRefused, evidence.ports.StoreError.
        """
        return mailnotes.note(self._writer, self._reader, command)

    def would_record(self, command: RecordStep, read: Sequence[PreparedFile] | None = None) -> None:
        """Judge what `record` would be asked, and write nothing; raises what `record` would raise now."""
        definition = self._writer.definition_of(self._writer.history(command.folio))
        step = rules.known_step(definition, command.step)
        rules.role_allowed(step.code, step.roles or ("system",), command.actor)
        files = self.read_files(command) if read is None else tuple(read)
        drafts = sets.recording(step, command.actor, _part(command), files)
        self._writer.judge(command.folio, drafts, files)

    def fire_due_timers(self, now: datetime | None = None) -> list[Receipt]:
        """Record what timers owe: warnings, expiries, and automatic closings on business days; and removals' end.

        Idempotent, and safe from several processes at once: each mark has one idempotency key. Returns the receipts
        of what this call recorded.

        Raises:
            workflows.closing.TimersIncomplete: some cases could not be handled; all others were.
        """
        moment = now or self._writer.clock()
        return closing.fire(self._writer, self._index, moment, self.campaigns.follow_removals)

    def proposed(self, folio: str, step: str) -> dict[str, str]:
        """What a step's form may begin with: values that must repeat others, that a rule computes, that a letter has.

        Raises:
            UnknownCase, UnknownStep.
        """
        situation = self._writer.seen(folio)
        known = proposed(situation, rules.known_step(situation.definition, step))
        return {**known, **figures_of(situation, step)}

    def rebuild(self) -> RebuildReport:
        """Compare every projection with a fresh derivation and write all of them anew."""
        return rebuild(self._writer.ledger, self._index, self._writer.projecting())

    def recount(self) -> int:
        """Bring projections with a running timer up to a revised calendar; gives how many changed."""
        return recount(self._writer.ledger, self._index, self._writer.projecting())

    def project(self, entries: Sequence[SealedEntry]) -> Projection:
        """What a case's entries project to."""
        return self._writer.projecting()(entries)

    def _stands(self, definition: Definition, receipt: Receipt) -> Receipt:
        """The receipt, unless a contact outside the hours left only its refusal, or only the verdict."""
        found = outside_of(lambda: self.calendar, definition, self._writer.history, receipt)
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

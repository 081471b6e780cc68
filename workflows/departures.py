"""Commands that depart from the ordinary course: corrections, waivers and refusals."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.entry import BlobRef, EntryDraft, EntryKind
from workflows import rules, sets
from workflows.claims import Situation
from workflows.commands import OpenCase, Receipt, RefuseRequest, Supersede, WaiveStep
from workflows.corrections import bare, correction, correctors, known_ground, noted, refusal
from workflows.definition import Definition, Ground
from workflows.facts import Facts
from workflows.ports import DocumentReader
from workflows.registry import DefinitionRegistry
from workflows.state import CaseState
from workflows.uploads import PreparedFile, prepare
from workflows.writer import CaseWriter


class ExceptionCommands:
    """The part of `workflows.cases.CaseService` that corrects, waives and refuses."""

    _writer: CaseWriter
    _reader: DocumentReader
    _max_files: int

    @property
    def definitions(self) -> DefinitionRegistry:
        """The definitions cases may have."""
        return self._writer.definitions

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


def _state(situation: Situation) -> CaseState:
    if situation.state is None:
        raise ValueError("the case has no entries yet")
    return situation.state


def _target(situation: Situation, command: Supersede) -> str:
    """The step of the entry to correct, once it is clear that it may be corrected."""
    plain = [sealed.entry for sealed in situation.entries]
    return rules.supersedable(_state(situation), plain, command.seq, annul=command.annul).step

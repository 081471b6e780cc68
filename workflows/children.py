"""Cases that go on from others: opened with what is known, named from both sides, and never twice for one click.

A child is an ordinary case whose first entry names its parent. Two appends cannot be one; so the parent's step is tried
before anything is opened, the child's key follows from the parent's request, and whoever repeats what broke in between
finds the child that is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from evidence.entry import BlobRef, EntryDraft, EntryKind
from workflows import rules, sets
from workflows.casefile import LINK_REFERENCE, PARENT_REFERENCE, CaseView
from workflows.claims import Situation, any_case
from workflows.commands import Actor, LinkCase, OpenCase, OpenChild, Opened, Part, Receipt, RecordStep
from workflows.corrections import bare, noted
from workflows.definition import Definition, Field, FieldKind, Step
from workflows.errors import ChildNotOffered, LinkNotPossible, Refusal
from workflows.facts import Facts
from workflows.ports import CaseIndex
from workflows.progress import process_of
from workflows.state import CaseState
from workflows.step import Opens
from workflows.uploads import PreparedFile
from workflows.writer import CaseWriter

_NO_FOLIO = "{process}-0000-000000"
"""Stands for the child's folio while the parent's step is tried: the form of one, and nobody's."""


class Cases(Protocol):
    """What opening a child needs of `workflows.cases.CaseService`."""

    def open_case(self, command: OpenCase, *, unless: Refusal | None = None) -> Receipt: ...  # noqa: D102
    def read_files(self, command: RecordStep) -> tuple[PreparedFile, ...]: ...  # noqa: D102
    def record(  # noqa: D102
        self, command: RecordStep, read: Sequence[PreparedFile] | None = None
    ) -> Receipt: ...


@dataclass(frozen=True, slots=True)
class Kin:
    """A case that goes together with another: ``parent``, ``child``, ``link`` (named here) or ``named`` (named there).

    ``step`` and ``seq`` say where this case names the other; 0 where it does not.
    """

    how: str
    folio: str
    step: str = ""
    seq: int = 0


def open_child(cases: Cases, writer: CaseWriter, command: OpenChild) -> Opened:
    """See `workflows.cases.CaseService.open_child`."""
    history = writer.history(command.parent)
    definition = writer.definition_of(history)
    recorder = command.recorder or command.actor
    key = command.idempotency_key or str(len(history))
    if not command.step:
        rules.role_allowed("", linkers(definition, ""), recorder)
        child = cases.open_case(_opening(command, command.process, key))
        told = LinkCase(command.parent, child.folio, recorder, idempotency_key=f"child/{child.folio}")
        return Opened(child, link(writer, told))
    step = rules.known_step(definition, command.step)
    rules.role_allowed(step.code, step.roles, recorder)
    process, name = offered(step, command)
    record = _recording(command, name, recorder, _NO_FOLIO.format(process=process), "")
    files = cases.read_files(record)
    child = cases.open_case(
        _opening(command, process, key), unless=_tried(writer.situation(history), step, record, files)
    )
    record = _recording(command, name, recorder, child.folio, f"child/{child.folio}")
    try:
        return Opened(child, cases.record(record, files))
    except (
        Refusal
    ) as refused:  # somebody else was quicker, after the trial: the child is there, so the parent names it
        told = LinkCase(
            command.parent, child.folio, recorder, command.step, command.note, f"child/{child.folio}/link"
        )
        return Opened(child, link(writer, told), refused)


def link(writer: CaseWriter, command: LinkCase) -> Receipt:
    """See `workflows.cases.CaseService.link`."""
    definition = writer.definition_of(writer.history(command.folio))
    other = command.link.strip().upper()
    if other == command.folio:
        raise LinkNotPossible(folio=command.folio, link=other, why="itself")
    if command.step:
        rules.known_step(definition, command.step)
    rules.role_allowed(command.step, linkers(definition, command.step), command.actor)
    writer.history(other)
    note = noted(command.note)

    def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        if situation.state is not None and any(route.link == other for route in situation.state.routes):
            raise LinkNotPossible(folio=command.folio, link=other, why="known")
        facts = Facts(
            actor_class=command.actor.kind, via=command.actor.via, destination=process_of(other), link=other
        )
        return (bare(situation, command.actor, EntryKind.CASE_LINKED, command.step, facts, note),)

    return writer.append(command.folio, drafts, (), command)


def linkers(definition: Definition, step: str) -> tuple[str, ...]:
    """Roles that may say that a case goes together with another: whoever works in it."""
    working = [role for item in definition.steps for role in item.roles]
    if step:
        working = list(definition.by_step[step].roles)
    return tuple(dict.fromkeys((*definition.opening.roles, *definition.waiver_roles, *working)))


def offered(step: Step, command: OpenChild) -> tuple[str, str]:
    """The process of the case that goes on from a step, and the field that names it. Raises `ChildNotOffered`."""
    branch = rules.chosen_branch(step, command.choice)
    opens, name = step.continuation(branch)
    destination = branch.destination if branch is not None else ""
    known = opens.process if opens is not None else destination
    wanted = command.process or known
    if not name or not wanted or (known and wanted != known):
        raise ChildNotOffered(step=step.code, process=command.process, offered=known)
    return wanted, name


def prefilled(view: CaseView, target: Definition, opens: Opens | None = None) -> dict[str, str]:
    """What is known here of what a case of ``target`` asks: by the definition's own mapping, else by the same name."""
    known: dict[str, str] = {}
    for data in view.data().values():
        known.update(data)
    fields = {field.name: field for field in _asked(target)}
    own = _kinds(view.definition)
    found = {
        name: known[name]
        for name, field in fields.items()
        if name in known and own.get(name) is field.kind and _fits(target, field, known[name])
    }
    for name, source in (opens.fields if opens is not None else {}).items():
        field = fields.get(name)
        if field is not None and known.get(source) and _fits(target, field, known[source]):
            found[name] = known[source]
    return found


def kin(state: CaseState, index: CaseIndex) -> tuple[Kin, ...]:
    """Every case that goes together with one, each once: where it comes from first, then as this case names them."""
    found: dict[str, Kin] = {}
    for item in _kin(state, index):
        found.setdefault(item.folio, item)
    return tuple(found.values())


def _kin(state: CaseState, index: CaseIndex) -> Iterator[Kin]:
    if state.parent:
        yield Kin("parent", state.parent)
    born = set(index.by_reference(PARENT_REFERENCE, state.folio))
    for route in state.routes:
        if route.link:
            yield Kin("child" if route.link in born else "link", route.link, route.step, route.seq)
    for folio in sorted(born):
        yield Kin("child", folio)
    for folio in index.by_reference(LINK_REFERENCE, state.folio):
        yield Kin("named", folio)


def _tried(
    situation: Situation, step: Step, record: RecordStep, files: Sequence[PreparedFile]
) -> Refusal | None:
    """Why the parent's step could not be recorded now, ``None`` where it could."""
    part = Part(record.step, record.uploads, record.data, record.choice, record.note)
    try:
        found = replace(situation, there=any_case)
        sets.recording(step, record.actor, part, files)(found, [file.placeholder() for file in files])
    except Refusal as refusal:
        return refusal
    return None


def _opening(command: OpenChild, process: str, key: str) -> OpenCase:
    return OpenCase(
        process=process,
        actor=command.actor,
        data=command.data,
        uploads=command.uploads,
        occurred_at=command.occurred_at,
        requester=command.requester,
        parent=command.parent,
        idempotency_key=f"child/{command.parent}/{command.step}/{key}",
    )


def _recording(command: OpenChild, name: str, recorder: Actor, folio: str, key: str) -> RecordStep:
    return RecordStep(
        folio=command.parent,
        step=command.step,
        actor=recorder,
        uploads=command.told_uploads,
        data={**command.told, name: folio},
        choice=command.choice,
        note=command.note,
        idempotency_key=key,
    )


def _asked(definition: Definition) -> tuple[Field, ...]:
    return (*definition.opening.fields, *definition.by_step[definition.opening.step].fields)


def _kinds(definition: Definition) -> Mapping[str, FieldKind]:
    fields = [*definition.opening.fields, *(field for step in definition.steps for field in step.fields)]
    return {field.name: field.kind for field in fields}


def _fits(definition: Definition, field: Field, value: str) -> bool:
    """Whether a value can stand in a field: a choice must be offered, and must not be a ground for refusing."""
    if field.kind is not FieldKind.CHOICE:
        return len(value) <= field.max_length
    return any(option.code == value and not option.refusal for option in definition.options(field))

"""Telling an everyday case: a course, a person, and the moments at which its lines fall."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Protocol

from demo.course import Course, Line, Word
from demo.diary import Beat
from demo.filling import Filled, Scene, fill_opening, fill_step
from demo.names import Subject
from demo.people import BY_KEY
from demo.volume import Planned
from workflows.calendar import BusinessCalendar
from workflows.commands import (
    Actor,
    OpenCase,
    OpenChild,
    Opened,
    Part,
    Receipt,
    RecordSet,
    RecordStep,
    RefuseRequest,
    Upload,
    WaiveStep,
)
from workflows.definition import Definition
from workflows.errors import OutOfScope, OutsideHours
from workflows.registry import DefinitionRegistry
from workflows.state import CaseState

OPEN = "open"
SPECIALISTS = ("rodrigo.pena", "daniela.ortiz", "cinthya")
HOLDERS = {
    "capturista": ("martha",),
    "cpanel": ("cinthya", "abraham"),
    "supervisor": ("abraham",),
    "director": ("jesus.quiriarte",),
}
"""Who acts in a role that is not the specialist's."""
_GONE_ON = Course("MA-006", "de_contacto", 0, """
    0 10:25 4 5:soporte 6 7
    2 11:00 8 9 11 14
    0 12:00 16:validado
    0 12:30 18
""")  # fmt: skip
"""How the ticket of a contact is worked: a line with each line of the contact from the one that opened it."""
_WAIVED = "La persona se presentó en la mesa; no hace falta este paso."


class TaleCases(Protocol):
    """What of `workflows.cases.CaseService` the tales use."""

    @property
    def definitions(self) -> DefinitionRegistry: ...  # noqa: D102 - see the service
    def with_lists(self, definition: Definition) -> Definition: ...  # noqa: D102
    def open_with(self, command: OpenCase, parts: Sequence[Part]) -> Receipt: ...  # noqa: D102
    def open_child(self, command: OpenChild) -> Opened: ...  # noqa: D102
    def record(self, command: RecordStep) -> Receipt: ...  # noqa: D102
    def record_all(self, command: RecordSet) -> Receipt: ...  # noqa: D102
    def waive(self, command: WaiveStep) -> Receipt: ...  # noqa: D102
    def refuse(self, command: RefuseRequest) -> Receipt: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Stage:
    """The service, the definition in force with its lists, and people's ids by key."""

    cases: TaleCases
    definition: Definition
    ids: Mapping[str, str]


@dataclass(slots=True)
class Tale:
    """One everyday case and what has become of it."""

    stage: Stage
    course: Course
    subject: Subject
    opened: date
    folio: str = ""
    refused: str = ""
    params: dict[str, str] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=dict)
    _ticket: Tale | None = None
    _worked: int = 0

    @property
    def key(self) -> str:
        """What makes telling it again change nothing."""
        return f"demo:{self.course.process}:{self.subject.number}"

    @property
    def specialist(self) -> str:
        """Whose case it is."""
        return SPECIALISTS[zlib.crc32(self.key.encode()) % len(SPECIALISTS)]

    def beats(self, calendar: BusinessCalendar, present: datetime) -> Iterator[Beat]:
        """Its lines as far as the present has come."""
        for number, (line, moment) in enumerate(self.course.moments(self.opened, self.key, calendar)):
            if moment >= present:
                return

            def tell(when: datetime, line: Line = line, number: int = number) -> None:
                self.tell(line, when, number)

            yield Beat(moment, line.words[0].step, tell)

    def tell(self, line: Line, moment: datetime, number: int) -> None:
        """Tell a line: the steps of one person in a row are one set."""
        if number and not self.folio:
            return  # refused at the door
        groups = groupby(line.words, self._who)
        for place, (who, words) in enumerate(groups):
            self._together(who, tuple(words), moment, f"{self.key}:{number}:{place}")
        if self._ticket is not None and self._worked < len(_GONE_ON.lines):
            self._worked += 1
            self._ticket.tell(_GONE_ON.lines[self._worked - 1], moment, self._worked)

    def _who(self, word: Word) -> tuple[str, str]:
        """Key and role of whoever records a step."""
        verb, _, _ = word.step.partition("!")
        if word.step == OPEN:
            role = self.course.opener
        elif word.step == "waive":
            role = next(iter(self.stage.definition.waiver_roles), "supervisor")
        elif word.step == "refuse":
            role = self.stage.definition.opening.roles[0]
        else:
            step = self.stage.definition.by_step[verb]
            role = "especialista" if "especialista" in step.roles else next(iter(step.roles), "especialista")
        if role == "especialista":
            return self.specialist, role
        among = HOLDERS[role]
        return among[zlib.crc32(self.key.encode()) % len(among)], role

    def _together(self, who: tuple[str, str], words: tuple[Word, ...], moment: datetime, key: str) -> None:
        actor = Actor(id=self.stage.ids[who[0]], role=who[1])
        if words[0].step == "waive":
            command = WaiveStep(self.folio, words[0].choice, actor, _WAIVED, idempotency_key=key)
            self._took(self.stage.cases.waive(command))
        elif words[0].step == "refuse":
            refused = RefuseRequest(actor, words[0].choice, folio=self.folio, idempotency_key=key)
            self._took(self.stage.cases.refuse(refused))
        elif words[0].step == OPEN:
            self._open(who, actor, words, moment, key)
        else:
            parts = tuple(self._linked(self._part(who, word, moment), who, moment) for word in words)
            if len(parts) == 1:
                self._took(self.stage.cases.record(_single(self.folio, actor, parts[0], key)))
            else:
                self._took(self.stage.cases.record_all(RecordSet(self.folio, actor, parts, key)))

    def _open(
        self, who: tuple[str, str], actor: Actor, words: tuple[Word, ...], moment: datetime, key: str
    ) -> None:
        first = Word(OPEN, words[0].choice, {**self.course.opening, **words[0].given})
        filled = fill_opening(self._listed(), first, {}, self._scene(who, OPEN, moment))
        self.params.update(filled.data)
        command = OpenCase(
            process=self.course.process,
            actor=actor,
            data=filled.data,
            uploads=_uploads(filled),
            idempotency_key=key,
        )
        parts = tuple(self._part(who, word, moment) for word in words[1:])
        try:
            self._took(self.stage.cases.open_with(command, parts))
        except OutOfScope as refused:
            self.folio, self.refused = "", str(refused.fields["folio"])
        except OutsideHours:
            self.folio = ""

    def open_from(self, parent: Tale, step: str, choice: str, moment: datetime) -> None:
        """Open this case out of another one's step (``""``: out of its refusal), which is recorded with the folio."""
        who = self._who(Word(OPEN))
        actor = Actor(id=self.stage.ids[who[0]], role=who[1])
        word = Word(OPEN, "", self.course.opening)
        filled = fill_opening(self._listed(), word, {}, self._scene(who, OPEN, moment))
        told: dict[str, str] = {}
        if step:
            scene = parent._scene(who, step, moment)
            told = dict(fill_step(parent._listed(), Word(step, choice), parent.params, scene).data)
        self.params.update(filled.data)
        command = OpenChild(
            parent=parent.folio or parent.refused,
            actor=actor,
            step=step,
            choice=choice,
            process=self.course.process,
            data=filled.data,
            uploads=_uploads(filled),
            told=told,
            idempotency_key=f"{self.key}:child",
        )
        self._took(self.stage.cases.open_child(command).child)

    def _part(self, who: tuple[str, str], word: Word, moment: datetime) -> Part:
        filled = fill_step(self._listed(), word, self.params, self._scene(who, word.step, moment))
        self.params.update(filled.data)
        self._turns[word.step] = self._turns.get(word.step, 0) + 1
        return Part(word.step, _uploads(filled), filled.data, word.choice)

    def _linked(self, part: Part, who: tuple[str, str], moment: datetime) -> Part:
        """A part that names the case in which work goes on: that case is opened, for a folio must be somebody's."""
        step = self.stage.definition.by_step[part.step]
        goes_on, name = step.continuation(step.branch(part.choice) if part.choice else step.default_branch)
        if goes_on is None or name not in part.data:
            return part
        there = self.stage.cases.with_lists(self.stage.cases.definitions.current(goes_on.process))
        filled = fill_opening(there, Word(OPEN), {}, self._scene(who, f"{part.step}:{OPEN}", moment))
        opened = OpenCase(
            process=goes_on.process,
            actor=Actor(id=self.stage.ids[self.specialist], role="especialista"),
            data=filled.data,
            uploads=_uploads(filled),
            idempotency_key=f"{self.key}:{part.step}:{self._turns[part.step]}",
        )
        receipt = self.stage.cases.open_with(opened, ())
        if goes_on.process == _GONE_ON.process:
            stage = replace(self.stage, definition=self.stage.cases.definitions.current(goes_on.process))
            self._ticket = Tale(stage, _GONE_ON, self.subject, self.opened, receipt.folio)
            self._ticket.params.update(filled.data)
        return replace(part, data={**part.data, name: receipt.folio})

    def _listed(self) -> Definition:
        """The definition with the lists in force now."""
        return self.stage.cases.with_lists(self.stage.definition)

    def _scene(self, who: tuple[str, str], step: str, moment: datetime) -> Scene:
        return Scene(
            self.subject, BY_KEY[who[0]].name, moment, f"{self.key}:{step}", self._turns.get(step, 0)
        )

    def _took(self, receipt: Receipt) -> None:
        self.folio = receipt.folio
        self.params.update(_params(receipt.state))


def _params(state: CaseState) -> Mapping[str, str]:
    return state.params


def _single(folio: str, actor: Actor, part: Part, key: str) -> RecordStep:
    return RecordStep(
        folio, part.step, actor, uploads=part.uploads, data=part.data, choice=part.choice, idempotency_key=key
    )


def _uploads(filled: Filled) -> tuple[Upload, ...]:
    return tuple(Upload(name, io.BytesIO(data), slot) for slot, name, data in filled.files)


def stages_of(cases: TaleCases, ids: Mapping[str, str]) -> dict[str, Stage]:
    """Where tales of each process are told."""
    return {definition.process: Stage(cases, definition, ids) for definition in cases.definitions.processes()}


def everyday(
    cases: TaleCases,
    plan: Iterable[Planned],
    ids: Mapping[str, str],
    calendar: BusinessCalendar,
    present: datetime,
) -> list[Beat]:
    """The beats of planned cases."""
    stages = stages_of(cases, ids)
    beats: list[Beat] = []
    for one in plan:
        tale = Tale(stages[one.course.process], one.course, one.subject, one.opened)
        beats += tale.beats(calendar, present)
    return beats

"""A process definition as frozen data; `workflows.loader` reads it from TOML and refuses what it does not know.

What a step is made of stands in `workflows.step`, a timer in `workflows.term`, and both are named here again: to its
readers a definition is one thing.

``docs/formats/process-definition.md`` is the normative text: what each member means and how states follow from it.
Nothing here decides anything: rules live in `workflows.rules` and `workflows.derive`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from workflows.rosterrules import RosterRules
from workflows.step import (
    FILE_FAMILIES,
    NEW,
    NEW_NAME,
    Branch,
    Effect,
    Evidence,
    EvidenceType,
    Field,
    FieldKind,
    Option,
    Slot,
    Standing,
    Step,
    StepClass,
    Text,
    Wait,
    When,
    applies,
)
from workflows.term import Timer, TimerEffect, Trigger

__all__ = [
    "FILE_FAMILIES",
    "NEW",
    "NEW_NAME",
    "Branch",
    "Catalogue",
    "CatalogueItem",
    "Control",
    "Definition",
    "Document",
    "Duty",
    "Effect",
    "Evidence",
    "EvidenceType",
    "Field",
    "FieldKind",
    "Ground",
    "Machine",
    "Opening",
    "Option",
    "Outcome",
    "Question",
    "Role",
    "RosterRules",
    "Series",
    "Slot",
    "Span",
    "Standing",
    "Step",
    "StepClass",
    "Text",
    "Timer",
    "TimerEffect",
    "Trigger",
    "Wait",
    "When",
    "applies",
]


@dataclass(frozen=True, slots=True)
class Role:
    """A part people play. ``post`` is its name in the directory; ``deputies``: others may act for its holder."""

    code: str
    name: Text
    duty: Text
    post: str = ""
    deputies: bool = False
    accountable: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty that must lie with a different person than those in ``apart``. ``opening``: who asks, or for whom."""

    code: str
    name: Text
    apart: tuple[str, ...]
    opening: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine: its statuses in order and the transitions allowed; it starts with no status."""

    code: str
    name: Text
    statuses: tuple[str, ...]
    transitions: tuple[tuple[str, str], ...]
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way for a case to end. ``abandons``: what would have come after the end no longer applies."""

    code: str
    name: Text
    abandons: bool = False
    effects: tuple[Effect, ...] = ()


UNNAMED = "otro_proceso"
"""The destination of requests for which the process's document names no process: supervision is told of them."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground for refusing a request: what to say, where it goes, and how the case ends."""

    code: str
    name: Text
    message: Text
    destination: str
    destination_name: Text
    outcome: str


@dataclass(frozen=True, slots=True)
class Series:
    """A control that returns: one case a ``period``, in which each day of ``every`` is recorded in ``step``.

    ``report_step`` is the system's, and closes the period with its counts. ``day_field`` and ``count_field`` of
    ``step`` hold the day looked at and how many findings it had; ``declares`` are values that every quick recording
    brings. ``volume_step``: the cases of the process in which that step was done in the period are counted too, and
    ``expected`` (least, most) says how many there should be. ``post`` is who gets the report. ``columns``: which field
    of the opening each column of a list of findings fills; ``only``: columns that must say a certain word.
    """

    code: str
    name: Text
    step: str
    report_step: str
    every: str
    period: str
    params: Mapping[str, str]
    day_field: str
    count_field: str
    declares: Mapping[str, str]
    volume_step: str = ""
    expected: tuple[int, int] | None = None
    post: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    assumption: Text | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A measure: days of ``unit`` between two steps."""

    code: str
    name: Text
    start: str
    end: str
    unit: str


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One entry of a catalogue, usable from day ``since`` to day ``until``, both included (dates, ``""``: no limit).

    ``values`` say what goes with it, such as the post that answers for a zone.
    """

    code: str
    name: Text
    note: Text
    values: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    until: str = ""

    def valid_on(self, day: date) -> bool:
        """Whether it may be used on a day."""
        text = day.isoformat()
        return self.since <= text and (not self.until or text <= self.until)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A list of values with a version of its own."""

    code: str
    version: str
    name: Text
    items: tuple[CatalogueItem, ...]
    assumption: Text | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a public standard that the process serves. ``confirmed`` false: from general knowledge."""

    code: str
    standard: str
    name: Text
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What the text leaves open, for the process owner to answer in a new version."""

    code: str
    question: Text
    meanwhile: Text


@dataclass(frozen=True, slots=True)
class Document:
    """What the knowledge base shows of the process beside its steps."""

    objective: Text
    scope: Text
    description: Text
    includes: tuple[Text, ...]
    excludes: tuple[Text, ...]
    inputs: tuple[Text, ...]
    outputs: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """How a case begins: the step its first entry records, who may open, what is asked, and what names the case.

    ``public``: people without an account may open one, acting in ``role``; the other members are values it then has.
    """

    step: str
    roles: tuple[str, ...]
    fields: tuple[Field, ...]
    title: tuple[str, ...]
    public: Mapping[str, str]


@dataclass(frozen=True)
class Definition:
    """One version of a process. ``digest`` is the hex SHA-256 of the file's bytes, ``source`` those bytes."""

    process: str
    version: str
    name: Text
    digest: str
    source: bytes
    late_after: int
    waiver_roles: tuple[str, ...]
    correction_roles: tuple[str, ...]
    document: Document
    opening: Opening
    roles: tuple[Role, ...]
    duties: tuple[Duty, ...]
    machines: tuple[Machine, ...]
    outcomes: tuple[Outcome, ...]
    grounds: tuple[Ground, ...]
    steps: tuple[Step, ...]
    timers: tuple[Timer, ...]
    series: tuple[Series, ...]
    spans: tuple[Span, ...]
    catalogues: tuple[Catalogue, ...]
    controls: tuple[Control, ...]
    questions: tuple[Question, ...]
    roster: RosterRules | None = None

    @cached_property
    def by_step(self) -> Mapping[str, Step]:
        """Steps by code, in the order of the file."""
        return {step.code: step for step in self.steps}

    @cached_property
    def fields(self) -> Mapping[tuple[str, str], Field]:
        """Every field by step and name; the opening's stand under its step."""
        found = {(step.code, field.name): field for step in self.steps for field in step.fields}
        return found | {(self.opening.step, field.name): field for field in self.opening.fields}

    @cached_property
    def accountable(self) -> str:
        """The role that answers for the process."""
        return next(role.code for role in self.roles if role.accountable)

    @cached_property
    def downstream(self) -> Mapping[str, frozenset[str]]:
        """For each step, those that the order places after it, near or far."""
        before: dict[str, frozenset[str]] = {}
        for step in self.steps:
            direct = {*step.requires, *step.follows}
            before[step.code] = frozenset(direct).union(*(before[code] for code in direct))
        return {
            code: frozenset(other for other, earlier in before.items() if code in earlier) for code in before
        }

    @cached_property
    def by_timer(self) -> Mapping[str, Timer]:
        """Timers by code."""
        return {timer.code: timer for timer in self.timers}

    @cached_property
    def system_steps(self) -> frozenset[str]:
        """Codes of the steps that nobody but the system records."""
        return frozenset(step.code for step in self.steps if step.by_system)

    @cached_property
    def timers_of(self) -> Mapping[str, tuple[Timer, ...]]:
        """For each step, the timers that an entry of it may touch."""
        return {
            code: tuple(t for t in self.timers if any(trigger.step == code for trigger in t.triggers))
            for code in self.by_step
        }

    @cached_property
    def by_series(self) -> Mapping[str, Series]:
        """Periodic controls by code."""
        return {item.code: item for item in self.series}

    @cached_property
    def series_of(self) -> Mapping[str, str]:
        """The series of each step that belongs to the cases of one; other steps are of ordinary cases."""
        return {step: item.code for item in self.series for step in (item.step, item.report_step)}

    def belongs(self, step: Step, series: str, params: Mapping[str, str]) -> bool:
        """Whether a step is one of a case's: of its series (``""``: an ordinary case), and its condition holds."""
        return self.series_of.get(step.code, "") == series and applies(step.when, params)

    @cached_property
    def by_machine(self) -> Mapping[str, Machine]:
        """State machines by code."""
        return {machine.code: machine for machine in self.machines}

    @cached_property
    def primary(self) -> Machine:
        """The machine whose status lists show."""
        return next(machine for machine in self.machines if machine.primary)

    @cached_property
    def by_role(self) -> Mapping[str, Role]:
        """Roles by code."""
        return {role.code: role for role in self.roles}

    @cached_property
    def by_ground(self) -> Mapping[str, Ground]:
        """Grounds for refusing by code."""
        return {ground.code: ground for ground in self.grounds}

    @cached_property
    def by_outcome(self) -> Mapping[str, Outcome]:
        """Outcomes by code."""
        return {outcome.code: outcome for outcome in self.outcomes}

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Everything a case may wait for, in the order of the file."""
        found = [wait for step in self.steps for wait in (step.wait, *(b.wait for b in step.branches))]
        return tuple(wait for wait in found if wait is not None)

    @property
    def label(self) -> str:
        """``MA-001@2025-12-15``, as entries name it."""
        return f"{self.process}@{self.version}"

    def options(self, field: Field) -> tuple[Option, ...]:
        """The values a field offers, whether its own or a catalogue's."""
        if not field.catalogue:
            return field.options
        items = (item for found in self.catalogues if found.code == field.catalogue for item in found.items)
        return tuple(Option(item.code, item.name) for item in items)

    def status_name(self, status: str) -> Text:
        """The words for a `CaseState.status`: an outcome, a wait or a status of the primary machine."""
        if status in self.by_outcome:
            return self.by_outcome[status].name
        if status in self.by_series:
            return self.by_series[status].name
        for wait in self.waits:
            if wait.code == status:
                return wait.name
        return NEW_NAME if status == NEW else Text(status, status)

"""A process definition as frozen data; `workflows.loader` reads it from TOML and refuses what it does not know.

``docs/formats/process-definition.md`` is the normative text: what each member means and how states follow from it.
Nothing here decides anything: rules live in `workflows.rules` and `workflows.derive`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Spanish, which is what counts, and in English."""

    es: str
    en: str

    def get(self, locale: str = "es") -> str:
        """The text in ``locale`` (``en...`` gives English, everything else Spanish)."""
        return self.en if locale.startswith("en") else self.es


NEW = "nuevo"
NEW_NAME = Text("Nuevo", "New")


class StepClass(StrEnum):
    """How much a step is owed; only the first two can be missing."""

    MANDATORY = "obligatorio"
    CONDITIONAL = "condicional"
    OPTIONAL = "opcional"
    RULE = "regla"
    PERIODIC = "periodico"


class EvidenceType(StrEnum):
    """What a piece of evidence is; ``FILE_FAMILIES`` says which are files."""

    TKT = "TKT"
    EML = "EML"
    XLS = "XLS"
    DOC = "DOC"
    SGN = "SGN"
    SCR = "SCR"
    REF = "REF"
    NOTE = "NOTE"
    ATT = "ATT"
    CRED = "CRED"
    PHY = "PHY"
    LLAM = "LLAM"
    SYS = "SYS"


FILE_FAMILIES: Mapping[EvidenceType, tuple[str, ...]] = {
    EvidenceType.TKT: ("image", "pdf", "eml", "msg"),
    EvidenceType.EML: ("eml", "msg", "pdf"),
    EvidenceType.XLS: ("xlsx",),
    EvidenceType.DOC: ("pdf",),
    EvidenceType.SGN: ("pdf", "image"),
    EvidenceType.SCR: ("image", "pdf"),
}
"""Families of `documents.inspection` each type is taken as, the best first. Other types come from fields alone."""


class FieldKind(StrEnum):
    """How a typed value is checked and normalised."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    RFC = "rfc"
    EMAIL = "email"
    DSN = "dsn"
    IDENTIFIER = "identifier"
    FOLIO = "folio"
    TICK = "tick"


When = Mapping[str, tuple[str, ...]]
"""A condition on the case's params: every named param has one of the listed values. Empty: always."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice. ``refusal`` names the ground on which a request with that value is refused."""

    code: str
    name: Text
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A typed value. ``param`` values become facts of the entry (never personal); others stay in the payload.

    ``unique`` refuses the same value in another case; ``unique_open`` in another *open* case of the process;
    ``reference`` is the kind under which the value can be searched. ``same_as`` is a ``(step, field)`` whose value in
    force this one must repeat, and from which it is taken when left out.
    """

    name: str
    label: Text
    kind: FieldKind
    help: Text
    example: str = ""
    required: bool = False
    personal: bool = False
    param: bool = False
    unique: bool = False
    unique_open: bool = False
    reference: str = ""
    options: tuple[Option, ...] = ()
    catalogue: str = ""
    default: str = ""
    same_as: tuple[str, str] | None = None
    when: When | None = None
    max_length: int = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """A named place for evidence. Without a file it is filled by ``fields`` that all have a value.

    ``shares`` are ``(step, slot)`` pairs whose sealed file may serve here too. ``reader`` names the reader of the
    file's content (`workflows.readers`), ``compare`` the fields of the case it must agree with.
    """

    code: str
    name: Text
    types: tuple[EvidenceType, ...]
    fields: tuple[str, ...] = ()
    shares: tuple[tuple[str, str], ...] = ()
    most: int = 5
    reader: str = ""
    compare: tuple[str, ...] = ()
    secret_risk: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """A state machine moves to ``status`` when the step is done (and the case's params satisfy ``when``)."""

    machine: str
    status: str
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of ``all``, and one whole alternative of ``any`` where there are any."""

    all: tuple[str, ...] = ()
    any: tuple[tuple[str, ...], ...] = ()

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """Every sufficient set of slots."""
        return tuple(self.all + extra for extra in self.any) if self.any else (self.all,)


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the ways a step can turn out.

    ``done``: the step counts as done. ``reopens``: steps whose evidence so far belongs to an earlier round from here
    on. ``closes``: an outcome. ``destination``: where work goes on (process or area). ``evidence`` replaces the
    step's own.
    """

    code: str
    name: Text
    default: bool = False
    done: bool = True
    reopens: tuple[str, ...] = ()
    closes: str = ""
    destination: str = ""
    link_field: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """What a case waits for while this step is the one in turn, and whom."""

    code: str
    name: Text
    who: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the process.

    ``requires``: steps that must be met first (hard). ``follows``: steps the text puts first (soft: recording before
    them is an exception, not an error). ``roles`` may record it; ``performer`` does it; ``duty`` falls on the actor,
    or on the holder of ``duty_post``. It may be recorded up to ``most`` times. ``by_system``: the system alone records
    it. ``after_closing``: an optional step that may still be recorded once the case is closed (owed ones always may).
    """

    code: str
    name: Text
    kind: StepClass
    instruction: Text
    example: Text
    after: Text
    source: str
    performer: str
    roles: tuple[str, ...]
    controls: tuple[str, ...]
    when: When | None = None
    requires: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    most: int = 1
    slots: tuple[Slot, ...] = ()
    fields: tuple[Field, ...] = ()
    evidence: Evidence = Evidence()
    effects: tuple[Effect, ...] = ()
    branches: tuple[Branch, ...] = ()
    closes: str = ""
    wait: Wait | None = None
    duty: str = ""
    duty_post: str = ""
    waivable: bool = False
    after_closing: bool = False
    by_system: bool = False
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    assumption: Text | None = None

    def slot(self, code: str) -> Slot | None:
        """The slot of that code."""
        return next((slot for slot in self.slots if slot.code == code), None)

    def branch(self, code: str) -> Branch | None:
        """The branch of that code."""
        return next((branch for branch in self.branches if branch.code == code), None)

    @property
    def default_branch(self) -> Branch | None:
        """The branch taken when nobody chooses."""
        return next((branch for branch in self.branches if branch.default), None)


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


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground for refusing a request: what to say, where it goes, and how the case ends."""

    code: str
    name: Text
    message: Text
    destination: str
    destination_name: Text
    outcome: str


class TimerEffect(StrEnum):
    """What an overdue timer does: shows, reminds, or closes through its step."""

    ALERT = "alert"
    REMIND = "remind"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Timer:
    """Time that runs from the first of ``starts`` to the first of ``meets``, counted in ``unit`` days.

    ``warn`` 0: no warning. ``effect`` close records ``closing_step`` (done by the system) once overdue.
    """

    code: str
    name: Text
    step: str
    starts: tuple[str, ...]
    meets: tuple[str, ...]
    unit: str
    limit: int
    warn: int
    effect: TimerEffect
    closing_step: str = ""
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
    """One entry of a catalogue."""

    code: str
    name: Text
    note: Text


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
    """How a case begins: the step its first entry records, who may open, what is asked, and what names the case."""

    step: str
    roles: tuple[str, ...]
    fields: tuple[Field, ...]
    title: tuple[str, ...]


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
    spans: tuple[Span, ...]
    catalogues: tuple[Catalogue, ...]
    controls: tuple[Control, ...]
    questions: tuple[Question, ...]

    @cached_property
    def by_step(self) -> Mapping[str, Step]:
        """Steps by code, in the order of the file."""
        return {step.code: step for step in self.steps}

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

    @property
    def label(self) -> str:
        """``MA-001@2025-12-15``, as entries name it."""
        return f"{self.process}@{self.version}"

    def options(self, field: Field) -> tuple[Option, ...]:
        """The values a field offers, whether its own or a catalogue's."""
        if not field.catalogue:
            return field.options
        catalogue = next(item for item in self.catalogues if item.code == field.catalogue)
        return tuple(Option(item.code, item.name) for item in catalogue.items)

    def status_name(self, status: str) -> Text:
        """The words for a `CaseState.status`: an outcome, a wait or a status of the primary machine."""
        if status in self.by_outcome:
            return self.by_outcome[status].name
        for step in self.steps:
            if step.wait and step.wait.code == status:
                return step.wait.name
        return NEW_NAME if status == NEW else Text(status, status)


def applies(when: When | None, params: Mapping[str, str]) -> bool:
    """Whether a condition holds for the case's params."""
    return when is None or all(params.get(name, "") in values for name, values in when.items())

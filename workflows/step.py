"""A step as a process definition describes it: its class, evidence, fields, branches and waits, as frozen data.

``docs/formats/process-definition.md`` is the normative text. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum


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
    DATE = "date"
    MOMENT = "moment"
    NUMBER = "number"
    AGENT_KEY = "agent_key"
    PHONE = "phone"


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
    force this one must repeat, and from which it is taken when left out; ``begins_as`` one whose value the form begins
    with, for a person to confirm or mend (of a choice: the option so named). ``compute`` names the rule of
    `workflows.computed` whose value this must be. ``zone`` names the param with a zone: the value is the actor id of
    one who answers for it. ``current``: a date that must not have passed when it is recorded. Of the fields with the
    same ``any_of`` at least one must be filled.
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
    begins_as: tuple[str, str] | None = None
    when: When | None = None
    max_length: int = 200
    compute: str = ""
    any_of: str = ""
    zone: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A named place for evidence. Without a file it is filled by ``fields`` that all have a value.

    ``shares`` are ``(step, slot)`` pairs whose sealed file may serve here too. ``reader`` names the reader of the
    file's content (`workflows.readers`), ``compare`` the fields of the case it must agree with. ``also`` are families
    of files taken beside those of the types. ``fresh``: a file that the case has already is no evidence here.
    ``article``: fields that write an article of the knowledge base: title, problem, solution, words to find it by.
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
    article: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    fresh: bool = False


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
class Wait:
    """What a case waits for while this step is the one in turn, and whom."""

    code: str
    name: Text
    who: str


@dataclass(frozen=True, slots=True)
class Opens:
    """A case of ``process`` that goes on from here. ``fields``: which of its fields start from which of this case's."""

    process: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the ways a step can turn out.

    ``done``: the step counts as done. ``reopens``: steps whose evidence so far belongs to an earlier round from here
    on. ``closes``: an outcome. ``destination``: where work goes on (process or area). ``evidence`` replaces the
    step's own. ``effects`` follow the step's. ``wait``: what the case waits for until the step is recorded again.
    ``reopens_case``: a closed case goes on, while the timer ``within`` runs. ``opens``: the case that goes on from
    here, named in ``link_field``. ``sets``: params the branch gives, over those of its form.
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
    effects: tuple[Effect, ...] = ()
    wait: Wait | None = None
    reopens_case: bool = False
    within: str = ""
    opens: Opens | None = None
    sets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """A standing rule: what `workflows.standing` judges for every recording of the steps in ``judges``.

    ``when`` looks at the case's params with those of the recording over them. ``warn`` and ``limit`` are local hours,
    for rules that have them. Outside, an opening is refused on the ground ``refusal`` unless its field ``queue[0]``
    says ``queue[1]``: then the verdict gives that as a param, and ``opens_field`` of this step says until when.
    """

    rule: str
    judges: tuple[str, ...]
    when: When | None = None
    warn: time | None = None
    limit: time | None = None
    refusal: str = ""
    queue: tuple[str, str] | None = None
    opens_field: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the process.

    ``requires``: steps that must be met first (hard). ``follows``: steps the text puts first (soft: recording before
    them is an exception, not an error). ``roles`` may record it; ``performer`` does it; ``duty`` falls on the actor,
    or on the holder of ``duty_post``; ``post`` must be the actor's, or that of whom they act for. It may be recorded
    up to ``most`` times (0: any number), and is done once it was recorded ``least`` times. ``by_system``: the system
    alone records it, for a rule as ``standing`` says. ``after_closing``: an optional step that may still be recorded
    once the case is closed (owed ones always may); ``only_closed``: not before. ``opens`` and ``link_field`` as in a
    `Branch`. ``automatic``: how the system records it in the same append as what it required
    (`workflows.automatic`); ``message`` is what it then says.
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
    least: int = 1
    slots: tuple[Slot, ...] = ()
    fields: tuple[Field, ...] = ()
    evidence: Evidence = Evidence()
    effects: tuple[Effect, ...] = ()
    branches: tuple[Branch, ...] = ()
    closes: str = ""
    wait: Wait | None = None
    duty: str = ""
    duty_post: str = ""
    post: str = ""
    standing: Standing | None = None
    waivable: bool = False
    after_closing: bool = False
    only_closed: bool = False
    by_system: bool = False
    automatic: str = ""
    message: Text | None = None
    opens: Opens | None = None
    link_field: str = ""
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    assumption: Text | None = None

    def slot(self, code: str) -> Slot | None:
        """The slot of that code."""
        return next((slot for slot in self.slots if slot.code == code), None)

    def branch(self, code: str) -> Branch | None:
        """The branch of that code."""
        return next((branch for branch in self.branches if branch.code == code), None)

    def continuation(self, branch: Branch | None) -> tuple[Opens | None, str]:
        """The case that goes on from here when the step turns out so, and the field that names it."""
        if branch is not None and (branch.opens or branch.link_field):
            return branch.opens, branch.link_field
        return self.opens, self.link_field

    @property
    def default_branch(self) -> Branch | None:
        """The branch taken when nobody chooses."""
        return next((branch for branch in self.branches if branch.default), None)


def applies(when: When | None, params: Mapping[str, str]) -> bool:
    """Whether a condition holds for the case's params."""
    return when is None or all(params.get(name, "") in values for name, values in when.items())

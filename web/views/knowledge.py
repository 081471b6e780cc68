"""A process definition as the document people read: the owner's page, with what the program adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from web.i18n import gettext as _
from web.releases import Release
from web.views.kinds import class_word, days_word, unit_word
from web.views.lens import Lens, Moment
from workflows.changes import Change, Kind, changes
from workflows.definition import Branch, Definition, Step, StepClass, Timer, Trigger


@dataclass(frozen=True, slots=True)
class StepText:
    """A step as the document tells it."""

    code: str
    name: str
    need: str
    instruction: str
    performer: str
    evidence: tuple[str, ...]
    requires: tuple[str, ...]
    follows: tuple[str, ...]
    branches: tuple[str, ...]
    timers: tuple[str, ...]
    controls: tuple[str, ...]
    effects: tuple[str, ...]
    after: str
    source: str
    assumption: str


@dataclass(frozen=True, slots=True)
class Named:
    """A name with its text or its values; ``assumption`` marks what the owner has not confirmed."""

    name: str
    duty: str = ""
    text: str = ""
    statuses: tuple[str, ...] = ()
    assumption: str = ""


@dataclass(frozen=True, slots=True)
class RaciRow:
    """A step's letters, one cell a role in the order of the document's roles."""

    code: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing a version changes: a sign with its word, where, and the values."""

    sign: str
    word: str
    place: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class VersionText:
    """A version in the history: when the ledger published it, and what it changed in the one before."""

    version: str
    digest: str
    in_force: bool
    published: Moment | None
    seq: int
    changes: tuple[Difference, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """What is not served here: the ground, what is answered, and where it goes."""

    name: str
    message: str
    destination: str


@dataclass(frozen=True, slots=True)
class ProcessDocument:
    """The whole document."""

    code: str
    name: str
    version: str
    digest: str
    objective: str
    scope: str
    description: str
    includes: tuple[str, ...]
    excludes: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    steps: tuple[StepText, ...]
    roles: tuple[Named, ...]
    raci: tuple[RaciRow, ...]
    machines: tuple[Named, ...]
    timers: tuple[Named, ...]
    refusals: tuple[Refused, ...]
    outcomes: tuple[str, ...]
    assumptions: tuple[tuple[str, str], ...]
    questions: tuple[tuple[str, str], ...]
    controls: tuple[str, ...]


def process_document(
    definition: Definition, lens: Lens, people: Mapping[str, Sequence[str]] | None = None
) -> ProcessDocument:
    """The document of one version; ``people`` are those who hold the posts of its roles, by role."""
    held = people or {}
    say, doc = lens.say, definition.document
    return ProcessDocument(
        code=definition.process,
        name=say(definition.name),
        version=definition.version,
        digest=definition.digest,
        objective=say(doc.objective),
        scope=say(doc.scope),
        description=say(doc.description),
        includes=tuple(map(say, doc.includes)),
        excludes=tuple(map(say, doc.excludes)),
        inputs=tuple(map(say, doc.inputs)),
        outputs=tuple(map(say, doc.outputs)),
        steps=tuple(_step(step, definition, lens) for step in definition.steps),
        roles=tuple(
            Named(say(role.name), say(role.duty), ", ".join(held.get(role.code, ())))
            for role in definition.roles
        ),
        raci=tuple(RaciRow(step.code, _letters(step, definition)) for step in definition.steps),
        machines=tuple(
            Named(say(machine.name), statuses=machine.statuses) for machine in definition.machines
        ),
        timers=tuple(_timer(timer, definition, lens) for timer in definition.timers),
        refusals=tuple(
            Refused(say(item.name), say(item.message), say(item.destination_name))
            for item in definition.grounds
        ),
        outcomes=tuple(say(item.name) for item in definition.outcomes),
        assumptions=tuple(_assumptions(definition, lens)),
        questions=tuple((say(item.question), say(item.meanwhile)) for item in definition.questions),
        controls=tuple(
            f"{item.standard} {say(item.name)}" + ("" if item.confirmed else " " + _("(por confirmar)"))
            for item in definition.controls
        ),
    )


def _step(step: Step, definition: Definition, lens: Lens) -> StepText:
    names = {slot.code: lens.say(slot.name) for slot in step.slots}
    machines = {machine.code: lens.say(machine.name) for machine in definition.machines}
    return StepText(
        code=step.code,
        name=lens.say(step.name),
        need="" if step.kind is StepClass.MANDATORY else class_word(step.kind),
        instruction=lens.say(step.instruction),
        performer=lens.role(definition, step.performer),
        evidence=tuple(
            " + ".join(names.get(code, code) for code in group)
            for group in step.evidence.alternatives()
            if group
        ),
        requires=step.requires,
        follows=step.follows,
        branches=tuple(_branch(item, definition, lens) for item in step.branches),
        effects=tuple(
            f"{machines.get(effect.machine, effect.machine)}: {effect.status}" for effect in step.effects
        ),
        timers=tuple(
            lens.say(timer.name) + ": " + _term(timer)
            for timer in definition.timers
            if timer.step == step.code
        ),
        controls=tuple(
            f"{item.standard}: {lens.say(item.name)}"
            for item in definition.controls
            if item.code in step.controls
        ),
        after=lens.say(step.after),
        source=step.source,
        assumption=lens.say(step.assumption) if step.assumption else "",
    )


def _branch(branch: Branch, definition: Definition, lens: Lens) -> str:
    name = lens.say(branch.name)
    if branch.closes:
        return _(
            "%(name)s (cierra: %(outcome)s)",
            name=name,
            outcome=lens.say(definition.by_outcome[branch.closes].name),
        )
    if branch.reopens:
        return _("%(name)s (vuelve al %(step)s)", name=name, step=branch.reopens[0])
    return f"{name} (→ {branch.destination})" if branch.destination else name


def _letters(step: Step, definition: Definition) -> tuple[str, ...]:
    """R for who performs, A for who is accountable, C and I as the step says; derived, and labelled so."""
    cells = []
    for role in definition.roles:
        marks = ""
        marks += "R" if role.code == step.performer else ""
        marks += "A" if role.accountable else ""
        marks += "C" if role.code in step.consulted else ""
        marks += "I" if role.code in step.informed else ""
        cells.append("/".join(marks))
    return tuple(cells)


def _timer(timer: Timer, definition: Definition, lens: Lens) -> Named:
    start, end = (_triggers(found, definition, lens) for found in (timer.starts, timer.meets))
    steps = _("desde el paso %(start)s", start=start)
    if end:
        steps = _("del paso %(start)s al %(end)s", start=start, end=end)
    if timer.pauses:
        held, again = (_triggers(found, definition, lens) for found in (timer.pauses, timer.resumes))
        steps += " · " + _("en pausa desde el paso %(held)s hasta el %(again)s", held=held, again=again)
    return Named(
        lens.say(timer.name),
        text=f"{_term(timer)} · {steps}",
        assumption=lens.say(timer.assumption) if timer.assumption else "",
    )


def _term(timer: Timer) -> str:
    """How long it runs: days of its unit, or until a date that a step brings."""
    unit = unit_word(timer.unit)
    if timer.due_field is not None:
        text = _("hasta la fecha anotada en el paso %(step)s", step=timer.due_field[0])
        if timer.ahead:
            ahead = days_word(timer.ahead, timer.unit)
            text = _(
                "%(days)s antes de la fecha anotada en el paso %(step)s", days=ahead, step=timer.due_field[0]
            )
        days = ", ".join(map(str, timer.before))
        return text + (", " + _("con avisos %(days)s %(unit)s antes", days=days, unit=unit) if days else "")
    text = days_word(timer.limit, timer.unit)
    if timer.warn:
        text = _(
            "aviso a los %(warn)s, vence a los %(n)s %(unit)s", warn=timer.warn, n=timer.limit, unit=unit
        )
    if timer.every:
        text = _("%(text)s, y otra vez cada %(n)s", text=text, n=timer.every)
    return text


def _triggers(triggers: Iterable[Trigger], definition: Definition, lens: Lens) -> str:
    """Steps by number; where only some of its options count, with their words."""
    options: dict[str, list[str]] = {}
    for trigger in triggers:
        branch = definition.by_step[trigger.step].branch(trigger.branch) if trigger.branch else None
        options.setdefault(trigger.step, []).extend([lens.say(branch.name)] if branch is not None else [])
    either = _(" o ")
    said = {step: either.join(map(_quoted, names)) for step, names in options.items()}
    return ", ".join(f"{step} ({names})" if names else step for step, names in said.items())


def _quoted(name: str) -> str:
    """A name in quotation marks, unless it begins with some of its own."""
    return name if name.startswith(("«", "“")) else f"«{name}»"


def _assumptions(definition: Definition, lens: Lens) -> Iterator[tuple[str, str]]:
    for step in definition.steps:
        if step.assumption:
            yield _("Paso %(n)s", n=step.code), lens.say(step.assumption)
    for timer in definition.timers:
        if timer.assumption:
            yield lens.say(timer.name), lens.say(timer.assumption)
    for catalogue in definition.catalogues:
        if catalogue.assumption:
            yield lens.say(catalogue.name), lens.say(catalogue.assumption)


def history_of(
    versions: Sequence[Definition], published: Mapping[str, Release], lens: Lens
) -> tuple[VersionText, ...]:
    """The versions of a process, newest first, each with what it changed in the one before."""
    found = []
    for n, definition in enumerate(versions):
        before = versions[n - 1] if n else None
        release = published.get(definition.digest)
        found.append(
            VersionText(
                definition.version,
                definition.digest,
                in_force=n == len(versions) - 1,
                published=lens.moment(release.at) if release else None,
                seq=release.seq if release else 0,
                changes=tuple(map(_difference, changes(before, definition))) if before else (),
                first=before is None,
            )
        )
    return tuple(reversed(found))


def _difference(change: Change) -> Difference:
    words = {
        Kind.ADDED: ("+", _("se agrega")),
        Kind.REMOVED: ("−", _("se quita")),
        Kind.CHANGED: ("~", _("cambia")),
        Kind.MOVED: ("↕", _("cambia de lugar")),
    }
    sign, word = words[change.kind]
    return Difference(sign, word, change.place, change.old, change.new)

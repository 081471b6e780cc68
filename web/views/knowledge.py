"""A process definition as the document people read, and the search over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from documents.identifiers import fold
from web.i18n import gettext as _
from web.views.kinds import class_word, unit_word
from web.views.lens import Lens
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
    branches: tuple[str, ...]
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
    assumptions: tuple[tuple[str, str], ...]
    questions: tuple[tuple[str, str], ...]
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a document that a search found."""

    process: str
    anchor: str
    title: str
    excerpt: str


def process_document(definition: Definition, lens: Lens) -> ProcessDocument:
    """The document of one version."""
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
        roles=tuple(Named(say(role.name), say(role.duty)) for role in definition.roles),
        raci=tuple(RaciRow(step.code, _letters(step, definition)) for step in definition.steps),
        machines=tuple(
            Named(say(machine.name), statuses=machine.statuses) for machine in definition.machines
        ),
        timers=tuple(_timer(timer, lens) for timer in definition.timers),
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
        branches=tuple(_branch(item, definition, lens) for item in step.branches),
        effects=tuple(
            f"{machines.get(effect.machine, effect.machine)}: {effect.status}" for effect in step.effects
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


def _timer(timer: Timer, lens: Lens) -> Named:
    unit = unit_word(timer.unit)
    text = _("%(n)s %(unit)s", n=timer.limit, unit=unit)
    if timer.warn:
        text = _(
            "aviso a los %(warn)s, vence a los %(n)s %(unit)s", warn=timer.warn, n=timer.limit, unit=unit
        )
    if timer.every:
        text = _("%(text)s, y otra vez cada %(n)s", text=text, n=timer.every)
    steps = _("del paso %(start)s al %(end)s", start=_steps(timer.starts), end=_steps(timer.meets) or "—")
    if timer.pauses:
        held, again = _steps(timer.pauses), _steps(timer.resumes)
        steps += " · " + _("en pausa de %(held)s a %(again)s", held=held, again=again)
    return Named(
        lens.say(timer.name),
        text=f"{text} · {steps}",
        assumption=lens.say(timer.assumption) if timer.assumption else "",
    )


def _steps(triggers: Iterable[Trigger]) -> str:
    return ", ".join(map(str, triggers))


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


def search(definitions: Iterable[Definition], text: str, lens: Lens) -> tuple[Hit, ...]:
    """Places that hold every word of the search, without minding case or accents."""
    words = fold(text).split()
    if not words:
        return ()
    return tuple(
        Hit(definition.process, anchor, title, body)
        for definition in definitions
        for anchor, title, body in _places(definition, lens)
        if all(word in fold(f"{title} {body}") for word in words)
    )


def _places(definition: Definition, lens: Lens) -> Iterator[tuple[str, str, str]]:
    say, doc = lens.say, definition.document
    yield "objetivo", say(definition.name), say(doc.objective)
    yield "alcance", _("Alcance"), say(doc.scope)
    yield "incluye", _("Qué incluye"), " · ".join(map(say, doc.includes))
    yield "excluye", _("Qué no incluye"), " · ".join(map(say, doc.excludes))
    yield "entradas", _("Entradas"), " · ".join(map(say, doc.inputs))
    yield "salidas", _("Salidas"), " · ".join(map(say, doc.outputs))
    for step in definition.steps:
        body = f"{say(step.instruction)} {say(step.example)} {step.source}"
        yield f"paso-{step.code}", _("Paso %(n)s", n=step.code) + " · " + say(step.name), body
    for role in definition.roles:
        yield "raci", say(role.name), say(role.duty)

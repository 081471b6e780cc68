"""What a definition allows and its author may not have meant: steps nobody reaches, timers nobody meets, idle names.

A doubt is no error: the definition runs. Whether a step can be reached is worked out on the definition alone, by what
each param may come to be; where that leaves it open, a step counts as reachable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workflows.definition import (
    Branch,
    Definition,
    Effect,
    Field,
    FieldKind,
    Step,
    Text,
    Trigger,
    When,
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that may be a slip: ``place`` as problems name it, ``text`` for the author."""

    place: str
    text: Text


TEXTS: Mapping[str, Text] = {
    "unreached": Text(
        "ningún caso llega a este paso: ninguna manera de abrir cumple su condición y lo que exige",
        "no case reaches this step: no way of opening satisfies its condition and what it requires",
    ),
    "no_timer": Text(
        "es un paso del sistema que cierra y ningún plazo lo nombra en closing_step",
        "a step of the system that closes, and no timer names it as its closing_step",
    ),
    "extra": Text(
        "ninguna manera de cumplir el paso usa esta evidencia: sólo se acepta de más",
        "no way of doing the step uses this evidence: it is only taken as an extra",
    ),
    "nowhere": Text(
        "no cumple el paso ni lleva a ningún lado: ni repite pasos, ni cierra, ni turna, ni inicia un plazo",
        "neither does the step nor leads anywhere: it repeats, closes, sends on and starts nothing",
    ),
    "ends_and_repeats": Text(
        "cierra el caso y a la vez repite pasos: en un caso cerrado ya no se registran",
        "closes the case and repeats steps at once: in a closed case they are not recorded",
    ),
    "never_starts": Text(
        "ningún caso llega a un paso que lo inicie",
        "no case reaches a step that starts it",
    ),
    "never_meets": Text(
        "ningún caso llega a un paso que lo cumpla: siempre vencerá",
        "no case reaches a step that meets it: it will always run out",
    ),
    "never_together": Text(
        "los pasos que lo inician y los que lo cumplen nunca son del mismo caso",
        "the steps that start it and those that meet it are never of the same case",
    ),
    "status_unreached": Text(
        "nada lleva a «%(status)s»",
        "nothing leads to «%(status)s»",
    ),
    "status_unlisted": Text(
        "ninguna transición menciona «%(status)s»: se ignorará y será una excepción",
        "no transition mentions «%(status)s»: it will be ignored, as an exception",
    ),
    "outcome_unused": Text(
        "ningún paso, rama ni negativa termina así",
        "no step, branch or refusal ends so",
    ),
    "endless": Text(
        "ningún paso ni rama cierra el caso: quedará abierto para siempre",
        "no step or branch closes the case: it stays open for ever",
    ),
    "idle": Text(
        "está definido y nada lo usa",
        "is defined, and nothing uses it",
    ),
}
"""What each doubt says; ``%(status)s`` is the status it is about."""


def doubts_of(definition: Definition) -> tuple[Doubt, ...]:
    """Every doubt about a definition that loads."""
    reached = reachable(definition)
    checks = (
        _steps(definition, reached),
        _branches(definition),
        _timers(definition, reached),
        _statuses(definition, reached),
        _outcomes(definition),
        _idle(definition),
    )
    return tuple(doubt for check in checks for doubt in check)


def reachable(definition: Definition) -> frozenset[str]:
    """Steps that some case may come to: a condition that can hold, and nothing required that never can be done.

    ``requires`` names earlier steps only, so one pass in the order of the file settles it.
    """
    values = _values(definition)
    found: set[str] = set()
    for step in definition.steps:
        needed = (definition.by_step[code] for code in step.requires)
        blocked = any(other.code not in found and other.when in (None, step.when) for other in needed)
        if _can_hold(step.when, values) and not blocked:
            found.add(step.code)
    return frozenset(found)


def _values(definition: Definition) -> Mapping[str, frozenset[str]]:
    """What each param may come to be; options that are refused at the door begin no case."""
    found: dict[str, set[str]] = {}
    every = [*definition.opening.fields, *(field for step in definition.steps for field in step.fields)]
    for field in every:
        if field.param:
            found.setdefault(field.name, {""}).update(_of_field(definition, field))
    given = [series.params for series in definition.series]
    given += [branch.sets for step in definition.steps for branch in step.branches]
    for name, value in (pair for params in given for pair in params.items()):
        found.setdefault(name, {""}).add(value)
    return {name: frozenset(values) for name, values in found.items()}


def _of_field(definition: Definition, field: Field) -> set[str]:
    if field.kind is FieldKind.TICK:
        return {"si"}
    return {option.code for option in definition.options(field) if not option.refusal}


def _can_hold(when: When | None, values: Mapping[str, frozenset[str]]) -> bool:
    return all(not values.get(name, frozenset()).isdisjoint(wanted) for name, wanted in (when or {}).items())


def _exclude(one: When | None, other: When | None) -> bool:
    """Whether two conditions can never hold in one case at once."""
    shared = (one or {}).keys() & (other or {}).keys()
    return any(set((one or {})[name]).isdisjoint((other or {})[name]) for name in shared)


def _steps(definition: Definition, reached: frozenset[str]) -> Iterator[Doubt]:
    closing = {timer.closing_step for timer in definition.timers}
    for step in definition.steps:
        place = f"step.{step.code}"
        if step.code not in reached:
            yield _doubt(place, "unreached")
        ends = bool(step.closes)
        if step.by_system and ends and step.code not in closing and step.code not in definition.series_of:
            yield _doubt(place, "no_timer")
        used = {code for way in _ways(step) for code in way}
        for slot in step.slots:
            if slot.code not in used and not step.by_system:
                yield _doubt(f"{place}.slot.{slot.code}", "extra")


def _ways(step: Step) -> Iterator[tuple[str, ...]]:
    yield from step.evidence.alternatives()
    for branch in step.branches:
        if branch.evidence is not None:
            yield from branch.evidence.alternatives()


def _branches(definition: Definition) -> Iterator[Doubt]:
    watched = {trigger for timer in definition.timers for trigger in timer.triggers}
    for step in definition.steps:
        for branch in step.branches:
            place = f"step.{step.code}.branch.{branch.code}"
            if _leads_nowhere(branch) and Trigger(step.code, branch.code) not in watched:
                yield _doubt(place, "nowhere")
            if branch.closes and branch.reopens:
                yield _doubt(place, "ends_and_repeats")


def _leads_nowhere(branch: Branch) -> bool:
    acts = (
        branch.reopens,
        branch.closes,
        branch.destination,
        branch.opens,
        branch.effects,
        branch.wait,
        branch.sets,
    )
    return not branch.done and not branch.reopens_case and not any(acts)


def _timers(definition: Definition, reached: frozenset[str]) -> Iterator[Doubt]:

    def when_of(code: str) -> When | None:
        return definition.by_step[code].when

    for timer in definition.timers:
        place = f"timer.{timer.code}"
        starts = {trigger.step for trigger in timer.starts}
        meets = {trigger.step for trigger in timer.meets}
        if not starts & reached:
            yield _doubt(f"{place}.starts", "never_starts")
        elif not meets:
            continue  # a window that only ends
        elif not meets & reached:
            yield _doubt(f"{place}.meets", "never_meets")
        elif all(_exclude(when_of(a), when_of(b)) for a in starts for b in meets):
            yield _doubt(f"{place}.meets", "never_together")


def _statuses(definition: Definition, reached: frozenset[str]) -> Iterator[Doubt]:
    given = {(effect.machine, effect.status) for effect in _effects(definition, reached)}
    for machine in definition.machines:
        for status in machine.statuses:
            if (machine.code, status) not in given:
                yield _doubt(f"machine.{machine.code}.statuses", "status_unreached", status=status)
        named = {status for pair in machine.transitions for status in pair if status}
        for status in machine.statuses:
            if status not in named and (machine.code, status) in given:
                yield _doubt(f"machine.{machine.code}.transitions", "status_unlisted", status=status)


def _effects(definition: Definition, reached: frozenset[str]) -> Iterator[Effect]:
    for step in definition.steps:
        if step.code in reached:
            yield from step.effects
            for branch in step.branches:
                yield from branch.effects
    for outcome in definition.outcomes:
        yield from outcome.effects


def _outcomes(definition: Definition) -> Iterator[Doubt]:
    ends = {ground.outcome for ground in definition.grounds} | {step.closes for step in definition.steps}
    ends |= {branch.closes for step in definition.steps for branch in step.branches}
    for outcome in definition.outcomes:
        if outcome.code not in ends:
            yield _doubt(f"outcome.{outcome.code}", "outcome_unused")
    if not ends - {ground.outcome for ground in definition.grounds} - {""}:
        yield _doubt("outcome", "endless")


def _idle(definition: Definition) -> Iterator[Doubt]:
    """Names that are defined and that nothing uses."""
    every = [*definition.opening.fields, *(field for step in definition.steps for field in step.fields)]
    kinds: tuple[tuple[str, set[str], set[str]], ...] = (
        ("role", {role.code for role in definition.roles}, _roles_used(definition)),
        (
            "duty",
            {duty.code for duty in definition.duties},
            {step.duty for step in definition.steps} | {d.code for d in definition.duties if d.opening},
        ),
        ("catalogue", {item.code for item in definition.catalogues}, {field.catalogue for field in every}),
        (
            "control",
            {item.code for item in definition.controls},
            {code for step in definition.steps for code in step.controls},
        ),
    )
    for what, defined, used in kinds:
        for code in sorted(defined - used):
            yield _doubt(f"{what}.{code}", "idle")


def _roles_used(definition: Definition) -> set[str]:
    used = {*definition.waiver_roles, *definition.correction_roles, *definition.opening.roles}
    for step in definition.steps:
        used |= {step.performer, *step.roles, *step.consulted, *step.informed}
        used |= {step.wait.who} if step.wait else set()
    for duty in definition.duties:
        used |= set(duty.roles)
    for timer in definition.timers:
        used |= {role.code for role in definition.roles if role.post in timer.notify}
    return used


def _doubt(place: str, code: str, **values: str) -> Doubt:
    return Doubt(place, Text(TEXTS[code].es % values, TEXTS[code].en % values))

"""Whether the parts of a definition fit together: every name that is used is defined, and nothing contradicts itself.

One function per subject, each giving problems as lines with the place first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from workflows.calendar import UNITS
from workflows.controls import EVERY, PERIODS
from workflows.definition import (
    FILE_FAMILIES,
    Definition,
    Effect,
    Evidence,
    EvidenceType,
    Field,
    FieldKind,
    Series,
    Slot,
    Step,
    StepClass,
    TimerEffect,
    When,
)

READERS = ("account_requests",)
"""Readers of a file's content that a slot may name; `workflows.readers` holds one function for each."""

ALSO = ("text",)
"""Families a slot may take beside those of its types: lists that come as plain text."""

DUTY_OPENINGS = ("", "requester", "beneficiary")

_PROCESS = re.compile(r"[A-Z]{2}-[0-9]{3}")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_]*")
_STEP = re.compile(r"[0-9]{1,3}[a-z]?")
_DEFAULTABLE = frozenset({FieldKind.TEXT, FieldKind.CHOICE, FieldKind.TICK, FieldKind.LONG_TEXT})


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


def problems_of(definition: Definition) -> list[str]:
    """Every inconsistency of a definition whose tables were read without a problem."""
    checks = (
        _heads,
        _codes,
        _opening,
        _machines,
        _grounds,
        _duties,
        _order,
        _steps,
        _timers,
        _series,
        _spans,
        _primary,
    )
    return [problem for check in checks for problem in check(definition)]


def _heads(definition: Definition) -> Iterator[str]:
    if not _PROCESS.fullmatch(definition.process):
        yield f"process: {definition.process!r} is not two letters, a hyphen and three digits"
    if not _VERSION.fullmatch(definition.version):
        yield f"version: {definition.version!r} is not a date (yyyy-mm-dd)"
    roles = definition.by_role
    yield from _known("waiver_roles", definition.waiver_roles, roles, "role")
    yield from _known("correction_roles", definition.correction_roles, roles, "role")


def _codes(definition: Definition) -> Iterator[str]:
    """Codes are well formed and unique within their list."""
    lists: dict[str, Sequence[_Coded]] = {
        "role": definition.roles,
        "duty": definition.duties,
        "machine": definition.machines,
        "outcome": definition.outcomes,
        "refusal": definition.grounds,
        "timer": definition.timers,
        "series": definition.series,
        "measure": definition.spans,
        "catalogue": definition.catalogues,
    }
    for name, things in lists.items():
        yield from _unique(name, [thing.code for thing in things])
        yield from (f"{name}.{x.code}: malformed code" for x in things if not _CODE.fullmatch(x.code))
    yield from _unique("step", [step.code for step in definition.steps])
    yield from _unique("control", [control.code for control in definition.controls])
    yield from _unique("question", [question.code for question in definition.questions])
    yield from (f"step.{s.code}: malformed code" for s in definition.steps if not _STEP.fullmatch(s.code))
    if not definition.steps:
        yield "step: a process has at least one step"


def _opening(definition: Definition) -> Iterator[str]:
    opening = definition.opening
    yield from _known("opening.step", [opening.step], definition.by_step, "step")
    yield from _known("opening.roles", opening.roles, definition.by_role, "role")
    fields = list(opening.fields)
    if opening.step in definition.by_step:
        fields += definition.by_step[opening.step].fields
    yield from _fields(definition, "opening", fields)
    yield from _known("opening.title", opening.title, {field.name for field in fields}, "field")
    if not opening.roles:
        yield "opening.roles: somebody must be allowed to open a case"
    for field in opening.fields:
        if field.same_as:
            yield f"opening.field.{field.name}.same_as: there is no earlier step"
        for option in field.options:
            yield from _known(
                f"opening.field.{field.name}", filter(None, [option.refusal]), definition.by_ground, "refusal"
            )


def _machines(definition: Definition) -> Iterator[str]:
    for machine in definition.machines:
        known = {"", *machine.statuses}
        for before, after in machine.transitions:
            yield from _known(f"machine.{machine.code}.transitions", [before], known, "status")
            yield from _known(f"machine.{machine.code}.transitions", [after], set(machine.statuses), "status")
    for outcome in definition.outcomes:
        yield from _effects(definition, f"outcome.{outcome.code}", outcome.effects)


def _primary(definition: Definition) -> Iterator[str]:
    if sum(machine.primary for machine in definition.machines) != 1:
        yield "machine: exactly one is primary"
    if sum(role.accountable for role in definition.roles) != 1:
        yield "role: exactly one is accountable"


def _grounds(definition: Definition) -> Iterator[str]:
    for ground in definition.grounds:
        yield from _known(
            f"refusal.{ground.code}.outcome", [ground.outcome], definition.by_outcome, "outcome"
        )


def _duties(definition: Definition) -> Iterator[str]:
    codes = {duty.code for duty in definition.duties}
    for duty in definition.duties:
        yield from _known(f"duty.{duty.code}.apart", duty.apart, codes, "duty")
        yield from _known(f"duty.{duty.code}.roles", duty.roles, definition.by_role, "role")
        if duty.opening not in DUTY_OPENINGS:
            yield f"duty.{duty.code}.opening: must be one of requester, beneficiary"
        for other in definition.duties:
            if other.code in duty.apart and duty.code not in other.apart:
                yield f"duty.{other.code}.apart: does not name {duty.code}, which names it"


def _order(definition: Definition) -> Iterator[str]:
    """``requires`` and ``follows`` name steps that stand earlier in the file: so there can be no circle."""
    seen: set[str] = set()
    for step in definition.steps:
        place = f"step.{step.code}"
        for name, codes in (("requires", step.requires), ("follows", step.follows)):
            yield from _known(f"{place}.{name}", codes, seen, "earlier step")
        seen.add(step.code)


def _steps(definition: Definition) -> Iterator[str]:
    for step in definition.steps:
        place = f"step.{step.code}"
        yield from _known(f"{place}.roles", step.roles, definition.by_role, "role")
        yield from _known(f"{place}.performer", [step.performer], definition.by_role, "role")
        yield from _known(f"{place}.consulted", step.consulted, definition.by_role, "role")
        yield from _known(f"{place}.informed", step.informed, definition.by_role, "role")
        controls = {control.code for control in definition.controls}
        yield from _known(f"{place}.controls", step.controls, controls, "control")
        yield from _when(definition, place, step.when)
        yield from _known(f"{place}.closes", filter(None, [step.closes]), definition.by_outcome, "outcome")
        yield from _effects(definition, place, step.effects)
        yield from _step_duty(definition, step)
        yield from _fields(definition, place, step.fields)
        yield from _slots(definition, step)
        yield from _branches(definition, step)
        if bool(step.roles) == step.by_system:
            yield f"{place}.roles: either roles may record it or the system does"


def _step_duty(definition: Definition, step: Step) -> Iterator[str]:
    place = f"step.{step.code}"
    yield from _known(
        f"{place}.duty", filter(None, [step.duty]), {duty.code for duty in definition.duties}, "duty"
    )
    posts = {role.post for role in definition.roles if role.post}
    yield from _known(f"{place}.duty_post", filter(None, [step.duty_post]), posts, "post")
    for wait in step.waits():
        yield from _known(f"{place}.wait.who", [wait.who], definition.by_role, "role")


def _slots(definition: Definition, step: Step) -> Iterator[str]:
    place = f"step.{step.code}"
    codes = {slot.code for slot in step.slots}
    names = {field.name for field in step.fields}
    yield from _unique(f"{place}.slot", [slot.code for slot in step.slots])
    yield from _evidence(place, step.evidence, codes, by_system=step.by_system)
    for slot in step.slots:
        inner = f"{place}.slot.{slot.code}"
        yield from _known(f"{inner}.fields", slot.fields, names, "field")
        yield from _slot_types(inner, slot)
        yield from _known(f"{inner}.reader", filter(None, [slot.reader]), READERS, "reader")
        opening = {field.name for field in definition.opening.fields}
        yield from _known(f"{inner}.compare", slot.compare, opening, "opening field")
        for other, shared in slot.shares:
            source = definition.by_step.get(other)
            if source is None or source.slot(shared) is None:
                yield f"{inner}.shares: there is no slot {shared!r} in step {other!r}"


def _slot_types(place: str, slot: Slot) -> Iterator[str]:
    files = [kind for kind in slot.types if kind in FILE_FAMILIES]
    typed = [kind for kind in slot.types if kind not in FILE_FAMILIES or kind is EvidenceType.TKT]
    if not slot.types:
        yield f"{place}.types: must name at least one type of evidence"
    if typed and not slot.fields and typed != [EvidenceType.SYS] and not files:
        yield f"{place}.fields: evidence without a file needs fields"
    if slot.fields and not typed:
        yield f"{place}.types: fields can be no evidence of these types"
    yield from _known(f"{place}.also", slot.also, ALSO, "family")
    if slot.also and not files:
        yield f"{place}.also: there is no file of another family"
    if slot.reader and not files:
        yield f"{place}.reader: there is no file to read"


def _branches(definition: Definition, step: Step) -> Iterator[str]:
    place = f"step.{step.code}"
    yield from _unique(f"{place}.branch", [branch.code for branch in step.branches])
    if sum(branch.default for branch in step.branches) > 1:
        yield f"{place}.branch: more than one default"
    for branch in step.branches:
        inner = f"{place}.branch.{branch.code}"
        yield from _known(f"{inner}.reopens", branch.reopens, definition.by_step, "step")
        yield from _known(f"{inner}.closes", filter(None, [branch.closes]), definition.by_outcome, "outcome")
        names = {field.name for field in step.fields}
        yield from _known(f"{inner}.link_field", filter(None, [branch.link_field]), names, "field")
        if branch.evidence is not None:
            yield from _evidence(
                inner, branch.evidence, {slot.code for slot in step.slots}, by_system=step.by_system
            )


def _evidence(place: str, evidence: Evidence, codes: set[str], *, by_system: bool) -> Iterator[str]:
    yield from _known(f"{place}.evidence.all", evidence.all, codes, "slot")
    for alternative in evidence.any:
        yield from _known(f"{place}.evidence.any", alternative, codes, "slot")
    if not by_system and not all(evidence.alternatives()):
        yield f"{place}.evidence: something must be shown"


def _fields(definition: Definition, place: str, fields: Iterable[Field]) -> Iterator[str]:
    found = list(fields)
    yield from _unique(f"{place}.field", [field.name for field in found])
    for field in found:
        inner = f"{place}.field.{field.name}"
        yield from _field(definition, inner, field)
        yield from _when(definition, inner, field.when)


def _field(definition: Definition, place: str, field: Field) -> Iterator[str]:
    catalogues = {catalogue.code for catalogue in definition.catalogues}
    yield from _known(f"{place}.catalogue", filter(None, [field.catalogue]), catalogues, "catalogue")
    if (field.kind is FieldKind.CHOICE) != bool(field.options or field.catalogue):
        yield f"{place}: a choice, and only a choice, has options or a catalogue"
    if field.options and field.catalogue:
        yield f"{place}: either options or a catalogue"
    if field.param and (field.personal or field.kind is not FieldKind.CHOICE):
        yield f"{place}.param: only a choice that is not personal may become a fact"
    if (field.unique or field.unique_open) and not field.reference:
        yield f"{place}.reference: what is unique needs the kind of its reference"
    if field.default and field.kind not in _DEFAULTABLE:
        yield f"{place}.default: {field.kind} takes no default"
    if field.same_as:
        step = definition.by_step.get(field.same_as[0])
        if step is None or field.same_as[1] not in {other.name for other in step.fields}:
            yield f"{place}.same_as: there is no field {field.same_as[1]!r} in step {field.same_as[0]!r}"


def _timers(definition: Definition) -> Iterator[str]:
    for timer in definition.timers:
        place = f"timer.{timer.code}"
        named = [timer.step, *timer.starts, *timer.meets, *filter(None, [timer.closing_step])]
        yield from _known(place, named, definition.by_step, "step")
        if not timer.starts or not timer.meets:
            yield f"{place}: needs steps that start it and steps that meet it"
        if timer.unit not in UNITS:
            yield f"{place}.unit: must be one of {', '.join(UNITS)}"
        if timer.warn and timer.warn >= timer.limit:
            yield f"{place}.warn: must come before the limit"
        closing = definition.by_step.get(timer.closing_step)
        if (timer.effect is TimerEffect.CLOSE) != bool(timer.closing_step):
            yield f"{place}.closing_step: a closing timer, and only that, closes through a step"
        elif closing is not None and not (closing.by_system and closing.closes):
            yield f"{place}.closing_step: must be a step of the system that closes the case"


def _series(definition: Definition) -> Iterator[str]:
    steps = [code for item in definition.series for code in (item.step, item.report_step)]
    yield from _unique("series.step", steps)
    for item in definition.series:
        place = f"series.{item.code}"
        volume = filter(None, [item.volume_step])
        yield from _known(place, [item.step, item.report_step, *volume], definition.by_step, "step")
        words = {*definition.by_outcome, *(wait.code for step in definition.steps for wait in step.waits())}
        if item.code in words:
            yield f"{place}.code: a wait or an outcome has it, and lists could not tell them apart"
        if item.every not in EVERY or item.period not in PERIODS:
            yield f"{place}: every must be one of {', '.join(EVERY)}, period one of {', '.join(PERIODS)}"
        if bool(item.expected) != bool(item.volume_step):
            yield f"{place}.expected: goes with volume_step"
        yield from _series_steps(definition, item)


def _series_steps(definition: Definition, item: Series) -> Iterator[str]:
    place = f"series.{item.code}"
    step, report = definition.by_step.get(item.step), definition.by_step.get(item.report_step)
    if step is not None:
        names = {field.name for field in step.fields}
        yield from _known(place, [item.day_field, item.count_field, *item.declares], names, "field")
        if step.by_system or step.kind is not StepClass.PERIODIC:
            yield f"{place}.step: must be a periodic step that people record"
    if report is not None and not (report.by_system and report.closes):
        yield f"{place}.report_step: must be a step of the system that closes the case"
    if definition.opening.step in (item.step, item.report_step):
        yield f"{place}: ordinary cases cannot begin with a step of the series"


def _spans(definition: Definition) -> Iterator[str]:
    for span in definition.spans:
        yield from _known(f"measure.{span.code}", [span.start, span.end], definition.by_step, "step")
        if span.unit not in UNITS:
            yield f"measure.{span.code}.unit: must be one of {', '.join(UNITS)}"


def _effects(definition: Definition, place: str, effects: Iterable[Effect]) -> Iterator[str]:
    statuses = {machine.code: machine.statuses for machine in definition.machines}
    for effect in effects:
        yield from _when(definition, f"{place}.effect", effect.when)
        if effect.status not in statuses.get(effect.machine, ()):
            yield f"{place}.effect: no status {effect.status!r} in machine {effect.machine!r}"


def _when(definition: Definition, place: str, when: When | None) -> Iterator[str]:
    params = {field.name: field for field in definition.opening.fields if field.param}
    for name, values in (when or {}).items():
        if name not in params:
            yield f"{place}.when: {name!r} is not an opening field marked as param"
        else:
            options = {option.code for option in definition.options(params[name])}
            yield from _known(f"{place}.when.{name}", values, options, "option")


def _known(place: str, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    everything = set(known)
    yield from (f"{place}: there is no {what} {name!r}" for name in names if name not in everything)


def _unique(place: str, codes: Sequence[str]) -> Iterator[str]:
    twice = {code for code in codes if codes.count(code) > 1}
    yield from (f"{place}.{code}: defined more than once" for code in sorted(twice))

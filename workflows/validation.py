"""Whether the parts of a definition fit together: every name that is used is defined, and nothing contradicts itself.

One function per subject, each giving problems as lines with the place first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from workflows.calendar import UNITS
from workflows.continuation_checks import continuation_problems
from workflows.definition import (
    FILE_FAMILIES,
    Definition,
    Effect,
    Evidence,
    EvidenceType,
    FieldKind,
    Slot,
    Step,
    StepClass,
)
from workflows.rosterloader import roster_problems
from workflows.series_checks import series_problems
from workflows.standing import RULES
from workflows.term_checks import timer_problems
from workflows.validation_fields import check_fields, check_when, known, unique

READERS = ("account_requests", "roster")
"""Readers of a file's content that a slot may name; `workflows.readers` holds one function for each."""

ALSO = ("text",)
"""Families a slot may take beside those of its types: lists that come as plain text."""

DUTY_OPENINGS = ("", "requester", "beneficiary")

_PROCESS = re.compile(r"[A-Z]{2}-[0-9]{3}")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_]*")
_STEP = re.compile(r"[0-9]{1,3}[a-z]?")


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
        timer_problems,
        continuation_problems,
        series_problems,
        _spans,
        _primary,
        roster_problems,
    )
    return [problem for check in checks for problem in check(definition)]


def _heads(definition: Definition) -> Iterator[str]:
    if not _PROCESS.fullmatch(definition.process):
        yield f"process: {definition.process!r} is not two letters, a hyphen and three digits"
    if not _VERSION.fullmatch(definition.version):
        yield f"version: {definition.version!r} is not a date (yyyy-mm-dd)"
    roles = definition.by_role
    yield from known("waiver_roles", definition.waiver_roles, roles, "role")
    yield from known("correction_roles", definition.correction_roles, roles, "role")


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
        yield from unique(name, [thing.code for thing in things])
        yield from (f"{name}.{x.code}: malformed code" for x in things if not _CODE.fullmatch(x.code))
    yield from unique("step", [step.code for step in definition.steps])
    yield from unique("control", [control.code for control in definition.controls])
    yield from unique("question", [question.code for question in definition.questions])
    yield from (f"step.{s.code}: malformed code" for s in definition.steps if not _STEP.fullmatch(s.code))
    if not definition.steps:
        yield "step: a process has at least one step"


def _opening(definition: Definition) -> Iterator[str]:
    opening = definition.opening
    yield from known("opening.step", [opening.step], definition.by_step, "step")
    yield from known("opening.roles", opening.roles, definition.by_role, "role")
    fields = list(opening.fields)
    if opening.step in definition.by_step:
        fields += definition.by_step[opening.step].fields
    yield from check_fields(definition, "opening", fields)
    yield from known("opening.title", opening.title, {field.name for field in fields}, "field")
    fixed = [name for name in opening.public if name != "role"]
    yield from known("opening.public", fixed, {field.name for field in opening.fields}, "opening field")
    if opening.public and opening.public.get("role") not in opening.roles:
        yield "opening.public.role: must be one of the roles that may open"
    if not opening.roles:
        yield "opening.roles: somebody must be allowed to open a case"
    for field in opening.fields:
        for key, pair in (("same_as", field.same_as), ("begins_as", field.begins_as)):
            if pair:
                yield f"opening.field.{field.name}.{key}: there is no earlier step"
        for option in field.options:
            yield from known(
                f"opening.field.{field.name}", filter(None, [option.refusal]), definition.by_ground, "refusal"
            )


def _machines(definition: Definition) -> Iterator[str]:
    for machine in definition.machines:
        statuses = {"", *machine.statuses}
        for before, after in machine.transitions:
            yield from known(f"machine.{machine.code}.transitions", [before], statuses, "status")
            yield from known(f"machine.{machine.code}.transitions", [after], set(machine.statuses), "status")
    for outcome in definition.outcomes:
        yield from _effects(definition, f"outcome.{outcome.code}", outcome.effects)


def _primary(definition: Definition) -> Iterator[str]:
    if sum(machine.primary for machine in definition.machines) != 1:
        yield "machine: exactly one is primary"
    if sum(role.accountable for role in definition.roles) != 1:
        yield "role: exactly one is accountable"


def _grounds(definition: Definition) -> Iterator[str]:
    for ground in definition.grounds:
        yield from known(f"refusal.{ground.code}.outcome", [ground.outcome], definition.by_outcome, "outcome")


def _duties(definition: Definition) -> Iterator[str]:
    codes = {duty.code for duty in definition.duties}
    for duty in definition.duties:
        yield from known(f"duty.{duty.code}.apart", duty.apart, codes, "duty")
        yield from known(f"duty.{duty.code}.roles", duty.roles, definition.by_role, "role")
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
            yield from known(f"{place}.{name}", codes, seen, "earlier step")
        seen.add(step.code)


def _steps(definition: Definition) -> Iterator[str]:
    for step in definition.steps:
        place = f"step.{step.code}"
        yield from known(f"{place}.roles", step.roles, definition.by_role, "role")
        yield from known(f"{place}.performer", [step.performer], definition.by_role, "role")
        yield from known(f"{place}.consulted", step.consulted, definition.by_role, "role")
        yield from known(f"{place}.informed", step.informed, definition.by_role, "role")
        controls = {control.code for control in definition.controls}
        yield from known(f"{place}.controls", step.controls, controls, "control")
        yield from check_when(definition, place, step.when, step.code)
        yield from known(f"{place}.closes", filter(None, [step.closes]), definition.by_outcome, "outcome")
        yield from _effects(definition, place, step.effects, step.code)
        yield from _step_duty(definition, step)
        yield from check_fields(definition, place, step.fields, step.code)
        yield from _standing(definition, step)
        yield from _slots(definition, step)
        yield from _branches(definition, step)
        if bool(step.roles) == step.by_system:
            yield f"{place}.roles: either roles may record it or the system does"
        if step.most and step.least > step.most:
            yield f"{place}.least: more than may be recorded"


def _step_duty(definition: Definition, step: Step) -> Iterator[str]:
    place = f"step.{step.code}"
    yield from known(
        f"{place}.duty", filter(None, [step.duty]), {duty.code for duty in definition.duties}, "duty"
    )
    posts = {role.post for role in definition.roles if role.post}
    yield from known(f"{place}.duty_post", filter(None, [step.duty_post]), posts, "post")
    yield from known(f"{place}.post", filter(None, [step.post]), posts, "post")
    if step.wait:
        yield from known(f"{place}.wait.who", [step.wait.who], definition.by_role, "role")


def _standing(definition: Definition, step: Step) -> Iterator[str]:
    """A rule is judged by the system for steps that people record."""
    rule, place = step.standing, f"step.{step.code}.rule"
    if rule is None:
        return
    if step.kind is not StepClass.RULE or not step.by_system:
        yield f"{place}: only a step of class {StepClass.RULE}, recorded by the system, has one"
    yield from known(f"{place}.name", [rule.rule], RULES, "rule")
    by_people = [other.code for other in definition.steps if not other.by_system]
    yield from known(f"{place}.judges", rule.judges, by_people, "step of people")
    last = definition.steps[-1].code
    yield from check_when(definition, place, rule.when, last)
    yield from known(f"{place}.refusal", filter(None, [rule.refusal]), definition.by_ground, "refusal")
    if rule.queue is not None:
        field = next((item for item in definition.opening.fields if item.name == rule.queue[0]), None)
        offered = [option.code for option in field.options] if field is not None and not field.param else []
        yield from known(
            f"{place}.queue", [rule.queue[1]], offered, "option of an opening field that is no param"
        )
    moments = {field.name for field in step.fields if field.param and field.kind is FieldKind.MOMENT}
    yield from known(
        f"{place}.opens_field", filter(None, [rule.opens_field]), moments, "moment that is a param"
    )
    if rule.rule == "whatsapp_cutoff" and (rule.warn is None or rule.limit is None or rule.warn > rule.limit):
        yield f"{place}: needs the hours warn and limit, in this order"


def _slots(definition: Definition, step: Step) -> Iterator[str]:
    place = f"step.{step.code}"
    codes = {slot.code for slot in step.slots}
    names = {field.name for field in step.fields}
    yield from unique(f"{place}.slot", [slot.code for slot in step.slots])
    yield from _evidence(place, step.evidence, codes, by_system=step.by_system)
    for slot in step.slots:
        inner = f"{place}.slot.{slot.code}"
        yield from known(f"{inner}.fields", slot.fields, names, "field")
        yield from known(f"{inner}.article", slot.article, names, "field")
        if any(field.personal for field in step.fields if field.name in slot.article):
            yield f"{inner}.article: what everybody may read holds nothing personal"
        yield from _slot_types(inner, slot)
        yield from known(f"{inner}.reader", filter(None, [slot.reader]), READERS, "reader")
        opening = {field.name for field in definition.opening.fields}
        yield from known(f"{inner}.compare", slot.compare, opening, "opening field")
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
    yield from known(f"{place}.also", slot.also, ALSO, "family")
    if slot.also and not files:
        yield f"{place}.also: there is no file of another family"
    if slot.reader and not files:
        yield f"{place}.reader: there is no file to read"


def _branches(definition: Definition, step: Step) -> Iterator[str]:
    place = f"step.{step.code}"
    yield from unique(f"{place}.branch", [branch.code for branch in step.branches])
    if sum(branch.default for branch in step.branches) > 1:
        yield f"{place}.branch: more than one default"
    for branch in step.branches:
        inner = f"{place}.branch.{branch.code}"
        yield from known(f"{inner}.reopens", branch.reopens, definition.by_step, "step")
        yield from known(f"{inner}.closes", filter(None, [branch.closes]), definition.by_outcome, "outcome")
        yield from _effects(definition, inner, branch.effects, step.code)
        if branch.wait:
            yield from known(f"{inner}.wait.who", [branch.wait.who], definition.by_role, "role")
        if branch.evidence is not None:
            yield from _evidence(
                inner, branch.evidence, {slot.code for slot in step.slots}, by_system=step.by_system
            )


def _evidence(place: str, evidence: Evidence, codes: set[str], *, by_system: bool) -> Iterator[str]:
    yield from known(f"{place}.evidence.all", evidence.all, codes, "slot")
    for alternative in evidence.any:
        yield from known(f"{place}.evidence.any", alternative, codes, "slot")
    if not by_system and not all(evidence.alternatives()):
        yield f"{place}.evidence: something must be shown"


def _spans(definition: Definition) -> Iterator[str]:
    for span in definition.spans:
        yield from known(f"measure.{span.code}", [span.start, span.end], definition.by_step, "step")
        if span.unit not in UNITS:
            yield f"measure.{span.code}.unit: must be one of {', '.join(UNITS)}"


def _effects(
    definition: Definition, place: str, effects: Iterable[Effect], before: str = ""
) -> Iterator[str]:
    statuses = {machine.code: machine.statuses for machine in definition.machines}
    for effect in effects:
        yield from check_when(definition, f"{place}.effect", effect.when, before)
        if effect.status not in statuses.get(effect.machine, ()):
            yield f"{place}.effect: no status {effect.status!r} in machine {effect.machine!r}"

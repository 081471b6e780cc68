"""Doing without a step: who may, and what follows from it, said before anybody decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from web.i18n import gettext as _
from web.views.lens import Lens
from workflows import rules
from workflows.definition import Definition, Step, Timer
from workflows.errors import NotWaivable
from workflows.state import CaseState, StepStatus


@dataclass(frozen=True, slots=True)
class Waiver:
    """A step that may be done without now.

    ``says``: what follows; ``roles``: whose it is to decide; ``may``: the person looking holds one of them.
    """

    says: tuple[str, ...]
    roles: tuple[str, ...]
    may: bool


def waiver_of(step: Step, definition: Definition, state: CaseState, lens: Lens) -> Waiver | None:
    """What the page offers; ``None`` where the rules would refuse."""
    try:
        rules.waivable(state, step, "step")
    except NotWaivable:
        return None
    return Waiver(
        says=tuple(_consequences(step, definition, state, lens)),
        roles=tuple(lens.role(definition, role) for role in definition.waiver_roles),
        may=not lens.roles.isdisjoint(definition.waiver_roles),
    )


def _consequences(step: Step, definition: Definition, state: CaseState, lens: Lens) -> Iterator[str]:
    """What is missing for ever, what goes on without it, what no longer moves or is counted."""
    names = {slot.code: lens.say(slot.name) for slot in step.slots}
    ways = [" + ".join(names.get(code, code) for code in way) for way in step.evidence.alternatives() if way]
    if ways:
        yield _("El expediente queda sin: %(what)s.", what=_(" o ").join(ways))
    after = [item for item in definition.steps if step.code in item.requires and _ahead(state, item)]
    if after:
        told = "; ".join(f"{item.code} {lens.say(item.name)}" for item in after)
        yield _("Deja de faltar para: %(steps)s.", steps=told)
    for effect in step.effects:
        machine = lens.say(definition.by_machine[effect.machine].name)
        yield _("%(machine)s no pasa a «%(status)s» por este paso.", machine=machine, status=effect.status)
    begun = [lens.say(timer.name) for timer in definition.timers if _begins(timer, step)]
    if begun:
        yield _("No empieza a contar: %(timers)s.", timers="; ".join(begun))
    yield _("Queda en la bitácora como excepción, con tu nombre y el motivo; el paso dice «dispensado».")


def _ahead(state: CaseState, step: Step) -> bool:
    """Whether the step is still to come in this case."""
    return state.step(step.code).status in {StepStatus.OPEN, StepStatus.BLOCKED}


def _begins(timer: Timer, step: Step) -> bool:
    return any(trigger.step == step.code for trigger in timer.starts)

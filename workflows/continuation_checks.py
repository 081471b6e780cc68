"""Whether what goes on elsewhere fits together: children that steps open, and closed cases that go on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflows.checking import known
from workflows.definition import Branch, Definition, FieldKind, Step, TimerEffect
from workflows.step import Opens

AUTOMATIC = ("nota", "mensaje", "plazo", "medidas")
"""What the system may record by itself; `workflows.automatic` holds one function for each."""

_PROCESS = re.compile(r"[A-Z]{2}-[0-9]{3}")


def continuation_problems(definition: Definition) -> Iterator[str]:
    """Every inconsistency of ``opens``, ``link_field``, ``only_closed`` and ``reopens_case``."""
    for step in definition.steps:
        place = f"step.{step.code}"
        yield from _opens(definition, step, place, step.opens, step.link_field)
        if step.only_closed and not step.after_closing:
            yield f"{place}.only_closed: what waits for the closing must be possible after it (after_closing)"
        yield from _automatic(definition, step, place)
        for branch in step.branches:
            inner = f"{place}.branch.{branch.code}"
            yield from _opens(definition, step, inner, branch.opens, branch.link_field)
            yield from _reopening(definition, step, branch, inner)


def _opens(definition: Definition, step: Step, place: str, opens: Opens | None, link: str) -> Iterator[str]:
    names = {field.name: field for field in step.fields}
    yield from known(f"{place}.link_field", filter(None, [link]), names, "field")
    if opens is None:
        return
    if link in names and names[link].kind is not FieldKind.FOLIO:
        yield f"{place}.link_field: {link!r} must be a folio"
    if not link:
        yield f"{place}.opens: needs a link_field for the case it opens"
    if not _PROCESS.fullmatch(opens.process):
        yield f"{place}.opens.process: {opens.process!r} is not two letters, a hyphen and three digits"
    own = {field.name for field in definition.opening.fields}
    own |= {field.name for other in definition.steps for field in other.fields}
    yield from known(f"{place}.opens.fields", opens.fields.values(), own, "field")


def _reopening(definition: Definition, step: Step, branch: Branch, place: str) -> Iterator[str]:
    if bool(branch.within) != branch.reopens_case:
        yield f"{place}.within: a case that is reopened, and only that, needs a timer within which it is"
    if not branch.reopens_case:
        return
    timer = definition.by_timer.get(branch.within)
    if timer is None:
        yield f"{place}.within: there is no timer {branch.within!r}"
    elif not (timer.survives and timer.effect is TimerEffect.WINDOW):
        yield f"{place}.within: timer {branch.within!r} must be a window that survives the closing"
    if not step.after_closing:
        yield f"{place}.reopens_case: the step must be possible after the closing (after_closing)"
    if branch.closes:
        yield f"{place}.reopens_case: cannot close in the same breath"


def _automatic(definition: Definition, step: Step, place: str) -> Iterator[str]:
    if not step.automatic:
        if step.message is not None:
            yield f"{place}.message: only an automatic message says something"
        return
    yield from known(f"{place}.automatic", [step.automatic], AUTOMATIC, "way of recording")
    if not step.by_system or step.closes or step.branches:
        yield f"{place}.automatic: only a step of the system that neither closes nor branches"
    if not step.requires:
        yield f"{place}.automatic: needs a step that gives it occasion (requires)"
    if (step.automatic == "mensaje") != (step.message is not None):
        yield f"{place}.message: an automatic message, and only that, says something"
    started = any(trigger.step == step.code for timer in definition.timers for trigger in timer.starts)
    if step.automatic == "plazo" and not started:
        yield f"{place}.automatic: no timer starts with this step"

"""Whether the timers of a definition fit together with its steps and branches."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.calendar import UNITS
from workflows.checking import known, when_problems
from workflows.definition import Definition, Timer, TimerEffect
from workflows.rosterloader import dated_problems
from workflows.term import BY_STEP


def timer_problems(definition: Definition) -> Iterator[str]:
    """Every inconsistency of the timers."""
    for timer in definition.timers:
        place = f"timer.{timer.code}"
        named = [timer.step, *filter(None, [timer.closing_step])]
        yield from known(place, named, definition.by_step, "step")
        yield from _triggers(definition, timer, place)
        yield from when_problems(definition, place, timer.when)
        yield from _counting(timer, place)
        yield from _closing(definition, timer, place)
        yield from dated_problems(definition, timer)


def _triggers(definition: Definition, timer: Timer, place: str) -> Iterator[str]:
    for trigger in timer.triggers:
        step = definition.by_step.get(trigger.step)
        if step is None:
            yield f"{place}: there is no step {trigger.step!r}"
        elif trigger.branch and step.branch(trigger.branch) is None:
            yield f"{place}: there is no branch {trigger.branch!r} in step {trigger.step!r}"
    endless = timer.effect is TimerEffect.WINDOW
    if not timer.starts or not (timer.meets or endless):
        yield f"{place}: needs steps that start it and steps that meet it"
    if bool(timer.pauses) != bool(timer.resumes):
        yield f"{place}: what is paused must be resumed by something, and only what is paused"


def _counting(timer: Timer, place: str) -> Iterator[str]:
    if timer.unit not in UNITS:
        yield f"{place}.unit: must be one of {', '.join(UNITS)}"
    if timer.warn and timer.warn >= timer.limit:
        yield f"{place}.warn: must come before the limit"
    if timer.warn and timer.effect is TimerEffect.WINDOW:
        yield f"{place}.warn: a window warns of nothing"
    if timer.every and timer.effect is not TimerEffect.REMIND:
        yield f"{place}.every: only a reminder repeats"
    if timer.every and timer.warn:
        yield f"{place}.every: what repeats has no warning of its own"


def _closing(definition: Definition, timer: Timer, place: str) -> Iterator[str]:
    step = definition.by_step.get(timer.closing_step)
    closes = timer.effect is TimerEffect.CLOSE
    if (timer.effect in BY_STEP) != bool(timer.closing_step):
        yield f"{place}.closing_step: a timer that closes or settles, and only that, does so through a step"
    elif step is not None and not (step.by_system and bool(step.closes) == closes):
        yield f"{place}.closing_step: must be a step of the system that closes the case, or that settles rows"
    if closes and timer.survives:
        yield f"{place}.survives: a closed case cannot be closed"

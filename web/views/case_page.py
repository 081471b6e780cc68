"""A case as its page shows it: who and what, each machine with its cause, the comb of steps, timers, the book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.entry import SealedEntry
from web.i18n import gettext as _
from web.views.entries import EntryLine, entry_lines
from web.views.kinds import TOOTH, Sign, class_word, days_word, exception_word, step_sign, timer_sign
from web.views.lens import Due, Lens, Moment
from web.views.saying import day_words
from web.views.step_form import running
from workflows.definition import Definition, StepClass
from workflows.state import (
    CaseException,
    CaseState,
    ExceptionCode,
    StepState,
    StepStatus,
    TimerState,
    TimerStatus,
)


@dataclass(frozen=True, slots=True)
class MachineView:
    """One state machine: its status and the entry that caused it (0: nothing moved it yet)."""

    name: str
    status: str
    seq: int
    since: Moment | None


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step in comb and list. ``why`` says what a blocked or open one lacks."""

    code: str
    name: str
    sign: Sign
    tooth: str
    need: str
    why: str
    seq: int
    next: bool
    open: bool


@dataclass(frozen=True, slots=True)
class TimerView:
    """One run of a timer; ``area`` is the code of the area whose days these are."""

    name: str
    sign: Sign
    due: Due | None
    detail: str
    started_seq: int
    live: bool
    area: str


@dataclass(frozen=True, slots=True)
class Part:
    """A duty, who took it, and the entries it was taken in."""

    duty: str
    who: str
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CasePage:
    """The whole page but the forms."""

    folio: str
    title: str
    process: str
    process_name: str
    version: str
    status: str
    status_sign: Sign
    opened: Moment
    facts: tuple[tuple[str, str], ...]
    machines: tuple[MachineView, ...]
    waiting: str
    waiting_for: str
    done: int
    total: int
    missing: tuple[StepLine, ...]
    steps: tuple[StepLine, ...]
    timers: tuple[TimerView, ...]
    exceptions: tuple[tuple[str, str, int], ...]
    control: bool
    lines: tuple[EntryLine, ...]
    next_step: str
    open_steps: tuple[str, ...]
    closed: bool
    complete: bool
    ending: str
    ending_seq: int
    routes: tuple[tuple[str, str, int], ...]
    duties: tuple[Part, ...]


def case_page(
    definition: Definition, state: CaseState, entries: Sequence[SealedEntry], lens: Lens, title: str
) -> CasePage:
    """Build the page of a case as it stood at ``state.moment``."""
    lines = entry_lines(entries, definition, state, lens)
    steps = tuple(_step_line(definition, state, code, lens) for code in definition.by_step)
    done, total = state.done_and_total()
    return CasePage(
        folio=state.folio,
        title=title or (lines[0].title if lines else state.folio),
        process=state.process,
        process_name=lens.say(definition.name),
        version=definition.version,
        status=lens.say(definition.status_name(state.status)),
        status_sign=_status_sign(definition, state, lens),
        opened=lens.moment(state.opened_at),
        facts=lines[0].data if lines and state.control is None else (),
        machines=_machines(definition, state, lens),
        waiting=lens.say(definition.status_name(state.waiting.code)) if state.waiting else "",
        waiting_for=lens.role(definition, state.waiting.who) if state.waiting else "",
        done=done,
        total=total,
        missing=tuple(line for line in steps if line.code in state.missing),
        steps=steps,
        timers=tuple(_timer(definition, item, lens) for item in state.timers),
        exceptions=tuple((_exception(item), item.step, item.seq) for item in state.exceptions),
        control=state.control is not None,
        lines=lines,
        next_step=state.next_step,
        open_steps=state.open_steps,
        closed=state.closed,
        complete=state.complete,
        ending=lens.say(definition.by_outcome[state.closing.outcome].name) if state.closing else "",
        ending_seq=state.closing.seq if state.closing else 0,
        routes=tuple((route.destination, route.link, route.seq) for route in state.routes),
        duties=_duties(definition, state, lens),
    )


def _exception(item: CaseException) -> str:
    """In words; of a periodic control with the day or the number it is about."""
    word = exception_word(str(item.code))
    told = item.code in {ExceptionCode.GAP, ExceptionCode.VOLUME}
    return f"{word}: {day_words(item.detail)}" if told else word


def _machines(definition: Definition, state: CaseState, lens: Lens) -> tuple[MachineView, ...]:
    names = {machine.code: lens.say(machine.name) for machine in definition.machines}
    return tuple(
        MachineView(names.get(item.machine, item.machine), item.status, item.seq, lens.maybe(item.since))
        for item in state.machines
        if state.control is None
    )


def _status_sign(definition: Definition, state: CaseState, lens: Lens) -> Sign:
    word = lens.say(definition.status_name(state.status))
    overdue = any(timer.state is TimerStatus.OVERDUE for timer in state.timers)
    if state.closed:
        return Sign(word, "ok" if state.complete else "warn", "check" if state.complete else "warn")
    if overdue:
        return Sign(_("%(status)s · vencido", status=word), "late", "clock")
    return Sign(word, "wait", "clock" if state.waiting else "target")


def _step_line(definition: Definition, state: CaseState, code: str, lens: Lens) -> StepLine:
    step, mine = definition.by_step[code], state.step(code)
    late = (
        any(timer.state is TimerStatus.OVERDUE for timer in running(state, code))
        and mine.status is not StepStatus.DONE
    )
    return StepLine(
        code=code,
        name=lens.say(step.name),
        sign=step_sign(mine.status, late=late),
        tooth="late" if late else TOOTH[mine.status],
        need=class_word(step.kind) if step.kind is not StepClass.MANDATORY else "",
        why=why_blocked(definition, mine, lens) or _doubt(mine.status, mine.unmet, mine.lacks),
        seq=mine.entries[-1] if mine.entries else 0,
        next=code == state.next_step,
        open=code in state.open_steps,
    )


def why_blocked(definition: Definition, step: StepState, lens: Lens) -> str:
    """What a blocked step waits for, by number and name; empty for one that is not blocked."""
    if step.status is not StepStatus.BLOCKED:
        return ""
    names = [
        f"{code} {lens.say(definition.by_step[code].name)}"
        for code in step.unmet
        if code in definition.by_step
    ]
    return _("Espera: %(steps)s", steps="; ".join(names)) if names else _("Todavía no le toca")


def _doubt(status: StepStatus, unmet: tuple[str, ...], lacks: tuple[str, ...]) -> str:
    if status is StepStatus.DONE and unmet:
        return _("Se hizo, pero dejó de cumplirse antes el paso %(steps)s", steps=", ".join(unmet))
    if lacks:
        return _("Su evidencia fue anulada: vuelve a traerla")
    return ""


def _timer(definition: Definition, timer: TimerState, lens: Lens) -> TimerView:
    known = next((item for item in definition.timers if item.code == timer.timer), None)
    detail = ""
    if known and known.due_field is not None:
        detail = _("a la fecha que dice la entrada %(seq)s", seq=timer.started_seq)
    elif known:
        detail = _(
            "%(days)s, desde la entrada %(seq)s",
            days=days_word(known.limit, known.unit),
            seq=timer.started_seq,
        )
    if timer.paused_at:
        since = lens.moment(timer.paused_at).day
        detail += " · " + _("en pausa desde el %(day)s; quedan %(n)s días", day=since, n=timer.left)
    live = bool(timer.due_at) and timer.state in {
        TimerStatus.RUNNING,
        TimerStatus.WARNED,
        TimerStatus.OVERDUE,
    }
    return TimerView(
        lens.say(known.name) if known else timer.timer,
        timer_sign(timer.state),
        lens.due(timer.due_at) if timer.due_at else None,
        detail,
        timer.started_seq,
        live,
        timer.area,
    )


def _duties(definition: Definition, state: CaseState, lens: Lens) -> tuple[Part, ...]:
    """One line for each person in each duty, in the order they took it."""
    names = {duty.code: lens.say(duty.name) for duty in definition.duties}
    taken: dict[tuple[str, str], list[int]] = {}
    for duty, actor, seq in state.parties:
        taken.setdefault((duty, actor), []).extend([seq] if seq else [])
    return tuple(
        Part(names.get(duty, duty), lens.who(actor), tuple(entries))
        for (duty, actor), entries in taken.items()
    )

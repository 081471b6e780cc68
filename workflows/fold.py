"""The fold: entry after entry, in the order of first recording, into what a case has become.

Mutable inside, seen only by `workflows.derive`. Each entry costs the same however long the case is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from evidence.entry import EntryKind, parse_time
from workflows import controls, timers
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import (
    Branch,
    Definition,
    Effect,
    Evidence,
    Step,
    StepClass,
    Timer,
    TimerEffect,
    applies,
)
from workflows.facts import Facts
from workflows.history import Effective, History
from workflows.state import CaseException, Closing, ExceptionCode, MachineState, Route


@dataclass(slots=True)
class Progress:
    """What has come of one step so far. ``entries`` are of the current round, ``past`` of earlier ones."""

    entries: list[int] = field(default_factory=list)
    past: list[int] = field(default_factory=list)
    done: bool = False
    done_day: datetime | None = None
    choice: str = ""
    unmet: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    waived: int = 0
    duties_waived: int = 0
    round: int = 1
    last_at: str = ""
    last_seq: int = 0


def lacking(evidence: Evidence, filled: Iterable[str]) -> tuple[str, ...]:
    """The slots still missing from the alternative that lacks least, the first of equals; empty: satisfied."""
    have = set(filled)
    gaps = [tuple(slot for slot in wanted if slot not in have) for wanted in evidence.alternatives()]
    return min(gaps, key=len)


class Fold:
    """The state of a case while its entries are read."""

    def __init__(self, definition: Definition, history: History, calendar: BusinessCalendar) -> None:
        self.definition = definition
        self.calendar = calendar
        self.history = history
        self.in_force = history.in_force()
        self.params: dict[str, str] = {}
        self.progress = {step.code: Progress() for step in definition.steps}
        self.machines = {
            machine.code: MachineState(machine.code, "", 0, "", "") for machine in definition.machines
        }
        self.runs: list[timers.Run] = []
        self.exceptions: list[CaseException] = []
        self.routes: list[Route] = []
        self.parties: list[tuple[str, str, int]] = []
        self.closing: Closing | None = None
        self.closing_step = ""
        self.control: controls.Control | None = None
        self._active: dict[str, timers.Run] = {}
        self._by_number: dict[tuple[str, int], timers.Run] = {}
        self._runs_of: Counter[str] = Counter()
        self._starts = _index(definition.timers, "starts")
        self._meets = _index(definition.timers, "meets")

    def run(self) -> None:
        """Read everything that counts."""
        for item in self.history.effective:
            if item.first.kind is EntryKind.TIMER_EXPIRED:
                self._timer_expired(item)
            elif item.first.kind is EntryKind.STEP_WAIVED:
                self._waived(item)
            elif item.first.kind is EntryKind.CASE_REFUSED:
                self._refused(item)
            elif item.first.kind in STEP_KINDS:
                self._step(item)

    def applicable(self, step: Step) -> bool:
        """Whether the step's condition holds for this case."""
        series = self.control.series.code if self.control is not None else ""
        return self.definition.belongs(step, series, self.params)

    def met(self, code: str) -> bool:
        """Whether a required step stands firm: done on firm ground, waived, or not of this case."""
        progress = self.progress[code]
        firm = progress.done and not progress.unmet
        return firm or bool(progress.waived) or not self.applicable(self.definition.by_step[code])

    def unmet(self, step: Step) -> tuple[str, ...]:
        """Required steps that are not met now."""
        return tuple(code for code in step.requires if not self.met(code))

    def expected(self, step: Step) -> tuple[str, ...]:
        """Steps that the text puts before this one and that are still owed."""
        owed = (self.definition.by_step[code] for code in step.follows)
        return tuple(before.code for before in owed if before.kind in OWED and not self.met(before.code))

    def flag(self, code: ExceptionCode, step: str, seq: int, detail: str = "") -> None:
        """Note something out of the ordinary."""
        self.exceptions.append(CaseException(code, step, seq, detail))

    def _begin_control(self, item: Effective) -> None:
        """The first entry of a case of a series: it brings no evidence, it says what is owed from when on."""
        facts = item.facts
        self.params.update(facts.params)
        self.control = controls.begun(self.definition.by_series.get(facts.series), facts.period, facts.since)
        if self.control is None:
            self.flag(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "series")

    def _control(self, item: Effective, step: Step, branch: Branch | None) -> None:
        """A day looked at, or the report at the end; what lacks its evidence is neither."""
        control = self.control
        evidence = branch.evidence if branch and branch.evidence else step.evidence
        if control is None or lacking(evidence, self._filled(item.facts)):
            return
        if step.code == control.series.report_step:
            control.counts.update(item.facts.counts)
            if control.unexpected():
                self.flag(ExceptionCode.VOLUME, step.code, item.entry.seq, str(control.counts["volume"]))
            return
        day = controls.day_in(item.facts.day)
        if day is None or item.facts.count < 0 or controls.period_of(day) != control.period:
            self.flag(ExceptionCode.UNREADABLE, step.code, item.entry.seq, "day")
        else:
            control.days.append((item.facts.day, item.facts.count, item.entry.seq))

    def _step(self, item: Effective) -> None:
        if item.first.kind is EntryKind.CASE_OPENED and item.facts.series:
            self._begin_control(item)
            return
        step = self.definition.by_step.get(item.entry.step)
        if step is None:
            self.flag(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "step")
            return
        self.params.update(item.facts.params)
        self.parties += [(duty, actor, item.entry.seq) for duty, actor in sorted(item.facts.parties.items())]
        if not self.applicable(step):
            self.flag(ExceptionCode.UNREADABLE, step.code, item.entry.seq, "not applicable")
            return
        self._late(item, step)
        branch = step.branch(item.facts.choice) if item.facts.choice else step.default_branch
        before = self.progress[step.code].done
        self._progress(item, step, branch)
        self._control(item, step, branch)
        progress = self.progress[step.code]
        if progress.lacks or before:
            return  # not enough, or one more piece beside what already sufficed
        self._meet_timers(item, step)
        if progress.done:
            self._effects(step.effects, item)
            self._start_timers(item, step)
        if branch is not None:
            self._branch(item, step, branch)
        if step.closes and progress.done:
            self._close(item, step.code, Closing(step.closes, item.entry.seq, item.entry.at))

    def _progress(self, item: Effective, step: Step, branch: Branch | None) -> None:
        progress = self.progress[step.code]
        early = self.expected(step)
        if early and not progress.entries:
            self.flag(ExceptionCode.OUT_OF_ORDER, step.code, item.entry.seq, ",".join(early))
        evidence = branch.evidence if branch and branch.evidence else step.evidence
        lacks = lacking(evidence, self._filled(item.facts))
        progress.entries.append(item.entry.seq)
        progress.last_at, progress.last_seq = item.entry.at, item.entry.seq
        if progress.done:
            return
        progress.choice = item.facts.choice
        progress.lacks = lacks
        progress.unmet = self.unmet(step)
        progress.done = not lacks and (branch is None or branch.done)
        if progress.done:
            progress.done_day = parse_time(item.facts.occurred_at or item.entry.at)

    def _filled(self, facts: Facts) -> list[str]:
        """Slots with evidence that still counts: a shared file counts as long as its source does."""
        return [item.slot for item in facts.evidence if not item.source or item.source in self.in_force]

    def _branch(self, item: Effective, step: Step, branch: Branch) -> None:
        if branch.destination:
            route = Route(branch.destination, step.code, item.entry.seq, item.facts.link)
            self.routes.append(route)
        if branch.reopens:
            self.flag(ExceptionCode.REPEATED, step.code, item.entry.seq, branch.code)
        for code in branch.reopens:
            self._reopen(code, item.entry.seq)
        if branch.closes:
            self._close(item, step.code, Closing(branch.closes, item.entry.seq, item.entry.at))

    def _reopen(self, code: str, seq: int) -> None:
        old = self.progress[code]
        old.past.extend(old.entries)  # moved, not copied: many rounds must not cost their square
        self.progress[code] = Progress(past=old.past, round=old.round + 1)
        for timer in self._starts.get(code, ()):
            if timer.code in self._active:
                timers.cancel(self._active.pop(timer.code), seq)

    def _close(self, item: Effective, step: str, closing: Closing) -> None:
        if self.closing is not None:
            return
        self.closing, self.closing_step = closing, step
        self._effects(self.definition.by_outcome[closing.outcome].effects, item)
        for timer in list(self._active):
            run = self._active.pop(timer)
            if run.timer.closing_step and run.timer.closing_step == step:
                timers.fire(run, item.entry.seq)
            else:
                timers.cancel(run, item.entry.seq)

    def _effects(self, effects: Iterable[Effect], item: Effective) -> None:
        for effect in effects:
            if not applies(effect.when, self.params):
                continue
            current = self.machines[effect.machine]
            if current.status == effect.status:
                continue
            if (current.status, effect.status) not in self.definition.by_machine[effect.machine].transitions:
                detail = f"{effect.machine}: {current.status} > {effect.status}"
                self.flag(ExceptionCode.EFFECT_IGNORED, item.entry.step, item.entry.seq, detail)
                continue
            self.machines[effect.machine] = MachineState(
                effect.machine,
                effect.status,
                item.entry.seq,
                item.entry.at,
                item.facts.occurred_at or item.entry.at,
            )

    def _start_timers(self, item: Effective, step: Step) -> None:
        for timer in self._starts.get(step.code, ()):
            if timer.code in self._active or self.closing is not None:
                continue
            self._runs_of[timer.code] += 1
            base = timers.base_moment(timer, item.facts.occurred_at, item.entry.at)
            try:
                run = timers.start(timer, self._runs_of[timer.code], item.entry.seq, base, self.calendar)
            except OutOfCalendar:
                self.flag(ExceptionCode.UNREADABLE, step.code, item.entry.seq, "calendar")
                continue
            self._active[timer.code] = self._by_number[timer.code, run.number] = run
            self.runs.append(run)

    def _meet_timers(self, item: Effective, step: Step) -> None:
        for timer in self._meets.get(step.code, ()):
            run = self._active.pop(timer.code, None)
            if run is None:
                continue
            timers.meet(run, item.entry.seq, timers.base_moment(timer, item.facts.occurred_at, item.entry.at))
            if timer.effect is TimerEffect.ALERT and run.ended and run.ended > run.due_at:
                self.flag(ExceptionCode.OVERDUE, step.code, item.entry.seq, timer.code)

    def _timer_expired(self, item: Effective) -> None:
        run = self._by_number.get((item.facts.timer, item.facts.run))
        if run is None:
            self.flag(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "timer")
        else:
            run.fired.append(item.facts.mark)

    def _waived(self, item: Effective) -> None:
        progress = self.progress.get(item.entry.step)
        if progress is None:
            self.flag(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "step")
        elif item.facts.rule == "duties":
            progress.duties_waived = item.entry.seq
            self.flag(ExceptionCode.DUTIES_WAIVED, item.entry.step, item.entry.seq)
        else:
            progress.waived = item.entry.seq
            self.flag(ExceptionCode.WAIVED, item.entry.step, item.entry.seq)
            for timer in self._meets.get(item.entry.step, ()):
                if timer.code in self._active:
                    timers.cancel(self._active.pop(timer.code), item.entry.seq)

    def _refused(self, item: Effective) -> None:
        ground = self.definition.by_ground.get(item.facts.reason)
        if ground is None:
            self.flag(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "reason")
            return
        seq, at = item.entry.seq, item.entry.at
        self.flag(ExceptionCode.REFUSED, "", seq, ground.code)
        self.routes.append(Route(ground.destination, "", seq, item.facts.link))
        self._close(item, "", Closing(ground.outcome, seq, at, ground.code, ground.destination))

    def _late(self, item: Effective, step: Step) -> None:
        """A recording is late when more business days than the definition allows lie between event and record."""
        if not item.facts.occurred_at:
            return
        try:
            days = self.calendar.between(
                self.calendar.local_day(parse_time(item.facts.occurred_at)),
                self.calendar.local_day(parse_time(item.first.at)),
                "habiles",
            )
        except OutOfCalendar:
            self.flag(ExceptionCode.UNREADABLE, step.code, item.entry.seq, "occurred_at")
            return
        if days > self.definition.late_after:
            self.flag(ExceptionCode.RECORDED_LATE, step.code, item.entry.seq, str(days))


STEP_KINDS = frozenset(
    {
        EntryKind.CASE_OPENED,
        EntryKind.EVIDENCE_RECORDED,
        EntryKind.CASE_CLOSED,
        EntryKind.DOCUMENT_SIGNED,
    }
)
"""Kinds of entries that bring a step's evidence."""

OWED = frozenset({StepClass.MANDATORY, StepClass.CONDITIONAL})


def _index(found: Iterable[Timer], member: str) -> dict[str, list[Timer]]:
    index: dict[str, list[Timer]] = {}
    for timer in found:
        for code in getattr(timer, member):
            index.setdefault(code, []).append(timer)
    return index

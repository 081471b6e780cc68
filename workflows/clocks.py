"""The timers of one case while its entries are folded: what each entry starts, meets, cancels, pauses and resumes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from workflows import timers
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import Definition, Timer, TimerEffect, Trigger, applies
from workflows.facts import Facts
from workflows.history import Effective
from workflows.state import CaseException, ExceptionCode


class Clocks:
    """Runs of timers, begun and ended by entries. ``runs`` are all there were, in the order they began."""

    def __init__(self, definition: Definition, calendar: BusinessCalendar) -> None:
        self.runs: list[timers.Run] = []
        self.calendar = calendar  # the revision in force where the reading has come to
        self._active: dict[str, timers.Run] = {}
        self._areas: dict[tuple[str, str], timers.Run] = {}
        self._by_number: dict[tuple[str, int], timers.Run] = {}
        self._runs_of: Counter[str] = Counter()
        self._timers = definition.timers_of

    def copy(self) -> Clocks:
        """The same runs, to go on by themselves."""
        made = object.__new__(Clocks)
        copies = {id(run): run.copy() for run in self.runs}
        made.runs = [copies[id(run)] for run in self.runs]
        made.calendar = self.calendar
        made._active = {code: copies[id(run)] for code, run in self._active.items()}
        made._areas = {key: copies[id(run)] for key, run in self._areas.items()}
        made._by_number = {key: copies[id(run)] for key, run in self._by_number.items()}
        made._runs_of = self._runs_of.copy()
        made._timers = self._timers
        return made

    def ring(
        self,
        item: Effective,
        step: str,
        branch: str,
        params: Mapping[str, str],
        *,
        done: bool = False,
        named_only: bool = False,
        closed: bool = False,
    ) -> Iterator[CaseException]:
        """What an entry with enough evidence does to the timers: it meets and ends some, then starts others.

        ``done``: the step is done by it. ``named_only``: only what names the branch. ``closed``: the case had ended.
        """
        for timer in self._timers[step]:
            if timer.each:
                continue  # an area's days end with its rows
            if self._hit(timer.meets, step, branch, named_only=named_only):
                yield from self._meet(timer, item)
            if self._hit(timer.cancels, step, branch, named_only=named_only):
                self._cancel(timer.code, item.entry.seq)
            if self._hit(timer.pauses, step, branch, named_only=named_only):
                self._pause(timer, item)
            if self._hit(timer.resumes, step, branch, named_only=named_only):
                yield from self._resume(timer, item)
        for timer in self._timers[step]:
            named = named_only or not done
            late = closed and not timer.survives
            if late or not applies(timer.when, params):
                continue
            if timer.each and self._hit(timer.starts, step, branch, named_only=False):
                for area in item.facts.areas:
                    yield from self._start(timer, item, params, area)
            elif self._hit(timer.starts, step, branch, named_only=named):
                yield from self._start(timer, item, params)

    def revise(self, calendar: BusinessCalendar) -> Iterator[CaseException]:
        """From here on days count by another revision: what still runs is due anew, what ended stays as it was."""
        if calendar.id == self.calendar.id:
            return
        self.calendar = calendar
        for run in (*self._active.values(), *self._areas.values()):
            try:
                timers.recount(run, calendar)
            except OutOfCalendar:
                yield CaseException(
                    ExceptionCode.UNREADABLE, run.timer.step, run.started_seq, f"calendar: {calendar.id}"
                )

    def areas_settled(self, item: Effective, undecided: Callable[[], frozenset[str]]) -> None:
        """End the days of areas whose rows are all decided: by the system's own step, or in time."""
        owing = undecided() if self._areas else frozenset()
        for (code, area), run in list(self._areas.items()):
            if area in owing:
                continue
            del self._areas[code, area]
            if run.timer.closing_step == item.entry.step:
                timers.fire(run, item.entry.seq)
            else:
                moment = timers.base_moment(run.timer, item.facts.occurred_at, item.entry.at)
                timers.meet(run, item.entry.seq, moment)

    def within(self, timer: str, moment: datetime) -> bool:
        """Whether a timer runs, and a moment lies inside its time."""
        run = self._active.get(timer)
        return run is not None and run.started <= moment <= run.due_at

    def marked(self, facts: Facts) -> bool:
        """Note a mark that the system recorded; false for a run that never was, and a mark its timer has not."""
        run = self._by_number.get((facts.timer, facts.run))
        if run is None or not timers.known_mark(run.timer, facts.mark):
            return False
        run.fired.append(facts.mark)
        return True

    def step_reopened(self, step: str, seq: int) -> None:
        """What a step had started has lost its object."""
        for timer in self._timers[step]:
            if any(trigger.step == step for trigger in timer.starts):
                self._cancel(timer.code, seq)

    def step_waived(self, step: str, seq: int) -> None:
        """Nobody waits any more for a step that is done without."""
        for timer in self._timers[step]:
            if any(trigger.step == step for trigger in timer.meets):
                self._cancel(timer.code, seq)

    def case_closed(self, step: str, seq: int) -> None:
        """Timers end with their case; the one that closed it has fired, and some survive."""
        for run in list(self._active.values()):
            if run.timer.survives:
                continue
            del self._active[run.timer.code]
            if run.timer.closing_step and run.timer.closing_step == step:
                timers.fire(run, seq)
            else:
                timers.cancel(run, seq)
        for key in list(self._areas):
            timers.cancel(self._areas.pop(key), seq)

    @staticmethod
    def _hit(triggers: tuple[Trigger, ...], step: str, branch: str, *, named_only: bool) -> bool:
        return any(
            trigger.step == step and (trigger.branch == branch if trigger.branch else not named_only)
            for trigger in triggers
        )

    @staticmethod
    def _day(timer: Timer, item: Effective, params: Mapping[str, str]) -> str:
        """The date a run is due on: of the very entry that brings it, or, begun by another step, the one in force."""
        if timer.due_field is None:
            return ""
        step, name = timer.due_field
        return (item.facts.params if item.entry.step == step else params).get(name, "")

    def _start(
        self, timer: Timer, item: Effective, params: Mapping[str, str], area: str = ""
    ) -> Iterator[CaseException]:
        if (timer.code, area) in self._areas if area else timer.code in self._active:
            return
        day = self._day(timer, item, params)
        if timer.due_field and not day:
            return
        self._runs_of[timer.code] += 1
        base = timers.base_moment(timer, item.facts.occurred_at, item.entry.at)
        begun = timers.Start(self._runs_of[timer.code], item.entry.seq, base, day, area)
        try:
            run = timers.start(timer, begun, self.calendar)
        except (OutOfCalendar, ValueError):
            yield _outside(item)
            return
        if area:
            self._areas[timer.code, area] = run
        else:
            self._active[timer.code] = run
        self._by_number[timer.code, run.number] = run
        self.runs.append(run)

    def _meet(self, timer: Timer, item: Effective) -> Iterator[CaseException]:
        run = self._active.pop(timer.code, None)
        if run is None:
            return
        paused = run.paused is not None
        timers.meet(run, item.entry.seq, timers.base_moment(timer, item.facts.occurred_at, item.entry.at))
        late = run.ended is not None and run.ended > run.due_at and not paused
        if timer.effect is TimerEffect.ALERT and late:
            yield CaseException(ExceptionCode.OVERDUE, item.entry.step, item.entry.seq, timer.code)

    def _cancel(self, code: str, seq: int) -> None:
        for key in [key for key in self._areas if key[0] == code]:
            timers.cancel(self._areas.pop(key), seq)
        run = self._active.pop(code, None)
        if run is not None:
            timers.cancel(run, seq)

    def _pause(self, timer: Timer, item: Effective) -> None:
        run = self._active.get(timer.code)
        if run is not None:
            timers.pause(run, timers.pause_moment(timer, item.facts.occurred_at, item.entry.at))

    def _resume(self, timer: Timer, item: Effective) -> Iterator[CaseException]:
        run = self._active.get(timer.code)
        if run is None:
            return
        try:
            timers.resume(
                run, timers.base_moment(timer, item.facts.occurred_at, item.entry.at), self.calendar
            )
        except OutOfCalendar:
            yield _outside(item)


def _outside(item: Effective) -> CaseException:
    return CaseException(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "calendar")

"""The state of a case, derived from its entries and nothing else.

`derive` is pure and runs on the standard library: the desk's pages, the rebuild of projections and the auditor's
offline tool call the same function on the same facts. It never reads a payload, so that state survives erasure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from evidence.entry import Entry, EntryKind, format_time, parse_time
from workflows import timers
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import NEW, Definition, Step, StepClass
from workflows.facts import facts_of
from workflows.fold import Fold
from workflows.history import History, resolve
from workflows.progress import Progress
from workflows.state import (
    CaseException,
    CaseState,
    ControlState,
    ExceptionCode,
    Measure,
    StepState,
    StepStatus,
    TimerState,
    Waiting,
)
from workflows.unmoved import Before, unmoved_steps


class NotACase(ValueError):
    """Entries that do not begin with ``case.opened``, or belong to another definition."""


def derive(
    definition: Definition,
    entries: Sequence[Entry],
    *,
    calendar: BusinessCalendar,
    as_of: datetime | None = None,
    now: datetime | None = None,
) -> CaseState:
    """What the entries of one case say of it.

    Args:
        definition: the one pinned in the case's first entry.
        entries: all of the case, by ``seq``; their chain is checked elsewhere.
        calendar: the table by which days are counted, with its revisions: each count goes by the one in force then.
        as_of: only entries recorded up to this moment count, and timers stand as they stood then.
        now: the moment at which timers are judged; by default that of the last entry, which makes the result a
            function of the entries alone. ``as_of`` overrides it.

    Raises:
        NotACase: no entry counts, the first does not open a case, or its definition is another one.
    """
    counted = _cut(entries, as_of)
    settled = calendar.in_force_at(format_time(as_of)) if as_of else calendar
    return Derivation.of(definition, counted, calendar).at(as_of or now, settled)


class Derivation:
    """The entries of a case, folded: from here the state at any moment is read out, or another entry is read on.

    Frozen once made, and safe for threads: what is read on is a copy.
    """

    def __init__(
        self, fold: Fold, entries: Sequence[Entry], history: History, before: Before | None = None
    ) -> None:
        self._fold = fold
        self.entries = entries
        self._history = history
        self._still: CaseState | None = None
        self._before = before

    @classmethod
    def of(cls, definition: Definition, entries: Sequence[Entry], calendar: BusinessCalendar) -> Derivation:
        """All entries of one case. Raises `NotACase` as `derive` does."""
        _check(definition, entries)
        history = resolve(entries)
        fold = Fold(definition, history, calendar)
        fold.run()
        return cls(fold, entries, history)

    def then(self, entry: Entry) -> Derivation:
        """With the case's next entry: for most entries at a price that does not grow with the case."""
        entries = (*self.entries, entry)
        history = self._history.then(entry) if self._fold.roster is None else None
        if history is None:
            return Derivation.of(self._fold.definition, entries, self._fold.calendar)
        fold = self._fold.copy()
        fold.read_on(history)
        before = (self._fold, self._still) if self._still is not None else None
        return Derivation(fold, entries, history, before)

    def at(self, moment: datetime | None = None, calendar: BusinessCalendar | None = None) -> CaseState:
        """The state at a moment, by default that of the last entry; ``calendar``: by which what still runs is due."""
        when = moment or parse_time(self.entries[-1].at)
        fold = self._settled(calendar or self._fold.calendar)
        state = _State(fold, self.entries, self._history, when)
        if fold is not self._fold or fold.control is not None:
            return state.result()
        if self._still is None:
            self._still = state.result(unmoved_steps(fold, self._history, self._before))
            self._before = None  # it was of use once, and nobody shall keep a case for each of its entries
            return self._still
        return state.moved(self._still)

    def step(self, code: str) -> StepState:
        """The state of one step, which no clock changes."""
        moment = parse_time(self.entries[-1].at)
        state = _State(self._settled(self._fold.calendar), self.entries, self._history, moment)
        return state.step(self._fold.definition.by_step[code])

    @property
    def counting(self) -> Iterator[int]:
        """``seq`` of the entries that count, each in the place of the first it corrects."""
        return (item.entry.seq for item in self._history.effective)

    @property
    def closed(self) -> bool:
        """Whether work has ended."""
        return self._fold.closing is not None

    def _settled(self, calendar: BusinessCalendar) -> Fold:
        if self._fold.clocks.calendar.id == calendar.id:
            return self._fold
        if self._fold.roster is not None:
            fold = Fold(self._fold.definition, self._history, self._fold.calendar)
            fold.run()
        else:
            fold = self._fold.copy()
        fold.settle(calendar)
        return fold


def _cut(entries: Sequence[Entry], as_of: datetime | None) -> Sequence[Entry]:
    """The entries up to the first one recorded later: order is by ``seq``, times only choose where to stop."""
    if as_of is None:
        return entries
    limit = format_time(as_of)
    stop = next((n for n, entry in enumerate(entries) if entry.at > limit), len(entries))
    return entries[:stop]


def _check(definition: Definition, entries: Sequence[Entry]) -> None:
    if not entries:
        raise NotACase("no entry counts")
    if entries[0].kind is not EntryKind.CASE_OPENED:
        raise NotACase(f"begins with {entries[0].kind}")
    if facts_of(entries[0]).definition != definition.digest:
        raise NotACase("was opened under another definition")


class _State:
    """Reads a finished fold out into a `CaseState`."""

    def __init__(self, fold: Fold, entries: Sequence[Entry], history: History, moment: datetime) -> None:
        self.fold = fold
        self.definition = fold.definition
        self.entries = entries
        self.history = history
        self.moment = moment
        self.closed = fold.closing is not None
        self._corrected = _corrected(entries, history) if history.superseded else {}
        self.outcome = self.definition.by_outcome[fold.closing.outcome] if fold.closing else None

    def result(self, unmoved: Mapping[str, StepState] = MappingProxyType({})) -> CaseState:
        """``unmoved``: steps whose state is known."""
        fold, definition = self.fold, self.definition
        steps = tuple([unmoved.get(step.code) or self.step(step) for step in definition.steps])
        by_system = definition.system_steps
        owed = [step for step in steps if step.mandatory and step.status in _UNDONE]
        doubtful = any(step.unmet or step.lacks for step in steps if step.status is StepStatus.DONE)
        runs = tuple(self._timers())
        waiting = self._waiting(steps)
        control = fold.control.state(self.moment, fold.calendar) if fold.control is not None else None
        return CaseState(
            folio=self.entries[0].case,
            parent=facts_of(self.entries[0]).parent,
            process=definition.process,
            version=definition.version,
            definition=definition.digest,
            moment=format_time(self.moment),
            length=len(self.entries),
            opened_at=self.entries[0].at,
            params=dict(fold.params),
            machines=tuple(fold.machines.values()),
            steps=steps,
            open_steps=tuple(
                s.step for s in steps if s.status is StepStatus.OPEN and s.step not in by_system
            ),
            missing=tuple(step.step for step in owed),
            complete=not owed and not doubtful and not (control and control.gaps),
            closed=self.closed,
            status=self._status(waiting),
            waiting=waiting,
            closing=fold.closing,
            timers=runs,
            exceptions=tuple(sorted(self._exceptions(steps, control), key=lambda item: item.seq)),
            routes=tuple(fold.routes),
            measures=tuple(self._measures()),
            parties=tuple(fold.parties),
            superseded=self.history.superseded,
            roster=fold.roster.state() if fold.roster is not None else None,
            control=control,
        )

    def moved(self, still: CaseState) -> CaseState:
        """The state known at some moment, at another one: only timers, and what they make overdue, know a clock."""
        return replace(
            still,
            moment=format_time(self.moment),
            timers=tuple(self._timers(still.timers)),
            exceptions=tuple(sorted(self._exceptions(still.steps, None), key=lambda item: item.seq)),
        )

    def step(self, step: Step) -> StepState:
        """The state of one step."""
        progress = self.fold.progress[step.code]
        status, unmet = self._status_of(step, progress)
        return StepState(
            step=step.code,
            status=status,
            entries=tuple(progress.entries),
            past=(*progress.past, *self._corrected.get(step.code, ())),
            unmet=unmet,
            lacks=progress.lacks,
            choice=progress.choice,
            in_turn=status is StepStatus.OPEN and not self.fold.expected(step),
            mandatory=step.kind is StepClass.MANDATORY and status is not StepStatus.NOT_APPLICABLE,
            repeatable=status is StepStatus.DONE and self._room(step, progress),
            round=progress.round,
        )

    def _room(self, step: Step, progress: Progress) -> bool:
        if self.closed and not step.after_closing:
            return False
        return not step.most or len(progress.entries) < step.most

    def _status_of(self, step: Step, progress: Progress) -> tuple[StepStatus, tuple[str, ...]]:
        if not self.fold.applicable(step):
            return StepStatus.NOT_APPLICABLE, ()
        if progress.done:
            return StepStatus.DONE, progress.unmet
        if progress.waived:
            return StepStatus.WAIVED, ()
        if self.closed and not self._owed_after_closing(step):
            return StepStatus.NOT_APPLICABLE, ()
        if self.fold.roster is not None and self.fold.roster.dormant(step.code):
            return StepStatus.NOT_APPLICABLE, ()
        unmet = self.fold.unmet(step)
        if unmet or step.by_system or (step.only_closed and not self.closed):
            return StepStatus.BLOCKED, unmet
        return StepStatus.OPEN, ()

    def _owed_after_closing(self, step: Step) -> bool:
        """A closed case still takes what it owes; but not what would have come after an abandonment."""
        if self.outcome is not None and self.outcome.abandons:
            after = self.definition.downstream.get(self.fold.closing_step)
            if after is None or step.code in after or step.code == self.fold.closing_step:
                return False
        return step.kind is StepClass.MANDATORY or step.after_closing

    def _timers(self, known: Sequence[TimerState] = ()) -> Iterator[TimerState]:
        """``known``: what they were at another moment."""
        for n, run in enumerate(self.fold.clocks.runs):
            closing = self.definition.by_step.get(run.timer.closing_step)
            blocks = self.fold.unmet(closing) if closing is not None else ()
            still = known[n] if known else None
            yield timers.state_of(run, self.moment, blocks, self.fold.clocks.calendar, still)

    def _waiting(self, steps: Sequence[StepState]) -> Waiting | None:
        """What the case waits for: an open step of the desk itself, in its turn, means that it does not wait."""
        found = self._told_to_wait()
        if found is not None or self.closed:
            return found
        for state in steps:
            step = self.definition.by_step[state.step]
            if not state.in_turn or step.kind not in _DRIVING:
                continue
            if step.wait is None:
                return None
            if found is None:
                since, seq = self._since(step)
                found = Waiting(step.wait.code, step.wait.who, step.code, since, seq)
        return found

    def _told_to_wait(self) -> Waiting | None:
        """What a branch says the case waits for, until its step is recorded again: the last one told."""
        told = [(step, self.fold.progress[step.code]) for step in self.definition.steps]
        waits = [(step, progress) for step, progress in told if progress.wait and self.fold.applicable(step)]
        if self.closed or not waits:
            return None
        step, progress = max(waits, key=lambda item: item[1].last_seq)
        wait = progress.wait
        return Waiting(wait.code, wait.who, step.code, progress.last_at, progress.last_seq) if wait else None

    def _since(self, step: Step) -> tuple[str, int]:
        """When a wait began: at the last entry of the steps before it."""
        before = [self.fold.progress[code] for code in (*step.requires, *step.follows)]
        last = max(before, key=lambda item: item.last_seq, default=Progress())
        return last.last_at, last.last_seq

    def _status(self, waiting: Waiting | None) -> str:
        if self.fold.closing is not None:
            return self.fold.closing.outcome
        if self.fold.control is not None:
            return self.fold.control.series.code
        if waiting is not None:
            return waiting.code
        return self.fold.machines[self.definition.primary.code].status or NEW

    def _exceptions(
        self, steps: Sequence[StepState], control: ControlState | None
    ) -> Iterator[CaseException]:
        yield from self.fold.exceptions
        if control is not None:
            step = self.definition.by_series[control.series].step
            yield from (CaseException(ExceptionCode.GAP, step, 1, day) for day in control.gaps)
        odd = bool(self.history.superseded or self.history.unreadable)
        steps_of = {entry.seq: entry.step for entry in self.entries} if odd else {}
        annulled = {by for _, by in self.history.annulled}
        for seq, by in self.history.superseded:
            code = ExceptionCode.ANNULLED if by in annulled else ExceptionCode.SUPERSEDED
            yield CaseException(code, steps_of[seq], by, str(seq))
        for seq, why in self.history.unreadable:
            yield CaseException(ExceptionCode.UNREADABLE, steps_of[seq], seq, why)
        for state in steps:
            if state.status is StepStatus.DONE and (state.unmet or state.lacks):
                detail = ",".join((*state.unmet, *state.lacks))
                yield CaseException(ExceptionCode.UNMET, state.step, max(state.entries), detail)
        for run in self.fold.clocks.runs:
            late = run.active and not run.paused and self.moment > run.due_at and run.timer.effect == "alert"
            if late:
                yield CaseException(ExceptionCode.OVERDUE, run.timer.step, run.started_seq, run.timer.code)

    def _measures(self) -> Iterator[Measure]:
        calendar = self.fold.calendar
        for span in self.definition.spans:
            start = self.fold.progress[span.start].done_day
            end = self.fold.progress[span.end].done_day
            days = -1
            if start is not None and end is not None:
                with suppress(OutOfCalendar):
                    days = calendar.between(calendar.local_day(start), calendar.local_day(end), span.unit)
            yield Measure(span.code, days)


def _corrected(entries: Sequence[Entry], history: History) -> dict[str, list[int]]:
    """Entries that a correction took out of the count, by step."""
    steps = {entry.seq: entry.step for entry in entries}
    corrected: dict[str, list[int]] = {}
    for seq, _ in history.superseded:
        corrected.setdefault(steps[seq], []).append(seq)
    return corrected


_UNDONE = frozenset({StepStatus.OPEN, StepStatus.BLOCKED})
_DRIVING = frozenset({StepClass.MANDATORY, StepClass.CONDITIONAL})

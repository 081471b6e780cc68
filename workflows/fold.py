"""The fold: entry after entry, in the order of first recording, into what a case has become.

Mutable inside, seen only by `workflows.derive`. Each entry costs the same however long the case is.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.entry import EntryKind, parse_time
from workflows import controls, standing
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.clocks import Clocks
from workflows.definition import (
    Branch,
    Definition,
    Effect,
    Step,
    StepClass,
    applies,
)
from workflows.facts import Facts
from workflows.history import Effective, History
from workflows.progress import Progress, lacking, process_of
from workflows.roster import Roster
from workflows.state import CaseException, Closing, ExceptionCode, MachineState, Route


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
        first = history.effective[0].first.at if history.effective else ""
        self.clocks = Clocks(definition, calendar.in_force_at(first))
        self.roster = Roster(definition.roster) if definition.roster is not None else None
        self.exceptions: list[CaseException] = []
        self.routes: list[Route] = []
        self.parties: list[tuple[str, str, int]] = []
        self.closing: Closing | None = None
        self.closing_step = ""
        self.parent = ""
        self.control: controls.Control | None = None
        self._shared: set[str] = set()

    def run(self) -> None:
        """Read everything that counts."""
        for item in self.history.effective:
            self._read(item)

    def copy(self) -> Fold:
        """The same fold, to be read on by itself; only where there is no roster, which is not copied.

        Steps' progress is shared until one of them moves on: the fold this was copied from must not be read on.
        """
        if self.roster is not None:
            raise ValueError("a roster is folded from the beginning")
        made = object.__new__(Fold)
        made.__dict__.update(self.__dict__)
        made.params, made.machines, made.progress = (
            dict(self.params),
            dict(self.machines),
            dict(self.progress),
        )
        made.exceptions, made.routes = list(self.exceptions), list(self.routes)
        made.parties = list(self.parties)
        made.clocks = self.clocks.copy()
        made.control = self.control.copy() if self.control is not None else None
        made._shared = set(self.progress)
        return made

    def read_on(self, history: History) -> None:
        """Read the last entry of a history that counts one more than the one read so far."""
        self.history = history
        item = history.effective[-1]
        self.in_force = self.in_force | {item.entry.seq}
        self._read(item)

    def _read(self, item: Effective) -> None:
        self.exceptions += self.clocks.revise(self.calendar.in_force_at(item.first.at))
        kind = item.first.kind
        if kind is EntryKind.TIMER_EXPIRED:
            self._timer_expired(item)
        elif kind is EntryKind.STEP_WAIVED:
            self._waived(item)
        elif kind is EntryKind.CASE_REFUSED:
            self._refused(item)
        elif kind is EntryKind.CASE_LINKED:
            self._linked(item)
        elif kind is EntryKind.SIGNATURE_DECLINED and not item.facts.choice:
            return  # a refusal that its step has no way for: nothing moves
        elif kind in STEP_KINDS:
            self._step(item)

    def _own(self, code: str) -> Progress:
        """A step's progress, about to be changed."""
        if code in self._shared:
            self._shared.discard(code)
            self.progress[code] = self.progress[code].copy()
        return self.progress[code]

    def settle(self, calendar: BusinessCalendar) -> None:
        """What still runs is due by the table in force at the moment of the reading."""
        self.exceptions += self.clocks.revise(calendar)

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
        """Required steps that are not met now; of a step that needs all rows settled, also where they would be."""
        codes = [code for code in step.requires if not self.met(code)]
        if self.roster is not None and step.code in self.roster.rules.settled:
            codes += [code for code in self.roster.unsettled() if code not in codes]
        return tuple(codes)

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

    def _control(self, item: Effective, step: Step) -> None:
        """A day looked at, or the report at the end."""
        control = self.control
        if control is None:
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
        self._flags(item, step)
        branch = step.branch(item.facts.choice) if item.facts.choice else step.default_branch
        self._rows(item)
        before = self.progress[step.code].done
        lacks = self._progress(item, step, branch)
        progress = self._own(step.code)
        if lacks:
            return
        self._control(item, step)
        progress.wait = branch.wait if branch is not None else None
        reopens = branch is not None and branch.reopens_case
        if branch is not None and reopens and not self._reopen_case(item, step, branch):
            return
        if (
            before and not reopens
        ):  # one more piece beside what already sufficed: only what names its branch hears of it
            self._beside(item, step, branch)
            return
        self._ring(item, step, branch, done=progress.done)
        if progress.done:
            self._effects(step.effects, item)
        self._routes(item, step, branch)
        if branch is not None:
            self._branch(item, step, branch)
        if step.closes and progress.done:
            self._close(item, step.code, Closing(step.closes, item.entry.seq, item.entry.at))

    def _flags(self, item: Effective, step: Step) -> None:
        """What an auditor would ask about: numbered homonyms, and contacts outside the hours, judged here again."""
        for flag in item.facts.flags:
            self.flag(ExceptionCode.SAME_PLACE, step.code, item.entry.seq, flag)
        for name in sorted(item.facts.homonyms):
            self.flag(ExceptionCode.HOMONYM, step.code, item.entry.seq, f"{name}:{item.facts.homonyms[name]}")
        if step.standing is None or not item.facts.verdict:
            return
        try:
            moment = parse_time(item.facts.occurred_at or item.entry.at)
            verdict = standing.judge(self.calendar, moment, step.standing).verdict
        except OutOfCalendar:
            self.flag(ExceptionCode.UNREADABLE, step.code, item.entry.seq, "occurred_at")
            return
        if verdict != item.facts.verdict:
            self.flag(ExceptionCode.UNREADABLE, step.code, item.entry.seq, "verdict")
        elif verdict is standing.Verdict.OUTSIDE:
            self.flag(ExceptionCode.OUTSIDE_HOURS, step.code, item.entry.seq, step.standing.rule)

    def _rows(self, item: Effective) -> None:
        """What the entry says of a campaign's rows, and the areas' days that end with it."""
        if self.roster is None:
            return
        seq, step = item.entry.seq, item.entry.step
        for problem in self.roster.apply(item):
            self.flag(ExceptionCode.UNREADABLE, step, seq, problem)
        if step == self.roster.rules.silence:
            self.flag(ExceptionCode.SILENCE, step, seq, ",".join(item.facts.areas))
        self.clocks.areas_settled(item, self.roster.owing)

    def _beside(self, item: Effective, step: Step, branch: Branch | None) -> None:
        code = branch.code if branch is not None else ""
        self.exceptions += self.clocks.ring(
            item, step.code, code, self.params, named_only=True, closed=self.closing is not None
        )
        if branch is not None:
            self._effects(branch.effects, item)
        self._routes(item, step, branch)

    def _ring(self, item: Effective, step: Step, branch: Branch | None, *, done: bool) -> None:
        code = branch.code if branch is not None else ""
        closed = self.closing is not None
        self.exceptions += self.clocks.ring(item, step.code, code, self.params, done=done, closed=closed)

    def _progress(self, item: Effective, step: Step, branch: Branch | None) -> tuple[str, ...]:
        """Count an entry of a step; gives the slots whose evidence it lacks."""
        progress = self._own(step.code)
        early = self.expected(step)
        if early and not progress.entries:
            self.flag(ExceptionCode.OUT_OF_ORDER, step.code, item.entry.seq, ",".join(early))
        evidence = branch.evidence if branch and branch.evidence else step.evidence
        lacks = lacking(evidence, self._filled(item.facts))
        progress.entries.append(item.entry.seq)
        progress.last_at, progress.last_seq = item.entry.at, item.entry.seq
        if progress.done:
            return lacks
        progress.choice = item.facts.choice
        progress.lacks = lacks
        progress.unmet = self.unmet(step)
        progress.enough += not lacks and (branch is None or branch.done)
        progress.done = not lacks and progress.enough >= step.least and (branch is None or branch.done)
        if progress.done:
            progress.done_day = parse_time(item.facts.occurred_at or item.entry.at)
        return lacks

    def _filled(self, facts: Facts) -> list[str]:
        """Slots with evidence that still counts: a shared file counts as long as its source does."""
        return [item.slot for item in facts.evidence if not item.source or item.source in self.in_force]

    def _branch(self, item: Effective, step: Step, branch: Branch) -> None:
        self._effects(branch.effects, item)
        if branch.reopens:
            self.flag(ExceptionCode.REPEATED, step.code, item.entry.seq, branch.code)
        for code in branch.reopens:
            self._reopen(code, item.entry.seq)
        if branch.closes:
            self._close(item, step.code, Closing(branch.closes, item.entry.seq, item.entry.at))

    def _routes(self, item: Effective, step: Step, branch: Branch | None) -> None:
        """Where work goes on: a branch's destination, or the case that an entry links."""
        destination = branch.destination if branch is not None else ""
        if destination or item.facts.link:
            destination = destination or process_of(item.facts.link)
            self.routes.append(Route(destination, step.code, item.entry.seq, item.facts.link))

    def _linked(self, item: Effective) -> None:
        """A link named afterwards: of work that left for there without one, or by itself."""
        link, step = item.facts.link, item.entry.step
        route = Route(process_of(link), step, item.entry.seq, link)
        for n, known in enumerate(self.routes):
            if not known.link and (known.destination, known.step) == (route.destination, step):
                self.routes[n] = Route(known.destination, step, known.seq, link)
                return
        self.routes.append(route)

    def _reopen_case(self, item: Effective, step: Step, branch: Branch) -> bool:
        """A closed case goes on, if the answer came within the window; else nothing of the branch happens."""
        moment = parse_time(item.facts.occurred_at or item.entry.at)
        if self.closing is None or not self.clocks.within(branch.within, moment):
            self.flag(ExceptionCode.EFFECT_IGNORED, step.code, item.entry.seq, branch.code)
            return False
        self.flag(ExceptionCode.REOPENED, step.code, item.entry.seq, self.closing.outcome)
        self.closing, self.closing_step = None, ""
        return True

    def _reopen(self, code: str, seq: int) -> None:
        old = self._own(code)
        old.past.extend(old.entries)  # moved, not copied: many rounds must not cost their square
        self.progress[code] = Progress(past=old.past, round=old.round + 1)
        self.clocks.step_reopened(code, seq)

    def _close(self, item: Effective, step: str, closing: Closing) -> None:
        if self.closing is not None:
            return
        self.closing, self.closing_step = closing, step
        self._effects(self.definition.by_outcome[closing.outcome].effects, item)
        self.clocks.case_closed(step, item.entry.seq)

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

    def _timer_expired(self, item: Effective) -> None:
        if not self.clocks.marked(item.facts):
            self.flag(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "timer")

    def _waived(self, item: Effective) -> None:
        if item.entry.step not in self.progress:
            self.flag(ExceptionCode.UNREADABLE, item.entry.step, item.entry.seq, "step")
            return
        progress = self._own(item.entry.step)
        if item.facts.rule == "duties":
            progress.duties_waived = item.entry.seq
            self.flag(ExceptionCode.DUTIES_WAIVED, item.entry.step, item.entry.seq)
        else:
            progress.waived = item.entry.seq
            self.flag(ExceptionCode.WAIVED, item.entry.step, item.entry.seq)
            self.clocks.step_waived(item.entry.step, item.entry.seq)

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
        EntryKind.SIGNATURE_DECLINED,
        EntryKind.ANSWER_GIVEN,
        EntryKind.SECRET_SHOWN,
    }
)
"""Kinds of entries that bring a step's evidence."""

OWED = frozenset({StepClass.MANDATORY, StepClass.CONDITIONAL})

"""What `workflows.derive` says of a case: plain frozen facts, with the entry that caused each.

Entries are named by their ``seq``; times are ledger times (RFC 3339, UTC, six fraction digits). Nothing here holds
personal data: it is derived from entries alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence.canonical import Json
from workflows.roster import RosterState


class StepStatus(StrEnum):
    """Where a step stands."""

    DONE = "hecho"
    OPEN = "abierto"
    BLOCKED = "bloqueado"
    WAIVED = "dispensado"
    NOT_APPLICABLE = "no_aplica"


class TimerStatus(StrEnum):
    """Where a timer stands; ``fired`` is an overdue one whose effect has been recorded, ``lapsed`` a window gone by."""

    RUNNING = "running"
    WARNED = "warned"
    OVERDUE = "overdue"
    FIRED = "fired"
    MET = "met"
    MET_LATE = "met_late"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class MachineState:
    """The status of one state machine. ``seq`` is 0 and ``since`` empty while nothing has moved it."""

    machine: str
    status: str
    seq: int
    since: str
    occurred_at: str

    def as_json(self) -> dict[str, Json]:
        """The five members by name."""
        return {
            "machine": self.machine,
            "status": self.status,
            "seq": self.seq,
            "since": self.since,
            "occurred_at": self.occurred_at,
        }


@dataclass(frozen=True, slots=True)
class StepState:
    """One step of the case.

    ``entries`` count; ``past`` counted in an earlier round or were annulled by a correction. ``unmet`` are required
    steps that are not (or no longer) met: reasons of a block, or doubts over a step already done. ``lacks`` are slots
    whose evidence is no longer valid. ``in_turn`` is false for an open step that the text places later. ``mandatory``
    says whether it counts as missing. ``repeatable``: done, and may be recorded again.
    """

    step: str
    status: StepStatus
    entries: tuple[int, ...] = ()
    past: tuple[int, ...] = ()
    unmet: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    choice: str = ""
    in_turn: bool = False
    mandatory: bool = False
    repeatable: bool = False
    round: int = 1

    def as_json(self) -> dict[str, Json]:
        """``step``, ``status``, ``entries`` first; the rest beside."""
        return {
            "step": self.step,
            "status": str(self.status),
            "entries": list(self.entries),
            "past": list(self.past),
            "unmet": list(self.unmet),
            "lacks": list(self.lacks),
            "choice": self.choice,
            "in_turn": self.in_turn,
            "mandatory": self.mandatory,
            "repeatable": self.repeatable,
            "round": self.round,
        }


@dataclass(frozen=True, slots=True)
class TimerState:
    """One run of a timer. ``warn_at`` is empty where it has no warning; ``pending`` are marks due and unfired.

    ``effect``: alert, remind, close or window. ``run`` counts from 1. ``blocked_by``: steps a closing waits for. While
    it is paused, ``paused_at`` says since when, ``left`` how many days remain, and it is due at no time (``""``).
    ``every``: days between reminders, of which ``due_at`` is the next one. ``before``: alerts before the due moment,
    with their moments. ``notify``: posts the marks are for. ``area``: whose days these are.
    ``pauses``: from when to when days did not count.
    """

    timer: str
    step: str
    effect: str
    unit: str
    run: int
    started_seq: int
    started_at: str
    warn_at: str
    due_at: str
    state: TimerStatus
    ended_seq: int = 0
    fired: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    paused_at: str = ""
    left: int = 0
    every: int = 0
    before: tuple[tuple[str, str], ...] = ()
    notify: tuple[str, ...] = ()
    area: str = ""
    pauses: tuple[tuple[str, str], ...] = ()

    @property
    def deadline(self) -> bool:
        """Whether somebody should still do something by ``due_at``."""
        reminded = self.state is TimerStatus.FIRED and not self.every
        return bool(self.due_at) and not self.ended_seq and not reminded and self.effect != "window"

    def as_json(self) -> dict[str, Json]:
        """``step``, ``due_at``, ``unit``, ``state`` and what explains them; what does not apply is left out."""
        found: dict[str, Json] = {
            "timer": self.timer,
            "step": self.step,
            "effect": self.effect,
            "unit": self.unit,
            "run": self.run,
            "started_seq": self.started_seq,
            "started_at": self.started_at,
            "warn_at": self.warn_at,
            "due_at": self.due_at,
            "state": str(self.state),
            "ended_seq": self.ended_seq,
            "fired": list(self.fired),
            "pending": list(self.pending),
            "blocked_by": list(self.blocked_by),
        }
        if self.paused_at:
            found |= {"paused_at": self.paused_at, "left": self.left}
        found |= {"before": [{"mark": mark, "at": at} for mark, at in self.before]} if self.before else {}
        found |= {"notify": list(self.notify)} if self.notify else {}
        found |= {"area": self.area} if self.area else {}
        if self.pauses:
            found["pauses"] = [{"from": since, "to": until} for since, until in self.pauses]
        return found | ({"every": self.every} if self.every else {})


class ExceptionCode(StrEnum):
    """What an auditor would ask about."""

    WAIVED = "waived"
    DUTIES_WAIVED = "duties_waived"
    SUPERSEDED = "superseded"
    ANNULLED = "annulled"
    OUT_OF_ORDER = "out_of_order"
    RECORDED_LATE = "recorded_late"
    OVERDUE = "overdue"
    UNMET = "unmet"
    REFUSED = "refused"
    REPEATED = "repeated"
    REOPENED = "reopened"
    EFFECT_IGNORED = "effect_ignored"
    GAP = "gap"
    VOLUME = "volume"
    UNREADABLE = "unreadable"
    SILENCE = "silence"
    SAME_PLACE = "same_place"
    OUTSIDE_HOURS = "outside_hours"
    HOMONYM = "homonym"


@dataclass(frozen=True, slots=True)
class CaseException:
    """Something out of the ordinary: where, caused by which entry, and a short machine-readable detail."""

    code: ExceptionCode
    step: str
    seq: int
    detail: str = ""

    def as_json(self) -> dict[str, Json]:
        """The four members by name."""
        return {"code": str(self.code), "step": self.step, "seq": self.seq, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Waiting:
    """The sub-state: what the case waits for (``code``), whom (``who``: a role of the definition), in which step."""

    code: str
    who: str
    step: str
    since: str
    seq: int

    def as_json(self) -> dict[str, Json]:
        """The five members by name."""
        return {"code": self.code, "who": self.who, "step": self.step, "since": self.since, "seq": self.seq}


@dataclass(frozen=True, slots=True)
class Closing:
    """How the case ended: an outcome of the definition, and the entry that ended it."""

    outcome: str
    seq: int
    at: str
    refusal: str = ""
    destination: str = ""

    def as_json(self) -> dict[str, Json]:
        """The five members by name."""
        return {
            "outcome": self.outcome,
            "seq": self.seq,
            "at": self.at,
            "refusal": self.refusal,
            "destination": self.destination,
        }


@dataclass(frozen=True, slots=True)
class Route:
    """Work sent on to another process or area: ``destination``, and the linked case where it is known."""

    destination: str
    step: str
    seq: int
    link: str = ""

    def as_json(self) -> dict[str, Json]:
        """The four members by name."""
        return {"destination": self.destination, "step": self.step, "seq": self.seq, "link": self.link}


@dataclass(frozen=True, slots=True)
class Measure:
    """A span worth watching: whole days between two steps, -1 while it is not known."""

    measure: str
    days: int

    def as_json(self) -> dict[str, Json]:
        """The two members by name."""
        return {"measure": self.measure, "days": self.days}


@dataclass(frozen=True, slots=True)
class ControlState:
    """A case of a series: which ``period``, ``since`` which day it is owed, what was looked at and what was not.

    ``days`` are ``(day, findings, seq)`` in the order recorded, ``gaps`` the days owed and not looked at, ``counts``
    what the report at the end of the period says (empty before).
    """

    series: str
    period: str
    since: str
    days: tuple[tuple[str, int, int], ...]
    gaps: tuple[str, ...]
    counts: Mapping[str, int]

    @property
    def findings(self) -> int:
        """How many findings all days had."""
        return sum(count for _, count, _ in self.days)

    def entry_of(self, day: str) -> int:
        """``seq`` of the first entry of a day, 0 for none."""
        return next((seq for found, _, seq in self.days if found == day), 0)

    def as_json(self) -> dict[str, Json]:
        """The six members by name, and ``findings``."""
        return {
            "series": self.series,
            "period": self.period,
            "since": self.since,
            "days": [{"day": day, "findings": count, "seq": seq} for day, count, seq in self.days],
            "gaps": list(self.gaps),
            "findings": self.findings,
            "counts": dict(self.counts),
        }


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case as its entries show it at ``moment``, from its first ``length`` entries.

    ``params`` are the non-personal opening facts; ``parties`` are ``(duty, actor, seq)``; ``superseded`` are
    ``(seq, by)``; ``parent`` is the case this one comes from; ``roster`` are the counts of a campaign's rows,
    ``control`` is of the cases of a series. ``missing`` are mandatory steps not done; ``complete`` says that the file
    lacks nothing, ``closed`` that work has ended: neither follows from the other. ``status`` is the word lists show.
    """

    folio: str
    process: str
    version: str
    definition: str
    moment: str
    length: int
    opened_at: str
    params: Mapping[str, str]
    machines: tuple[MachineState, ...]
    steps: tuple[StepState, ...]
    open_steps: tuple[str, ...]
    missing: tuple[str, ...]
    complete: bool
    closed: bool
    status: str
    waiting: Waiting | None
    closing: Closing | None
    timers: tuple[TimerState, ...]
    exceptions: tuple[CaseException, ...]
    routes: tuple[Route, ...]
    measures: tuple[Measure, ...]
    parties: tuple[tuple[str, str, int], ...]
    superseded: tuple[tuple[int, int], ...]
    parent: str = ""
    roster: RosterState | None = None
    control: ControlState | None = None

    def machine_values(self) -> dict[str, str]:
        """Status by machine, ``""`` for a machine that nothing has moved yet."""
        return {machine.machine: machine.status for machine in self.machines}

    def step(self, code: str) -> StepState:
        """The state of one step. Raises `KeyError` for a code the definition does not have."""
        for state in self.steps:
            if state.step == code:
                return state
        raise KeyError(code)

    @property
    def next_step(self) -> str:
        """The open step to do next, ``""`` for none: whose turn it is before others, mandatory before optional."""
        candidates = [step for step in self.steps if step.step in self.open_steps]
        candidates.sort(key=lambda step: (not step.in_turn, not step.mandatory))
        return candidates[0].step if candidates else ""

    def done_and_total(self) -> tuple[int, int]:
        """``(done, expected)`` among the steps that count for this case: mandatory ones, and others once done."""
        settled = {StepStatus.DONE, StepStatus.WAIVED}
        done = sum(step.status in settled for step in self.steps)
        return done, done + sum(step.mandatory and step.status not in settled for step in self.steps)

    def as_json(self, *, steps: bool = True) -> dict[str, Json]:
        """The object of ``cases show --json`` save its ``entries``, which `CaseView` adds; or without the steps."""
        machines: dict[str, Json] = dict(self.machine_values())
        roster: dict[str, Json] = {"roster": self.roster.as_json()} if self.roster is not None else {}
        control: dict[str, Json] = {"control": self.control.as_json()} if self.control else {}
        return {
            **roster,
            **({"parent": self.parent} if self.parent else {}),
            "folio": self.folio,
            "process": self.process,
            "version": self.version,
            "definition": self.definition,
            "as_of": self.moment,
            "length": self.length,
            "opened_at": self.opened_at,
            "params": dict(self.params),
            "state": machines,
            "machines": [machine.as_json() for machine in self.machines],
            "status": self.status,
            "waiting": self.waiting.as_json() if self.waiting else None,
            "closing": self.closing.as_json() if self.closing else None,
            "open_steps": list(self.open_steps),
            "next_step": self.next_step,
            "missing": list(self.missing),
            "complete": self.complete,
            "closed": self.closed,
            "steps": [step.as_json() for step in self.steps] if steps else [],
            "timers": [timer.as_json() for timer in self.timers],
            "exceptions": [item.as_json() for item in self.exceptions],
            "routes": [route.as_json() for route in self.routes],
            "measures": [measure.as_json() for measure in self.measures],
            "parties": [{"duty": duty, "actor": actor, "seq": seq} for duty, actor, seq in self.parties],
            "superseded": [{"seq": seq, "by": by} for seq, by in self.superseded],
            **control,
        }

"""A campaign as its case page shows it: the days left and what happens then, how far each area is, what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from web.i18n import gettext as _
from web.i18n import ngettext
from web.views.grid import Word, decision_word
from web.views.lens import Due, Lens, Moment
from workflows.definition import Definition
from workflows.rosterrules import RosterRules
from workflows.rosterview import AreaProgress, RosterView
from workflows.state import CaseState, TimerState, TimerStatus

_WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar: ``start`` and ``width`` in thousandths, with the words and the number it stands for."""

    text: str
    tone: str
    number: int
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows decided of all rows, and the bar of decisions."""

    decided: int
    total: int
    percent: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One area: how far it is, until when it may answer, and what may be done about it.

    ``due`` while its days run; ``limit`` is when they ended, for an area that has nothing left to answer.
    """

    code: str
    name: str
    sign: Word
    progress: Progress
    silent: int
    open: int
    sent: Moment | None
    due: Due | None
    limit: Moment | None


@dataclass(frozen=True, slots=True)
class Countdown:
    """The date by which the insurer wants it. ``state`` is calm, soon, late or over; ``figure`` days, of ``unit``."""

    state: str
    figure: str
    unit: str
    sentence: str
    date: Moment


@dataclass(frozen=True, slots=True)
class Panel:
    """The campaign's face on the case page."""

    folio: str
    consequence: str
    countdown: Countdown | None
    progress: Progress
    areas: tuple[AreaLine, ...]
    statuses: tuple[tuple[Word, int], ...]
    undecided: int
    open: int
    own: int
    silent: int
    removals: int
    removals_open: int
    removals_done: int
    final_seq: int
    stale: bool
    has_extract: bool
    decidable: bool


def progress_of(counts: Mapping[str, int], rules: RosterRules, lens: Lens) -> Progress:
    """The bar of a count of rows by decision; the undecided come last and stay empty."""
    total = sum(counts.values())
    order = [(decision_word(rules, item.code, lens), counts.get(item.code, 0)) for item in rules.decisions]
    order.append((decision_word(rules, "", lens), counts.get("", 0)))
    parts, begin = [], 0
    for place, (word, number) in enumerate(item for item in order if item[1]):
        done = sum(count for _word, count in [item for item in order if item[1]][: place + 1])
        end = round(_WIDTH * done / total)
        parts.append(Part(word.text, word.tone, number, begin, end - begin))
        begin = end
    decided = total - counts.get("", 0)
    return Progress(decided, total, 100 * decided // total if total else 0, tuple(parts))


def panel_of(
    view: RosterView, definition: Definition, rules: RosterRules, state: CaseState, lens: Lens
) -> Panel:
    """The campaign as of its last entry."""
    roster = view.state
    removing = {item.code for item in rules.decisions if item.removes}
    leaving = [row for row in view.rows if row.decision in removing]
    return Panel(
        folio=view.folio,
        consequence=lens.say(rules.consequence),
        countdown=_countdown(definition, state, lens),
        progress=progress_of(roster.by_decision, rules, lens),
        areas=tuple(_area(area, rules, lens) for area in view.areas),
        statuses=tuple(
            (Word(item.code, lens.say(item.name), "idle"), roster.by_status.get(item.code, 0))
            for item in rules.statuses
        ),
        undecided=roster.undecided,
        open=roster.open,
        own=roster.own,
        silent=roster.silent,
        removals=len(leaving),
        removals_open=sum(bool(row.link) for row in leaving),
        removals_done=sum(bool(row.removed_at) for row in leaving),
        final_seq=roster.final_seq,
        stale=roster.stale,
        has_extract=any(row.status for row in view.rows),
        decidable=view.decidable,
    )


def _area(area: AreaProgress, rules: RosterRules, lens: Lens) -> AreaLine:
    settled = area.status == "resuelta"
    due = lens.due(area.due_at) if area.due_at and not settled else None
    return AreaLine(
        area.area,
        area.name,
        area_sign(area.status, area.silent),
        progress_of(area.by_decision, rules, lens),
        area.silent,
        area.open,
        lens.maybe(area.sent_at),
        due,
        lens.maybe(area.due_at) if settled else None,
    )


def area_sign(status: str, silent: int = 0) -> Word:
    """Where an area stands, in words; ``silent`` of its rows were resolved because it did not answer."""
    if status == "resuelta" and silent:
        return Word(status, _("resuelta por silencio"), "warn")
    words = {
        "por_enviar": (_("sin preguntar"), "idle"),
        "esperando": (_("espera respuesta"), "wait"),
        "vencida": (_("venció: procede el silencio"), "late"),
        "resuelta": (_("resuelta"), "ok"),
    }
    text, tone = words.get(status, (status, "idle"))
    return Word(status, text, tone)


def _countdown(definition: Definition, state: CaseState, lens: Lens) -> Countdown | None:
    """The timer that counts to a date somebody typed: the earliest that still runs, else the last."""
    dated = {timer.code for timer in definition.timers if timer.due_field is not None}
    found = sorted((item for item in state.timers if item.timer in dated), key=lambda item: item.due_at)
    live = {TimerStatus.RUNNING, TimerStatus.WARNED, TimerStatus.OVERDUE}
    timer = next((item for item in reversed(found) if item.state in live), found[-1] if found else None)
    return _counted(definition, timer, state, lens) if timer is not None else None


def _counted(definition: Definition, timer: TimerState, state: CaseState, lens: Lens) -> Countdown:
    here, now = lens.local(timer.due_at), lens.local(lens.now)
    days = (here.date() - now.date()).days
    met = timer.state in {TimerStatus.MET, TimerStatus.MET_LATE}
    name = next((lens.say(item.name) for item in definition.timers if item.code == timer.timer), timer.timer)
    kind = "over" if met or state.closed else "late" if here < now else "soon" if days <= 5 else "calm"
    return Countdown(
        state=kind,
        figure=str(abs(days)),
        unit=_unit(kind, days),
        sentence=name,
        date=lens.moment(timer.due_at),
    )


def _unit(kind: str, days: int) -> str:
    if kind == "over":
        return _("entregada")
    if kind == "late":
        return ngettext("día de retraso", "días de retraso", abs(days))
    return ngettext("día natural para la fecha límite", "días naturales para la fecha límite", days)

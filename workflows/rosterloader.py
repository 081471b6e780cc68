"""The table ``[roster]`` of a definition: read, and checked against the rest of the file."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.definition import Definition, Timer, TimerEffect
from workflows.rosterrules import RosterRules, RowDecision, RowStatus
from workflows.step import FieldKind
from workflows.tables import Table

_PARTS = (
    "imports review extract send term silence answers final resolve letter variables check archive removals removed"
).split()
EACH = ("", "area")


def read_roster(table: Table) -> RosterRules:
    """The rules; problems are noted in the table."""
    return RosterRules(
        statuses=tuple(_status(item) for item in table.tables("status")),
        decisions=tuple(_decision(item) for item in table.tables("decision")),
        status_step=table.text("statuses"),
        asks=table.texts("asks"),
        settled=table.texts("settled"),
        absent=table.text("absent"),
        consequence=table.both("consequence"),
        **{part: table.text(part) for part in _PARTS},
    )


def _status(table: Table) -> RowStatus:
    found = RowStatus(
        code=table.text("code"),
        name=table.both("name"),
        words=table.texts("words"),
        silence=table.text("silence"),
    )
    table.close()
    return found


def _decision(table: Table) -> RowDecision:
    found = RowDecision(
        code=table.text("code"),
        name=table.both("name"),
        words=table.texts("words"),
        open=table.flag("open"),
        removes=table.flag("removes"),
    )
    table.close()
    return found


def roster_problems(definition: Definition) -> Iterator[str]:
    """What does not fit: steps that do not exist, values without words, silence without a decision."""
    rules = definition.roster
    if rules is None:
        return
    steps = (*(getattr(rules, part) for part in _PARTS), rules.status_step, *rules.asks, *rules.settled)
    for code in steps:
        if code not in definition.by_step:
            yield f"roster: there is no step {code!r}"
    if rules.imports != definition.opening.step:
        yield "roster.imports: the sheet comes with the opening step"
    for kind, items in (("status", rules.statuses), ("decision", rules.decisions)):
        codes = [item.code for item in items]
        if not codes:
            yield f"roster.{kind}: there is none"
        yield from (
            f"roster.{kind}.{code}: defined more than once" for code in codes if codes.count(code) > 1
        )
        yield from (f"roster.{kind}.{item.code}.words: needs a word" for item in items if not item.words)
    if rules.absent not in rules.by_status:
        yield f"roster.absent: there is no status {rules.absent!r}"
    for status in rules.statuses:
        if status.silence not in rules.by_decision:
            yield f"roster.status.{status.code}.silence: there is no decision {status.silence!r}"


def dated_problems(definition: Definition, timer: Timer) -> Iterator[str]:
    """A timer has a limit in days or a date of a field, never both; its alerts, posts and areas exist."""
    place = f"timer.{timer.code}"
    if (timer.limit > 0) == (timer.due_field is not None):
        yield f"{place}.limit: either days from 1, or a due_field"
    if timer.due_field is None and (timer.before or timer.ahead):
        yield f"{place}.before: only what is due on a date can be counted back from it"
    if timer.due_field is not None:
        yield from _due_field(definition, timer)
    if list(timer.before) != sorted(set(timer.before), reverse=True):
        yield f"{place}.before: from the most days to the fewest, each once"
    posts = {role.post for role in definition.roles if role.post}
    yield from (f"{place}.notify: there is no post {post!r}" for post in timer.notify if post not in posts)
    if timer.each not in EACH or (timer.each and definition.roster is None):
        yield f"{place}.each: only area, in a process with a roster"
    if bool(timer.each) != (timer.effect is TimerEffect.SETTLE):
        yield f"{place}.effect: settle, and only that, is for the days of each area"
    if timer.each and (timer.pauses or timer.cancels or timer.survives):
        yield f"{place}.each: the days of an area are not paused nor cancelled, and end with the case"


def _due_field(definition: Definition, timer: Timer) -> Iterator[str]:
    place, wanted = f"timer.{timer.code}.due_field", timer.due_field or ("", "")
    step = definition.by_step.get(wanted[0])
    fields = step.fields if step is not None else ()
    found = next((field for field in fields if field.name == wanted[1]), None)
    if found is None or found.kind not in {FieldKind.DATE, FieldKind.MOMENT} or not found.param:
        yield f"{place}: must be a date or moment of a step, and a param"
    elif found.kind is FieldKind.MOMENT and (timer.before or timer.ahead):
        yield f"{place}: what is due at a moment has no days before it"
    if [trigger.step for trigger in timer.starts][:1] != [wanted[0]]:
        yield f"{place}: the timer first starts with the step that brings the date"
    if timer.warn or timer.every or timer.pauses:
        yield f"timer.{timer.code}.warn: what is due on a date has `before`, and neither repeats nor pauses"

"""The table of a timer in a definition's file."""

from __future__ import annotations

from workflows.step import Text
from workflows.tables import Table
from workflows.term import Timer, TimerEffect, Trigger


def read_timer(table: Table, assumption: Text | None) -> Timer:
    """A timer; problems are noted in the table."""
    return Timer(
        code=table.text("code"),
        name=table.both("name"),
        step=table.text("step"),
        starts=_triggers(table, "starts"),
        meets=_triggers(table, "meets"),
        unit=table.text("unit"),
        limit=table.number("limit", 0, most=1000),
        warn=table.number("warn", 0, most=1000),
        effect=table.word("effect", TimerEffect),
        closing_step=table.text("closing_step", ""),
        cancels=_triggers(table, "cancels"),
        pauses=_triggers(table, "pauses"),
        resumes=_triggers(table, "resumes"),
        every=table.number("every", 0, most=1000),
        survives=table.flag("survives"),
        when=table.when(),
        assumption=assumption,
        due_field=table.pair("due_field"),
        ahead=table.number("ahead", 0, most=100),
        before=table.numbers("before"),
        notify=table.texts("notify"),
        each=table.text("each", ""),
    )


def _triggers(table: Table, key: str) -> tuple[Trigger, ...]:
    return tuple(Trigger.of(text) for text in table.texts(key))

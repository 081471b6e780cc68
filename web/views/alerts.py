"""Alerts that a process sends to posts, as those people see them: what is due when, and what happens then, large."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from evidence.canonical import Json
from evidence.entry import format_time
from web.views.inbox import Definitions, mappings
from web.views.lens import Due, Lens
from workflows.definition import Definition, Timer
from workflows.ports import CaseRow

Holds = Callable[[str], bool]
"""Whether the person looking holds a post now, or may stand in for who does."""

LIVE = frozenset({"running", "warned", "overdue", "fired"})
"""States of a timer that nobody has met."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One date of a case: which, and how near."""

    name: str
    due: Due


@dataclass(frozen=True, slots=True)
class Alert:
    """A case that alerts. ``state`` is late, soon or calm; ``due`` its outermost date; ``say`` what missing it means.

    ``lines``: every date that alerts, the nearest first; ``href`` leads to the step that would meet it.
    """

    folio: str
    process: str
    title: str
    state: str
    due: Due
    say: str
    href: str
    lines: tuple[AlertLine, ...]


def alerts_of(
    rows: Iterable[CaseRow],
    definitions: Definitions,
    lens: Lens,
    holds: Holds,
    link: Callable[[str, str], str],
) -> tuple[Alert, ...]:
    """What alerts the person, the nearest date first; ``link`` makes the address from folio and step."""
    found = []
    for row in rows:
        definition = definitions(row.process, row.version)
        given = _given(row, definition, lens, holds) if definition is not None else []
        if definition is not None and given:
            found.append(_alert(row, definition, given, lens, link))
    return tuple(sorted(found, key=lambda alert: alert.due.moment.iso))


def _given(row: CaseRow, definition: Definition, lens: Lens, holds: Holds) -> list[tuple[Timer, str]]:
    """Timers of a case that have alerted posts of this person and are not met, with when they are due."""
    known = {timer.code: timer for timer in definition.timers}
    ours = {role.post for role in definition.roles if role.post and role.code in lens.roles}
    found = []
    for told in mappings(row.document.get("timers")):
        timer = known.get(str(told.get("timer")))
        wanted = timer is not None and _alerts(told, timer, lens)
        if timer is not None and wanted and any(post in ours or holds(post) for post in timer.notify):
            found.append((timer, str(told["due_at"])))
    return sorted(found, key=lambda item: item[1])


def _alerts(told: Mapping[str, Json], timer: Timer, lens: Lens) -> bool:
    """Whether a timer that still runs has come to a mark: a day before its date, its warning, or the date itself.

    Days before its date that had passed when it began are no marks of it, but it alerts from its beginning.
    """
    if told.get("state") not in LIVE or not told.get("due_at"):
        return False
    before = mappings(told.get("before"))
    if told.get("fired") or len(before) < len(timer.before):
        return True
    marks = [told["due_at"], told.get("warn_at"), *(mark.get("at") for mark in before)]
    return any(str(mark) <= format_time(lens.now) for mark in marks if mark)


def _alert(
    row: CaseRow,
    definition: Definition,
    given: list[tuple[Timer, str]],
    lens: Lens,
    link: Callable[[str, str], str],
) -> Alert:
    lines = tuple(AlertLine(lens.say(timer.name), lens.due(due_at)) for timer, due_at in given)
    return Alert(
        folio=row.folio,
        process=row.process,
        title=row.title,
        state=min((line.due.state for line in lines), key=("late", "soon", "calm").index),
        due=lines[-1].due,
        say=lens.say(definition.roster.consequence) if definition.roster is not None else "",
        href=link(row.folio, given[0][0].step),
        lines=lines,
    )

"""What waits for the person today: one task a case, late ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from evidence.canonical import Json
from web.i18n import gettext as _
from web.views.lens import Due, Lens
from web.views.period import month_names
from workflows.definition import Definition
from workflows.ports import CaseRow

Definitions = Callable[[str, str], Definition | None]
"""A definition by process and version."""

_LIVE = frozenset({"running", "warned", "overdue"})


@dataclass(frozen=True, slots=True)
class Task:
    """The next step of a case. ``href`` leads to its form; ``order`` sorts.

    ``mine``: it is for the person to record, now; ``awaited``: the person's answer is waited for, and somebody else
    records it; ``rises``: it will be theirs once it is late.
    """

    folio: str
    title: str
    step: str
    name: str
    status: str
    due: Due | None
    href: str
    mine: bool
    awaited: bool
    rises: bool
    order: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Count:
    """A number that is a link. ``short`` names it where there is room for no more, ``rest`` goes on in words."""

    number: int
    short: str
    rest: str
    href: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Inbox:
    """The page: what waits for my answer, my tasks, those that wait for others, and counts."""

    awaited: tuple[Task, ...]
    mine: tuple[Task, ...]
    waiting: tuple[Task, ...]
    late: int
    counts: tuple[Count, ...]
    today: str

    @property
    def rises(self) -> bool:
        """Whether something that waits for others comes to this person when it is late."""
        return any(task.rises for task in self.waiting)


def build_inbox(
    rows: Iterable[CaseRow],
    definitions: Definitions,
    lens: Lens,
    link: Callable[[str, str], str],
    counts: tuple[Count, ...],
) -> Inbox:
    """Tasks of open cases, and of closed ones that still owe a step.

    ``link`` makes the address of a step's form from folio and step; ``counts`` are the numbers on top.
    """
    tasks = sorted(
        (
            task
            for row in rows
            if "control" not in row.document
            and (task := _task(row, definitions(row.process, row.version), lens, link))
        ),
        key=lambda task: task.order,
    )
    mine = tuple(task for task in tasks if task.mine)
    awaited = tuple(task for task in tasks if task.awaited)
    late = [task for task in (*awaited, *mine) if task.due is not None and task.due.state == "late"]
    return Inbox(
        awaited,
        mine,
        tuple(task for task in tasks if not task.mine and not task.awaited),
        len(late),
        counts,
        long_day(lens),
    )


def _task(
    row: CaseRow, definition: Definition | None, lens: Lens, link: Callable[[str, str], str]
) -> Task | None:
    step = definition.by_step.get(str(row.document.get("next_step", ""))) if definition else None
    if (
        definition is None or step is None or "control" in row.document
    ):  # periodic controls have a card of their own
        return None
    if row.closed and (
        lens.roles.isdisjoint(step.roles) or step.code not in _codes(row.document.get("missing"))
    ):
        return None  # what a closed case still owes concerns only whoever can give it
    until = due_at(row.document, step.code)
    due = lens.due(until) if until else None
    late = due is not None and due.state == "late"
    waiting = row.document.get("waiting")
    asked = isinstance(waiting, dict) and waiting.get("who") in lens.roles
    allowed = not lens.roles.isdisjoint(step.roles)
    return Task(
        folio=row.folio,
        title=row.title,
        step=step.code,
        name=lens.say(step.name),
        status=lens.say(definition.status_name(row.status)),
        due=due,
        href=link(row.folio, step.code),
        mine=allowed and (late or asked or not waiting),
        awaited=asked and not allowed,
        rises=allowed,
        order=(until or "~", row.opened_at),
    )


def due_at(document: Mapping[str, Json], step: str = "") -> str:
    """The earliest deadline that still runs or has passed unmet, of the step where it has one (a ledger time).

    The index's ``next_due`` is that of the whole case, which lists are sorted by; a task shows its own step's.
    """
    timers = [
        timer
        for timer in mappings(document.get("timers"))
        if timer.get("state") in _LIVE and timer.get("due_at") and timer.get("effect") != "window"
    ]
    own = [str(timer["due_at"]) for timer in timers if timer.get("step") == step]
    return min(own or [str(timer["due_at"]) for timer in timers], default="")


def _codes(value: Json) -> frozenset[str]:
    return frozenset(str(item) for item in value) if isinstance(value, list) else frozenset()


def mappings(value: Json) -> list[Mapping[str, Json]]:
    """The objects of a JSON list, none for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def process_counts(
    open_by_process: Mapping[str, int], late: int, href: Callable[[str, bool], str]
) -> tuple[Count, ...]:
    """Open cases by process, and the late ones; every number leads to its cases."""
    rest = _("casos abiertos")
    counts = [Count(number, code, rest, href(code, False)) for code, number in open_by_process.items()]
    return (*counts, Count(late, _("Vencidos"), rest, href("", True), "late" if late else ""))


def long_day(lens: Lens) -> str:
    """Today in full: ``lunes 23 de noviembre de 2026``."""
    days = (_("lunes"), _("martes"), _("miércoles"), _("jueves"), _("viernes"), _("sábado"), _("domingo"))
    here = lens.today()
    return _(
        "%(weekday)s %(day)s de %(month)s de %(year)s",
        weekday=days[here.weekday()],
        day=here.day,
        month=month_names()[here.month - 1],
        year=here.year,
    )

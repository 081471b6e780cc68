"""A timer as a process definition describes it: what starts it, stops it, holds it, and what it does.

``docs/formats/process-definition.md`` is the normative text. Nothing here decides anything: `workflows.timers` counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflows.step import Text, When


class TimerEffect(StrEnum):
    """What a timer does once its time is up: shows, reminds, closes through its step, or nothing (``window``).

    ``settle`` decides an area's rows through its step.
    """

    ALERT = "alert"
    REMIND = "remind"
    CLOSE = "close"
    WINDOW = "window"
    SETTLE = "settle"


BY_STEP = frozenset({TimerEffect.CLOSE, TimerEffect.SETTLE})
"""Effects that the system brings about by recording a step of its own."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What moves a timer: a step, or one branch of it (``"6"``, ``"6:espera"`` in the file)."""

    step: str
    branch: str = ""

    @classmethod
    def of(cls, text: str) -> Trigger:
        """Read the file's spelling."""
        step, _, branch = text.partition(":")
        return cls(step, branch)

    def __str__(self) -> str:
        """The file's spelling."""
        return f"{self.step}:{self.branch}" if self.branch else self.step


Triggers = tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class Timer:
    """Time that runs from the first of ``starts`` to the first of ``meets``, counted in ``unit`` days.

    ``warn`` 0: no warning. ``effect`` close records ``closing_step`` (done by the system) once overdue. ``cancels``
    end it without meeting it; between ``pauses`` and ``resumes`` days do not count. ``every`` days after the limit a
    reminder is given again, and again. ``survives``: it may start at the closing of the case, and run past it.

    With ``due_field``, a ``(step, field)`` with a date, it is due on that day (``ahead`` business days before it) and
    not after ``limit`` days; ``before``: business days before that moment on which it alerts. ``notify``: posts that
    its marks are for. ``each`` area: one run for each area that was asked, met when all its rows are decided.
    """

    code: str
    name: Text
    step: str
    starts: Triggers
    meets: Triggers
    unit: str
    limit: int
    warn: int
    effect: TimerEffect
    closing_step: str = ""
    cancels: Triggers = ()
    pauses: Triggers = ()
    resumes: Triggers = ()
    every: int = 0
    survives: bool = False
    when: When | None = None
    assumption: Text | None = None
    due_field: tuple[str, str] | None = None
    ahead: int = 0
    before: tuple[int, ...] = ()
    notify: tuple[str, ...] = ()
    each: str = ""

    @property
    def triggers(self) -> Triggers:
        """Everything that moves it."""
        return (*self.starts, *self.meets, *self.cancels, *self.pauses, *self.resumes)

"""Standing rules: what holds for every contact, judged by the system and recorded beside it.

A closed vocabulary of pure functions of the calendar, the moment and the rule's own hours. Standard library only: the
offline verifier judges again and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.calendar import BusinessCalendar
from workflows.step import Standing


class Verdict(StrEnum):
    """Whether a contact was within what the rule allows: inside, inside but near the limit, outside."""

    INSIDE = "dentro"
    WARNING = "aviso"
    OUTSIDE = "fuera"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict; ``opens`` is when service opens next, for what came outside."""

    verdict: Verdict
    opens: datetime | None = None


def service_hours(calendar: BusinessCalendar, moment: datetime, standing: Standing) -> Judgement:
    """Within the calendar's hours of service: from opening up to, and not including, closing."""
    del standing
    hours = calendar.hours_of(calendar.local_day(moment))
    now = calendar.local(moment).time()
    if hours is not None and hours[0] <= now < hours[1]:
        return Judgement(Verdict.INSIDE)
    return Judgement(Verdict.OUTSIDE, calendar.next_opening(moment))


def whatsapp_cutoff(calendar: BusinessCalendar, moment: datetime, standing: Standing) -> Judgement:
    """As `service_hours`, with a warning from ``warn`` and a block from ``limit``, each never later than closing."""
    hours = calendar.hours_of(calendar.local_day(moment))
    now = calendar.local(moment).time()
    if hours is None or standing.warn is None or standing.limit is None:
        return Judgement(Verdict.OUTSIDE, calendar.next_opening(moment))
    if now < hours[0] or now >= min(standing.limit, hours[1]):
        return Judgement(Verdict.OUTSIDE, calendar.next_opening(moment))
    return Judgement(Verdict.WARNING if now >= standing.warn else Verdict.INSIDE)


Rule = Callable[[BusinessCalendar, datetime, Standing], Judgement]

RULES: Mapping[str, Rule] = {"service_hours": service_hours, "whatsapp_cutoff": whatsapp_cutoff}
"""One function for every rule a step may name."""


def judge(calendar: BusinessCalendar, moment: datetime, standing: Standing) -> Judgement:
    """The verdict of a step's rule. Raises `workflows.calendar.OutOfCalendar`."""
    return RULES[standing.rule](calendar, moment, standing)

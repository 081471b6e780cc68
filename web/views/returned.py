"""Signed letters that came back by link and wait for somebody of the desk, as the case's page tells them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from web.views.lens import Lens, Moment
from web.wiring import House
from workflows.casefile import CaseView
from workflows.definition import Definition
from workflows.returning import arrived, return_step


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """A letter to be looked at."""

    seq: int
    who: str
    at: Moment
    step: str
    step_name: str
    files: int


def returned_lines(view: CaseView, lens: Lens) -> tuple[ReturnedLine, ...]:
    """What waits to be looked at, while its step can still take it."""
    lines = (
        ReturnedLine(
            seq=item.seq,
            who=lens.who(item.actor),
            at=lens.moment(item.at),
            step=item.step,
            step_name=lens.say(view.definition.by_step[item.step].name),
            files=len(view.entries[item.seq - 1].entry.objects),
        )
        for item in arrived(view.entries)
        if not item.settled and item.step in view.state.open_steps
    )
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class UnseenLetter:
    """A letter of some case that waits for who looks at the inbox."""

    folio: str
    title: str
    seq: int
    who: str
    at: Moment
    step_name: str


def unseen_letters(house: House, lens: Lens) -> tuple[UnseenLetter, ...]:
    """What came back and the person looking may take, the oldest first."""
    found = []
    for request, item in house.links.returns.unseen():
        view = house.cases.view(request.folio)
        step = view.definition.by_step[item.step]
        if item.step not in view.state.open_steps or not lens.roles.intersection(step.roles):
            continue
        row = house.index.get(request.folio)
        found.append(
            UnseenLetter(
                folio=request.folio,
                title=row.title if row else request.folio,
                seq=item.seq,
                who=lens.who(item.actor),
                at=lens.moment(item.at),
                step_name=lens.say(step.name),
            )
        )
    return tuple(found)


def return_address(definition: Definition, folio: str, step: str) -> str:
    """Where the signed letter is asked for from the form of a step; ``""`` where it has none to ask for."""
    return (
        url_for("returned.form", folio=folio, step=step) if return_step(definition, step) is not None else ""
    )

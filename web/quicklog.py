"""A contact in one go: from one flat form to an opening and the steps that follow it, for the page and the command.

The names of values are those of MA-007's definition; which steps they make up is said here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.calendar import BusinessCalendar
from workflows.commands import Part
from workflows.definition import Definition, applies
from workflows.errors import FieldInvalid, FieldProblem
from workflows.standing import Judgement, Verdict, judge
from workflows.values import is_ticked

PROCESS = "MA-007"
SOLVED, LATER, PENDING = "resuelto", "despues", "seguimiento"
ENDS = (SOLVED, LATER, PENDING)
"""How a contact may end: solved and confirmed at once, solved and to be confirmed, or not solved now."""

DONE = "hecho"
"""What was done, in one text: it fills whichever of the steps 7 and 9 have none of their own."""

WAYS: Mapping[str, str] = {"solucion": "7", "reseteo": "8", "orientacion": "9"}
"""Ways to solve at once, by the tick of step 6, with the step that follows."""

_SHARED = {"7": "aplicado", "9": "tema"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules say of a contact now: the worst verdict, which rule's, and when service opens next."""

    verdict: Verdict
    step: str = ""
    opens: datetime | None = None


def standing(
    definition: Definition, calendar: BusinessCalendar, moment: datetime, said: Mapping[str, str]
) -> Standing:
    """Judge a contact before it is recorded; the record judges again."""
    worst = Standing(Verdict.INSIDE)
    for step in definition.steps:
        rule = step.standing
        if rule is None or definition.opening.step not in rule.judges or not applies(rule.when, said):
            continue
        found: Judgement = judge(calendar, moment, rule)
        if found.verdict is Verdict.OUTSIDE:
            return Standing(found.verdict, step.code, found.opens)
        if found.verdict is Verdict.WARNING:
            worst = Standing(found.verdict, step.code)
    return worst


def opening_of(definition: Definition, flat: Mapping[str, str]) -> dict[str, str]:
    """The values of the opening and of its step."""
    step = definition.by_step[definition.opening.step]
    names = {field.name for field in (*definition.opening.fields, *step.fields)}
    return {name: value for name, value in flat.items() if name in names and value.strip()}


def parts_of(
    definition: Definition, flat: Mapping[str, str], end: str, moment: datetime | None
) -> tuple[Part, ...]:
    """The steps that a contact makes up, in their order; all of them happened in the contact.

    Raises:
        FieldInvalid: a value belongs to no step of them.
    """
    codes = _steps(flat, end)
    _known(definition, flat)
    return tuple(_part(definition, code, flat, end, moment) for code in codes)


def _steps(flat: Mapping[str, str], end: str) -> Sequence[str]:
    codes = ["2", *(["2a"] if flat.get("verificacion") else []), "3", "4", "5", "6"]
    if end != PENDING:
        codes += [step for way, step in WAYS.items() if is_ticked(flat.get(way, ""))]
    elif flat.get("promesa"):
        codes.append("11")
    if is_ticked(flat.get("metlife", "")):
        codes += ["13"] if flat.get("participantes") or flat.get("imposible") else []
        codes += ["14"] if flat.get("folio_metlife") else []
    return [*codes, "16", "18"] if end == SOLVED else codes


def _part(
    definition: Definition, code: str, flat: Mapping[str, str], end: str, moment: datetime | None
) -> Part:
    names = [field.name for field in definition.by_step[code].fields]
    data = {name: flat[name] for name in names if flat.get(name, "").strip()}
    if end == PENDING:
        data = {name: value for name, value in data.items() if name not in WAYS}
    shared = _SHARED.get(code, "")
    if shared and shared not in data and flat.get(DONE, "").strip():
        data[shared] = flat[DONE]
    if code == "18":
        data["cierre"] = "si"
    return Part(code, data=data, choice=_choice(code, flat, end), occurred_at=moment)


def _choice(code: str, flat: Mapping[str, str], end: str) -> str:
    if code == "6":
        return "no" if end == PENDING else "si"
    if code == "13":
        return "hecha" if flat.get("participantes") else "no_posible"
    return "resuelto" if code == "16" else ""


def _known(definition: Definition, flat: Mapping[str, str]) -> None:
    names = {field.name for step in definition.steps for field in step.fields} | {DONE}
    names |= {field.name for field in definition.opening.fields}
    odd = tuple(FieldProblem(name, "unknown") for name in sorted(flat.keys() - names))
    if odd:
        raise FieldInvalid(odd)

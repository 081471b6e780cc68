"""Whom a case is assigned to: the person who answers for its zone, by the directory and the list of zones in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workflows.catalogues import ZONES
from workflows.claims import Situation
from workflows.definition import Branch, Field, applies
from workflows.errors import FieldInvalid, FieldProblem
from workflows.zones import Answering, answering_for


def answering(situation: Situation, field: Field, data: Mapping[str, str]) -> Answering | None:
    """Who answers for the zone a field names, ``None`` where no zone or no directory is known."""
    zone = data.get(field.zone, "") or situation.params.get(field.zone, "")
    if not zone or situation.directory is None:
        return None
    return answering_for(situation.catalogue(ZONES), zone, situation.directory, situation.now)


def assigned(
    situation: Situation, fields: Sequence[Field], data: Mapping[str, str]
) -> tuple[Mapping[str, str], tuple[FieldProblem, ...]]:
    """The typed values with the zone's principal where nobody was chosen; anybody else is a problem."""
    filled, problems = dict(data), list[FieldProblem]()
    for field in fields:
        if not field.zone or not applies(field.when, situation.params):
            continue
        found = answering(situation, field, data)
        people = [holder.actor for holder in found.holders] if found is not None else []
        typed = data.get(field.name, "").strip()
        if not typed and people:
            filled[field.name] = people[0]
        elif typed and typed not in people:
            problems.append(FieldProblem(field.name, "not_answering", 0, typed[:80], ", ".join(people)))
    return filled, tuple(problems)


def unlapsed(
    situation: Situation, fields: Sequence[Field], values: Mapping[str, str], branch: Branch | None
) -> None:
    """Refuse a validity that is over, unless the branch chosen ends the case for that very reason.

    Raises:
        FieldInvalid.
    """
    if branch is not None and branch.closes:
        return
    today = situation.calendar.local_day(situation.now).isoformat()
    late = [field.name for field in fields if field.current and "" < values.get(field.name, "") < today]
    if late:
        raise FieldInvalid(tuple(FieldProblem(name, "lapsed", 0, values[name], today) for name in late))

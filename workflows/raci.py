"""Who answers for each step: a RACI matrix derived from the definition, since the process text brings none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.definition import Definition, Step


@dataclass(frozen=True, slots=True)
class RaciRow:
    """One step: for each role with a part in it, its letters (``R``, ``A``, ``C``, ``I``, or ``RA``)."""

    step: str
    letters: Mapping[str, str]


def raci(definition: Definition) -> tuple[RaciRow, ...]:
    """The matrix, step by step.

    The performer is responsible; the process's accountable role is accountable for every step, save where somebody
    else holds the duty of authorising it, who then is; consulted and informed are as the definition says.
    """
    return tuple(RaciRow(step.code, _letters(definition, step)) for step in definition.steps)


def _letters(definition: Definition, step: Step) -> dict[str, str]:
    posts = {role.post: role.code for role in definition.roles if role.post}
    accountable = next(role.code for role in definition.roles if role.accountable)
    accountable = posts.get(step.duty_post, accountable)
    letters = {step.performer: "R"}
    letters[accountable] = letters.get(accountable, "") + "A"
    for letter, roles in (("C", step.consulted), ("I", step.informed)):
        for role in roles:
            letters.setdefault(role, letter)
    return letters

"""What a signature covers: the final sheet and the letter by digest, exactly as the check compared them.

The check of a campaign's letter stands for what was in force when it was made. A step that requires it (the package,
the signed letter) states the digests of those files and refers to their entries; it is refused while a file or figure
was replaced after the check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.entry import SealedEntry
from workflows.casefile import effective
from workflows.claims import Claim, Situation
from workflows.errors import CheckStale
from workflows.facts import facts_of
from workflows.rosterrules import RosterRules


@dataclass(frozen=True, slots=True)
class Covered:
    """``digests`` of files by ``step.slot``, and the ``leaves`` of the entries that hold or compared them."""

    digests: Mapping[str, str] = field(default_factory=dict)
    leaves: tuple[str, ...] = ()


def covered(situation: Situation, claim: Claim) -> Covered:
    """What a claim covers: nothing, unless it makes the check or its step requires that.

    Raises:
        CheckStale: what was checked has been replaced since.
    """
    rules = situation.definition.roster
    step = claim.step
    if rules is None or not (step.code == rules.check or rules.check in step.requires):
        return Covered()
    if claim.corrects:  # a correction of the rest leaves what was covered as it was
        sealed = situation.entries[claim.corrects - 1]
        return Covered(facts_of(sealed.entry).covers, sealed.entry.refs)
    standing = [sealed for code in (rules.final, rules.letter) for sealed in _in_force(situation, code)]
    check = [] if step.code == rules.check else _in_force(situation, rules.check)
    _stands(situation, rules, check)
    digests = {
        f"{sealed.entry.step}.{fact.slot}": sealed.entry.objects[fact.object].sha256
        for sealed in standing
        for fact in facts_of(sealed.entry).evidence
        if fact.object >= 0
    }
    return Covered(digests, tuple(sealed.leaf for sealed in (*standing, *check)))


def _stands(situation: Situation, rules: RosterRules, check: list[SealedEntry]) -> None:
    """Nothing that was compared is younger than the check."""
    made = max((sealed.entry.seq for sealed in check), default=0)
    for code in (rules.final, rules.letter, rules.variables):
        later = [sealed.entry.seq for sealed in _in_force(situation, code) if 0 < made < sealed.entry.seq]
        if later:
            raise CheckStale(step=rules.check, check=made, of=code, seq=max(later))


def _in_force(situation: Situation, code: str) -> list[SealedEntry]:
    state = situation.state
    counting = set(state.step(code).entries) if state is not None else set()
    return [sealed for sealed in effective(situation.entries) if sealed.entry.seq in counting]

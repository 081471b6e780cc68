"""The article of a case: what its entries in force say for the knowledge base, in the fields the definition names."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.entry import SealedEntry
from evidence.ports import Article
from workflows.definition import Definition
from workflows.facts import facts_of
from workflows.state import CaseState, StepStatus
from workflows.step import Slot, Step


def article_of(definition: Definition, state: CaseState, entries: Sequence[SealedEntry]) -> Article | None:
    """The latest article of the round in force; ``None`` where none was written, or its text was erased.

    A case that was reopened has no article until it is documented again; a corrected one has the corrected text.
    """
    for step in definition.steps:
        slot = next((slot for slot in step.slots if slot.article), None)
        if slot is None:
            continue
        found = state.step(step.code)
        if found.status is not StepStatus.DONE:
            continue
        for seq in reversed(found.entries):
            article = _read(step, slot, entries[seq - 1])
            if article is not None:
                return article
    return None


def _read(step: Step, slot: Slot, sealed: SealedEntry) -> Article | None:
    if all(fact.slot != slot.code for fact in facts_of(sealed.entry).evidence):
        return None
    data = sealed.payload().get("data", {})
    values = [str(data.get(name, "")) if isinstance(data, dict) else "" for name in slot.article]
    title, problem, solution, words = [*values, "", "", "", ""][:4]
    if not title:
        return None
    return Article(
        sealed.entry.case, sealed.entry.seq, step.code, title, problem, solution, words, sealed.entry.at
    )

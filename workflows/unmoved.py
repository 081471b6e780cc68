"""What of a case's state the last entry left as it was: it is not read out of the fold again."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.fold import Fold
from workflows.history import History
from workflows.state import CaseState, StepState

Before = tuple[Fold, CaseState]
"""A case one entry earlier: its fold, and the state that was read from it."""


def unmoved_steps(fold: Fold, history: History, before: Before | None) -> Mapping[str, StepState]:
    """The states of steps that the last entry left as they were, by step.

    A step's state rests on its own progress and on that of the steps it requires or follows, which two folds share
    until it moves; and on what holds for the whole case.
    """
    if before is None or fold.control is not None:
        return {}
    was, state = before
    if (fold.params, fold.closing, fold.closing_step, history.superseded) != (
        was.params,
        was.closing,
        was.closing_step,
        state.superseded,
    ):
        return {}
    moved = {code for code, progress in fold.progress.items() if progress is not was.progress[code]}
    return {
        step.code: known
        for step, known in zip(fold.definition.steps, state.steps, strict=True)
        if step.code not in moved and moved.isdisjoint(step.requires) and moved.isdisjoint(step.follows)
    }

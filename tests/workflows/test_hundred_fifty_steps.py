"""The owner's 150 steps, none missing and none reworded; what is ours beside them is marked as ours."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.workflows.desk import registry
from workflows.definition import Definition, EvidenceType, Step

OWNERS = tuple(
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "owners_steps.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
NUMBERS = {"MA-001": 28, "MA-002": 20, "MA-003": 20, "MA-005": 27, "MA-006": 19, "MA-007": 20, "MA-008": 16}
DEFINITIONS = registry().processes()


def _steps(definition: Definition) -> dict[str, Step]:
    return {code: step for code, step in definition.by_step.items() if code.isdigit()}


def test_the_owners_list_is_whole() -> None:
    """The list compared with is the owner's: 150 steps of seven processes, numbered without a gap."""
    assert Counter(process for process, _, _ in OWNERS) == NUMBERS
    for process, count in NUMBERS.items():
        assert [n for name, n, _ in OWNERS if name == process] == [str(n) for n in range(1, count + 1)]


def test_processes_are_the_owners() -> None:
    """The seven processes of the owner's document are bundled and no other; MA-004 is a code nobody uses."""
    assert {definition.process for definition in DEFINITIONS} == set(NUMBERS)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda item: item.process)
def test_each_step_in_the_owners_words(definition: Definition) -> None:
    """Every numbered step is there once, in order, with the owner's own sentence as its source."""
    written = {n: sentence for process, n, sentence in OWNERS if process == definition.process}
    assert {code: step.source for code, step in _steps(definition).items()} == written


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda item: item.process)
def test_each_step_has_actor_class_and_evidence(definition: Definition) -> None:
    """Of every step it is said who does it, how much it is owed and what shows it: evidence, or the system's own."""
    for step in definition.steps:
        types = {kind for slot in step.slots for kind in slot.types}
        assert types, step.code
        assert (types == {EvidenceType.SYS}) <= step.by_system, step.code
        assert step.performer in definition.by_role, step.code
        assert step.kind
        assert step.instruction.es != step.instruction.en
        assert step.name.es


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda item: item.process)
def test_what_is_ours_is_marked(definition: Definition) -> None:
    """A step beside the owner's is an assumption with its reason; a source is never claimed for it."""
    for code, step in definition.by_step.items():
        if not code.isdigit():
            assert step.assumption is not None, code
            assert step.source == "", code


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda item: item.process)
def test_no_machine_alone_makes_an_account_active(definition: Definition) -> None:
    """Whatever leads to «Activo» is recorded by a person, and no system step, outcome or timer can."""
    for step in definition.steps:
        if any(effect.status == "Activo" for effect in step.effects):
            assert not step.by_system, step.code
    for outcome in definition.outcomes:
        assert all(effect.status != "Activo" for effect in outcome.effects), outcome.code

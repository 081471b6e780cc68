"""Laws that hold for every case of every bundled process, found by walking at random; and every way can be gone."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.entry import EntryKind, parse_time
from tests.workflows.desk import registry
from tests.workflows.plays import PLAYS
from tests.workflows.replays import Play, Walk, check_replay
from tests.workflows.wandering import MOVES, Wanderer, variants
from workflows.definition import Definition, StepClass
from workflows.errors import Refusal
from workflows.state import CaseState, StepStatus

pytestmark = pytest.mark.usefixtures("other_cases")

Way = tuple[str, str, int]
"""A step, a branch of it, and which of the answers that a play knows for it."""

EXAMPLES = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.process)
@EXAMPLES
@given(moves=MOVES, variant=st.integers(0, 63))
def test_laws_of_any_history(play: Play, moves: list[tuple[str, int]], variant: int) -> None:
    """Whatever is done to a case: entries alone give its state, illegal acts leave nothing, and states cohere."""
    wanderer = Wanderer.of(play, variant)
    for way, n in moves:
        wanderer.move(way, n)
    states = check_replay(wanderer.walk)
    _check_transitions(wanderer.definition, states)
    _check_guards(wanderer.walk, states)
    check_coherent(wanderer.walk)


def check_coherent(walk: Walk) -> None:
    """What a state says of itself agrees with itself, with its definition and with its entries."""
    state = walk.state
    _check_steps(walk, state)
    _check_machines(walk, state)
    _check_closing(walk, state)


def _check_steps(walk: Walk, state: CaseState) -> None:
    entries = {entry.seq: entry for entry in walk.entries}
    undone = {StepStatus.OPEN, StepStatus.BLOCKED}
    owed = tuple(step.step for step in state.steps if step.mandatory and step.status in undone)
    assert state.missing == owed
    assert not (state.complete and state.missing)
    for step in state.steps:
        if step.mandatory:
            assert walk.definition.by_step[step.step].kind is StepClass.MANDATORY
        if step.status is StepStatus.DONE:
            assert step.entries
        assert all(entries[seq].step == step.step for seq in (*step.entries, *step.past))
    counted = [seq for step in state.steps for seq in step.entries]
    assert len(counted) == len(set(counted))
    assert not {seq for seq, _ in state.superseded} & set(counted)
    by_system = {step.code for step in walk.definition.steps if step.by_system}
    assert not by_system & set(state.open_steps)


def _check_transitions(definition: Definition, states: list[CaseState]) -> None:
    """From entry to entry machines take listed transitions only, save where a correction undoes what had moved them."""
    for before, after in pairwise(states):
        if before.superseded != after.superseded:
            continue
        for machine in definition.machines:
            moved = (before.machine_values()[machine.code], after.machine_values()[machine.code])
            listed = set(machine.transitions)
            twice = {
                (a, d) for a, b in listed for c, d in listed if b == c
            }  # a step's effect, then its ending's
            assert moved[0] == moved[1] or moved in listed | twice


def _check_guards(walk: Walk, states: list[CaseState]) -> None:
    """A step became done only where everything it requires had been done, waived or was not of this case."""
    settled = {StepStatus.DONE, StepStatus.WAIVED, StepStatus.NOT_APPLICABLE}
    for entry, before in zip(walk.entries[1:], states, strict=False):
        step = walk.definition.by_step.get(entry.step)
        if step is None or entry.kind not in {EntryKind.EVIDENCE_RECORDED, EntryKind.CASE_CLOSED}:
            continue
        assert {code for code in step.requires if before.step(code).status not in settled} == set(), step.code


def _check_machines(walk: Walk, state: CaseState) -> None:
    """Each status is one of the machine's, set by an entry there is; no account becomes active by machine alone."""
    entries = walk.entries
    for machine in state.machines:
        if machine.status:
            assert machine.status in walk.definition.by_machine[machine.machine].statuses
            assert 1 <= machine.seq <= len(entries)
        if machine.status == "Activo":
            assert entries[machine.seq - 1].facts["actor_class"] == "person"


def _check_closing(walk: Walk, state: CaseState) -> None:
    assert state.closed == (state.closing is not None)
    if state.closing is not None:
        assert state.closing.outcome in walk.definition.by_outcome
    calendar = walk.desk.calendar
    for entry in walk.entries:
        if entry.kind is EntryKind.CASE_CLOSED and entry.facts["actor_class"] == "system":
            assert calendar.is_business_day(calendar.local_day(parse_time(entry.at)))


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.process)
def test_every_way_can_be_gone(play: Play) -> None:
    """Every step a person records, and every branch of it, is reached by some walk and taken as it is offered.

    Steps of periodic controls are of cases that nobody opens: their own tests walk them.
    """
    explored = explore(play)
    definition = registry().current(play.process)
    assert explored.refused == {}
    assert _ways(definition) - explored.taken == set()
    assert _promised(definition) - explored.statuses == set()


def _ways(definition: Definition) -> set[tuple[str, str]]:
    """Every step a person records after the opening, with each of its branches."""
    return {
        (step.code, branch)
        for step in definition.steps
        if not step.by_system and step.code not in {definition.opening.step, *definition.series_of}
        for branch in ([item.code for item in step.branches] or [""])
    }


def _promised(definition: Definition) -> set[tuple[str, str]]:
    """Statuses that what persons record should bring about."""
    effects = [effect for step in definition.steps if not step.by_system for effect in step.effects]
    for step in definition.steps:
        for end in (step.closes, *(branch.closes for branch in step.branches)):
            if end and not step.by_system:
                effects += definition.by_outcome[end].effects
    return {(effect.machine, effect.status) for effect in effects}


class Explored:
    """Which ways have been gone, which were offered and then refused, and which statuses were seen."""

    def __init__(self) -> None:
        self.taken: set[tuple[str, str]] = set()
        self.refused: dict[tuple[str, str], str] = {}
        self.statuses: set[tuple[str, str]] = set()


def explore(play: Play) -> Explored:
    """Walk from every kind of opening again and again, always the way gone least, until nothing new is found."""
    found = Explored()
    definition = registry().current(play.process)
    for variant in range(min(variants(definition), 24)):
        gone: Counter[Way] = Counter()
        stale = 0
        while stale < 4 and not (
            _ways(definition) <= found.taken and _promised(definition) <= found.statuses
        ):
            before = len(gone)
            _explore_once(play, variant, found, gone)
            stale = 0 if len(gone) > before else stale + 1
    return found


def _explore_once(play: Play, variant: int, found: Explored, gone: Counter[Way]) -> None:
    wanderer = Wanderer.of(play, variant)
    walk, here = wanderer.walk, set[Way]()
    for _ in range(60):
        state = walk.state
        found.statuses |= set(state.machine_values().items())
        offered = [
            (code, branch, n)
            for code in sorted(state.open_steps, key=lambda code: code != state.next_step)
            for branch in ([item.code for item in walk.definition.by_step[code].branches] or [""])
            for n in range(len(play.answers.get(code, (None,))))
        ]
        fresh = [way for way in offered if way not in here]
        if not fresh:
            break
        way = min(fresh, key=lambda way: (gone[way], _ends(walk, way[:2])))
        here.add(way)
        walk.desk.clock.advance(minutes=3)
        code, branch, n = way
        try:
            walk.record(code, branch, **({"data": play.answers[code][n]} if code in play.answers else {}))
        except Refusal as refusal:
            found.refused[code, branch] = str(refusal)
        else:
            found.taken |= {(code, branch), *_recorded(walk)}
            gone[way] += 1


def _recorded(walk: Walk) -> set[tuple[str, str]]:
    """Every way that stands recorded: one act may record several steps."""
    return {(step.step, step.choice) for step in walk.state.steps if step.entries}


def _ends(walk: Walk, way: tuple[str, str]) -> bool:
    """Ways that end the case are gone last."""
    step = walk.definition.by_step[way[0]]
    branch = step.branch(way[1])
    return bool(step.closes or (branch is not None and branch.closes))

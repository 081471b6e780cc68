"""Acting for somebody in every process: named backups, and for who authorises only with an appointment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workflows.desk import ANA, BETO, Desk, local, registry
from workflows import rules
from workflows.commands import Actor
from workflows.definition import Definition
from workflows.duties import deciding_posts
from workflows.errors import DutiesConflict
from workflows.facts import facts_of
from workflows.state import StepStatus

EVERY = [definition for one in registry().processes() for definition in registry().versions(one.process)]


@pytest.mark.parametrize("definition", EVERY, ids=lambda one: one.label)
def test_only_named_backups_act_for_another(definition: Definition) -> None:
    """In every process and role: nobody for themselves, nobody unnamed, no authoriser without an appointment."""
    desk = Desk()
    directory, moment = desk.directory, local("2026-01-12 09:00")
    directory.backups = {("u-b", "u-a")}
    for role in definition.roles:
        actor = Actor("u-b", role.code)
        named = rules.stands_in(definition, actor, "u-a", directory, moment)
        assert named == role.deputies
        assert not rules.stands_in(definition, actor, "u-b", directory, moment)
        assert not rules.stands_in(definition, actor, "u-c", directory, moment)
        directory.papers = {("u-b", "u-a"), ("u-b", "u-c")}
        assert rules.stands_in(definition, actor, "u-a", directory, moment)
        assert not rules.stands_in(definition, actor, "u-c", directory, moment) or role.deputies
        directory.papers = set()


@pytest.mark.parametrize("definition", EVERY, ids=lambda one: one.label)
def test_duties_that_must_lie_apart_do_so_from_both_sides(definition: Definition) -> None:
    """Each duty is held by a step or by the opening, and whoever it is apart from says the same."""
    apart = {duty.code: duty.apart for duty in definition.duties}
    taken = {step.duty for step in definition.steps if step.duty}
    for duty in definition.duties:
        assert duty.opening or duty.code in taken
        assert all(duty.code in apart[other] for other in duty.apart)


def test_an_absent_director_waits_until_a_delegate_holds_the_post() -> None:
    """The case waits and reminds; the authoriser of a letter is who held the post on its date."""
    desk = Desk()
    assert "director_general" in deciding_posts(EVERY)
    folio = desk.open()
    desk.walk(folio, *(str(n) for n in range(2, 9)))
    waiting = desk.cases.view(folio).state.waiting
    assert waiting is not None
    assert waiting.step == "9"
    desk.clock.advance(days=10)
    desk.cases.fire_due_timers()
    reminders = [facts_of(sealed.entry) for sealed in desk.ledger.history(folio)]
    assert [facts.timer for facts in reminders if facts.timer]
    assert desk.cases.view(folio).state.waiting is not None
    desk.directory.posts["director_general"] = "u-carlos"
    desk.record(folio, "9")
    assert facts_of(desk.ledger.history(folio)[-1].entry).parties == {"autorizador": "u-carlos"}


def test_a_specialist_may_not_handle_their_own_account() -> None:
    """A case for one's own address needs another specialist, or a waiver that stays visible."""
    desk = Desk()
    desk.directory.emails["maria.ruiz@promotoria.example"] = ANA.id
    folio = desk.open()
    desk.walk(folio, *(str(n) for n in range(2, 10)))
    with pytest.raises(DutiesConflict):
        desk.walk(folio, "10", "11")
    desk.clock.now += timedelta(minutes=1)
    for step in ("10", "11"):
        if desk.cases.view(folio).state.step(step).status is StepStatus.OPEN:
            desk.record(folio, step, actor=BETO)
    parties = {actor for duty, actor, _ in desk.cases.view(folio).state.parties if duty == "ejecutor"}
    assert parties == {BETO.id}
    assert facts_of(desk.ledger.history(folio)[-1].entry).parties

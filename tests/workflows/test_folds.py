"""A case read on from where it was left is the case read from its beginning."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.identifiers import fold
from evidence.canonical import canonical_bytes
from evidence.entry import parse_time
from tests.workflows.desk import Desk
from tests.workflows.plays import PLAYS
from tests.workflows.replays import Play
from tests.workflows.wandering import MOVES, Wanderer
from workflows.casefile import project
from workflows.derive import Derivation, derive
from workflows.folds import Folds
from workflows.told import Tellings, Told


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.process)
@settings(max_examples=6, deadline=None)
@given(moves=MOVES, variant=st.integers(0, 63))
def test_reading_on_is_reading_anew(play: Play, moves: list[tuple[str, int]], variant: int) -> None:
    """After each entry of any history, at its moment and long after, both ways give the same state and projection."""
    wanderer = Wanderer.of(play, variant)
    for way, n in moves:
        wanderer.move(way, n)
    desk, definition = wanderer.walk.desk, wanderer.definition
    sealed = desk.ledger.history(wanderer.walk.folio)
    entries = [item.entry for item in sealed]
    folded = Derivation.of(definition, entries[:1], desk.calendar)
    tellings = Tellings()
    for length in range(1, len(entries) + 1):
        if length > 1:
            folded = folded.then(entries[length - 1])
        counting = tuple(folded.counting)
        told = tellings.of(definition, sealed[:length], counting)
        assert told == Told.of(definition, sealed[:length], counting)
        here = parse_time(entries[length - 1].at)
        for moment in (None, here, here + timedelta(days=3), here + timedelta(days=40)):
            anew = derive(definition, entries[:length], calendar=desk.calendar, now=moment)
            assert folded.at(moment, desk.calendar) == anew
        for step in definition.steps:
            assert folded.step(step.code) == derive(
                definition, entries[:length], calendar=desk.calendar
            ).step(step.code)
    anew = project(definition, sealed, desk.calendar)
    assert project(definition, sealed, desk.calendar, folded, tellings) == anew
    state = derive(definition, entries, calendar=desk.calendar)
    assert anew.document == canonical_bytes(state.as_json())


def test_what_was_read_on_from_stays_as_it_was() -> None:
    """Two continuations of one case do not see one another, and neither changes what they began with."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, "2", "3")
    entries = [item.entry for item in desk.ledger.history(folio)]
    definition = desk.cases.view(folio).definition
    base = Derivation.of(definition, entries[:2], desk.calendar)
    before = base.at()
    longer = base.then(entries[2])
    assert longer.at() != before
    assert base.at() == before == derive(definition, entries[:2], calendar=desk.calendar)
    assert base.then(entries[2]).at() == longer.at()


def test_a_revised_calendar_is_not_answered_from_what_was_kept() -> None:
    """What was folded by one table is not given out for another."""
    desk = Desk()
    folio = desk.open()
    entries, definition = desk.ledger.history(folio), desk.cases.view(folio).definition
    other = type(desk.calendar).bundled()
    folds = Folds()
    kept = folds.of(definition, entries, desk.calendar)
    assert folds.of(definition, entries, desk.calendar) is kept
    assert folds.of(definition, entries, other) is not kept


def test_few_cases_are_kept() -> None:
    """The memory is bounded: the case used longest ago is folded anew."""
    desk, folds = Desk(), Folds(most=2)
    folios = [desk.open(rfc=f"RUOM900215{n:03d}", ticket=f"TK-{n}") for n in range(3)]
    definition = desk.cases.view(folios[0]).definition
    kept = [folds.of(definition, desk.ledger.history(folio), desk.calendar) for folio in folios]
    assert folds.of(definition, desk.ledger.history(folios[2]), desk.calendar) is kept[2]
    assert folds.of(definition, desk.ledger.history(folios[0]), desk.calendar) is not kept[0]


def test_few_entries_are_kept() -> None:
    """Long cases, each kept once for every head it had, count by their length; the last one used always stays."""
    desk, folds = Desk(), Folds(most_entries=3)
    folio = desk.open()
    desk.walk(folio, "2", "3")
    entries, definition = desk.ledger.history(folio), desk.cases.view(folio).definition
    heads = [entries[:length] for length in (1, 2, len(entries))]
    kept = [folds.of(definition, head, desk.calendar) for head in heads]
    assert folds.of(definition, heads[2], desk.calendar) is kept[2]
    assert folds.of(definition, heads[0], desk.calendar) is not kept[0]
    small = Folds(most_entries=1)
    assert small.of(definition, entries, desk.calendar) is small.of(definition, entries, desk.calendar)


def test_a_receipt_never_skips_what_others_wrote() -> None:
    """Composed on an older case than was written to (a twin was quicker), the state is that of the whole case."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, "2", "3")
    entries = desk.ledger.history(folio)
    found = desk.cases._writer.receipt(entries[-1:], entries[:1])
    whole = desk.cases.view(folio).state
    assert (found.state.length, found.state.steps) == (whole.length, whole.steps)


@given(st.text(), st.text())
def test_words_fold_one_by_one(one: str, other: str) -> None:
    """Texts folded apart and joined are the joined text folded: the search text may be put together from pieces."""
    apart = " ".join(piece for piece in (fold(one), fold(other)) if piece)
    assert fold(f"{one} {other}") == apart

"""What a case tells is read on, entry by entry, and never outlives an erasure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.entry import SealedEntry
from tests.workflows.desk import Desk
from workflows.casefile import project
from workflows.definition import Definition
from workflows.derive import Derivation
from workflows.told import Tellings, Told


def _folded(desk: Desk, entries: tuple[SealedEntry, ...]) -> tuple[Derivation, Told]:
    definition = desk.cases.view(entries[0].entry.case).definition
    folded = Derivation.of(definition, [item.entry for item in entries], desk.calendar)
    return folded, Told.of(definition, entries, folded.counting)


def test_an_append_reads_its_own_payload_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the case is, projecting its next entry reads what that entry says."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, "2", "3", "4")
    read: list[int] = []
    said = Told.said

    def counted(known: Told, definition: Definition, sealed: SealedEntry) -> Told:
        read.append(sealed.entry.seq)
        return said(known, definition, sealed)

    before = len(desk.ledger.history(folio))
    monkeypatch.setattr(Told, "said", counted)
    desk.walk(folio, "5")
    added = range(before + 1, len(desk.ledger.history(folio)) + 1)
    assert sorted(set(read)) == list(added)


def test_what_was_erased_is_not_told_from_memory() -> None:
    """A payload destroyed after it was read is gone from the search, the title and the references of what follows."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, "2", "3", "4")
    entries = tuple(desk.ledger.history(folio))
    definition = desk.cases.view(folio).definition
    tellings = Tellings()
    counting = tuple(range(1, len(entries)))
    whole = tellings.of(definition, entries[:-1], counting)
    bare = (replace(entries[0], payload_bytes=None, salt=None), *entries[1:])
    later = tellings.of(definition, bare, (*counting, len(entries)))
    folded, anew = _folded(desk, bare)
    assert later == anew
    assert whole.opening["nombre"]
    assert whole.search.startswith(later.search[: len(folio)])
    assert whole.search not in later.search
    assert project(definition, bare, desk.calendar, folded, tellings) == project(
        definition, bare, desk.calendar
    )
    assert later.opening == {}

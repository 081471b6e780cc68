"""What is decided about the data of a case: retention, holds, block, and an erasure that takes two people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from evidence.canonical import canonical_bytes
from evidence.entry import EntryKind
from evidence.ports import Reference
from tests.workflows.desk import ALTA, ANA, SUPERVISOR, Desk, local
from tests.workflows.quick import QuickReader
from workflows.catalogues import RETENTION, CatalogueVersion
from workflows.commands import Actor, LinkCase, RefuseRequest
from workflows.definition import CatalogueItem
from workflows.errors import ReasonMissing, Refusal
from workflows.keeping import MARK, keeping_of
from workflows.keepingacts import (
    ApproveErasure,
    BlockData,
    LiftHold,
    PlaceHold,
    RequestErasure,
    UnblockData,
    WithdrawErasure,
)
from workflows.keepingerrors import (
    CaseErased,
    CaseHeld,
    CaseStillOpen,
    DataBlocked,
    KeepingNotAllowed,
    KeepingUnneeded,
    NoSuchHold,
    SamePerson,
    StillRetained,
    UnknownLegalGround,
)
from workflows.retention import DEFAULT_YEARS, retention_of
from workflows.step import Text

OFFICER = Actor("u-olga", "datos_personales")
SECOND = Actor("u-dario", "director")
ADMIN = Actor("u-adan", "administrador")
WHY = "Lo exige el expediente 12/2026."


@pytest.fixture
def desk() -> Desk:
    """A desk with a case that was refused, and so is closed."""
    return Desk(reader=QuickReader())


def closed(desk: Desk) -> str:
    """A closed case."""
    folio = desk.open()
    desk.walk(folio, *ALTA[:2])
    desk.cases.refuse(RefuseRequest(actor=ANA, refusal="sin_autorizacion", folio=folio))
    return folio


def refused(desk: Desk, kind: type[Refusal], act: Callable[[], object]) -> Any:
    """A refusal of that kind, which writes nothing and can be shown."""
    before = len(desk.ledger.rows)
    with pytest.raises(kind) as refusal:
        act()
    assert len(desk.ledger.rows) == before
    canonical_bytes(dict(refusal.value.fields))
    return refusal.value


def asked(desk: Desk, folio: str, ground: str = "orden_autoridad") -> int:
    """The number of a request for erasure."""
    return desk.cases.keeping.request(RequestErasure(folio, OFFICER, ground, WHY)).seq


def test_a_hold_stands_until_it_is_lifted_and_moves_nothing(desk: Desk) -> None:
    """Two holds are lifted one by one; the case's derived state is the same with and without them."""
    folio = desk.open()
    before = desk.cases.view(folio).state
    keep = desk.cases.keeping
    first = keep.place(PlaceHold(folio, SUPERVISOR, WHY)).seq
    second = keep.place(PlaceHold(folio, OFFICER, "Queja ante la autoridad.")).seq
    assert [hold.seq for hold in keep.standing(folio)[0].holds] == [first, second]
    assert Reference(MARK, "retenido") in desk.index.references(folio)
    keep.lift(LiftHold(folio, first, SECOND, WHY))
    refused(desk, NoSuchHold, lambda: keep.lift(LiftHold(folio, first, SECOND, WHY)))
    assert [hold.seq for hold in keep.standing(folio)[0].holds] == [second]
    keep.lift(LiftHold(folio, second, OFFICER, WHY))
    assert not keep.standing(folio)[0].holds
    assert not [item for item in desk.index.references(folio) if item.kind == MARK]
    after = desk.cases.view(folio).state
    assert (after.steps, after.status, after.exceptions) == (before.steps, before.status, before.exceptions)


def test_who_runs_the_desk_or_the_machine_decides_nothing(desk: Desk) -> None:
    """Specialists and administrators place no hold; a supervisor places one and lifts none, and erases nothing."""
    folio, keep = closed(desk), desk.cases.keeping
    for actor in (ANA, ADMIN):
        refused(desk, KeepingNotAllowed, lambda actor=actor: keep.place(PlaceHold(folio, actor, WHY)))  # type: ignore[misc]
    seq = keep.place(PlaceHold(folio, SUPERVISOR, WHY)).seq
    refused(desk, KeepingNotAllowed, lambda: keep.lift(LiftHold(folio, seq, SUPERVISOR, WHY)))
    keep.lift(LiftHold(folio, seq, OFFICER, WHY))
    for actor in (SUPERVISOR, ADMIN, SECOND, ANA):
        asks = RequestErasure(folio, actor, "orden_autoridad", WHY)
        refused(desk, KeepingNotAllowed, lambda asks=asks: keep.request(asks))  # type: ignore[misc]
        block = BlockData(folio, actor, WHY)
        refused(desk, KeepingNotAllowed, lambda block=block: keep.block(block))  # type: ignore[misc]
    number = asked(desk, folio)
    for actor in (SUPERVISOR, ADMIN, ANA):
        yes = ApproveErasure(folio, number, actor)
        refused(desk, KeepingNotAllowed, lambda yes=yes: keep.approve(yes))  # type: ignore[misc]


def test_a_reason_is_a_sentence(desk: Desk) -> None:
    """A hold without one is refused, and so is a request."""
    folio = closed(desk)
    refused(desk, ReasonMissing, lambda: desk.cases.keeping.place(PlaceHold(folio, OFFICER, "  sí ")))
    asks = RequestErasure(folio, OFFICER, "orden_autoridad", "ya")
    refused(desk, ReasonMissing, lambda: desk.cases.keeping.request(asks))


def test_blocked_data_is_kept_and_not_used(desk: Desk) -> None:
    """Payloads and words of search are missing until the block is lifted; whoever answers for the data sees them."""
    folio, keep = closed(desk), desk.cases.keeping
    title = desk.index.get(folio)
    assert title is not None
    assert "María" in title.title
    other = desk.open(rfc="PEGL800101XY2")
    keep.block(BlockData(folio, OFFICER, WHY))
    refused(desk, KeepingUnneeded, lambda: keep.block(BlockData(folio, OFFICER, WHY)))
    assert all(item.payload_bytes is None for item in desk.cases.view(folio).entries)
    assert "María" in str(desk.cases.view(folio, answerable=True).entries[0].payload())
    row = desk.index.get(folio)
    assert row is not None
    assert row.title == folio
    assert "maria" not in desk.index.search_text(folio)
    assert {item.value for item in desk.index.references(folio)} == {"bloqueado"}
    refused(desk, DataBlocked, lambda: desk.cases.link(LinkCase(folio, other, ANA)))
    report = desk.cases.rebuild()
    assert not report.differences
    keep.unblock(UnblockData(folio, SECOND, WHY))
    refused(desk, KeepingUnneeded, lambda: keep.unblock(UnblockData(folio, SECOND, WHY)))
    back = desk.index.get(folio)
    assert back is not None
    assert back.title == title.title


def test_an_open_case_is_neither_blocked_nor_erased(desk: Desk) -> None:
    """Its data is still used."""
    folio, keep = desk.open(), desk.cases.keeping
    refused(desk, CaseStillOpen, lambda: keep.block(BlockData(folio, OFFICER, WHY)))
    refused(desk, CaseStillOpen, lambda: asked(desk, folio))


def test_an_erasure_takes_two_people(desk: Desk) -> None:
    """The entry names who asked and who approved, every leaf before it, and nothing of anybody."""
    folio, keep = closed(desk), desk.cases.keeping
    before = desk.cases.view(folio).state
    number = asked(desk, folio)
    refused(desk, KeepingUnneeded, lambda: asked(desk, folio))
    same = Actor(OFFICER.id, "director")
    refused(desk, SamePerson, lambda: keep.approve(ApproveErasure(folio, number, same)))
    refused(desk, KeepingUnneeded, lambda: keep.approve(ApproveErasure(folio, number + 1, SECOND)))
    receipt = keep.approve(ApproveErasure(folio, number, SECOND, "k1"))
    assert keep.approve(ApproveErasure(folio, number, SECOND, "k1")).seq == receipt.seq
    history = desk.ledger.history(folio)
    entry = history[receipt.seq - 1].entry
    assert entry.kind is EntryKind.ERASURE_EXECUTED
    assert entry.refs == tuple(item.leaf for item in history[: receipt.seq - 1])
    assert entry.facts["parties"] == {"solicita": OFFICER.id, "autoriza": SECOND.id}
    assert entry.facts["reason"] == "orden_autoridad"
    assert "Ruiz" not in history[receipt.seq - 1].entry_bytes.decode()
    view = desk.cases.view(folio, answerable=True)
    assert all(item.payload_bytes is None for item in view.entries[: receipt.seq - 1])
    assert (view.state.steps, view.state.status, view.state.parties) == (
        before.steps,
        before.status,
        before.parties,
    )
    row = desk.index.get(folio)
    assert row is not None
    assert row.title == folio
    assert {item.value for item in desk.index.references(folio)} == {"borrado"}
    assert not desk.cases.rebuild().differences


def test_nothing_is_added_to_a_case_that_was_erased(desk: Desk) -> None:
    """Not by the desk, not by who answers for the data."""
    folio, keep = closed(desk), desk.cases.keeping
    keep.approve(ApproveErasure(folio, asked(desk, folio), SECOND))
    refused(desk, CaseErased, lambda: keep.place(PlaceHold(folio, OFFICER, WHY)))
    refused(desk, CaseErased, lambda: asked(desk, folio))
    other = desk.open(rfc="PEGL800101XY2")
    refused(desk, CaseErased, lambda: desk.cases.link(LinkCase(folio, other, ANA)))


def test_a_hold_stops_an_erasure_at_every_stage(desk: Desk) -> None:
    """Before the request, and between request and approval."""
    folio, keep = closed(desk), desk.cases.keeping
    seq = keep.place(PlaceHold(folio, SUPERVISOR, WHY)).seq
    assert refused(desk, CaseHeld, lambda: asked(desk, folio)).fields["seq"] == seq
    keep.lift(LiftHold(folio, seq, SECOND, WHY))
    number = asked(desk, folio)
    keep.place(PlaceHold(folio, SUPERVISOR, WHY))
    refused(desk, CaseHeld, lambda: keep.approve(ApproveErasure(folio, number, SECOND)))


def test_within_retention_only_a_cause_of_law_erases(desk: Desk) -> None:
    """The day after the last one the term itself is a ground; an invented ground never is."""
    folio, keep = closed(desk), desk.cases.keeping
    wrong = RequestErasure(folio, OFFICER, "porque_si", WHY)
    refused(desk, UnknownLegalGround, lambda: keep.request(wrong))
    told = refused(desk, StillRetained, lambda: asked(desk, folio, "plazo_cumplido"))
    assert told.fields["until"] == "2036-01-12"
    desk.clock.set("2036-01-12 23:00")
    refused(desk, StillRetained, lambda: asked(desk, folio, "plazo_cumplido"))
    desk.clock.set("2036-01-13 09:00")
    keep.approve(ApproveErasure(folio, asked(desk, folio, "plazo_cumplido"), SECOND))


def test_a_request_is_taken_back(desk: Desk) -> None:
    """Then it is not approved any more, and another may be made."""
    folio, keep = closed(desk), desk.cases.keeping
    number = asked(desk, folio)
    keep.withdraw(WithdrawErasure(folio, SECOND, WHY))
    refused(desk, KeepingUnneeded, lambda: keep.withdraw(WithdrawErasure(folio, SECOND, WHY)))
    refused(desk, KeepingUnneeded, lambda: keep.approve(ApproveErasure(folio, number, SECOND)))
    asked(desk, folio)


def test_a_long_case_is_erased_by_several_entries_at_once(desk: Desk) -> None:
    """Each names as many leaves as fit an entry; together they name all, in one append."""
    folio = closed(desk)
    keep = desk.cases.keeping
    for number in range(405):
        keep.place(PlaceHold(folio, OFFICER, f"Retención de prueba {number}."))
    for hold in keep.standing(folio)[0].holds:
        keep.lift(LiftHold(folio, hold.seq, OFFICER, WHY))
    receipt = keep.approve(ApproveErasure(folio, asked(desk, folio), SECOND))
    history = desk.ledger.history(folio)
    assert receipt.last - receipt.first == 2
    stands = keeping_of(history)
    assert stands.erased == receipt.first
    assert stands.gone == {item.leaf for item in history[: receipt.first - 1]}


class Lists:
    """Two versions of the list of years: 7, then 3 from July 2026."""

    def __call__(self, code: str, moment: object) -> CatalogueVersion:
        """The one in force."""
        assert code == RETENTION
        years = "7" if str(moment) < "2026-07" else "3"
        item = CatalogueItem("MA-001", Text("Altas y bajas", ""), Text("", ""), {"years": years})
        return CatalogueVersion(RETENTION, "2", (item,))


def test_a_list_never_shortens_what_a_closing_promised(desk: Desk) -> None:
    """Years in force at the closing and now: the longer; a process nobody named is kept as long as the code says."""
    calendar, lists = desk.calendar, Lists()
    before = retention_of("MA-001", local("2026-02-28 10:00"), lists, local("2026-09-01 10:00"), calendar)
    assert (before.years, before.until, before.over) == (7, date(2033, 2, 28), False)
    after = retention_of("MA-001", local("2026-08-01 10:00"), lists, local("2029-08-02 10:00"), calendar)
    assert (after.years, after.until, after.over) == (3, date(2029, 8, 1), True)
    other = retention_of("MA-003", None, lists, local("2026-09-01 10:00"), calendar)
    assert (other.years, other.until) == (DEFAULT_YEARS, None)
    leap = retention_of("MA-003", local("2024-02-29 10:00"), lists, local("2026-09-01 10:00"), calendar)
    assert leap.until == date(2034, 2, 28)

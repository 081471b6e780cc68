"""Files of erased entries are gone by order: the check says so, and calls nothing else missing by that name."""

from __future__ import annotations

from dataclasses import replace

from evidence.entry import EntryKind
from evidence.findings import Code, Verdict
from evidence.verify import verify_objects
from tests.fakes.house import House, codes, empty_house

CASE = "MA-001-2026-000001"


def _house(*, erased: bool, by: str = CASE) -> House:
    """A file whose payload and bytes are gone, with or without the entry of ``by`` that says so, and another one."""
    house = empty_house()
    gone = house.record(CASE, files=(b"de ella",), payload={"note": "suyo"})
    house.record(CASE, files=(b"de otro",))
    if erased:
        house.record(by, kind=EntryKind.ERASURE_EXECUTED, refs=(gone.leaf,))
    del house.blobs.objects[gone.entry.objects[0].key]
    row = house.ledger.rows[0]
    house.ledger.rows[0] = replace(row, sealed=replace(row.sealed, payload_bytes=None, salt=None))
    house.settle()
    return house


def test_a_file_that_was_erased_is_a_notice() -> None:
    """By the entry that is named, in the quick and in the whole check, and in that of the files alone."""
    house = _house(erased=True)
    for full in (False, True):
        report = house.verify(full=full)
        assert report.verdict is Verdict.VALID
        assert codes(report) == {Code.PAYLOAD_ERASED, Code.OBJECT_ERASED}
    found = [item for item in house.verify().findings if item.code == Code.OBJECT_ERASED]
    assert [item.found for item in found] == [f"erased by {CASE}/3"]
    assert {item.code for item in verify_objects(house.ledger, house.blobs)[0]} == {Code.OBJECT_ERASED}


def test_a_file_that_nobody_erased_is_missing() -> None:
    """Without the entry, and for a file of another entry beside one that was erased."""
    assert {Code.OBJECT_MISSING, Code.PAYLOAD_MISSING} <= codes(_house(erased=False).verify())
    house = _house(erased=True)
    del house.blobs.objects[house.ledger.rows[1].sealed.entry.objects[0].key]
    report = house.verify()
    assert report.verdict is Verdict.INVALID
    assert Code.OBJECT_MISSING in codes(report)


def test_an_erasure_is_an_entry_of_the_very_case() -> None:
    """What another chain says destroys nothing here, and so excuses nothing: whoever may write there erases nothing."""
    report = _house(erased=True, by="MA-001-2026-000002").verify()
    assert report.verdict is Verdict.INVALID
    assert {Code.OBJECT_MISSING, Code.PAYLOAD_MISSING} <= codes(report)
    assert codes(report).isdisjoint({Code.PAYLOAD_ERASED, Code.OBJECT_ERASED})

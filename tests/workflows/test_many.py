"""One mail for many cases: an entry each, the file stored once, and no case pays for another."""

from __future__ import annotations

import pytest

from documents.refusals import FileRefused
from tests.workflows.desk import ANA, MARTHA, Desk, eml, png, upload
from workflows.commands import RecordStep
from workflows.errors import RoleNotAllowed, StepNotOpen, UnknownCase
from workflows.many import record_many


@pytest.fixture
def desk() -> Desk:
    """A desk."""
    return Desk()


def _open(desk: Desk, many: int) -> list[str]:
    return [desk.open(rfc=f"PENU90010{n + 1}AB{n}", ticket=f"TK-{n}") for n in range(many)]


def _mail(step: str = "2", **more: object) -> RecordStep:
    return RecordStep("", step, ANA, (eml(),), **more)  # type: ignore[arg-type]


def test_the_same_mail_is_an_entry_of_each_case_and_one_object(desk: Desk) -> None:
    """Each case gets its own entry with its own receipt, and all name one stored file."""
    folios = _open(desk, 3)
    before = len(list(desk.blobs.list()))
    outcomes = record_many(desk.cases, [*folios, folios[0]], _mail())
    assert [item.folio for item in outcomes] == folios
    assert {item.receipt.objects[0].sha256 for item in outcomes if item.receipt} == {
        desk.cases.view(folios[0]).entries[-1].entry.objects[0].sha256
    }
    assert [len(desk.cases.view(folio).entries) for folio in folios] == [2, 2, 2]
    assert len(list(desk.blobs.list())) == before + 1


def test_a_case_that_refuses_keeps_no_other_waiting(desk: Desk) -> None:
    """A step done before and a folio that is none are told each by itself; the rest is recorded."""
    done, fresh = _open(desk, 2)
    desk.record(done, "2")
    outcomes = record_many(desk.cases, [done, "MA-001-2026-999999", fresh], _mail())
    assert [type(item.error) for item in outcomes] == [StepNotOpen, UnknownCase, type(None)]
    assert outcomes[2].receipt is not None


def test_sent_again_nothing_is_doubled_and_what_was_refused_is_tried_anew(desk: Desk) -> None:
    """With its key the same request gives the same receipts; a case mended meanwhile is recorded then."""
    first, second = _open(desk, 2)
    desk.record(second, "2")
    sent = [record_many(desk.cases, [first, second], _mail(idempotency_key="k")) for _time in range(2)]
    assert sent[0][0].receipt is not None
    assert sent[1][0].receipt is not None
    assert sent[0][0].receipt.leaf == sent[1][0].receipt.leaf
    assert [len(desk.cases.view(folio).entries) for folio in (first, second)] == [2, 2]


def test_who_may_not_record_is_refused_everywhere_and_a_bad_file_too(desk: Desk) -> None:
    """Rules of role and file hold as for one case, and nothing is written."""
    folios = _open(desk, 2)
    refused = record_many(desk.cases, folios, RecordStep("", "3", MARTHA, (png(),)))
    assert [type(item.error) for item in refused] == [RoleNotAllowed, RoleNotAllowed]
    broken = record_many(desk.cases, folios, RecordStep("", "3", ANA, (upload("a.png", b"no"),)))
    assert [type(item.error) for item in broken] == [FileRefused, FileRefused]
    assert [len(desk.cases.view(folio).entries) for folio in folios] == [1, 1]


def test_progress_is_told_case_by_case(desk: Desk) -> None:
    """Who waits sees how many of how many."""
    told: list[tuple[int, int]] = []
    record_many(desk.cases, _open(desk, 2), _mail(), lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2)]

"""Two people at once, a double click, a lost answer, a store that fails: one entry or none, and everybody is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

import pytest

from evidence.entry import BlobRef, EntryDraft, SealedEntry
from evidence.ports import Compose, StoreUnavailable
from tests.fakes.memory import MemoryBlobStore, MemoryLedger
from tests.workflows.desk import ALTA, ANA, BETO, MARTHA, PERSON, TICKET, Desk, eml, pdf, png
from tests.workflows.quick import QuickReader
from tests.workflows.samples import Samples
from workflows import errors, sets
from workflows.claims import Situation
from workflows.commands import OpenCase, Part, RecordStep, Supersede
from workflows.writer import CaseWriter


def _desk() -> tuple[Desk, str]:
    desk = Desk(reader=QuickReader())
    return desk, desk.open()


def test_two_people_on_the_same_step() -> None:
    """Of many who record the same step at once exactly one does, and the others learn who and when."""
    desk, folio = _desk()
    gate = threading.Barrier(6)
    done: list[int] = []
    told: list[errors.Refusal] = []

    def person(n: int) -> None:
        gate.wait(timeout=10)
        try:
            done.append(desk.record(folio, "2", actor=(ANA, BETO)[n % 2], uploads=(eml(body=str(n)),)).seq)
        except errors.StepNotOpen as refusal:
            told.append(refusal)

    threads = [threading.Thread(target=person, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert done == [2]
    assert len(told) == 5
    winner = desk.ledger.history(folio)[1].entry
    assert {(r.fields["seq"], r.fields["actor"], r.fields["at"]) for r in told} == {
        (2, winner.actor, winner.at)
    }


class SlowLedger(MemoryLedger):
    """Lets somebody else write just before an append, as a race would."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(clock=desk.clock)
        self.meanwhile: list[object] = []

    def append(
        self, case: str, compose: Compose, *, idempotency_key: str = "", request_digest: str = ""
    ) -> Sequence[SealedEntry]:
        """Run what happens meanwhile, then append."""
        while self.meanwhile:
            self.meanwhile.pop()()  # type: ignore[operator]
        return super().append(case, compose, idempotency_key=idempotency_key, request_digest=request_digest)


def _slow() -> tuple[Desk, SlowLedger]:
    desk = Desk(reader=QuickReader())
    ledger = SlowLedger(desk)
    desk.ledger = ledger
    desk.index._ledger = ledger
    desk.cases._writer.ledger = ledger
    return desk, ledger


def test_what_happens_between_trying_and_writing_counts() -> None:
    """The rules hold on the history that is written to, not on the one that was read before the upload."""
    desk, ledger = _slow()
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index("12")])
    ledger.meanwhile = [
        lambda: desk.cases.supersede(Supersede(folio, 9, ANA, "Carta equivocada", annul=True))
    ]
    with pytest.raises(errors.GuardUnmet):
        desk.record(folio, "12")
    assert desk.ledger.history(folio)[-1].entry.step == "9"


class StaleLedger(MemoryLedger):
    """Knows of a case only as many entries as it is told, as a process does while others continue the case."""

    entries_known = 100

    def known(self, case: str) -> Sequence[SealedEntry]:
        """The first entries."""
        return self.history(case)[: self.entries_known]


def _ticket() -> tuple[Desk, StaleLedger, str]:
    """A ticket under way, into which notes may be written."""
    desk, samples = Desk(reader=QuickReader()), Samples()
    ledger = StaleLedger(clock=desk.clock)
    desk.ledger = desk.index._ledger = desk.cases._writer.ledger = ledger
    folio = desk.cases.open_case(OpenCase("MA-006", ANA, TICKET)).folio
    for code, choice in (("4", ""), ("5", "acceso"), ("6", ""), ("7", "")):
        view = desk.cases.view(folio)
        made = samples.step(view.definition, view.definition.by_step[code], choice, view.state.params)
        desk.record(folio, code, **{"actor": ANA, **made})
    return desk, ledger, folio


def _note(folio: str) -> RecordStep:
    return RecordStep(folio, "8", actor=ANA, data={"accion": "Se revisó el acceso de la persona."})


def test_a_refusal_on_an_old_case_is_asked_again() -> None:
    """Who knows only how a case began refuses nothing that others have made possible since."""
    desk, ledger, folio = _ticket()
    ledger.entries_known = 1
    assert desk.cases.record(_note(folio)).seq == len(ledger.history(folio)) > 1


def test_what_an_old_case_would_allow_is_not_written() -> None:
    """Who knows a case as it was before a step was annulled writes nothing that rested on that step."""
    desk, ledger, folio = _ticket()
    ledger.entries_known = len(ledger.history(folio))
    *_, seventh = (item.entry.seq for item in ledger.history(folio) if item.entry.step == "7")
    desk.cases.supersede(Supersede(folio, seventh, ANA, "Aún no se ha hecho", annul=True))
    before = len(ledger.history(folio))
    with pytest.raises(errors.GuardUnmet):
        desk.cases.record(_note(folio))
    assert len(ledger.history(folio)) == before


def test_what_was_erased_meanwhile_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts made of payloads that another process has erased since are made anew, though no leaf has changed."""
    desk, ledger, folio = _ticket()
    whole = ledger.history(folio)
    erased = [replace(item, payload_bytes=None, salt=None) for item in whole]
    monkeypatch.setattr(ledger, "known", lambda _case: whole)
    monkeypatch.setattr(ledger, "history", lambda _case: erased)
    command, seen = _note(folio), []
    step = desk.cases._writer.definition_of(whole).by_step[command.step]
    drafts = sets.recording(step, ANA, Part(command.step, data=command.data), ())

    def watched(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        seen.append([item.payload_bytes is None for item in situation.entries])
        return drafts(situation, blobs)

    desk.cases._writer.append(folio, watched, (), command)
    assert not any(seen[0])
    assert all(seen[-1])


def test_files_are_stored_for_the_case_as_it_stands() -> None:
    """A command with files is judged on the case as it stands before any of them is stored."""
    desk = Desk(reader=QuickReader())
    ledger = StaleLedger(clock=desk.clock)
    desk.ledger = desk.index._ledger = desk.cases._writer.ledger = ledger
    folio = desk.open()
    desk.record(folio, "2")
    stored = len(desk.blobs.objects)
    ledger.entries_known = 1
    with pytest.raises(errors.StepNotOpen):
        desk.record(folio, "2", uploads=(eml(body="otra vez"),))
    assert len(desk.blobs.objects) == stored


def test_unaffected_work_goes_on_after_a_conflict() -> None:
    """An entry of another step that came in between does no harm: both are written."""
    desk, ledger = _slow()
    folio = desk.open()
    ledger.meanwhile = [lambda: desk.record(folio, "4")]
    assert desk.record(folio, "2").seq == 3


def test_a_double_click_is_one_entry() -> None:
    """The same request with the same key gives the same receipt, also after the step is done and more has happened."""
    desk, folio = _desk()
    first = desk.record(folio, "2", idempotency_key="k")
    desk.walk(folio, "3", "4")
    again = desk.record(folio, "2", idempotency_key="k")
    assert (again.seq, again.leaf, again.recorded_at, again.objects) == (
        first.seq, first.leaf, first.recorded_at, first.objects,
    )  # fmt: skip
    assert len(desk.ledger.history(folio)) == 4


def test_a_key_for_another_request_is_refused() -> None:
    """A key used for other content is refused, whether or not the step could still be recorded."""
    desk, folio = _desk()
    desk.record(folio, "2", idempotency_key="k")
    for changes in ({"uploads": (eml(body="otro"),)}, {"note": "otra"}):
        with pytest.raises(errors.RequestReused):
            desk.record(folio, "2", idempotency_key="k", **changes)


def test_a_key_is_ones_own() -> None:
    """Two people may happen on the same key; each request is judged by itself."""
    desk, folio = _desk()
    desk.record(folio, "2", idempotency_key="k")
    with pytest.raises(errors.StepNotOpen):
        desk.record(folio, "2", idempotency_key="k", actor=BETO)
    assert desk.record(folio, "3", idempotency_key="k", actor=BETO).seq == 3


def test_opening_twice_with_one_key_is_one_case() -> None:
    """A repeated opening gives the folio of the first."""
    desk = Desk(reader=QuickReader())
    folios = {
        desk.cases.open_case(OpenCase("MA-001", ANA, PERSON, idempotency_key="k")).folio for _ in range(3)
    }
    assert len(folios) == 1
    assert len(desk.ledger.rows) == 1


def test_folios_are_dense_and_by_year() -> None:
    """Folios count from one within a year; refused openings that wrote nothing take no number."""
    desk = Desk(reader=QuickReader())
    assert desk.open() == "MA-001-2026-000001"
    with pytest.raises(errors.DuplicateCase):
        desk.open()
    assert desk.open(rfc="PEGL850101AB2") == "MA-001-2026-000002"
    desk.clock.set("2026-12-31 23:59")
    assert desk.open(rfc="LOPA910305CD3") == "MA-001-2026-000003"
    desk.clock.set("2027-01-01 00:01")
    assert desk.open(rfc="GAMA880722EF4") == "MA-001-2027-000001"


class FullStore(MemoryBlobStore):
    """A disk that is full at the second object."""

    def put(
        self,
        source: BinaryIO,
        *,
        media: str,
        retain_until: datetime | None = None,
        case: str = "",  # noqa: ARG002
    ) -> BlobRef:
        """Store one, then refuse."""
        if self.objects:
            raise StoreUnavailable("disk full")
        return super().put(source, media=media, retain_until=retain_until)


def test_no_entry_without_all_its_objects() -> None:
    """When the second of two files cannot be stored there is no entry, and a retry with the same key succeeds."""
    desk, folio = _desk()
    desk.walk(folio, *ALTA[: ALTA.index("9")])
    whole = desk.cases._writer._blobs
    desk.cases._writer._blobs = FullStore()
    before = len(desk.ledger.rows)
    with pytest.raises(StoreUnavailable):
        desk.record(folio, "9", uploads=(pdf(), eml()), idempotency_key="k")
    assert len(desk.ledger.rows) == before
    desk.cases._writer._blobs = whole
    assert len(desk.record(folio, "9", uploads=(pdf(), eml()), idempotency_key="k").objects) == 2


def test_nothing_is_stored_for_a_refused_command() -> None:
    """A command that the rules refuse stores no object."""
    desk, folio = _desk()
    with pytest.raises(errors.GuardUnmet):
        desk.record(folio, "13")
    assert desk.blobs.objects == {}


def test_objects_are_kept_for_as_long_as_configured() -> None:
    """Every object is put under a lock of so many years, counted from its storing, leap days and all."""
    desk, folio = _desk()
    desk.clock.set("2028-02-29 10:00")
    receipt = desk.record(folio, "2")
    (stored,) = desk.blobs.objects.values()
    assert stored[0].retain_until.startswith("2038-02-28T16:")
    assert desk.ledger.history(folio)[receipt.seq - 1].entry.objects[0].retain_until == stored[0].retain_until


def test_the_directory_is_asked_once() -> None:
    """Inside the ledger's transaction no other store is asked: answers were fetched when the command was tried."""
    desk, folio = _desk()
    desk.walk(folio, *ALTA[: ALTA.index("9")])
    asked: list[str] = []
    holders = desk.directory.holders

    def counting(post: str, moment: object) -> object:
        asked.append(post)
        return holders(post, moment)  # type: ignore[arg-type]

    desk.directory.holders = counting  # type: ignore[method-assign, assignment]
    desk.record(folio, "9")
    assert asked == ["director_general"]


def test_console_entries_name_the_console() -> None:
    """An entry made at a console says so: in its facts the way, in its payload the user of the system."""
    desk, _ = _desk()
    at_console = type(ANA)(ANA.id, ANA.role, via="console", os_user="root")
    folio = desk.cases.open_case(OpenCase("MA-001", at_console, {**PERSON, "rfc": "PEGL850101AB2"})).folio
    desk.cases.record(RecordStep(folio, "2", at_console, (eml(),)))
    for sealed in desk.ledger.history(folio):
        assert sealed.entry.facts["via"] == "console"
        assert sealed.payload()["via"] == {"channel": "console", "os_user": "root"}


def test_data_entry_may_add_to_the_opening() -> None:
    """CAM data entry opens cases and adds tickets, and nothing else."""
    desk, _ = _desk()
    folio = desk.cases.open_case(
        OpenCase("MA-001", MARTHA, {**PERSON, "rfc": "PEGL850101AB2"}, (png(),))
    ).folio
    assert desk.cases.view(folio).data()["1"]["nombre"] == PERSON["nombre"]
    assert isinstance(desk.cases._writer, CaseWriter)

"""Corrections: an entry superseded no longer counts, both stay visible, and what hung on it is shown."""

from __future__ import annotations

import pytest

from evidence.entry import EntryKind, format_time
from tests.workflows.desk import ALTA, ANA, BETO, PERSON, SUPERVISOR, Desk, eml, local, pdf, png
from tests.workflows.quick import QuickReader
from workflows import errors
from workflows.commands import Reuse, Supersede, WaiveStep
from workflows.state import StepStatus, TimerStatus

WHY = "Se subió el archivo de otra persona"


def _walked(last: str) -> tuple[Desk, str]:
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index(last) + 1])
    return desk, folio


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    """The step stays done by the new entry, in the old one's place; nothing became doubtful."""
    desk, folio = _walked("15")
    receipt = desk.cases.supersede(
        Supersede(folio, 13, ANA, WHY, uploads=(png(),), data={"dsn": "DSN-NUEVO"})
    )
    state = receipt.state
    step = state.step("13")
    assert (step.status, step.entries, step.past) == (StepStatus.DONE, (16,), (13,))
    assert [(item.code, item.step, item.seq, item.detail) for item in state.exceptions] == [
        ("superseded", "13", 16, "13")
    ]
    assert state.machine_values()["cam_pegasus"] == "Escalado"
    sealed = desk.ledger.history(folio)
    assert sealed[15].entry.kind is EntryKind.EVIDENCE_SUPERSEDED
    assert sealed[15].entry.refs == (sealed[12].leaf,)
    assert sealed[15].payload()["note"] == WHY
    assert desk.index.by_reference("dsn", "DSN-NUEVO") == (folio,)


def test_the_old_reference_is_free_again() -> None:
    """A DSN that was corrected away no longer belongs to the case; another case may have it."""
    desk, folio = _walked("12")
    desk.record(folio, "13", data={"dsn": "DSN-AJENO"})
    desk.cases.supersede(Supersede(folio, 13, ANA, WHY, uploads=(png(),), data={"dsn": "DSN-PROPIO"}))
    assert desk.index.by_reference("dsn", "DSN-AJENO") == ()


def test_annulling_opens_the_step_and_shows_what_hung_on_it() -> None:
    """Without the signed letter, all that was done on it becomes doubtful, and nothing more may build on it."""
    desk, folio = _walked("16")
    state = desk.cases.supersede(
        Supersede(folio, 9, ANA, "La firma no es del Director General", annul=True)
    ).state
    assert state.step("9").status is StepStatus.OPEN
    assert "9" in state.missing
    doubtful = {
        step.step: step.unmet for step in state.steps if step.status is StepStatus.DONE and step.unmet
    }
    assert doubtful == {
        "10": ("9",),
        "11": ("9",),
        "12": ("9", "11"),
        "13": ("9", "12"),
        "15": ("13",),
        "16": ("13",),
    }
    assert not state.complete
    unmet = {item.step for item in state.exceptions if item.code == "unmet"}
    assert unmet == set(doubtful)
    with pytest.raises(errors.GuardUnmet):
        desk.record(folio, "17")
    desk.record(folio, "9")
    after = desk.cases.view(folio).state
    assert after.step("9").entries == (18,)
    assert after.step("10").unmet == ("9",)  # it was done before the letter that counts now


def test_a_doubt_alone_keeps_a_file_incomplete() -> None:
    """With nothing missing, a step that was done on something annulled still keeps the file from being complete."""
    desk, folio = _walked("26")
    assert desk.cases.view(folio).state.complete
    desk.cases.supersede(Supersede(folio, 14, ANA, "El registro era de otra persona", annul=True))
    state = desk.record(folio, "14").state
    assert state.missing == ()
    assert state.step("15").unmet == ("14",)
    assert not state.complete
    healed = desk.cases.supersede(
        Supersede(folio, 15, ANA, "Se revisó de nuevo el estatus", uploads=(png(),))
    ).state
    assert healed.step("15").unmet == ("14",)  # still in its old place, before what it needs


def test_correcting_an_annulled_entry_is_refused() -> None:
    """What was superseded or annulled is not corrected again; the entry that took its place may be."""
    desk, folio = _walked("3")
    desk.cases.supersede(Supersede(folio, 2, ANA, WHY, uploads=(eml(),)))
    with pytest.raises(errors.NotSupersedable) as refusal:
        desk.cases.supersede(Supersede(folio, 2, ANA, WHY, uploads=(eml(),)))
    assert refusal.value.fields == {"seq": 2, "why": "superseded", "by": 4}
    state = desk.cases.supersede(Supersede(folio, 4, ANA, WHY, uploads=(eml(),))).state
    assert state.step("2").entries == (5,)
    assert state.superseded == ((2, 4), (4, 5))
    desk.cases.supersede(Supersede(folio, 5, ANA, WHY, annul=True))
    with pytest.raises(errors.NotSupersedable):
        desk.cases.supersede(Supersede(folio, 6, ANA, WHY, annul=True))


def test_files_may_be_kept() -> None:
    """A correction of typed values keeps the files without another upload."""
    desk, folio = _walked("13")
    old = desk.ledger.history(folio)[12].entry
    desk.cases.supersede(
        Supersede(folio, 13, ANA, "El DSN llevaba un dígito de más", keep=(0,), data={"dsn": "DSN-77"})
    )
    new = desk.ledger.history(folio)[13]
    assert new.entry.objects == old.objects
    assert new.payload()["files"][0]["name"] == "captura.png"
    for wrong in (1, -1):
        with pytest.raises(errors.ReuseNotAllowed):
            desk.cases.supersede(Supersede(folio, 14, ANA, WHY, keep=(wrong,), data={"dsn": "DSN-78"}))


def test_a_correction_needs_the_whole_evidence() -> None:
    """A correction that would leave the step without its evidence is refused."""
    desk, folio = _walked("9")
    with pytest.raises(errors.EvidenceMissing):
        desk.cases.supersede(Supersede(folio, 9, ANA, WHY, keep=(0,)))


def test_reasons_are_sentences() -> None:
    """A correction without a reason is refused."""
    desk, folio = _walked("2")
    with pytest.raises(errors.ReasonMissing):
        desk.cases.supersede(Supersede(folio, 2, ANA, "  mal  ", annul=True))


def test_an_opening_may_be_corrected_but_not_annulled() -> None:
    """A mistyped RFC is corrected, also in searches; a case itself cannot be made to vanish."""
    desk, folio = _walked("3")
    data = {**PERSON, "rfc": "RUOM900215XY2", "paquete": "2"}
    state = desk.cases.supersede(Supersede(folio, 1, ANA, "El RFC estaba mal capturado", data=data)).state
    with pytest.raises(errors.NotSupersedable):
        desk.cases.supersede(Supersede(folio, 1, ANA, WHY, annul=True))
    assert state.params["paquete"] == "2"
    assert desk.index.by_reference("rfc", "RUOM900215XY2") == (folio,)
    assert desk.index.by_reference("rfc", PERSON["rfc"]) == ()
    assert desk.open() != folio
    with pytest.raises(errors.NotSupersedable):
        desk.cases.supersede(Supersede(folio, 4, ANA, WHY, annul=True))
    again = desk.cases.supersede(
        Supersede(folio, 4, ANA, "El paquete era el 1", data={**data, "paquete": "1"})
    ).state
    assert again.params["paquete"] == "1"
    assert again.definition == state.definition


def test_annulling_the_end_opens_the_case_again() -> None:
    """A closing recorded by mistake is annulled with a reason, and the case goes on; a system's closing is not."""
    desk, folio = _walked("26")
    desk.record(folio, "26a", choice="funciona")
    state = desk.cases.supersede(
        Supersede(folio, 27, ANA, "El usuario hablaba de otra cuenta", annul=True)
    ).state
    assert (state.closed, state.open_steps) == (False, ("26a",))
    assert state.machine_values()["ticket"] == "En proceso"
    desk.clock.set("2026-01-20 10:00")
    desk.cases.fire_due_timers()
    assert desk.cases.view(folio).state.closed
    for seq in (29, 30):
        with pytest.raises(errors.NotSupersedable):
            desk.cases.supersede(Supersede(folio, seq, ANA, WHY, annul=True))


def test_waivers_can_only_be_annulled() -> None:
    """A waiver given by mistake is taken back; it is not evidence that could be replaced."""
    desk, folio = _walked("2")
    desk.cases.waive(WaiveStep(folio, "3", SUPERVISOR, "El sistema de tickets estaba caído"))
    with pytest.raises(errors.NotSupersedable):
        desk.cases.supersede(Supersede(folio, 3, SUPERVISOR, WHY, uploads=(png(),)))
    with pytest.raises(errors.RoleNotAllowed):  # a specialist records step 3 but did not grant the exception
        desk.cases.supersede(Supersede(folio, 3, ANA, "Ya volvió el sistema", annul=True))
    state = desk.cases.supersede(Supersede(folio, 3, SUPERVISOR, "Ya volvió el sistema", annul=True)).state
    assert state.step("3").status is StepStatus.OPEN


def test_shared_evidence_falls_with_its_source() -> None:
    """A file taken from another step counts only as long as its source does."""
    desk, folio = _walked("15")
    desk.record(folio, "16", uploads=(pdf("dsn.pdf"),), reuse=(Reuse("carta_firmada", 9, 0),))
    assert desk.cases.view(folio).state.step("16").status is StepStatus.DONE
    state = desk.cases.supersede(Supersede(folio, 9, ANA, WHY, uploads=(pdf(), eml()))).state
    step = state.step("16")
    assert (step.status, step.lacks) == (StepStatus.OPEN, ("carta_firmada",))
    assert "16" in state.missing
    with pytest.raises(errors.ReuseNotAllowed):
        desk.record(folio, "16", uploads=(pdf("dsn.pdf"),), reuse=(Reuse("carta_firmada", 9, 0),))
    again = desk.record(folio, "16", uploads=(pdf("dsn.pdf"),), reuse=(Reuse("carta_firmada", 17, 0),)).state
    assert again.step("16").status is StepStatus.DONE


def test_corrected_dates_move_timers() -> None:
    """MetLife's time counts from the corrected date of the request, and as it was known before from the old one."""
    desk, folio = _walked("17")
    before = desk.cases.view(folio).state
    when = local("2026-01-08 10:00")
    receipt = desk.cases.supersede(
        Supersede(folio, 11, ANA, "Se solicitó el jueves", uploads=(png(),), occurred_at=when)
    )
    (old,) = [timer for timer in before.timers if timer.timer == "metlife"]
    (new,) = [timer for timer in receipt.state.timers if timer.timer == "metlife"]
    assert new.started_at == format_time(when)
    assert new.due_at < old.due_at
    assert new.state is TimerStatus.RUNNING
    desk.clock.advance(minutes=1)
    desk.record(folio, "18")
    past = desk.cases.view(folio, as_of=local("2026-01-12 09:16")).state
    assert [timer.due_at for timer in past.timers if timer.timer == "metlife"] == [old.due_at]


def test_a_correction_may_change_the_branch() -> None:
    """What looked like a confirmation was a refusal: the branch is corrected and the loop reopens."""
    desk, folio = _walked("18")
    state = desk.cases.supersede(
        Supersede(folio, 18, ANA, "Era un rechazo", uploads=(eml(),), choice="rechazada")
    ).state
    assert state.step("18").status is StepStatus.BLOCKED
    assert state.step("12").round == 2


def test_supervision_may_correct() -> None:
    """Correctors of the process may correct what they could not have recorded."""
    desk, folio = _walked("2")
    receipt = desk.cases.supersede(Supersede(folio, 2, SUPERVISOR, WHY, uploads=(eml(),)))
    assert desk.ledger.history(folio)[receipt.seq - 1].entry.role == "supervisor"


def test_a_person_who_left_does_not_block_a_correction() -> None:
    """Duties of the corrected entry itself do not count against who corrects it."""
    desk, folio = _walked("10")
    state = desk.cases.supersede(
        Supersede(folio, 10, BETO, "Accedió Beto, no Ana", data={"declaro": "si"})
    ).state
    assert ("ejecutor", BETO.id, 11) in state.parties
    assert all(actor != ANA.id for duty, actor, _ in state.parties if duty == "ejecutor")

"""The hours of service and the WhatsApp cut-off, by the calendar: every minute has one verdict, and it is sealed."""

from __future__ import annotations

from contextlib import suppress
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.entry import EntryKind
from tests.workflows.desk import local, registry
from tests.workflows.replays import Play, Walk, begin, check_replay
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor, OpenCase
from workflows.definition import Standing
from workflows.derive import derive
from workflows.errors import FieldInvalid, OutsideHours
from workflows.standing import Verdict, judge
from workflows.state import ExceptionCode

CALENDAR = BusinessCalendar.bundled()
HOURS = Standing("service_hours", ("1",))
CUT = Standing("whatsapp_cutoff", ("1",), warn=time(17, 30), limit=time(18, 0))
ANA = Actor("u-ana", "especialista")
CALL = {"canal": "telefono", "clave": "AG1", "asunto": "pro99", "motivo": "No entra", "duracion": "3"}
WHATSAPP = {**CALL, "canal": "whatsapp", "autorizado": "linea_1"}


@pytest.mark.parametrize(
    ("rule", "moment", "verdict", "opens"),
    [
        (HOURS, "2026-11-23 07:59", "fuera", "2026-11-23 08:00"),
        (HOURS, "2026-11-23 08:00", "dentro", ""),
        (HOURS, "2026-11-26 17:59", "dentro", ""),
        (HOURS, "2026-11-26 18:00", "fuera", "2026-11-27 08:00"),
        (HOURS, "2026-11-27 14:59", "dentro", ""),
        (HOURS, "2026-11-27 15:00", "fuera", "2026-11-30 08:00"),
        (HOURS, "2026-11-28 10:00", "fuera", "2026-11-30 08:00"),
        (HOURS, "2026-11-16 10:00", "fuera", "2026-11-17 08:00"),
        (HOURS, "2026-12-24 18:30", "fuera", "2026-12-28 08:00"),
        (HOURS, "2025-12-31 18:00", "fuera", "2026-01-02 08:00"),
        (CUT, "2026-11-23 07:30", "fuera", "2026-11-23 08:00"),
        (CUT, "2026-11-23 17:29", "dentro", ""),
        (CUT, "2026-11-23 17:30", "aviso", ""),
        (CUT, "2026-11-23 17:59", "aviso", ""),
        (CUT, "2026-11-23 18:00", "fuera", "2026-11-24 08:00"),
        (CUT, "2026-11-27 14:59", "dentro", ""),
        (CUT, "2026-11-27 15:00", "fuera", "2026-11-30 08:00"),
        (CUT, "2026-11-16 12:00", "fuera", "2026-11-17 08:00"),
    ],
)
def test_verdicts(rule: Standing, moment: str, verdict: str, opens: str) -> None:
    """At the edges of each day, before week-ends and holidays, and on the days that are short."""
    found = judge(CALENDAR, local(moment), rule)
    assert found.verdict == verdict
    assert found.opens == (local(opens) if opens else None)


@given(st.integers(0, 9 * 365 * 24 * 60))
def test_every_minute_has_one_verdict(minutes: int) -> None:
    """Inside exactly on business days between opening and closing; what is outside is inside at the next opening."""
    moment = local("2025-01-01 00:00") + timedelta(minutes=minutes)
    hours = CALENDAR.hours_of(CALENDAR.local_day(moment))
    here = CALENDAR.local(moment).time()
    service, cut = judge(CALENDAR, moment, HOURS), judge(CALENDAR, moment, CUT)
    assert (service.verdict is Verdict.INSIDE) == (hours is not None and hours[0] <= here < hours[1])
    assert (cut.verdict is Verdict.OUTSIDE) == (service.verdict is Verdict.OUTSIDE or here >= time(18, 0))
    if service.opens is None:
        return
    assert moment < service.opens <= moment + timedelta(days=8)
    assert judge(CALENDAR, service.opens, HOURS).verdict is Verdict.INSIDE
    assert judge(CALENDAR, service.opens - timedelta(minutes=1), HOURS).verdict is Verdict.OUTSIDE


def _contact(moment: str, data: dict[str, str]) -> Walk:
    """A contact at a moment, whatever comes of it."""
    walk = begin(Play("MA-007"), moment)
    walk.folio = "MA-007-2026-000001"
    command = OpenCase("MA-007", ANA, data, idempotency_key="k")
    for _ in range(2):  # the same click again says the same, and writes nothing
        with suppress(OutsideHours):
            walk.desk.cases.open_case(command)
    return walk


def _kinds(walk: Walk) -> list[tuple[EntryKind, str, object]]:
    return [(entry.kind, entry.step, entry.facts.get("verdict", "")) for entry in walk.entries]


def test_a_contact_in_time_has_its_verdict_beside_it() -> None:
    """One append: the contact, and what the system says of its hour, with the calendar it says so by."""
    walk = _contact("2026-11-23 10:00", CALL)
    assert _kinds(walk) == [
        (EntryKind.CASE_OPENED, "1", ""),
        (EntryKind.EVIDENCE_RECORDED, "19", "dentro"),
    ]
    verdict = walk.entries[1]
    assert (verdict.actor, verdict.role) == ("system", "system")
    assert verdict.facts["calendar"] == CALENDAR.id
    assert walk.state.status == "Abierta"
    check_replay(walk)


def test_outside_it_is_refused_and_on_record() -> None:
    """A call at night has a folio, its verdict, the refusal and the next opening; nothing is owed."""
    walk = _contact("2026-11-23 19:10", CALL)
    with pytest.raises(OutsideHours) as refused:
        walk.desk.cases.open_case(OpenCase("MA-007", ANA, CALL, idempotency_key="k"))
    assert (refused.value.fields["folio"], refused.value.fields["opens"]) == (walk.folio, "2026-11-24 08:00")
    assert [kind for kind, _, _ in _kinds(walk)] == [
        EntryKind.CASE_OPENED,
        EntryKind.EVIDENCE_RECORDED,
        EntryKind.CASE_REFUSED,
    ]
    state = walk.state
    assert (state.status, state.closed, state.missing) == ("fuera_de_horario", True, ())
    assert ExceptionCode.OUTSIDE_HOURS in {item.code for item in state.exceptions}
    assert walk.entries[1].facts["due_at"] == "2026-11-24T14:00:00.000000Z"
    check_replay(walk)


def test_outside_it_may_be_queued_until_service_opens() -> None:
    """Queued, it waits with a deadline: when service opens; attending it in time meets that."""
    walk = _contact("2026-11-27 15:30", {**CALL, "fuera_horario": "cola"})
    assert (walk.state.status, walk.state.closed) == ("En cola", False)
    (timer,) = walk.state.timers
    assert (timer.timer, timer.due_at, str(timer.state)) == ("cola", "2026-11-30T14:00:00.000000Z", "running")
    walk.desk.clock.set("2026-11-30 07:59")
    walk.record("2")
    assert str(walk.state.timers[0].state) == "met"
    assert walk.state.machine_values() == {"atencion": "Abierta"}
    check_replay(walk)


def test_nothing_is_queued_within_the_hours() -> None:
    """To queue what can be attended now is a mistake, and leaves nothing."""
    walk = begin(Play("MA-007"), "2026-11-23 10:00")
    with pytest.raises(FieldInvalid, match="within_hours"):
        walk.desk.cases.open_case(OpenCase("MA-007", ANA, {**CALL, "fuera_horario": "cola"}))
    assert walk.desk.ledger.rows == []


@pytest.mark.parametrize(
    ("moment", "data", "verdicts"),
    [
        ("2026-11-23 17:42", WHATSAPP, ["dentro", "aviso"]),
        ("2026-11-23 17:42", CALL, ["dentro"]),
        ("2026-11-27 15:01", WHATSAPP, ["fuera", "fuera"]),
    ],
)
def test_whatsapp_has_a_rule_of_its_own(moment: str, data: dict[str, str], verdicts: list[str]) -> None:
    """Each rule that watches the contact leaves its verdict; the cut-off only judges WhatsApp."""
    walk = _contact(moment, data)
    assert [entry.facts["verdict"] for entry in walk.entries if "verdict" in entry.facts] == verdicts


def test_a_late_message_is_not_sent_on_record() -> None:
    """Confirming by WhatsApp after the cut-off leaves the verdict alone, says so twice, and the step stays open."""
    walk = _contact("2026-11-23 10:00", WHATSAPP)
    walk.go("2..5 6:si 7")
    walk.desk.clock.set("2026-11-23 18:05")
    for _ in range(2):
        with pytest.raises(OutsideHours) as refused:
            walk.record("16", "resuelto", data={"canal": "whatsapp"}, uploads=(), idempotency_key="once")
        assert refused.value.fields["opens"] == "2026-11-24 08:00"
    assert _kinds(walk)[-1] == (EntryKind.EVIDENCE_RECORDED, "20", "fuera")
    assert _kinds(walk)[-2][1] == "7"
    assert "16" in walk.state.open_steps
    walk.record("16", "resuelto", data={"canal": "telefono"}, uploads=())
    assert walk.state.step("16").choice == "resuelto"


def test_a_verdict_that_the_calendar_does_not_give_is_unreadable() -> None:
    """Whoever derives judges again: an entry that calls a call at night «dentro» is an exception."""
    walk = _contact("2026-11-23 19:10", CALL)
    entries = walk.entries
    forged = entries[1].__class__(
        **{
            **{name: getattr(entries[1], name) for name in entries[1].__dataclass_fields__},
            "facts": {**entries[1].facts, "verdict": "dentro"},
        }
    )
    found = derive(registry().current("MA-007"), [entries[0], forged, entries[2]], calendar=CALENDAR)
    assert ("unreadable", "verdict") in {(str(item.code), item.detail) for item in found.exceptions}

"""Series: the system opens a control's case, every business day is one recording, a day without one is a gap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from evidence.entry import EntryKind, parse_entry
from tests.workflows.desk import ANA, BETO, Desk, local, pdf
from tests.workflows.test_process_definition_document import EXAMPLE
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor, OpenCase, RecordControl, RecordStep, Supersede
from workflows.controls import following, over_at, owed_days
from workflows.definition import Definition
from workflows.derive import derive
from workflows.errors import CaseClosed, DayRecorded, FieldInvalid, NoSeries, StepNotOpen
from workflows.loader import load
from workflows.registry import DefinitionRegistry
from workflows.state import CaseState
from workflows.tables import DefinitionInvalid

DESK = Actor(id=ANA.id, role="mesa")
OTHER = Actor(id=BETO.id, role="mesa")

SERIES = """
[[series]]
code = "inventario"
name = "Inventario diario"
name_en = "Daily inventory"
step = "3"
report_step = "4"
every = "habil"
period = "month"
params = { modo = "control" }
day_field = "dia"
count_field = "hallazgos"
declares = { revise = "si" }
volume_step = "2"
expected = [1, 2]
post = "jefatura"

[[outcome]]
code = "mes_cerrado"
name = "Mes cerrado"
name_en = "Month closed"

[[step]]
code = "3"
name = "Contar el equipo"
name_en = "Count the equipment"
class = "periodico"
instruction = "Cuenta."
instruction_en = "Count."
example = "0"
example_en = "0"
next = "Mañana otra vez."
next_en = "Again tomorrow."
performer = "mesa"
roles = ["mesa"]
most = 1000
evidence = { all = ["conteo"] }

[[step.slot]]
code = "conteo"
name = "Conteo"
name_en = "Count"
types = ["ATT"]
fields = ["hallazgos", "revise"]

[[step.field]]
name = "dia"
label = "Día"
label_en = "Day"
kind = "date"

[[step.field]]
name = "hallazgos"
label = "Faltantes"
label_en = "Missing"
kind = "number"
required = true

[[step.field]]
name = "revise"
label = "Conté el equipo"
label_en = "I counted the equipment"
kind = "tick"

[[step]]
code = "4"
name = "Informe del mes"
name_en = "Report of the month"
class = "periodico"
instruction = "Lo hace el sistema."
instruction_en = "The system does it."
example = "20 días"
example_en = "20 days"
next = "Otro mes."
next_en = "Another month."
performer = "sistema"
roles = []
by_system = true
closes = "mes_cerrado"
evidence = { all = ["informe"] }

[[step.slot]]
code = "informe"
name = "Informe"
name_en = "Report"
types = ["SYS"]

[[role]]
code = "sistema"
name = "Sistema"
name_en = "System"
duty = "Contar."
duty_en = "Count."
"""


def example() -> str:
    """The example of the format's document."""
    assert EXAMPLE is not None
    return EXAMPLE.group(1)


@cache
def definition() -> Definition:
    """That process, with a daily control."""
    return load((example() + SERIES).encode())


def desk(start: str = "2026-01-12 09:00") -> Desk:
    """A desk where that process is in force; 2026-02-02 is a holiday of its calendar."""
    found = Desk(definitions=DefinitionRegistry([definition()]))
    found.clock.set(start)
    found.directory.posts["jefatura"] = "u-jefa"
    return found


def nothing(found: Desk, actor: Actor = DESK, day: str = "", findings: int = 0) -> str:
    """Record the control of a day."""
    return found.cases.controls.record(RecordControl("XX-001", "inventario", actor, findings, day)).folio


def control(found: Desk, folio: str) -> CaseState:
    """The state of a control's case now."""
    return found.cases.view(folio).state


def test_the_system_opens_one_case_a_period_and_never_two() -> None:
    """However often and by however many processes it runs, a period has one case, opened by the system."""
    found = desk()
    first = found.cases.controls.run()
    assert [receipt.folio for receipt in first] == ["XX-001-2026-000001"]
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _n: found.cases.controls.run(), range(8)))
    assert again == [[]] * 8
    entry = found.ledger.history("XX-001-2026-000001")[0].entry
    assert (entry.actor, entry.kind, entry.step) == ("system", EntryKind.CASE_OPENED, "")
    assert entry.facts["since"] == "2026-01-12"
    assert control(found, "XX-001-2026-000001").params == {"modo": "control"}


def test_processes_that_open_at_the_same_moment_get_the_same_case() -> None:
    """The caches may not know of the other's case yet: the ledger's key decides."""
    found = desk()
    with ThreadPoolExecutor(4) as pool:
        opened = [
            receipt
            for receipts in pool.map(lambda _n: found.cases.controls.run(), range(4))
            for receipt in receipts
        ]
    assert len(opened) == 1
    assert list(found.ledger.cases()) == ["XX-001-2026-000001"]


def test_ordinary_cases_and_controls_do_not_share_steps() -> None:
    """A control's case has the control's steps only, an ordinary case all others."""
    found = desk()
    folio = nothing(found)
    assert {s.step for s in control(found, folio).steps if s.status != "no_aplica"} == {"3", "4"}
    loan = found.cases.open_case(OpenCase("XX-001", DESK, {"persona": "Ana"}, (pdf(),))).folio
    assert {s.step for s in control(found, loan).steps if s.status != "no_aplica"} == {"1", "2"}
    with pytest.raises(StepNotOpen):
        found.cases.record(RecordStep(loan, "3", DESK, data={"hallazgos": "0", "revise": "si"}))
    with pytest.raises(StepNotOpen):
        found.cases.record(RecordStep(folio, "2", DESK, data={"lugar": "Anaquel 4"}))


@pytest.mark.parametrize(
    ("now", "recorded", "gaps"),
    [
        pytest.param("2026-01-12 17:59", (), (), id="the day is not over"),
        pytest.param("2026-01-12 18:01", (), ("2026-01-12",), id="service closed without it"),
        pytest.param("2026-01-16 15:01", ("2026-01-12",), ("2026-01-13", "2026-01-14", "2026-01-15", "2026-01-16"),
                     id="friday closes earlier"),
        pytest.param("2026-01-19 09:00", ("2026-01-12", "2026-01-13", "2026-01-14", "2026-01-15", "2026-01-16"), (),
                     id="a weekend is no gap"),
        pytest.param("2026-01-13 18:01", ("2026-01-13",), ("2026-01-12",), id="a day does not make up for another"),
    ],
)  # fmt: skip
def test_a_business_day_without_a_recording_is_a_gap(
    now: str, recorded: tuple[str, ...], gaps: tuple[str, ...]
) -> None:
    """Each past business day without a recording is an exception with its date, and the file is not complete."""
    found = desk()
    found.cases.controls.run()
    for day in recorded:
        found.clock.set(f"{day} 10:00")
        nothing(found)
    found.clock.set(now)
    state = control(found, "XX-001-2026-000001")
    assert state.control is not None
    assert state.control.gaps == gaps
    assert [(e.code, e.detail) for e in state.exceptions] == [("gap", day) for day in gaps]
    assert state.complete is not bool(gaps)


def test_holidays_are_not_owed() -> None:
    """The first Monday of February is a holiday: nothing is owed that day."""
    days = list(owed_days(date(2026, 2, 1), "2026-02", BusinessCalendar.bundled()))
    assert days[0] == date(2026, 2, 3)
    assert len(days) == 19


def test_a_gap_is_filled_late_and_says_so() -> None:
    """A day recorded days later is no gap any more, but an exception of its own."""
    found = desk()
    found.cases.controls.run()
    found.clock.set("2026-01-16 10:00")
    folio = nothing(found, day="2026-01-12")
    state = control(found, folio)
    assert state.control is not None
    assert "2026-01-12" not in state.control.gaps
    assert ("recorded_late", "4") in [(e.code, e.detail) for e in state.exceptions]


def test_nothing_found_is_said_once_a_day() -> None:
    """A second «nothing» of one day is refused with the entry that said it; later findings of that day are taken."""
    found = desk()
    folio = nothing(found)
    with pytest.raises(DayRecorded) as refusal:
        nothing(found, OTHER)
    assert (refusal.value.fields["seq"], refusal.value.fields["actor"]) == (2, ANA.id)
    nothing(found, OTHER, findings=2)
    state = control(found, folio)
    assert state.control is not None
    assert state.control.days == (("2026-01-12", 0, 2), ("2026-01-12", 2, 3))


@pytest.mark.parametrize(
    ("day", "findings", "problem"),
    [
        ("2026-01-13", 0, ("dia", "in_future")),
        ("2026-01-09", 0, ("dia", "day_outside")),
        ("2025-12-31", 0, ("dia", "day_outside")),
        ("mañana", 0, ("dia", "malformed")),
        ("", -1, ("hallazgos", "number_malformed")),
    ],
)
def test_a_day_must_be_one_of_the_control(day: str, findings: int, problem: tuple[str, str]) -> None:
    """Days to come, days before the control began and no days at all are refused by field; nothing is written."""
    found = desk()
    found.cases.controls.run()
    with pytest.raises(FieldInvalid) as refusal:
        nothing(found, day=day, findings=findings)
    assert [(item.field, item.problem) for item in refusal.value.problems] == [problem]
    assert len(found.ledger.rows) == 1


def test_unknown_series_are_refused() -> None:
    """A process without that control says so."""
    with pytest.raises(NoSeries):
        desk().cases.controls.record(RecordControl("XX-001", "otra", DESK))


def test_a_correction_takes_a_day_back() -> None:
    """An annulled recording leaves its day a gap; a corrected one may state the same day again."""
    found = desk()
    folio = nothing(found)
    found.cases.supersede(
        Supersede(folio, 2, DESK, "conté otro almacén", data={"hallazgos": "0", "revise": "si"})
    )
    found.clock.set("2026-01-12 19:00")
    state = control(found, folio)
    assert state.control is not None
    assert state.control.days == (("2026-01-12", 0, 3),)
    jefa = Actor(id="u-jefa", role="jefa")
    found.cases.supersede(Supersede(folio, 3, jefa, "no se contó ese día", annul=True))
    state = control(found, folio)
    assert state.control is not None
    assert state.control.gaps == ("2026-01-12",)


def test_the_period_is_closed_with_its_counts() -> None:
    """When the first business day after it ends, the system closes the case with what was owed, looked at and found."""
    found = desk()
    folio = nothing(found, findings=3)
    _loan_returned(found)
    found.clock.set("2026-02-03 17:59")
    assert [r.folio for r in found.cases.controls.run()] == [
        "XX-001-2026-000003"
    ]  # February's, beside the loan
    assert control(found, folio).closed is False
    nothing(found, day="2026-01-30")
    found.clock.set("2026-02-03 18:01")
    closed = found.cases.controls.run()
    assert [receipt.folio for receipt in closed] == [folio]
    assert found.cases.controls.run() == []
    entry = found.ledger.history(folio)[-1].entry
    assert entry.facts["counts"] == {"owed": 15, "looked": 2, "gaps": 13, "findings": 3, "volume": 1}
    assert entry.facts["parties"] == {"jefatura": "u-jefa"}
    state = control(found, folio)
    assert (state.status, state.closed, state.complete) == ("mes_cerrado", True, False)
    assert state.control is not None
    assert state.control.counts["gaps"] == len(state.control.gaps) == 13
    with pytest.raises((CaseClosed, StepNotOpen)):
        nothing(found, day="2026-01-20")


def test_a_closing_waits_for_a_business_day() -> None:
    """A house that was down closes nothing on a Saturday."""
    found = desk()
    folio = nothing(found)
    found.clock.set("2026-02-07 12:00")
    assert folio not in [receipt.folio for receipt in found.cases.controls.run()]
    found.clock.set("2026-02-09 09:00")
    assert folio in [receipt.folio for receipt in found.cases.controls.run()]


@pytest.mark.parametrize(("loans", "observed"), [(0, True), (1, False), (2, False), (3, True)])
def test_a_volume_outside_what_is_expected_is_an_observation(loans: int, observed: bool) -> None:
    """Fewer or more than expected is told as an exception of the report, and refuses nothing."""
    found = desk()
    folio = nothing(found)
    for _ in range(loans):
        _loan_returned(found)
    found.clock.set("2026-02-04 09:00")
    found.cases.controls.run()
    volumes = [e.detail for e in control(found, folio).exceptions if e.code == "volume"]
    assert volumes == ([str(loans)] if observed else [])


def test_periods_missed_are_opened_and_closed_one_after_another() -> None:
    """A house that slept two months finds all of them: every business day of theirs is a gap."""
    found = desk("2026-01-30 10:00")
    nothing(found)
    found.clock.set("2026-04-07 10:00")
    found.cases.controls.run()
    found.cases.controls.run()
    states = [control(found, folio) for folio in found.ledger.cases()]
    periods = {s.control.period: (s.closed, len(s.control.gaps)) for s in states if s.control}
    assert periods == {
        "2026-01": (True, 0),
        "2026-02": (True, 19),
        "2026-03": (True, 21),
        "2026-04": (False, 4),
    }


def test_the_entries_alone_say_the_same() -> None:
    """State derived from sealed bytes equals what the service says, and the rebuild finds nothing to mend."""
    found = desk()
    folio = nothing(found)
    found.clock.set("2026-01-14 09:00")
    nothing(found, findings=1)
    found.clock.set("2026-02-04 09:00")
    found.cases.controls.run()
    entries = [parse_entry(sealed.entry_bytes) for sealed in found.ledger.history(folio)]
    again = derive(definition(), entries, calendar=found.calendar, now=found.clock.now)
    assert replace(again, moment="") == replace(control(found, folio), moment="")
    assert found.cases.rebuild().differences == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('every = "habil"', 'every = "lunes"'), "series.inventario: every must be"),
        (('step = "3"', 'step = "9"'), "there is no step '9'"),
        (('report_step = "4"', 'report_step = "3"'), "series.step.3: defined more than once"),
        (('count_field = "hallazgos"', 'count_field = "otros"'), "there is no field 'otros'"),
        (("expected = [1, 2]", "expected = [2, 1]"), "must be two whole numbers"),
        (('volume_step = "2"', ""), "series.inventario.expected: needs a volume_step to count"),
        (('code = "inventario"', 'code = "devuelto"'), "lists could not tell them apart"),
        (('params = { modo = "control" }', "params = { modo = 1 }"), "series[1].params.modo: must be a text"),
    ],
)
def test_a_series_that_does_not_fit_is_refused(change: tuple[str, str], problem: str) -> None:
    """Every mistake in a series is named by the loader."""
    with pytest.raises(DefinitionInvalid, match=problem.split("'", maxsplit=1)[0].replace("[", "\\[")):
        load((example() + SERIES.replace(*change)).encode())


def test_over_at_is_the_close_of_the_next_business_day() -> None:
    """January 2026 ends on a Saturday and Monday is a holiday: Tuesday evening."""
    assert over_at("2026-01", BusinessCalendar.bundled()) == local("2026-02-03 18:00")
    assert following("2026-12") == "2027-01"


def _loan_returned(found: Desk) -> None:
    loan = found.cases.open_case(OpenCase("XX-001", DESK, {"persona": "Ana"}, (pdf(),))).folio
    found.cases.record(RecordStep(loan, "2", DESK, data={"lugar": "Anaquel 4"}))

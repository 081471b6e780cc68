"""Every closed vocabulary has words for people, in both languages, with a mark beside the colour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.request_form import ERROR_CODES, WARNING_CODES
from evidence.entry import EntryKind, format_time
from evidence.findings import Code
from web.messages import FIELD_PROBLEMS
from web.views.kinds import (
    TOOTH,
    class_word,
    evidence_sign,
    exception_word,
    kind_sign,
    step_sign,
    timer_sign,
    unit_word,
)
from web.views.lens import Lens, size_text
from web.views.listing import progress, query_of
from web.views.reports import finding_text, level_text, report_view
from web.views.sheet import problem_text
from workflows.definition import EvidenceType, Field, FieldKind, StepClass, Text
from workflows.registry import DefinitionRegistry
from workflows.state import ExceptionCode, StepStatus, TimerStatus
from workflows.values import check_values

ZONE = ZoneInfo("America/Mexico_City")
NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # 12:00 in Mexico City
LENS = Lens(now=NOON, zone=ZONE, names=lambda actor: f"<{actor}>")


def test_every_status_has_a_word_a_tone_and_a_mark() -> None:
    """No two step statuses share word and mark, so that colour never decides alone."""
    signs = [step_sign(status) for status in StepStatus]
    assert len({sign.word for sign in signs}) == len({sign.mark for sign in signs}) == len(StepStatus)
    assert set(TOOTH) == set(StepStatus)
    assert all(timer_sign(status).word for status in TimerStatus)
    assert step_sign(StepStatus.OPEN, late=True).word == "vencido"


def test_every_code_is_said_in_words() -> None:
    """Evidence types, classes, exceptions, kinds, findings and problems of the sheet never show as bare codes."""
    assert all(evidence_sign(kind).word != kind for kind in EvidenceType)
    assert all(class_word(kind) for kind in StepClass)
    assert [code for code in ExceptionCode if exception_word(code) == code] == []
    assert [kind for kind in map(str, EntryKind) if kind_sign(kind).word == kind] == []
    assert [code for code in map(str, Code) if finding_text(code) == f"Hallazgo {code}"] == []
    assert [code for code in (*ERROR_CODES, *WARNING_CODES) if problem_text(code) == code] == []
    assert {unit_word("habiles"), unit_word("naturales")} == {"días hábiles", "días naturales"}


@pytest.mark.parametrize(
    ("after", "state", "words"),
    [
        (timedelta(hours=-1), "late", "Venció hoy a las 11:00"),
        (timedelta(days=-1), "late", "Vencido hace 1 día"),
        (timedelta(days=-3), "late", "Vencido hace 3 días"),
        (timedelta(hours=6), "soon", "Vence hoy a las 18:00"),
        (timedelta(hours=12), "soon", "Vence mañana a las 00:00"),
        (timedelta(days=2), "calm", "Vence en 2 días"),
    ],
)
def test_deadlines_are_said_as_people_say_them(after: timedelta, state: str, words: str) -> None:
    """The day changes at midnight of the house's zone, not of UTC."""
    due = LENS.due(format_time(NOON + after))
    assert (due.state, due.words) == (state, words)


@given(st.integers(-(10**8), 10**8).map(lambda seconds: NOON + timedelta(seconds=seconds)))
def test_a_deadline_is_late_exactly_when_it_has_passed(moment: datetime) -> None:
    """Whatever the words, lateness is the comparison of two moments."""
    assert (LENS.due(format_time(moment)).state == "late") == (moment < NOON)


def test_times_show_the_house_s_zone_and_tell_machines_utc() -> None:
    """A moment reads dd/mm/aaaa HH:mm in Mexico City; the datetime attribute is UTC."""
    moment = LENS.moment("2026-11-24T03:04:05.000006Z")
    assert (moment.text, moment.day, moment.iso) == ("23/11/2026 21:04", "23/11/2026", "2026-11-24T03:04:05Z")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_500_000, "1.5 MB")]
)
def test_sizes_read_in_powers_of_a_thousand(size: int, text: str) -> None:
    """As file managers do."""
    assert size_text(size) == text


def test_filters_of_an_address_become_a_query() -> None:
    """Without filters open cases are listed; a search looks everywhere; late ones come by deadline."""
    plain, search = query_of({}, NOON), query_of({"q": "ruiz"}, NOON)
    late = query_of({"orden": "vence"}, NOON)
    assert (plain.closed, plain.order, search.closed, search.text) == (False, "opened", None, "ruiz")
    assert late.order == "due"
    assert query_of({"estado": "cerrados"}, NOON).closed is True


def test_late_and_soon_are_asked_of_the_index_by_deadline() -> None:
    """Late means a deadline up to now, today one within a day; both come earliest first."""
    late, soon = query_of({"vence": "vencidos"}, NOON), query_of({"vence": "hoy"}, NOON)
    assert (late.due_until, late.order) == (format_time(NOON), "due")
    assert soon.due_until == format_time(NOON + timedelta(days=1))
    assert query_of({}, NOON).due_until == ""


def test_progress_counts_what_is_owed() -> None:
    """Done steps of those that count; optional ones only once they are done."""
    seen = [("hecho", 1), ("dispensado", 1), ("abierto", 1), ("bloqueado", 0), ("hecho", 0), ("no_aplica", 0)]
    steps = [{"status": status, "mandatory": bool(owed)} for status, owed in seen]
    assert progress(steps) == "3/4"
    assert progress(None) == ""


def test_a_report_is_a_verdict_with_findings_that_lead_to_their_entry() -> None:
    """Findings about an entry of a case link to it; those about the system or the log do not."""
    report = {
        "verdict": "invalid",
        "level": "A0",
        "root": "ab",
        "entries_checked": 3,
        "findings": [
            {
                "code": "object.differs",
                "subject": "MA-001-2026-000001/3 sha256/aa",
                "expected": "x",
                "found": "y",
            },
            {"code": "tree.root_differs", "subject": "log", "expected": "x", "found": "y"},
            {"code": "entry.leaf_differs", "subject": "system:ledger/1", "expected": "x", "found": "y"},
        ],
    }
    shown = report_view(report, lambda folio, seq: f"{folio}#{seq}")
    assert (shown.word, shown.mark) == ("Inválida", "stop")
    assert [item.href for item in shown.findings] == ["MA-001-2026-000001#3", "", ""]
    assert report_view({"verdict": "unverifiable"}, lambda _folio, _seq: "").word == "No verificable"
    assert level_text("none").startswith("Sin ancla")


@pytest.mark.parametrize(
    ("mark", "word"),
    [
        ("before-10", "aviso de plazo"),
        ("warn", "aviso de plazo"),
        ("remind-2", "recordatorio"),
        ("remind", "recordatorio"),
        ("limit", "plazo vencido"),
    ],
)
def test_a_warning_ahead_of_time_is_no_missed_deadline(mark: str, word: str) -> None:
    """What the trail says of a timer's mark is what the mark means."""
    assert kind_sign("timer.expired", mark).word == word


def test_a_tick_is_answered_with_yes_or_no() -> None:
    """Anything else typed by command is refused with what to type."""
    field = Field("visto", Text("Visto", "Seen"), FieldKind.TICK, Text("", ""))
    found = check_values(DefinitionRegistry.bundled().current("MA-001"), [field], {"visto": "quizá"}, {})
    assert [problem.problem for problem in found.problems] == ["tick_malformed"]
    assert FIELD_PROBLEMS["tick_malformed"] == "responde sí o no"

"""The everyday work of the demonstration: courses that speak the definitions' words, people, papers, volumes."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo import papers
from demo.course import Course, MalformedCourse, Word
from demo.names import Subject
from demo.people import COLLEAGUES, CONTACTS, POSTS
from demo.recert_papers import roster
from demo.recertification import ROWS
from demo.seed import SPAN
from demo.volume import COURSES, PER_MONTH, planned
from documents.identifiers import rfc_check_digit
from evidence.entry import EntryKind, format_time, parse_time
from tests.demo.conftest import PRESENT, Demonstration
from workflows.board import Span
from workflows.calendar import BusinessCalendar
from workflows.children import kin
from workflows.ports import CaseQuery
from workflows.readers import DirectReader
from workflows.registry import DefinitionRegistry

CALENDAR = BusinessCalendar.bundled()
DEFINITIONS = {one.process: one for one in DefinitionRegistry.bundled().processes()}
EVERY = [course for courses in COURSES.values() for course in courses]
VERBS = {"open", "refuse", "waive"}


@pytest.mark.parametrize("course", EVERY, ids=lambda course: f"{course.process}-{course.name}")
def test_a_course_speaks_the_words_of_its_definition(course: Course) -> None:
    """Steps, branches, grounds and values of a course exist; it begins with the opening."""
    definition = DEFINITIONS[course.process]
    assert course.lines[0].words[0].step == "open"
    for word in (word for line in course.lines for word in line.words):
        if word.step == "refuse":
            assert word.choice in definition.by_ground
        elif word.step not in VERBS:
            step = definition.by_step[word.step]
            assert not word.choice or step.branch(word.choice), word
            assert set(word.given) <= {field.name for field in step.fields}, word
    first = definition.by_step[definition.opening.step]
    assert set(course.opening) <= {field.name for field in (*definition.opening.fields, *first.fields)}


def test_a_script_is_read_line_by_line() -> None:
    """Days, kind of day, hour, steps with their branches and values."""
    [line] = Course(
        "MA-001", "x", 1, "12n 10:05 6:no{pendiente=Falla en Pro99, dice; metlife=si} refuse:x"
    ).lines
    assert (line.days, line.natural, line.hour) == (12, True, "10:05")
    assert line.words == (
        Word("6", "no", {"pendiente": "Falla en Pro99, dice", "metlife": "si"}),
        Word("refuse", "x"),
    )
    with pytest.raises(MalformedCourse):
        _ = Course("MA-001", "x", 1, "mañana 10:05 6").lines


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 3_600 * 24 * 365 * 8).map(
        lambda s: datetime(2025, 4, 1, tzinfo=UTC) + timedelta(seconds=s)
    )
)
def test_a_year_fits_any_present(now: datetime) -> None:
    """Whenever it is made: in the past, on the desk's days, within its hours, in order, inside the log's span."""
    plan = list(planned(now, CALENDAR, 0.2))
    assert {one.course.name for one in plan} == {course.name for course in EVERY}
    assert len({one.subject for one in plan}) == len(plan)
    for one in plan[::5]:
        told = list(one.course.moments(one.opened, "clave", CALENDAR))
        moments = [moment for _, moment in told]
        assert moments == sorted(set(moments))
        assert now - SPAN < moments[0] < now
        for _, moment in told:
            day = CALENDAR.local_day(moment)
            assert CALENDAR.is_business_day(day)
            late = one.course.name == "de_noche"
            assert late or moment < CALENDAR.closing_of(day)


def test_a_small_scale_has_fewer_cases_of_every_course() -> None:
    """The whole year is some hundreds of cases; a tenth has every course still, and far fewer cases."""
    whole, tenth = (
        Counter(one.course.name for one in planned(PRESENT, CALENDAR, scale)) for scale in (1, 0.1)
    )
    assert whole.keys() == tenth.keys()
    assert 400 < whole.total() == sum(map(sum, PER_MONTH.values()))
    assert tenth.total() < whole.total() / 4
    assert list(planned(PRESENT, CALENDAR, 0)) == []


def test_people_differ_and_their_rfc_follows_the_rule() -> None:
    """Five hundred people without the same RFC, key or telephone twice; the check digit is SAT's."""
    people = [Subject(number) for number in range(1, 500)]
    assert len({one.who.rfc for one in people}) == len(people)
    assert len({one.agent_key for one in people} | {one.phone for one in people}) == 2 * len(people)
    for one in people:
        assert rfc_check_digit(one.who.rfc[:-1]) == one.who.rfc[-1]


def test_papers_are_what_they_claim() -> None:
    """A screenshot and a letter made in a millisecond are read like any other, and differ when they should."""
    reader, now = DirectReader(), PRESENT
    shot = papers.shot("cPanel", "Redirección", [("Persona", "Íñigo Muñoz")], now, "Cinthya")
    found = reader.inspect(io.BytesIO(shot), name="captura.png")
    assert (found.family, found.warnings) == ("image", ())
    letter = papers.letter("Carta (alta)", ["Persona: Íñigo Muñoz \\ 1"], now, signed="a")
    read = reader.inspect(io.BytesIO(letter), name="carta.pdf")
    assert (read.family, read.warnings) == ("pdf", ())
    assert "Íñigo Muñoz \\ 1" in str(read.about["text"])
    assert papers.letter("Carta (alta)", [], now, signed="b") != papers.letter(
        "Carta (alta)", [], now, signed="a"
    )
    assert papers.shot("cPanel", "Redirección", [], now, "Cinthya") != shot
    assert len(shot) < 6_000


def test_every_post_that_a_definition_names_has_a_holder() -> None:
    """Roles, steps, lists and controls name posts; the demonstration's directory knows each."""
    held = {post for post, _ in POSTS}
    named = {role.post for one in DEFINITIONS.values() for role in one.roles if role.post}
    named |= {step.post for one in DEFINITIONS.values() for step in one.steps if step.post}
    named |= {series.post for one in DEFINITIONS.values() for series in one.series if series.post}
    named |= {
        item.values["post"]
        for one in DEFINITIONS.values()
        for catalogue in one.catalogues
        for item in catalogue.items
        if item.values.get("post")
    }
    assert named - held == set()
    people = {one.key for one in (*COLLEAGUES, *CONTACTS)}
    assert {key for _, keys in POSTS for key in keys} <= people


def test_each_process_has_cases_open_and_closed(demonstration: Demonstration) -> None:
    """Every process in force is told, with folios of both years, and none of its cases stands outside the index."""
    index = demonstration.house.index
    for process in COURSES:
        total = index.find(CaseQuery(process=process, limit=1)).total
        closed = index.find(CaseQuery(process=process, closed=True, limit=1)).total
        assert total >= len(COURSES[process]) - 1, process
        assert closed, process


def test_the_daily_controls_have_their_gaps(demonstration: Demonstration) -> None:
    """Days were looked at, a day was not, and the months that are over are closed with their counts."""
    for process, control in (("MA-002", "revision_diaria"), ("MA-008", "control_diario")):
        months = demonstration.house.index.find(CaseQuery(process=process, status=control)).total
        entries = demonstration.house.ledger.entries()
        looked = [one for one in entries if one.entry.step == "1" and one.entry.process.startswith(process)]
        assert len(looked) > 12
        assert months >= 1
    gaps = demonstration.house.board.occurrences("exception", Span("", "~", "~"))
    assert any(one.figure.code == "gap" and one.process == "MA-002" for one in gaps)


def test_the_recertification_is_in_mid_flight(demonstration: Demonstration) -> None:
    """Areas that answered, areas that were silent, one within its term, rows for the director; days are left."""
    folio = demonstration.folio("Recertificación")
    view = demonstration.house.cases.campaigns.roster(folio)
    areas = {area.name: area for area in view.areas}
    assert areas["Oaxaca"].silent == areas["CDMX"].silent == 0
    assert areas["Oaxaca"].decided == areas["Oaxaca"].rows
    assert areas["Acapulco"].silent > areas["Acapulco"].rows / 2
    assert areas["Oficinas centrales"].status == "esperando"
    state = demonstration.house.cases.view(folio).state
    assert state.roster is not None
    assert state.roster.open > 0
    [deadline] = [timer for timer in state.timers if timer.timer == "fecha_limite"]
    assert deadline.due_at > format_time(PRESENT)


def test_the_recertification_has_850_rows() -> None:
    """As many as MetLife sends, each with a key of its own, the desk's own people among them."""
    lines = roster(ROWS)
    assert len(lines) == len({line.hid for line in lines}) == 850
    assert "abraham@mesa.example" in {line.email for line in lines}


def test_requests_that_belong_elsewhere_are_counted(demonstration: Demonstration) -> None:
    """Refusals at the door and contacts outside the hours each left a case with its ground."""
    kinds = Counter(
        sealed.entry.process.partition("@")[0]
        for sealed in demonstration.house.ledger.entries()
        if sealed.entry.kind is EntryKind.CASE_REFUSED
    )
    assert {"MA-002", "MA-003", "MA-006", "MA-007", "MA-008"} <= kinds.keys()


def test_cases_go_on_in_other_cases_and_lists_are_published(demonstration: Demonstration) -> None:
    """A ticket names its child and the child its ticket; a refusal is followed up; the desk's lists are in force."""
    cases, catalogues = demonstration.house.cases, demonstration.house.catalogues
    index = demonstration.house.index
    for words, origin in (("en un caso hijo", "MA-006"), ("siguió en MA-002", "MA-001")):
        folio = demonstration.folio(words)
        [parent] = [one for one in kin(cases.view(folio).state, index) if one.how == "parent"]
        assert parent.folio.startswith(origin)
        assert folio in [
            one.folio for one in kin(cases.view(parent.folio).state, index) if one.how == "child"
        ]
    assert "queretaro" in {item.code for item in catalogues.in_force("zonas", PRESENT).items}
    assert len(catalogues.versions("whatsapp_autorizados")) == 2


def test_months_of_controls_that_are_over_are_closed(demonstration: Demonstration) -> None:
    """Only this month's control of each process is open."""
    rows = demonstration.house.index.find(CaseQuery(closed=False, limit=200)).rows
    controls = [row for row in rows if "control" in row.document]
    assert len(controls) == 2


def test_nothing_is_left_alone_for_a_quarter(demonstration: Demonstration) -> None:
    """No deadline of an open case passed longer ago than people would believe."""
    rows = demonstration.house.index.find(CaseQuery(closed=False, limit=200)).rows
    late = [
        row.folio for row in rows if row.next_due and parse_time(row.next_due) < PRESENT - timedelta(days=60)
    ]
    assert late == []

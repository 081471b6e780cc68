"""The demonstration as a whole: real evidence, in the states it promises, told once."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo import seed as seeding
from demo.diary import DemoClock, business_days_back
from demo.names import Subject
from demo.plots import plot, teller_of
from demo.seed import RECORD, SPAN, begin, is_demo
from demo.stories import STORIES
from demo.tales import Tale
from demo.teller import Desk, Teller
from demo.volume import COURSES, Planned
from evidence.entry import EntryKind, parse_time
from evidence.verify import verify_ledger
from identity.accounts import Role
from tests.demo.conftest import PRESENT, Demonstration, open_house
from workflows.calendar import BusinessCalendar

CALENDAR = BusinessCalendar.bundled()
FIRST = datetime(2025, 2, 1, tzinfo=UTC)

EXPECTED = {
    "no respondió": ("sin_respuesta", True, True),
    "validó su acceso": ("validado", True, True),
    "corregida con su motivo": ("validado", True, True),
    "falló una vez": ("validado", True, True),
    "Baja con firma": ("baja", True, True),
    "no autorizó": ("rechazado", True, True),
    "ya pasaron 20 días": ("espera_metlife", False, False),
    "ya pasaron 15 días": ("espera_metlife", False, False),
    "dentro del plazo": ("espera_metlife", False, False),
    "rechazó dos veces": ("espera_metlife", False, False),
    "devuelva la carta": ("espera_custodia", False, False),
    "llegó ilegible": ("espera_custodia", False, False),
    "que el usuario valide": ("espera_validacion", False, True),
    "falta avisar": ("En proceso", False, False),
    "dispensó un paso": ("espera_firma_dg", False, False),
    "no ha respondido": ("espera_firma_dg", False, False),
    "El respaldo": ("En proceso", False, False),
    "su propia cuenta": ("En proceso", False, False),
    "Pendiente de atención": ("Pendiente de atención", False, False),
    "Recién recibido": ("nuevo", False, False),
    "es un agente": ("fuera_de_alcance", True, True),
    "cambio de permisos": ("fuera_de_alcance", True, True),
    "Recertificación": ("En validación", False, False),
    "en un caso hijo": ("activo", True, True),
    "siguió en MA-002": ("espera_metlife", False, False),
}
"""Words of a case's description, and its status, whether it is closed, and whether its file is complete."""


@pytest.mark.parametrize("about", EXPECTED)
def test_each_case_is_in_the_state_it_shows(demonstration: Demonstration, about: str) -> None:
    """The state derived from the evidence is the one the demonstration promises."""
    state = demonstration.house.cases.view(demonstration.folio(about)).state
    assert (state.status, state.closed, state.complete) == EXPECTED[about]


def test_every_case_is_expected(demonstration: Demonstration) -> None:
    """No case is left out of the table above, and there is at least a dozen."""
    assert len(demonstration.summary.cases) == len(EXPECTED) >= 12
    assert len({case.folio for case in demonstration.summary.cases}) == len(EXPECTED)


def test_a_late_recording_shows_both_dates(demonstration: Demonstration) -> None:
    """MetLife's mail that lay for days in a mailbox: when it came, and when it was recorded."""
    entries = demonstration.house.cases.view(demonstration.folio("se registró tarde")).entries
    (found,) = [sealed.entry for sealed in entries if sealed.entry.step == "18"]
    lag = parse_time(found.at) - parse_time(str(found.facts["occurred_at"]))
    assert timedelta(days=4) < lag < timedelta(days=5)


def test_the_letter_that_was_sent_is_the_one_that_was_written(demonstration: Demonstration) -> None:
    """The attachment of step 8 is, byte for byte, the letter of step 7."""
    entries = demonstration.house.cases.view(demonstration.folio("dentro del plazo")).entries
    (letter,) = [sealed.entry.objects[0] for sealed in entries if sealed.entry.step == "7"]
    (mail,) = [sealed.payload()["files"] for sealed in entries if sealed.entry.step == "8"]
    assert [item["sha256"] for item in mail[0]["about"]["attachments"]] == [letter.sha256]


def _timer_states(demonstration: Demonstration, about: str) -> dict[str, str]:
    state = demonstration.house.cases.view(demonstration.folio(about)).state
    return {timer.timer: str(timer.state) for timer in state.timers}


def test_timers_tell_what_time_did(demonstration: Demonstration) -> None:
    """Within the term, warned, overdue, reminded, fired: each by the calendar, none by hand."""
    assert _timer_states(demonstration, "dentro del plazo")["metlife"] == "running"
    assert _timer_states(demonstration, "ya pasaron 15 días")["metlife"] == "warned"
    assert _timer_states(demonstration, "ya pasaron 20 días")["metlife"] == "overdue"
    assert _timer_states(demonstration, "no ha respondido")["firma_dg"] == "fired"
    assert _timer_states(demonstration, "no respondió")["validacion"] == "fired"


def test_the_ledger_verifies_with_all_its_objects(demonstration: Demonstration) -> None:
    """The evidence is real: a full verification with the right key finds nothing."""
    house = demonstration.house
    report = verify_ledger(
        house.ledger, house.blobs, keys=[house.vkey], full=True, now=PRESENT + timedelta(minutes=1)
    )
    assert (str(report.verdict), list(report.findings)) == ("valid", [])
    assert report.entries_checked == demonstration.summary.entries > 300
    assert report.objects_checked > 200


def test_time_runs_forward_through_the_past_year(demonstration: Demonstration) -> None:
    """By log order, no entry is older than the one before; all lie between the beginning and the present."""
    moments = [parse_time(sealed.entry.at) for sealed in demonstration.house.ledger.entries()]
    assert moments == sorted(moments)
    assert moments[0] >= PRESENT - SPAN
    assert moments[-1] <= PRESENT + timedelta(minutes=1)
    days = {moment.date() for moment in moments}
    assert len(days) > 20
    notes = list(demonstration.house.ledger.checkpoints())
    assert len(notes) > 20


def test_what_went_wrong_is_there_to_be_seen(demonstration: Demonstration) -> None:
    """A superseded entry, a waived step, refusals at the door and a deputy each have their entry."""
    kinds = [sealed.entry.kind for sealed in demonstration.house.ledger.entries()]
    for kind in (
        EntryKind.EVIDENCE_SUPERSEDED,
        EntryKind.STEP_WAIVED,
        EntryKind.CASE_REFUSED,
        EntryKind.TIMER_EXPIRED,
        EntryKind.CASE_CLOSED,
    ):
        assert kind in kinds
    deputies = [
        sealed.entry.facts["acting_for"]
        for sealed in demonstration.house.ledger.entries()
        if sealed.entry.facts.get("acting_for") and ":" not in sealed.entry.case
    ]
    assert len(set(deputies)) == 1


def test_projections_are_what_the_entries_say(demonstration: Demonstration) -> None:
    """A rebuild of every projection finds no difference."""
    assert demonstration.house.cases.rebuild().differences == ()


def test_logins_work_and_contacts_have_none(demonstration: Demonstration) -> None:
    """Every role has an account that opens with the generated password; posts' contacts are shut."""
    accounts, passwords = demonstration.house.accounts, demonstration.house.passwords
    held: set[Role] = set()
    for login in demonstration.summary.logins:
        found = accounts.by_email(login.email, PRESENT)
        assert found is not None
        assert passwords.verify(found.password_hash, demonstration.summary.password)
        assert {str(role) for role in found.user.roles} == set(login.roles)
        held |= found.user.roles
    assert held == set(Role)
    shut = [user for user in accounts.everyone(PRESENT) if not user.active]
    assert {user.name for user in shut} >= {"Lupita", "Mónica González", "Juan Velázquez"}
    assert not any(user.roles for user in shut)


def test_the_directory_knows_who_held_a_post(demonstration: Demonstration) -> None:
    """Posts have holders from the beginning, the principal first; nobody before it."""
    house = demonstration.house
    names = {user.id: user.name for user in house.accounts.everyone(PRESENT)}
    holders = house.directory.holders("asistente_oaxaca", PRESENT)
    assert [names[holder.actor] for holder in holders] == ["Mariana", "Juan Velázquez"]
    assert house.directory.holders("director_general", PRESENT - SPAN - timedelta(days=1)) == ()


def test_the_second_time_nothing_changes(demonstration: Demonstration) -> None:
    """Seeding a seeded house tells the same and writes nothing, at any later moment."""
    before = demonstration.house.ledger.tree_size()
    house, summary = open_house(demonstration.folder, PRESENT + timedelta(days=3))
    try:
        assert summary == demonstration.summary
        assert house.ledger.tree_size() == before
    finally:
        house.close()


def test_the_record_is_the_owners_alone(demonstration: Demonstration) -> None:
    """The file with the demonstration's password can be read by nobody else."""
    path = demonstration.folder / RECORD
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text("utf-8"))["password"] == demonstration.summary.password
    assert is_demo(demonstration.folder)


def test_passwords_differ_between_demonstrations(tmp_path: Path) -> None:
    """There is no well-known password: each data directory has its own."""
    begin(tmp_path / "a", PRESENT)
    begin(tmp_path / "b", PRESENT)
    first, second = (
        json.loads((tmp_path / name / RECORD).read_text("utf-8"))["password"] for name in ("a", "b")
    )
    assert first != second
    assert len(first) >= 12


class _Killed(Exception):
    """Stands for the end of the process."""


def _few(present: datetime, calendar: BusinessCalendar, _scale: float) -> Iterator[Planned]:
    """Three everyday cases of the last days, of three kinds."""
    days = [day for day in business_days_back(calendar, present) if day < calendar.local_day(present)]
    wanted = {("MA-006", "soporte"): 6, ("MA-007", "comercial"): 3, ("MA-002", "lento"): 12}
    for number, ((process, name), ago) in enumerate(wanted.items(), 1):
        course = next(course for course in COURSES[process] if course.name == name)
        yield Planned(course, Subject(number), days[ago])


def test_an_interrupted_seeding_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two acts and started again an hour later, all of it is there and nothing is told twice."""
    chosen = tuple(story for story in STORIES if story.key in {"baja", "respaldo", "agente"})
    monkeypatch.setattr(seeding, "STORIES", chosen)
    monkeypatch.setattr(seeding, "planned", _few)
    whole, expected = open_house(tmp_path / "whole")
    whole.close()
    real, everyday = Teller.record, Tale.tell
    for fatal in (0, 3, 11):
        told = 0

        def alive(fatal: int = fatal) -> None:
            nonlocal told
            if told == fatal:
                raise _Killed
            told += 1

        def record(
            self: Teller, *arguments: object, alive: Callable[[], None] = alive, **options: object
        ) -> object:
            alive()
            return real(self, *arguments, **options)  # type: ignore[arg-type]

        def tell(self: Tale, *arguments: object, alive: Callable[[], None] = alive) -> None:
            alive()
            everyday(self, *arguments)  # type: ignore[arg-type]

        folder = tmp_path / f"killed-{fatal}"
        with monkeypatch.context() as patch:
            patch.setattr(Teller, "record", record)
            patch.setattr(Tale, "tell", tell)
            with pytest.raises(_Killed):
                open_house(folder)
        house, summary = open_house(folder, PRESENT + timedelta(hours=1))
        assert summary.cases == expected.cases
        assert summary.entries == expected.entries
        house.close()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3_600 * 24 * 365 * 9).map(lambda seconds: FIRST + timedelta(seconds=seconds)))
def test_stories_fit_any_present(now: datetime) -> None:
    """Whenever it is made, every story lies in the past, in order, on the desk's days, within its span."""
    desk = Desk(cases=None, ids={})  # type: ignore[arg-type]  # nothing is told here
    for story in STORIES:
        beats = plot(teller_of(desk, story), CALENDAR, now)
        moments = [beat.moment for beat in beats]
        assert moments == sorted(moments)
        assert moments[-1] < now
        assert moments[0] > now - SPAN
        assert all(CALENDAR.is_business_day(CALENDAR.local_day(moment)) for moment in moments)
        assert beats[0].step == "1"
        assert beats[-1].step == story.until


def test_the_clock_never_goes_back() -> None:
    """Setting the clock to the past leaves it where it is, a little later."""
    clock = DemoClock(PRESENT)
    clock.set(PRESENT - timedelta(days=1))
    first = clock()
    assert PRESENT < first < clock() < PRESENT + timedelta(seconds=1)


def test_summary_is_json(demonstration: Demonstration) -> None:
    """What the command prints has the logins, the password and the cases."""
    told = json.loads(json.dumps(demonstration.summary.as_json()))
    assert told["password"] == demonstration.summary.password
    assert {"folio", "about"} == set(told["cases"][0])
    assert {"email", "name", "post", "roles"} == set(told["logins"][0])

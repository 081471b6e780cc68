"""`flask timers run` by several processes at once, on both databases: each mark once, whoever was first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from identity.accounts import Role
from tests.faces.test_faces_articles import SOLVED
from tests.fakes.installation import Installation
from tests.servers.processes import die_with_parent
from tests.workflows.desk import TICKET
from workflows.commands import Actor, OpenCase, RecordStep

ROOT = Path(__file__).resolve().parents[2]
RUNNERS = 3
LONG_AGO = timedelta(days=40)


RUN = """
import os, sys
from datetime import datetime
from web.app import create_app
from web.settings import Settings
from web.wiring import House
settings, now = Settings.from_env(os.environ), datetime.fromisoformat(sys.argv[1])
app = create_app(settings, House(settings, clock=lambda: now))
told = app.test_cli_runner().invoke(args=["timers", "run"])
print(told.stdout)
sys.exit(told.exit_code)
"""


def _runner(place: Installation, now: datetime) -> subprocess.Popen[bytes]:
    """`flask timers run` as a process of its own, on a day that is one of business."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
    return subprocess.Popen(
        [sys.executable, "-c", RUN, now.isoformat()],
        cwd=ROOT,
        env=bare | place.env,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one thread here
    )


def _asked(place: Installation) -> str:
    """A ticket whose user has not answered since."""
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    folio = place.house.cases.open_case(OpenCase("MA-006", actor, data=TICKET)).folio
    for step, choice, data in SOLVED[:-1]:
        place.house.cases.record(RecordStep(folio, step, actor, data=data, choice=choice))
    return folio


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_several_processes_fire_each_mark_once(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    """Tickets close once, and each month of each control opens and closes once, whichever process comes first."""
    env = {}
    if database == "postgresql":
        env["CONSTANCIA_DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    place = Installation(tmp_path / "data", env)
    place.clock.offset = -LONG_AGO
    folios = [_asked(place) for _ in range(2)]
    place.house.cases.controls.run(place.clock())
    place.clock.offset = timedelta()
    day = place.house.calendar.next_business_day(place.house.calendar.local_day(place.clock()))
    noon = place.house.calendar.closing_of(day) - timedelta(hours=2)
    runners = [_runner(place, noon) for _ in range(RUNNERS)]
    told = [json.loads(runner.communicate(timeout=120)[0]) for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * RUNNERS
    fired = [(item["folio"], item["seq"]) for said in told for item in said["fired"]]
    assert len(fired) == len(set(fired))
    for folio in folios:
        entries = [sealed.entry for sealed in place.house.ledger.history(folio)]
        facts = [item.facts for item in entries]
        marks = Counter((said.get("timer"), said.get("mark")) for said in facts if said.get("mark"))
        assert marks
        assert set(marks.values()) == {1}
        assert [item.step for item in entries].count("17") == 1
        assert place.house.cases.view(folio).state.closed
    months = Counter(
        (folio[:6], control.period)
        for folio in place.house.ledger.cases()
        if folio.startswith("MA-") and (control := place.house.cases.view(folio).state.control) is not None
    )
    assert {process for process, _ in months} == {"MA-002", "MA-008"}
    assert len(months) > len({process for process, _ in months})
    assert set(months.values()) == {1}
    report = place.house.cases.rebuild()
    assert (report.differences, report.failures) == ((), ())
    place.close()

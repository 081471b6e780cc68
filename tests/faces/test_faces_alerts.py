"""What a process alerts posts of stands on top of their inbox, with what happens then written out; nobody else's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from identity.access import Granter
from identity.accounts import Role
from tests.fakes.installation import Installation
from tests.fakes.metlife import people, workbook
from tests.workflows.desk import eml
from workflows.commands import Actor, OpenCase, RecordStep, Supersede, Upload

MONDAY = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
CONSEQUENCE = "MetLife da de baja a TODOS los usuarios"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A house with a campaign that is due on Friday, 11 December."""
    made = Installation(tmp_path / "data")
    made.clock.offset = MONDAY - datetime.now(UTC)
    laura = Actor(made.user(Role.ESPECIALISTA).id, "especialista")
    sheet = Upload("usuarios.xlsx", io.BytesIO(workbook(people(3))))
    data = {"requerimiento": "R-1", "aplicacion": "pro99", "remitente": "si"}
    folio = made.house.cases.open_case(OpenCase("MA-005", laura, data, (eml(), sheet))).folio
    made.house.cases.record(RecordStep(folio, "2", laura, data={"aplicaciones": "Pro99"}))
    dates = {"fecha_limite": "2026-12-11", "cita": "A más tardar el 11 de diciembre"}
    made.house.cases.record(RecordStep(folio, "3", laura, data=dates))
    yield made
    made.close()


def _days_later(place: Installation, days: int) -> None:
    """Move on, and let the server's timers do what they do."""
    place.clock.offset = MONDAY + timedelta(days=days) - datetime.now(UTC)
    place.house.cases.fire_due_timers(place.clock())


def test_the_director_is_told_from_ten_days_before(place: Installation) -> None:
    """Nothing at D-14; at D-10 the director's inbox says the date and its consequence, and then that it is late."""
    assert "Avisos para ti" not in place.client(Role.DIRECTOR).get("/").text
    _days_later(place, 4)
    page = place.client(Role.DIRECTOR).get("/").text
    assert page.index("Avisos para ti") < page.index(CONSEQUENCE) < page.index("Fecha límite de MetLife")
    assert "Envío a MetLife: meta" not in page  # that one is for the coordination and the supervision
    _days_later(place, 18)
    page = place.client(Role.DIRECTOR).get("/").text
    assert "Envío a MetLife: límite" in page
    assert 'class="alert" data-state="late"' in page


def test_a_date_noted_late_alerts_at_once(place: Installation) -> None:
    """A date eight business days away when it is written down: nobody waits for D-5 to hear of it."""
    laura = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    [folio] = place.house.index.folios()
    late = {"fecha_limite": "2026-12-03", "cita": "Mejor el 3 de diciembre"}
    wrong = Supersede(folio, 3, laura, "La fecha era otra", data=late)
    place.house.cases.supersede(wrong)
    assert CONSEQUENCE in place.client(Role.DIRECTOR).get("/").text


def test_a_post_is_told_whoever_holds_it(place: Installation) -> None:
    """Who coordinates the recertification is told by post, not by role, and only from the day it is held."""
    _days_later(place, 4)
    carlos = place.client(Role.AUDITOR_INTERNO, email="carlos@desk.example")
    assert "Avisos para ti" not in carlos.get("/").text
    by = Granter(via="console", os_user="prueba")
    user = place.user(Role.AUDITOR_INTERNO, email="carlos@desk.example")
    place.house.posts.appoint("recertificacion", user.id, by)
    assert CONSEQUENCE in carlos.get("/").text


def test_one_calm_menu_opens_cases_of_every_process(place: Installation) -> None:
    """Seven processes are one menu that needs no script; each entry says code and name."""
    page = place.client(Role.ESPECIALISTA).get("/").text
    [menu] = re.findall(r'<details class="menu menu--open">.*?</details>', page, re.DOTALL)
    assert menu.count("menu__item") == 7
    assert "/casos/nuevo/MA-005" in menu

"""What the trail says by itself: why and where to of a refusal, which deadline passed, dates as people write them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from identity.accounts import Role
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from web.views.saying import day_words
from workflows.commands import Actor, OpenCase, RecordStep, Upload
from workflows.errors import FieldInvalid, OutOfScope

AGENT = {"nombre": "Jorge Nava", "clave": "AG10457", "detalle": "Aparece en la lista de hoy"}
LICENCE = {"promotoria": "Del Valle", "zona": "otra", "cedula": "A-55213", "vigencia": "2034-12-29"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


def _specialist(place: Installation) -> Actor:
    return Actor(place.user(Role.ESPECIALISTA).id, "especialista")


def test_a_refusal_at_the_door_does_not_say_that_nothing_was_sealed(place: Installation) -> None:
    """What belongs elsewhere is the one refusal that leaves entries, and its title says so."""
    form = {f"d.{name}": value for name, value in {**AGENT, "tipo": "bpn"}.items()}
    page = place.client().post_form("/casos/nuevo/MA-002", {**form, "idempotency_key": "k"}).text
    assert "Se rechazó, y quedó registrado" in page
    assert "No se selló nada" not in page
    assert "Destino: Enrolamiento de consultores BPN." in page


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("2026-11-30", "30/11/2026"), ("2026-11-30T09:30", "30/11/2026 09:30"), ("AG-2026-11", "AG-2026-11")],
)
def test_dates_are_shown_as_people_write_them(stored: str, shown: str) -> None:
    """A date of a field turns round; anything else stays as it was typed."""
    assert day_words(stored) == shown


def test_a_refusal_says_why_where_to_and_what_was_answered(place: Installation) -> None:
    """The trail names ground, destination and the message sent, and so does the person's answer: never a code."""
    actor = _specialist(place)
    with pytest.raises(OutOfScope) as refused:
        place.house.cases.open_case(OpenCase("MA-002", actor, {**AGENT, "tipo": "bpn"}))
    assert refused.value.fields["destination_name"] == "Enrolamiento de consultores BPN"
    page = place.client().get(f"/casos/{refused.value.fields['folio']}").text
    assert "Es un consultor BPN" in page
    assert "Se turnó a: Enrolamiento de consultores BPN" in page
    assert "requieren un enrolamiento especial" in page


def test_the_zone_names_each_person_by_what_they_are_there(place: Installation) -> None:
    """A zone without holder offers the commercial manager, said so; dates of the case read day first."""
    house, actor = place.house, _specialist(place)
    house.directory.appoint("gerente_comercial", actor.id, since=house.clock(), now=house.clock())
    folio = house.cases.open_case(OpenCase("MA-002", actor, AGENT)).folio
    house.cases.record(RecordStep(folio, "2", actor, data={**LICENCE, "zona": "nl"}))
    page = place.client().get(f"/casos/{folio}?paso=3").text
    assert "gerente comercial: la zona no tiene titular" in page
    assert "29/12/2034" in page
    assert "2034-12-29" not in page


def test_what_a_passed_deadline_was_is_on_the_trail(place: Installation) -> None:
    """Several timers run on one step: each entry names its own and its date."""
    house, actor = place.house, _specialist(place)
    folio = house.cases.open_case(OpenCase("MA-002", actor, AGENT)).folio
    house.cases.record(RecordStep(folio, "2", actor, data=LICENCE))
    house.cases.record(RecordStep(folio, "3", actor, data={"asistente_nombre": "Arturo Méndez"}))
    house.cases.record(
        RecordStep(
            folio, "4", actor, uploads=(Upload("pedir.eml", io.BytesIO(eml("¿Procede?")), slot="correo"),)
        )
    )
    place.clock.offset += timedelta(days=8)
    assert house.cases.fire_due_timers()
    page = place.client().get(f"/casos/{folio}").text
    assert "Recordatorio al asistente: confirmación del alta" in page.partition('id="e5"')[2]
    assert "Fecha del plazo" in page


def test_a_value_that_differs_from_the_case_is_named_without_a_spreadsheet(place: Installation) -> None:
    """Typing another kind of user than the request's is refused in words that fit a form as well as a row."""
    house, actor = place.house, _specialist(place)
    data = {
        "flujo": "alta",
        "usuario": "agente",
        "nombre": "Ana",
        "apellido": "Ruiz",
        "clave": "AG1",
        "ticket": "T1",
    }
    folio = house.cases.open_case(OpenCase("MA-003", actor, data)).folio
    with pytest.raises(FieldInvalid):
        house.cases.record(
            RecordStep(folio, "2", actor, data={"usuario": "asistente", "comprobado": "lista"})
        )
    answer = place.client().post_form(
        f"/casos/{folio}/pasos/2", {"d.usuario": "asistente", "d.comprobado": "lista", "idempotency_key": "k"}
    )
    assert "dice «asistente» y el caso dice «agente»" in answer.text
    assert "Excel" not in answer.text.partition('id="problema"')[2].partition("</ul>")[0]


def test_the_process_page_names_who_holds_its_posts_today(place: Installation) -> None:
    """Roles carry the names of those in their posts, and each zone whoever answers for it, by the dated directory."""
    house = place.house
    now = house.clock()
    names = {
        "cpanel": "Cinthya Robles",
        "asistente_nl": "Mariana Solís",
        "gerente_comercial": "Arturo Méndez",
    }
    for post, name in names.items():
        user = place.user(Role.ESPECIALISTA, email=f"{post}@desk.example", name=name)
        house.directory.appoint(post, user.id, since=now, now=now)
    laura = place.client()
    assert "Hoy: Cinthya Robles." in laura.get("/procesos/MA-003").text
    page = laura.get("/procesos/MA-002").text
    assert "Mariana Solís</dd>" in page
    assert "Arturo Méndez (gerencia comercial: sin titular)" in page
    assert "Quién responde por cada zona" not in laura.get("/procesos/MA-003").text


def test_a_list_is_not_published_backwards(place: Installation) -> None:
    """The refusal names the day that was asked for."""
    boss = place.client(Role.ADMINISTRADOR)
    answer = boss.post_form(
        "/administracion/catalogos/dominios",
        {
            "based_on": "2025-12-15",
            "code.0": "tuagente.example",
            "name.0": "x",
            "name_en.0": "x",
            "since": "2020-01-02",
        },
    )
    assert answer.status_code == 422
    assert "lo que ya pasó (2020-01-02)" in answer.text

"""Doing without a step on its page: what follows is said first; and requests nobody takes reach whose post it is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.entry import EntryKind
from identity.access import Granter
from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml
from workflows.commands import Actor, OpenCase, RecordStep, RefuseRequest, Upload
from workflows.errors import OutOfScope

AGENT = {"nombre": "Jorge Nava", "clave": "AG10457", "detalle": "Aparece en la lista de hoy"}
LICENCE = {"promotoria": "Del Valle", "zona": "nl", "cedula": "A-55213", "vigencia": "2034-12-29"}
REMOVAL = {"flujo": "baja", "nombre": "Ana", "apellido": "Ruiz"}
TO_YOU = "Solicitudes rechazadas que llegan a ti"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


def _laura(place: Installation) -> Actor:
    return Actor(place.user(Role.ESPECIALISTA).id, "especialista")


def _asked(place: Installation) -> str:
    """A case of MA-002 in which the assistant was asked to confirm: step 5 is open."""
    house, laura = place.house, _laura(place)
    folio = house.cases.open_case(OpenCase("MA-002", laura, AGENT)).folio
    house.cases.record(RecordStep(folio, "2", laura, data=LICENCE))
    house.cases.record(RecordStep(folio, "3", laura, data={"asistente_nombre": "Mariana"}))
    house.cases.record(RecordStep(folio, "4", laura, uploads=(Upload("a.eml", io.BytesIO(eml())),)))
    return folio


def _english(browser: Browser) -> Browser:
    browser.post_form("/idioma", {"idioma": "en", "next": "/"})
    return browser


def test_what_follows_from_a_waiver_is_said_before_it(place: Installation) -> None:
    """What the file stays without, which steps go on, that it is an exception; who may not, reads who may."""
    folio = _asked(place)
    page = place.client(Role.SUPERVISOR).get(f"/casos/{folio}?paso=5").text
    assert "El expediente queda sin: Correo" in page
    assert "Deja de faltar para: 8 Capturar los datos del agente." in page
    assert "Queda en la bitácora como excepción, con tu nombre y el motivo" in page
    assert (
        "Sólo puede dispensarlo: Supervisión de Mesa de Ayuda."
        in place.client().get(f"/casos/{folio}?paso=5").text
    )
    assert "Dispensar este paso" not in place.client(Role.SUPERVISOR).get(f"/casos/{folio}?paso=6").text


def test_a_waiver_by_page(place: Installation) -> None:
    """The supervisor's reason is sealed and the page says waived; a step that cannot be is refused in words."""
    folio, boss = _asked(place), place.client(Role.SUPERVISOR)
    reason = {"reason": "Los datos ya venían en su correo", "idempotency_key": "d1"}
    assert boss.post_form(f"/casos/{folio}/pasos/5/dispensar", reason).status_code == 303
    page = boss.get(f"/casos/{folio}").text
    assert "Los datos ya venían en su correo" in page
    assert "(dispensado)" in page
    never = boss.post_form(f"/casos/{folio}/pasos/6/dispensar", {**reason, "idempotency_key": "d2"})
    assert "El proceso no deja dispensar el paso 6." in never.text
    assert place.client().post_form(f"/casos/{folio}/pasos/15/dispensar", reason).status_code != 303


def test_what_no_process_takes_is_told_to_supervision(place: Installation) -> None:
    """«Se avisó a la supervisión»: both stand in its inbox until they were seen."""
    laura = _laura(place)
    with pytest.raises(OutOfScope) as refused:
        place.house.cases.open_case(OpenCase("MA-003", laura, REMOVAL))
    asked = RefuseRequest(laura, "permisos", process="MA-001")
    other = place.house.cases.refuse(asked).folio
    assert "se avisó a la supervisión" in str(refused.value.fields["message"])
    page = place.client(Role.SUPERVISOR).get("/").text
    assert TO_YOU in page
    assert f"/casos/{refused.value.fields['folio']}" in page
    assert f"/casos/{other}" in page
    assert "Es una baja de correo" in page
    assert TO_YOU not in place.client().get("/").text
    place.clock.offset = timedelta(days=31)
    assert TO_YOU in place.client(Role.SUPERVISOR).get("/").text  # nobody has said that they saw it


def test_a_supervisor_says_that_a_refusal_was_seen(place: Installation) -> None:
    """«Enterado» is an entry in the supervisor's name; the notice leaves every inbox; others may not, nor twice."""
    laura = _laura(place)
    folio = place.house.cases.refuse(RefuseRequest(laura, "permisos", process="MA-001")).folio
    boss = place.client(Role.SUPERVISOR)
    assert f"/enterado/{folio}" in boss.get("/").text
    state = place.house.cases.view(folio).state
    before = (state.status, state.closing, state.complete)
    assert place.client().post_form(f"/enterado/{folio}").status_code == 403
    assert boss.post_form(f"/enterado/{folio}").status_code == 303
    last = place.house.ledger.history(folio)[-1].entry
    assert (last.kind, last.actor) == (EntryKind.REFUSAL_NOTICED, place.user(Role.SUPERVISOR).id)
    assert TO_YOU not in boss.get("/").text
    after = place.house.cases.view(folio).state
    assert (after.status, after.closing, after.complete) == before
    other = place.client(Role.SUPERVISOR, email="otra@desk.example")
    assert TO_YOU not in other.get("/").text
    assert other.post_form(f"/enterado/{folio}").status_code == 409
    assert "enterado del rechazo" in boss.get(f"/casos/{folio}").text
    report = place.house.cases.rebuild()
    assert (report.differences, report.failures) == ((), ())


def test_what_goes_to_a_post_is_told_to_its_holder(place: Installation) -> None:
    """Santorini is decided by who is responsible for Hermes, whoever that is today; nobody else is told."""
    house, laura = place.house, _laura(place)
    with pytest.raises(OutOfScope):
        house.cases.open_case(OpenCase("MA-008", laura, {**AGENT, "tipo": "santorini"}))
    erik = place.client(Role.AUDITOR_INTERNO, email="erik@desk.example")
    assert TO_YOU not in erik.get("/").text
    user = place.user(Role.AUDITOR_INTERNO, email="erik@desk.example")
    house.posts.appoint("responsable_hermes", user.id, Granter(via="console", os_user="prueba"))
    assert TO_YOU in erik.get("/").text
    assert TO_YOU not in place.client(Role.SUPERVISOR).get("/").text


def test_an_english_reader_reads_the_answer_in_english(place: Installation) -> None:
    """What was answered is on record in Spanish and stays so; beside it, the definition's own English."""
    browser = _english(place.client())
    form = {f"d.{name}": value for name, value in {**AGENT, "tipo": "bpn"}.items()}
    page = browser.post_form("/casos/nuevo/MA-002", {**form, "idempotency_key": "k"}).text
    assert "BPN consultant agents need a special enrolment" in page
    assert "Enrolment of BPN consultants" in page
    assert "Los agentes consultores BPN requieren un enrolamiento especial" in page
    [folio] = place.house.index.folios()
    trail = browser.get(f"/casos/{folio}").text
    assert "BPN consultant agents need a special enrolment" in trail
    assert "Los agentes consultores BPN requieren un enrolamiento especial" in trail
    spanish = place.client(Role.SUPERVISOR).get(f"/casos/{folio}").text
    assert "BPN consultant" not in spanish

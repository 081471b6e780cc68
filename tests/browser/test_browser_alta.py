"""MA-001 by hand: a specialist clicks a whole alta, and a baja, from the ticket to the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.papers import PERSON, Papers
from tests.browser.people import Act, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
]  # a real browser on a busy machine takes its time


def alta(papers: Papers) -> list[Act]:
    """Steps 2 to 26a of an alta in which everything goes well."""
    shot, letter, mail = papers.shot, papers.letter, papers.mail
    return [
        Act("2", {"correo": [mail("Confirmación de recepción")]}),
        Act("3", ticks=["declaro"]),
        Act("4", {"formato": [papers.sheet("solicitud_alta")]}),
        Act("5", {"estatus": [shot("ticket_en_proceso")]}),
        Act("6", picks={"paquete": "1"}),
        Act("7", {"carta": [letter("carta_autorizacion")]}),
        Act("8", {"correo": [mail("Carta para firma")]}),
        Act(
            "9",
            {"carta_firmada": [letter("carta_firmada", 2)], "correo": [mail("RE Carta para firma")]},
            choice="autorizada",
        ),
        Act("10", ticks=["declaro"]),
        Act("11", {"captura": [shot("remote_scan_solicitud")]}),
        Act("12", {"captura": [shot("remote_scan_datos")]}),
        Act("13", {"captura": [shot("dsn")]}, {"dsn": "DSN-2026-0099812"}, choice="obtenido"),
        Act("14", {"registro": [shot("cam_busqueda")]}, choice="encontrado"),
        Act("15", {"captura": [shot("cam_escalado")]}),
        Act("16", {"carta_dsn": [letter("carta_dsn")]}, {"dsn": "DSN-2026-0099812"}, reuse=True),
        Act("17", {"correo": [mail("Tu alta está en proceso")]}),
        Act("18", {"confirmacion": [mail("MetLife confirma el alta")]}, choice="confirmada"),
        Act("19", {"captura": [shot("cam_activo")]}),
        Act("20", fields={"usuario_metlife": "MRUIZO01"}),
        Act(
            "21",
            fields={"destinatario": PERSON["nombre"]},
            picks={"canal": "llamada", "cambio_obligatorio": "si"},
        ),
        Act("22", {"carta": [letter("carta_custodia")]}),
        Act("23", {"correo": [mail("Carta custodia para firma")]}),
        Act("24", {"carta_firmada": [letter("carta_custodia_firmada")]}, choice="firmada"),
        Act("25", fields={"expediente": "Gaveta 3, carpeta R", "folio_fisico": "R-118"}),
        Act("26", {"correo": [mail("Por favor valida tu acceso")]}),
        Act("26a", {"correo": [mail("Sí funciona, gracias")]}, choice="funciona"),
    ]


def test_a_specialist_takes_an_alta_from_ticket_to_closing(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """Every step of MA-001's alta is recorded by clicking, and the case ends closed with a complete file."""
    laura = person()
    folio = laura.open_case(PERSON)
    for act in alta(papers):
        laura.do(folio, act)
    page = laura.go(f"/casos/{folio}")
    expect(page.locator(".head__do")).to_contain_text("expediente completo")
    state = desk.place.house.cases.view(folio).state
    assert state.closed
    assert state.complete
    assert state.machine_values() == {"ticket": "Cerrado", "cam_pegasus": "Activo"}
    assert page.locator(".book > li").count() == len(alta(papers)) + 1


def test_a_specialist_takes_a_baja_to_its_end(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """A baja needs neither letter of authorisation nor paper archive and ends with CAM in Baja."""
    laura = person()
    folio = laura.open_case(
        {**PERSON, "rfc": "GAHL880704QX2", "nombre": "Luis García Hernández"}, kind="baja", ticket="TK-50001"
    )
    who = {**PERSON, "rfc": "GAHL880704QX2", "nombre": "Luis García Hernández"}
    acts = [
        Act("2", {"correo": [papers.mail("Recibimos tu baja")]}),
        Act("3", ticks=["declaro"]),
        Act("4", {"formato": [papers.sheet("solicitud_baja", who)]}),
        Act("5", ticks=["declaro"]),
        Act("28", {"captura": [papers.shot("cam_baja")], "carta_baja": [papers.letter("carta_baja")]}),
        Act("28d", {"correo": [papers.mail("Tu baja está hecha")]}),
    ]
    for act in acts:
        laura.do(folio, act)
    state = desk.place.house.cases.view(folio).state
    assert state.machine_values()["cam_pegasus"] == "Baja"
    assert state.missing == ()
    expect(laura.page.locator(".case-comb")).to_contain_text("no falta ninguno obligatorio")

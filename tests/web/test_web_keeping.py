"""Legal holds on the pages: placed, shown to all, lifted by who answers for the data; and the years of retention."""

from __future__ import annotations

from datetime import timedelta

import pytest

from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.web.test_web_drafts import DATA
from workflows.catalogues import RETENTION
from workflows.commands import Actor, OpenCase, RefuseRequest

WHY = "Juicio laboral 345/2026."


def closed(place: Installation) -> str:
    """A case that ended."""
    actor = Actor(place.user().id, "especialista")
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    place.house.cases.refuse(RefuseRequest(actor=actor, refusal="sin_autorizacion", folio=folio))
    return folio


def officer(place: Installation) -> Browser:
    """The browser of who answers for personal data."""
    return place.client(Role.DATOS_PERSONALES)


def test_everybody_sees_until_when_a_case_is_kept(place: Installation) -> None:
    """An open one while it is open, a closed one until a day."""
    folio = closed(place)
    year = place.clock().year + 10
    page = place.client().get(f"/casos/{folio}").text
    assert "Se conserva hasta el" in page
    assert str(year) in page
    assert f"/casos/{folio}/datos" not in page
    actor = Actor(place.user().id, "especialista")
    other = place.house.cases.open_case(OpenCase("MA-001", actor, {**DATA, "rfc": "PEGL800101XY2"})).folio
    assert "Mientras esté abierto, se conserva." in place.client().get(f"/casos/{other}").text


def test_the_list_of_years_is_published_and_counts(place: Installation) -> None:
    """By its page, as an entry; a number that is none of years is refused where it was typed."""
    keeper = place.client(Role.SUPERVISOR)
    form = {"based_on": "1", "code.0": "MA-001", "name.0": "Cuentas MET", "years.0": "0"}
    assert keeper.post_form(f"/administracion/catalogos/{RETENTION}", form).status_code == 422
    form["years.0"] = "12"
    assert keeper.post_form(f"/administracion/catalogos/{RETENTION}", form).status_code == 303
    folio = closed(place)
    assert str(place.clock().year + 12) in place.client().get(f"/casos/{folio}").text


def test_a_hold_is_placed_shown_and_lifted(place: Installation) -> None:
    """A supervisor places it; everybody sees it with its reason; only who answers for the data lifts it."""
    folio = closed(place)
    supervisor = place.client(Role.SUPERVISOR)
    answer = supervisor.post_form(f"/casos/{folio}/datos/retener", {"reason": WHY})
    assert answer.status_code == 303
    seen = place.client().get(f"/casos/{folio}").text
    assert "Bajo retención legal" in seen
    assert WHY.rstrip(".") in seen
    assert supervisor.post_form(f"/casos/{folio}/datos/levantar/3", {"reason": WHY}).status_code == 403
    short = officer(place).post_form(f"/casos/{folio}/datos/levantar/3", {"reason": "ya"})
    assert short.status_code == 422
    assert "Falta el motivo" in short.text
    assert officer(place).post_form(f"/casos/{folio}/datos/levantar/3", {"reason": WHY}).status_code == 303
    assert "Bajo retención legal" not in place.client().get(f"/casos/{folio}").text


@pytest.mark.parametrize(
    "role", [Role.ESPECIALISTA, Role.ADMINISTRADOR, Role.AUDITOR_INTERNO, Role.CAPTURISTA]
)
def test_others_do_not_reach_the_page(place: Installation, role: Role) -> None:
    """Deny by default: not by knowing the address either."""
    folio = closed(place)
    browser = place.client(role)
    assert browser.get(f"/casos/{folio}/datos").status_code == 403
    assert browser.post_form(f"/casos/{folio}/datos/retener", {"reason": WHY}).status_code == 403


def test_commands_place_and_lift_and_tell(place: Installation) -> None:
    """The same acts at the console, and how the data of a case stands."""
    folio = closed(place)
    place.user(Role.DATOS_PERSONALES)
    run = place.app.test_cli_runner()
    who = ["--actor", "datos_personales@desk.example", "--reason", WHY]
    assert run.invoke(args=["holds", "place", folio, *who]).exit_code == 0
    told = run.invoke(args=["holds", "list"])
    assert folio in told.output
    assert '"until"' in run.invoke(args=["holds", "show", folio]).output
    assert run.invoke(args=["holds", "lift", folio, "3", *who]).exit_code == 0
    again = run.invoke(args=["holds", "lift", folio, "3", *who])
    assert again.exit_code == 1
    assert "no es una retención legal vigente" in again.output


def test_cases_whose_term_is_over_are_listed(place: Installation) -> None:
    """For who answers for the data: ten years and a day after closing, and until somebody decides about them."""
    folio = closed(place)
    officer = place.client(Role.DATOS_PERSONALES)
    assert folio not in officer.get("/datos-personales").text
    place.clock.offset += timedelta(days=3660)
    officer = place.client(Role.DATOS_PERSONALES)
    assert (
        folio
        in officer.get("/datos-personales").text.partition("Plazo cumplido")[2].partition("</section>")[0]
    )
    officer.post_form(f"/casos/{folio}/datos/retener", {"reason": WHY})
    assert (
        folio
        not in officer.get("/datos-personales").text.partition("Plazo cumplido")[2].partition("</section>")[0]
    )

"""Daily controls on pages: one click says that nothing was found, a missing day shows, pasted lists are judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.installation import Installation
from workflows.state import CaseState

SERIES = "/controles/MA-002/revision_diaria"
TUESDAY = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A house on a Tuesday morning whose control began the Friday before."""
    made = Installation(tmp_path / "data")
    made.clock.offset = TUESDAY - timedelta(days=4) - datetime.now(UTC)
    made.house.cases.controls.run()
    made.clock.offset = TUESDAY - datetime.now(UTC)
    yield made
    made.close()


def _state(place: Installation) -> CaseState:
    cases = place.house.cases
    return cases.view(cases.controls.case_of("MA-002", "revision_diaria")).state


def _days(place: Installation) -> list[tuple[str, int]]:
    control = _state(place).control
    assert control is not None
    return [(day, count) for day, count, _ in control.days]


def test_one_click_in_the_inbox(place: Installation) -> None:
    """The card says that today's is missing; its button seals it and comes back; a second click says who was first."""
    laura = place.client()
    page = laura.get("/").text
    assert "Sin hallazgos hoy" in page
    assert "2 días sin control" in page
    done = laura.post_form(f"{SERIES}/sin-hallazgos", {"desde": "bandeja", "idempotency_key": "a"})
    assert (done.status_code, done.headers["Location"]) == (303, "/")
    assert _days(place) == [("2026-11-24", 0)]
    again = laura.post_form(f"{SERIES}/sin-hallazgos", {"idempotency_key": "b"})
    assert again.status_code == 409
    assert "ya quedó registrado" in again.text
    assert _days(place) == [("2026-11-24", 0)]


def test_a_missing_day_is_dated_and_may_be_filled(place: Installation) -> None:
    """Friday and Monday are missing on the page and on the case; filling one leaves the other, and says it was late."""
    laura = place.client()
    for path in ("/controles", f"/casos/{_state(place).folio}"):
        page = laura.get(path).text
        assert "20/11/2026" in page
        assert "23/11/2026" in page
        assert "21/11/2026" not in page
    assert laura.post_form(f"{SERIES}/sin-hallazgos", {"dia": "2026-11-20"}).status_code == 303
    control = _state(place).control
    assert control is not None
    assert control.gaps == ("2026-11-23",)
    assert "recorded_late" in [item.code for item in _state(place).exceptions]


def test_a_pasted_list_is_judged_before_it_is_sealed(place: Installation) -> None:
    """Reading shows good and bad rows and seals nothing; opening seals the control and the good row's case."""
    laura = place.client()
    text = "Clave\tNombre\nAG1\tAna Ruiz\nAG1\tAna Ruiz\n"
    shown = laura.post_form(f"{SERIES}/lista", {"texto": text})
    assert "1 caso por abrir" in shown.text
    assert "ya está en el renglón 2 de la misma lista" in shown.text
    assert _days(place) == []
    done = laura.post_form(f"{SERIES}/lista/abrir", {"dia": "2026-11-24"})
    assert "Se abrió 1 caso" in done.text
    assert _days(place) == [("2026-11-24", 1)]
    assert "1 caso por abrir" not in laura.get(f"{SERIES}/lista").text


def test_a_list_for_a_missing_day_is_asked_for_there(place: Installation) -> None:
    """A missing day offers its list too; the day stays chosen through reading, a day to come is not offered."""
    laura = place.client()
    assert f"{SERIES}/lista?dia=2026-11-20" in laura.get("/controles").text
    shown = laura.post_form(
        f"{SERIES}/lista", {"texto": "Clave\tNombre\nAG1\tAna Ruiz\n", "dia": "2026-11-20"}
    )
    assert 'name="dia" value="2026-11-20"' in shown.text
    assert 'name="dia" value="2026-11-24"' in laura.get(f"{SERIES}/lista?dia=2031-01-01").text


def test_what_a_list_says_is_shown_as_it_was_read(place: Installation) -> None:
    """Zone and validity stand beside the name; a kind that nobody knows is marked before anything is sealed."""
    laura = place.client()
    text = "Clave\tNombre\tZona\tVigencia\tTipo\nAG1\tAna Ruiz\tCDMX\t31/12/2034\tcosa rara\nAG2\tIván Paz\tNL\t\tBPN\n"
    shown = laura.post_form(f"{SERIES}/lista", {"texto": text}).text
    assert "CDMX · 31/12/2034" in shown
    assert "tipo «cosa rara»: no se reconoce" in shown
    done = laura.post_form(f"{SERIES}/lista/abrir", {"dia": "2026-11-24"}).text
    assert "Enrolamiento de consultores BPN" in done


def test_a_control_that_does_not_exist_is_not_found(place: Installation) -> None:
    """Unknown processes and controls have no page."""
    laura = place.client()
    assert laura.get("/controles/MA-001/revision_diaria/lista").status_code == 404
    assert laura.get("/controles/XX-999/x/lista").status_code == 404


def test_a_controls_case_shows_its_own_steps_alone(place: Installation) -> None:
    """Steps of a normal case are behind a disclosure, not in the comb; the declared mode is nobody's reading."""
    page = place.client().get(f"/casos/{_state(place).folio}").text
    comb = page.partition('<ol class="comb">')[2].partition("</ol>")[0]
    assert "Paso 1:" in comb
    assert "no aplica" not in comb
    assert "no aplican a este caso" in page
    assert "<dt>modo</dt>" not in page


def test_daily_controls_have_their_place_in_the_navigation(place: Installation) -> None:
    """Whoever looks every day finds the way there on every page."""
    page = place.client().get("/casos").text
    nav = page.partition('<nav class="nav"')[2].partition("</nav>")[0]
    assert "Controles" in nav

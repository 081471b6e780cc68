"""A campaign's pages say what each act waits for, and tell an area that answered from one that was silent."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from identity.accounts import Role
from tests.fakes import metlife
from tests.fakes.installation import Installation
from tests.fakes.metlife import workbook
from tests.workflows.desk import eml, upload
from workflows.campaigncommands import AskAreas, DecideRows, TakeExtract
from workflows.commands import Actor, OpenCase, RecordStep, Upload

MONDAY = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
PEOPLE = metlife.small()


class Campaign:
    """A small campaign whose areas were asked; the first of them answers."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.cases = place.house.cases
        self.laura = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
        sheet = Upload("usuarios.xlsx", io.BytesIO(workbook(PEOPLE)))
        data = {"requerimiento": "R-1", "aplicacion": "pro99", "remitente": "si"}
        self.folio = self.cases.open_case(OpenCase("MA-005", self.laura, data, (eml(), sheet))).folio
        dates = {"fecha_limite": "2026-12-11", "cita": "A más tardar el 11 de diciembre"}
        for step, said in (("2", {"aplicaciones": "Pro99"}), ("3", dates), ("4", {"nota": "Prioridad"})):
            self.cases.record(RecordStep(self.folio, step, self.laura, data=said))
        cam = (upload("cam.csv", metlife.extract_csv(metlife.statuses(PEOPLE))),)
        self.cases.campaigns.extract(TakeExtract(self.folio, self.laura, cam, place.clock()))
        self.cases.campaigns.ask(AskAreas(self.folio, self.laura, (eml(),)))

    def decide(self, rows: str, decision: str) -> None:
        """What their area said."""
        command = DecideRows(self.folio, rows, decision, "Lo dijo su jefe", self.laura)
        self.cases.campaigns.decide(command)

    def page(self, act: str = "") -> str:
        """One of its pages, as a specialist sees it."""
        return self.place.client(Role.ESPECIALISTA).get(f"/casos/{self.folio}{act}").text


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    """A campaign asked on a Monday."""
    place = Installation(tmp_path / "data")
    place.clock.offset = MONDAY - datetime.now(UTC)
    yield Campaign(place)
    place.close()


def test_an_act_whose_turn_has_not_come_says_what_it_waits_for(campaign: Campaign) -> None:
    """Archive and removals name the step before them; the final sheet's button is marked, with what is lacking."""
    row = campaign.cases.campaigns.roster(campaign.folio).rows[0]
    campaign.decide(str(row.number), "baja")
    for act, button in (("archivo", "Archivar y cerrar"), ("bajas", "Abrir ")):
        text = campaign.page(f"/campana/{act}")
        assert "Espera: 25 " in text
        assert f"<span>{button}" not in text
    text = campaign.page("/campana/final")
    assert re.search(r'aria-disabled="true" aria-describedby="f-lacks"', text)
    assert "Falta decidir" in text


def test_an_area_that_answered_is_not_told_as_late(campaign: Campaign) -> None:
    """After the three days the silent area is resolved by silence; the one that answered merely had until then."""
    areas = campaign.cases.campaigns.roster(campaign.folio).areas
    rows = campaign.cases.campaigns.roster(campaign.folio).rows
    answered = [str(row.number) for row in rows if row.area == areas[0].area]
    campaign.decide(",".join(answered), "certifica")
    campaign.place.clock.offset += timedelta(days=7)  # silence decides on a business day
    campaign.cases.fire_due_timers(campaign.place.clock())
    text = campaign.page()
    found = {area.name: _line(text, area.name) for area in areas}
    assert "resuelta por silencio" not in found[areas[0].name]
    assert all("resuelta por silencio" in line for name, line in found.items() if name != areas[0].name)
    assert not any("Vencid" in line for line in found.values())
    assert f"Respuesta de cada área · {areas[0].name}" in text


def _line(text: str, name: str) -> str:
    """The row of an area."""
    return next(row for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL) if f">{name}</a>" in row)

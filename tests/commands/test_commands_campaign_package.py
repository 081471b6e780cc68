"""A campaign that leaves the house: the offline verifier derives its rows again and finds the package valid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from identity.accounts import Role
from tests.fakes import metlife
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from tests.workflows.desk import upload
from web.wiring import House
from workflows.campaigncommands import TakeExtract
from workflows.commands import Actor, OpenCase, RecordStep
from workflows.readers import DirectReader


def test_a_campaigns_package_is_valid(tmp_path: Path) -> None:
    """Facts of rows, areas, counts and dates pass the verifier; no HID and no name stands in any entry."""
    place = Installation(tmp_path / "data")
    place.user(Role.ESPECIALISTA)
    people = metlife.small()
    house = House(place.settings, clock=place.clock, documents=DirectReader())
    actor = Actor("u-ana", "especialista")
    opening = {"requerimiento": "RECERT-2026", "aplicacion": "belife", "remitente": "si"}
    files = (upload("metlife.eml", eml()), upload("usuarios.xlsx", metlife.workbook(people)))
    folio = house.cases.open_case(OpenCase("MA-005", actor, opening, files)).folio
    dated = {"fecha_limite": "2029-11-20", "cita": "A más tardar el 20 de noviembre"}
    house.cases.record(RecordStep(folio, "3", actor, data=dated))
    extract = upload("cam.csv", metlife.extract_csv(metlife.statuses(people)))
    house.cases.campaigns.extract(TakeExtract(folio, actor, (extract,), house.clock()))
    entries = b"".join(sealed.entry_bytes for sealed in house.ledger.history(folio))
    known = [text for person in people for text in (person.hid, person.name, person.email)]
    assert not [text for text in known if text.encode() in entries]
    house.close()
    out = tmp_path / "case.zip"
    run = place.app.test_cli_runner().invoke
    assert run(args=["packages", "export", "--case", folio, "--out", str(out)]).exit_code == 0
    vkey = run(args=["ledger", "vkey"]).stdout.strip()
    told = subprocess.run(
        [sys.executable, "-m", "audit_exports.verify", str(out), "--vkey", vkey],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    place.close()

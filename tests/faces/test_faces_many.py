"""One mail for many cases by page and by command: chosen in the list, an entry each, refusals told case by case."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from identity.accounts import Role
from tests.browser.papers import PERSON, Papers
from tests.fakes.installation import Browser, Installation


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path_factory.mktemp("many") / "data")
    yield made
    made.close()


@pytest.fixture(scope="module")
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


def _open(laura: Browser, number: int) -> str:
    fields = {**PERSON, "tipo": "alta", "rfc": f"PENU9001{number:02d}AB1", "ticket": f"TK-{number}"}
    answer = laura.post_form("/casos/nuevo/MA-001", {f"d.{name}": value for name, value in fields.items()})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])


def _send(laura: Browser, folios: list[str], mail: Path) -> str:
    """Record step 2 in the cases; gives the page of the result once it is there."""
    form = laura.get("/casos/varios?paso=2&" + "&".join(f"caso={folio}" for folio in folios)).text
    key = re.search(r'name="idempotency_key" value="([^"]+)"', form)
    assert key
    data = {
        "csrf_token": laura.token(),
        "idempotency_key": key[1],
        "caso": folios,
        "file.correo": (io.BytesIO(mail.read_bytes()), mail.name),
    }
    answer = laura.client.post("/casos/varios/MA-001/pasos/2", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    for _attempt in range(200):
        page = laura.get(str(answer.headers["Location"])).text
        if "data-job=" not in page:
            return page
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_the_list_leads_to_one_form_for_the_cases_chosen(laura: Browser) -> None:
    """Each open case can be ticked; the form tells the steps they share and leaves out those that cannot take it."""
    one, two = _open(laura, 1), _open(laura, 2)
    assert f'name="caso" value="{one}"' in laura.get("/casos").text
    steps = laura.get(f"/casos/varios?caso={one}&caso={two}&caso=MA-001-2026-999999").text
    assert "2 de 2" in steps
    barred = laura.get(f"/casos/varios?caso={one}&caso={two}&paso=10").text
    assert "data-seal" not in barred
    assert "No elegiste ningún caso" in laura.get("/casos/varios").text


def test_one_mail_becomes_an_entry_of_each_case_and_a_refusal_is_told(
    place: Installation, laura: Browser, tmp_path: Path
) -> None:
    """Two cases are recorded, a third that was recorded meanwhile says so; the draft stays for what is missing."""
    folios = [_open(laura, number) for number in (3, 4, 5)]
    mail = Papers(tmp_path).mail("Confirmamos sus solicitudes")
    page = _send(laura, folios[:1], mail)
    assert "Se registró en 1 caso" in page
    page = _send(laura, folios, mail)
    assert "Se registró en 2 casos" in page
    assert "ya quedó registrado en la entrada 2" in page
    assert f"caso={folios[0]}" in page
    sealed = [place.house.cases.view(folio).entries[-1].entry for folio in folios]
    assert len({entry.objects[0].sha256 for entry in sealed}) == 1
    assert [entry.step for entry in sealed] == ["2", "2", "2"]
    assert place.house.drafts.of_user(place.user(Role.ESPECIALISTA).id)


def test_the_command_records_in_each_and_exits_with_one_where_any_refused(
    place: Installation, laura: Browser, tmp_path: Path
) -> None:
    """Receipts and refusals come as JSON by case; a second run records nothing twice and says so."""
    folios = [_open(laura, number) for number in (6, 7)]
    mail = Papers(tmp_path).mail("Por consola")
    runner = place.app.test_cli_runner()
    arguments = ["cases", "record-many", "2", *folios, "--actor", "especialista@desk.example", "--json"]
    done = runner.invoke(args=[*arguments, "--file", str(mail)])
    assert done.exit_code == 0, done.output
    assert [item["folio"] for item in json.loads(done.stdout)["recorded"]] == folios
    again = runner.invoke(args=[*arguments, "--file", str(mail)])
    assert again.exit_code == 1
    assert [item["error"]["code"] for item in json.loads(again.stdout)["refused"]] == ["step_not_open"] * 2


def test_who_only_reads_cannot_record_in_many(place: Installation, laura: Browser) -> None:
    """An auditor sees the list without ticks, and the page is not theirs."""
    folio = _open(laura, 8)
    auditor = place.client(Role.AUDITOR_INTERNO)
    assert 'name="caso"' not in auditor.get("/casos").text
    assert auditor.get(f"/casos/varios?caso={folio}").status_code == 403

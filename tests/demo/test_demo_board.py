"""The board over the demonstration's cases: every number is the length of its list, and the report says the same."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from flask.testing import FlaskClient

from tests.demo.conftest import PRESENT, Demonstration
from web.app import create_app

NUMBER = re.compile(r'<a href="(/casos\?[^"]*cuenta=[^"]*)"[^>]*>(?:<span class="counts__n">)?([\d,]+)<')
TOTAL = re.compile(r'<p class="head__lead">([\d,]+) casos?')
PROCESS = "/tablero?proceso=MA-001"


@pytest.fixture(scope="module")
def client(demonstration: Demonstration) -> Iterator[FlaskClient]:
    """The supervisor at the demonstration's pages, at its present."""
    house = demonstration.house
    before, house.clock = house.clock, lambda: PRESENT + timedelta(minutes=1)
    app = create_app(house.settings, house)
    made = app.test_client()
    token = made.get("/sesion").get_json()["csrf_token"]
    login = {"email": "abraham@mesa.example", "password": demonstration.summary.password, "csrf_token": token}
    assert made.post("/entrar", data=login).status_code == 303
    yield made
    house.clock = before


def numbers(client: FlaskClient, path: str) -> dict[str, int]:
    """The numbers of a board's page, by the address each leads to."""
    found: dict[str, int] = {}
    for href, number in NUMBER.findall(client.get(path).text):
        address, count = html.unescape(href), int(number.replace(",", ""))
        assert found.setdefault(address, count) == count, f"{address} has two numbers"
    return found


@pytest.mark.parametrize("path", ["/tablero", f"{PROCESS}&periodo=13s", f"{PROCESS}&periodo=2026-11"])
def test_every_number_is_the_length_of_the_list_behind_it(client: FlaskClient, path: str) -> None:
    """Each link on the board leads to a list that says the same number, and says what it lists."""
    shown = numbers(client, path)
    assert len(shown) > 40
    assert sum(1 for number in shown.values() if number) > 15
    wrong = {}
    for address, number in shown.items():
        listed = TOTAL.search(client.get(address).text)
        assert listed, address
        if int(listed[1].replace(",", "")) != number:
            wrong[address] = (number, listed[1])
    assert wrong == {}


def test_the_board_of_a_process_has_its_numbers_of_the_whole(client: FlaskClient) -> None:
    """The row of a process in the table of all is the summary of its own board."""
    every = numbers(client, "/tablero?periodo=2026-11")
    own = numbers(client, f"{PROCESS}&periodo=2026-11")
    shared = every.keys() & own.keys()
    assert len(shared) >= 10
    assert {address: every[address] for address in shared} == {address: own[address] for address in shared}


def test_a_filtered_list_says_what_it_lists_and_lets_go_of_it(client: FlaskClient) -> None:
    """The list behind a number names it in words, keeps it while other filters change, and offers to drop it."""
    [address] = [a for a in numbers(client, f"{PROCESS}&periodo=2026-11") if "codigo=waived" in a]
    text = client.get(address).text
    assert "Con excepciones: paso dispensado · del 01/11/2026 al 30/11/2026" in text
    assert "cuenta=excepcion" in re.findall(r'href="([^"]*vence=vencidos[^"]*)"', text)[0]
    dropped = re.search(r'<a href="(/casos[^"]*)">quitar', text)
    assert dropped
    assert "cuenta" not in dropped[1]


@pytest.mark.parametrize(
    "asked",
    [
        "cuenta=excepcion&codigo=no-hay&desde=2026-11-01&hasta=2026-11-30",
        "cuenta=tarde&codigo=no-hay&desde=2026-11-01&hasta=2026-11-30",
    ],
)
def test_a_code_that_does_not_exist_lists_nothing(client: FlaskClient, asked: str) -> None:
    """An address typed by hand finds no case, never all of them."""
    listed = TOTAL.search(client.get(f"/casos?{asked}").text)
    assert listed
    assert listed[1] == "0"


@pytest.mark.parametrize("asked", ["cuenta=nada", "cuenta=tarde&desde=ayer&hasta=hoy", "cuenta=tarde"])
def test_a_number_that_does_not_exist_does_not_filter(client: FlaskClient, asked: str) -> None:
    """Nonsense in the address is answered like any unknown filter: with the list as it is without it."""
    plain, odd = (TOTAL.search(client.get(f"/casos?{text}").text) for text in ("", asked))
    assert plain
    assert odd
    assert plain[1] == odd[1]


def test_the_report_has_the_boards_numbers(client: FlaskClient) -> None:
    """Sheet by sheet and address by address: the workbook of a month and the board of that month are one."""
    answer = client.get("/tablero/informe?mes=2026-11")
    assert "informe-2026-11.xlsx" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    for sheet, path in (("Todos", "/tablero?periodo=2026-11"), ("MA-001", f"{PROCESS}&periodo=2026-11")):
        told = {row[4]: row[2] for row in book[sheet].iter_rows(min_row=2, values_only=True)}
        shown = numbers(client, path)
        assert told.items() <= shown.items()
        assert len(told) > 30
        if sheet == "MA-001":
            assert told.keys() == shown.keys()
    exceptions = [row[:4] for row in book["Excepciones"].iter_rows(min_row=2, values_only=True)]
    assert any(row[3] == "paso dispensado" and row[2] == "2" for row in exceptions)
    summary = {row[0]: row[2:] for row in book["Resumen"].iter_rows(min_row=2, values_only=True)}
    assert (
        summary["MA-001"][0]
        == numbers(client, "/tablero?periodo=2026-11")[
            "/casos?cuenta=abiertos-en&desde=2026-11-01&hasta=2026-11-30&proceso=MA-001"
        ]
    )


def test_the_report_says_in_words_what_was_out_of_the_ordinary(client: FlaskClient) -> None:
    """The ground of a refusal and the answer that repeated a step are their names, not the codes of the definition."""
    book = openpyxl.load_workbook(io.BytesIO(client.get("/tablero/informe?mes=2026-11").data))
    rows = list(book["Excepciones"].iter_rows(min_row=2, values_only=True))
    told = [row[5] for row in rows if row[3] in {"rechazado", "paso repetido"}]
    assert told
    assert all(" " in text for text in told)


def test_the_report_tells_of_controls_zones_and_campaigns(
    demonstration: Demonstration, client: FlaskClient
) -> None:
    """Gaps by their days, Hermes' volume beside the one expected, zones that add up, the campaign area by area."""
    book = openpyxl.load_workbook(io.BytesIO(client.get("/tablero/informe?mes=2026-11").data))
    controls = {row[0]: row for row in book["Controles"].iter_rows(min_row=2, values_only=True)}
    assert controls["MA-008"][8] == "3–4"
    looked, gaps = controls["MA-002"][4], str(controls["MA-002"][6]).split(", ")
    assert looked >= 10
    assert all(day.startswith("2026-11-") for day in gaps)
    assert controls["MA-002"][9].endswith("sin control")
    zones = [row for row in book["Por zona"].iter_rows(min_row=2, values_only=True) if row[0] == "MA-002"]
    opened = "/casos?cuenta=abiertos-en&desde=2026-11-01&hasta=2026-11-30&proceso=MA-002"
    assert sum(row[2] for row in zones) == numbers(client, "/tablero?periodo=2026-11")[opened]
    rows = list(book["Recertificación"].iter_rows(min_row=2, values_only=True))
    whole, areas = rows[0], rows[1:]
    assert (
        whole[4] == sum(row[4] for row in areas) == sum(row[5] for row in areas) + _undecided(demonstration)
    )
    assert any(row[6] for row in areas)
    assert whole[7] == sum(row[7] for row in areas) > 0
    assert "TODOS" in whole[8]


def _undecided(demonstration: Demonstration) -> int:
    roster = demonstration.house.cases.view(demonstration.folio("Recertificación")).state.roster
    assert roster is not None
    return roster.undecided


def test_the_board_counts_down_to_the_deadline(client: FlaskClient) -> None:
    """An open recertification stands on the board with its date and with what missing it means."""
    text = client.get("/tablero?proceso=MA-005").text
    assert "Vence en" in text
    assert "MetLife da de baja a TODOS los usuarios" in text
    assert re.search(r"\d+ de \d+ renglones decididos, ", text)
    assert "renglones decididos" not in client.get("/tablero?proceso=MA-006").text


def test_the_command_writes_the_bytes_that_the_page_hands_out(
    demonstration: Demonstration, client: FlaskClient, tmp_path: Path
) -> None:
    """One report: by command and by page the same bytes, and again the same a second time."""
    runner = create_app(demonstration.house.settings, demonstration.house).test_cli_runner()
    written = []
    for name in ("uno.xlsx", "dos.xlsx"):
        out = tmp_path / name
        result = runner.invoke(args=["report", "monthly", "--month", "2026-10", "--out", str(out)])
        assert result.exit_code == 0, result.output
        written.append(out.read_bytes())
    assert written[0] == written[1] == client.get("/tablero/informe?mes=2026-10").data


def test_a_report_of_what_has_not_happened_is_not_made(client: FlaskClient) -> None:
    """A month to come, or no month, is not found."""
    for month in ("2099-01", "2026-13", "ayer", ""):
        assert client.get(f"/tablero/informe?mes={month}").status_code == 404


def test_the_plot_has_a_name_a_description_and_no_number_of_its_own(client: FlaskClient) -> None:
    """Whoever does not see the plot is told what it shows, and finds every number of it in the table."""
    text = client.get("/tablero").text
    svg = re.search(r'<svg class="plot__svg".*?</svg>', text, re.DOTALL)
    assert svg
    assert 'aria-labelledby="b-plot-t b-plot-d"' in svg[0]
    assert re.search(r"<desc[^>]*>Columnas en pares, de diciembre de 2025 a noviembre de 2026: ", svg[0])
    bars = set(map(html.unescape, re.findall(r'<a href="([^"]+)" tabindex="-1">', svg[0])))
    assert bars
    assert bars <= numbers(client, "/tablero").keys()


def test_the_board_is_for_those_who_may_take_figures_out(demonstration: Demonstration) -> None:
    """A specialist neither sees the board nor is led to it."""
    app = create_app(demonstration.house.settings, demonstration.house)
    client = app.test_client()
    token = client.get("/sesion").get_json()["csrf_token"]
    password = demonstration.summary.password
    login = {"email": "rodrigo.pena@mesa.example", "password": password, "csrf_token": token}
    assert client.post("/entrar", data=login).status_code == 303
    assert client.get("/tablero").status_code == 403
    assert client.get("/tablero/informe?mes=2026-10").status_code == 403
    assert "/tablero" not in client.get("/").text

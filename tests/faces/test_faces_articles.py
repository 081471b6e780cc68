"""What closed tickets teach: written in a step, read by everybody, corrected and withdrawn with the entries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from identity.accounts import Role
from storage.ledger_tables import article
from tests.fakes.installation import Browser, Installation
from tests.workflows.desk import TICKET
from workflows.commands import Actor, RecordStep, Supersede

ARTICLE = {
    "titulo": "Consultador: cuenta bloqueada",
    "problema": "La aplicación dice que la cuenta está bloqueada tras varios intentos.",
    "resolucion": "Se desbloquea en CAM y se pide cambiar la contraseña al entrar.",
    "palabras": "bloqueo, intentos",
}
SOLVED = (
    ("4", "", {"respuesta": "Lo revisamos"}),
    ("5", "acceso", {"clasificacion": "No puede entrar"}),
    ("6", "", {"plan": "Revisar CAM"}),
    ("7", "", {"declaro": "si"}),
    ("8", "", {"accion": "Se desbloqueó"}),
    ("9", "", {"llamada": "Se le avisó por teléfono"}),
    ("11", "", {"causa": "Intentos fallidos", "solucion": "Desbloqueo"}),
    ("14", "", {"llamada": "Se le pidió probar"}),
    ("16", "validado", {"llamada": "Ya entra"}),
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


def _do(place: Installation, folio: str, step: str, choice: str, data: dict[str, str]) -> int:
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    return place.house.cases.record(RecordStep(folio, step, actor, data=data, choice=choice)).seq


def _closed(place: Installation, laura: Browser) -> str:
    fields = {f"d.{name}": value for name, value in TICKET.items()}
    answer = laura.post_form("/casos/nuevo/MA-006", fields)
    folio = str(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    for step, choice, data in SOLVED:
        _do(place, folio, step, choice, data)
    return folio


def test_a_closed_ticket_that_owes_its_article_is_in_the_tray(place: Installation, laura: Browser) -> None:
    """Closed is not complete: the article waits in the tray of who owes it, and leaves it once it is written."""
    folio = _closed(place, laura)
    link = f"/casos/{folio}?paso=18#paso-18"
    assert place.house.cases.view(folio).state.closed
    assert link in laura.get("/").text
    assert folio not in place.client(Role.DIRECTOR).get("/").text
    _do(place, folio, "18", "sin_valor", {"motivo": "Ya hay un artículo"})
    assert folio not in laura.get("/").text


def _sound(place: Installation) -> None:
    report = place.house.cases.rebuild()
    assert (report.differences, report.failures) == ((), ())


def test_an_article_is_found_by_its_own_words(place: Installation, laura: Browser) -> None:
    """It is listed, found by its words without minding accents, and not by what the user typed in the ticket."""
    folio = _closed(place, laura)
    assert "Todavía ningún caso" in laura.get("/conocimiento/articulos").text
    seq = _do(place, folio, "18", "articulo", ARTICLE)
    page = laura.get("/conocimiento/articulos?q=APLICACION+bloqueo").text
    assert f"/conocimiento/articulos/{folio}" in page
    assert folio not in laura.get("/conocimiento/articulos?q=Rosa").text
    shown = laura.get(f"/conocimiento/articulos/{folio}").text
    assert ARTICLE["resolucion"] in shown
    assert f"/casos/{folio}/entradas/{seq}" in shown
    assert place.house.cases.view(folio).state.complete
    _sound(place)


def test_the_one_search_finds_articles(place: Installation, laura: Browser) -> None:
    """The search of everything shows an article by its words, marked, and leads to it."""
    folio = _closed(place, laura)
    _do(place, folio, "18", "articulo", ARTICLE)
    groups = json.loads(laura.get_json("/buscar?q=desbloquea+cam").text)["groups"]
    (item,) = next(group["items"] for group in groups if group["kind"] == "article")
    assert item["href"] == f"/conocimiento/articulos/{folio}"
    assert ["desbloquea", True] in item["text"]


def test_a_corrected_article_is_the_corrected_one(place: Installation, laura: Browser) -> None:
    """The page follows the entry that counts; an annulled one is withdrawn."""
    folio = _closed(place, laura)
    seq = _do(place, folio, "18", "articulo", ARTICLE)
    actor = Actor(place.user(Role.SUPERVISOR).id, "supervisor")
    better = {**ARTICLE, "titulo": "Consultador: desbloqueo"}
    place.house.cases.supersede(Supersede(folio, seq, actor, "El título no decía qué hacer", data=better))
    assert [item.title for item in place.house.articles.find()] == ["Consultador: desbloqueo"]
    last = place.house.articles.find()[0].seq
    place.house.cases.supersede(Supersede(folio, last, actor, "No era de este caso", annul=True))
    assert place.house.articles.find() == ()
    assert laura.get(f"/conocimiento/articulos/{folio}").status_code == 404
    _sound(place)


def test_a_reopened_case_has_no_article_until_it_is_documented_again(
    place: Installation, laura: Browser
) -> None:
    """What was written before the late answer no longer counts."""
    folio = _closed(place, laura)
    _do(place, folio, "18", "articulo", ARTICLE)
    _do(place, folio, "16a", "no_resuelto", {"llamada": "Sigue sin entrar"})
    assert place.house.articles.find() == ()
    assert not place.house.cases.view(folio).state.closed
    _sound(place)


def test_without_value_there_is_none(place: Installation, laura: Browser) -> None:
    """A case that teaches nothing leaves no article, and its file is complete."""
    folio = _closed(place, laura)
    _do(place, folio, "18", "sin_valor", {"motivo": "Ya hay un artículo igual"})
    assert place.house.articles.find() == ()
    assert place.house.cases.view(folio).state.complete


def test_the_rebuild_mends_an_article_somebody_changed(place: Installation, laura: Browser) -> None:
    """A text edited in the database differs from its entry: the rebuild says so, and writes the entry's again."""
    folio = _closed(place, laura)
    _do(place, folio, "18", "articulo", ARTICLE)
    with place.house.engine.begin() as connection:
        connection.execute(update(article).values(title="Otra cosa"))
    (difference,) = place.house.cases.rebuild().differences
    assert (difference.folio, difference.member) == (folio, "article")
    assert place.house.articles.find()[0].title == ARTICLE["titulo"]
    _sound(place)


def test_by_command(place: Installation, laura: Browser) -> None:
    """The console lists the same articles."""
    folio = _closed(place, laura)
    _do(place, folio, "18", "articulo", ARTICLE)
    result = place.app.test_cli_runner().invoke(args=["cases", "articles", "--text", "bloqueo", "--json"])
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["articles"]
    assert (found["case_id"], found["title"]) == (folio, ARTICLE["titulo"])

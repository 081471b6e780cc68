"""One search for everything: words without accents, every hit shown in its text, and the process pages as documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.identifiers import fold
from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from web.views.searching import excerpt, marked, words_of
from workflows.commands import Actor, OpenCase

PERSON = {
    "tipo": "alta", "nombre": "María Fernanda Ruiz Ortega", "rfc": "RUOM900215AB1", "zona": "CDMX", "paquete": "1",
    "correo": "maria.ruiz@promotoria.example", "promotoria": "Promotoría Norte", "ticket": "TK-48213",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with one case."""
    made = Installation(tmp_path_factory.mktemp("buscar") / "data")
    ana = made.user(Role.ESPECIALISTA)
    made.house.cases.open_case(OpenCase("MA-001", Actor(ana.id, "especialista"), PERSON))
    yield made
    made.close()


@pytest.fixture(scope="module")
def ana(place: Installation) -> Browser:
    """A specialist."""
    return place.client(Role.ESPECIALISTA)


def groups(ana: Browser, query: str) -> dict[str, dict[str, object]]:
    """The groups of a search by kind."""
    answer = ana.client.get("/buscar", query_string={"q": query}, headers={"Accept": "application/json"})
    return {group["kind"]: group for group in json.loads(answer.text)["groups"]}


@pytest.mark.parametrize(
    "query", "fernanda|RUOM900215AB1|tk-48213|MARIA RUIZ|ma-001-|ruom900215ab1".split("|")
)
def test_a_case_is_found_by_what_people_know_of_it(ana: Browser, place: Installation, query: str) -> None:
    """Name, RFC, ticket and folio lead to the case, whatever the case and accents of what was typed."""
    folio = next(folio for folio in place.house.index.folios())
    query = folio if query.startswith("ma-001-") else query
    (item,) = groups(ana, query)["case"]["items"]  # type: ignore[misc]
    assert item["href"].endswith(folio)


@pytest.mark.parametrize(
    ("query", "step"),
    [("carta custodia firmada", "24"), ("DSN", "13"), ("remote scan", "10"), ("archivar fisicamente", "25")],
)
def test_a_step_is_found_by_its_words(ana: Browser, query: str, step: str) -> None:
    """Steps are found by their name, instruction and the owner's own sentence, and lead to their place on the page."""
    items = groups(ana, query)["step"]["items"]
    assert any(item["href"].endswith(f"/procesos/MA-001#paso-{step}") for item in items)  # type: ignore[attr-defined]
    page = ana.get("/procesos/MA-001").text
    assert f'id="paso-{step}"' in page


def test_hits_are_marked_in_the_text_as_it_stands(ana: Browser) -> None:
    """What was found is marked with its accents and capitals, in the page and in the list."""
    page = ana.get("/buscar?q=PROMOTORIAS").text
    assert "<mark>promotorías</mark>" in page
    items = groups(ana, "metlife")["step"]["items"]
    assert ["MetLife", True] in items[0]["title"] + items[0]["text"]  # type: ignore[index]


def test_nothing_found_teaches_and_nothing_asked_is_quiet(ana: Browser) -> None:
    """No word finds nothing; a word nobody uses says so and suggests."""
    assert groups(ana, "   ") == {}
    assert groups(ana, "zzzyqx") == {}
    assert "Nada lo menciona" in ana.get("/buscar?q=zzzyqx").text
    assert "Nada lo menciona" not in ana.get("/buscar").text


def test_a_whole_folio_opens_its_case(ana: Browser, place: Installation) -> None:
    """The search box takes a folio for what it is."""
    folio = next(folio for folio in place.house.index.folios())
    answer = ana.get(f"/buscar?q={folio.lower()}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/casos/{folio}")


def test_search_asks_for_a_login(place: Installation) -> None:
    """Nobody searches without a session."""
    assert place.stranger().get_json("/buscar?q=maria").status_code == 401


def test_markup_in_a_search_stays_text(ana: Browser) -> None:
    """What is typed comes back as text."""
    page = ana.get("/buscar?q=%3Cb%3Ehola").text
    assert "<b>hola" not in page
    assert "&lt;b&gt;hola" in page


@given(st.text(max_size=60), st.text(min_size=1, max_size=4))
def test_marking_changes_no_text(text: str, word: str) -> None:
    """The pieces put together are the text, and each marked piece holds a searched word, folded."""
    pieces = marked(text, words_of(word))
    assert "".join(piece for piece, _ in pieces) == text
    for piece, hit in pieces:
        if hit:
            assert piece
            assert any(wanted in fold(piece).replace(" ", "") or wanted for wanted in words_of(word))


def test_an_excerpt_is_short_and_holds_the_hit() -> None:
    """Of a long text the part around the first hit is shown, cut at blanks."""
    text = "uno dos tres " * 100 + "la palabra Ñandú buscada " + "cuatro cinco " * 100
    pieces = excerpt(text, words_of("nandu"))
    shown = "".join(piece for piece, _ in pieces)
    assert ("Ñandú", True) in pieces
    assert len(shown) < 240
    assert shown.startswith("… ")
    assert shown.endswith(" …")


def test_the_process_page_is_the_owners_document(ana: Browser, place: Installation) -> None:
    """Objective to questions, every step with its link, who, evidence and terms; and the history of versions."""
    definition = place.house.definitions.current("MA-001")
    page = ana.get("/procesos/MA-001").text
    anchors = (
        "objetivo incluye excluye descripcion entradas salidas pasos raci estados plazos negativas desenlaces"
    )
    for anchor in f"{anchors} supuestos preguntas controles versiones".split():
        assert f'id="{anchor}"' in page, anchor
    for step in definition.steps:
        assert f'href="#paso-{step.code}"' in page
    assert definition.digest in page
    assert re.search(r"publicada el \d\d/\d\d/\d{4} \d\d:\d\d, entrada \d+ de system:definitions", page)
    assert ana.get("/procesos/MA-001/2025-12-15").status_code == 200
    assert ana.get("/procesos/MA-001/2020-01-01").status_code == 404
    assert ana.get("/procesos/ZZ-999").status_code == 404
    assert ana.get("/procesos/MA-001/2025-12-15.toml").data == definition.source


def test_the_pages_speak_english(place: Installation) -> None:
    """In English the documents are searched and shown in English."""
    visitor = place.client(Role.SUPERVISOR)
    visitor.client.set_cookie("idioma", "en")
    page = visitor.get("/procesos/MA-001").text
    if 'lang="en"' not in page:
        visitor.post_form("/idioma", {"idioma": "en", "next": "/"})
        page = visitor.get("/procesos/MA-001").text
    assert "What is not handled here" in page
    assert "custody" in visitor.get("/buscar?q=custody+letter").text


def test_terms_are_said_in_the_words_of_the_process(place: Installation, ana: Browser) -> None:
    """No page about a process shows codes of options; the shelf counts the owner's steps and ours apart."""
    for definition in place.house.definitions.processes():
        page = ana.get(f"/procesos/{definition.process}").text
        terms = page.partition('id="plazos"')[2].partition("</section>")[0]
        codes = [
            str(mark) for timer in definition.timers for mark in (*timer.starts, *timer.meets, *timer.pauses)
        ]
        assert [code for code in codes if ":" in code and code in terms] == []
        assert ">1 días" not in terms
    shelf = ana.get("/procesos").text
    for count in (
        "28 pasos del documento + 5 añadidos",
        "19 pasos del documento + 1 añadido",
        "16 pasos del documento ·",
    ):
        assert count in shelf

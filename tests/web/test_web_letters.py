"""Letters on the step's form: written into the draft, looked at, and sealed only as they were shown."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import timedelta

import pytest

from evidence.words import digest_words
from identity.access import Granter
from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml
from tests.workflows.desk import PERSON, xlsx
from workflows.commands import Actor, OpenCase, RecordStep, Supersede, Upload
from workflows.facts import facts_of

STEP = "/casos/{}/pasos/7"


@pytest.fixture
def specialist(place: Installation) -> Browser:
    """Signed in, with a director in office."""
    director = place.user(Role.DIRECTOR, name="Jesús Quiriarte")
    place.house.posts.appoint("director_general", director.id, Granter(via="console", os_user="prueba"))
    return place.client(Role.ESPECIALISTA)


def a_case(place: Installation) -> str:
    """An alta whose letter is to be written next."""
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    cases = place.house.cases
    folio = cases.open_case(OpenCase("MA-001", actor, PERSON)).folio
    mail = Upload("aviso.eml", io.BytesIO(eml()))
    for step, uploads, data in (
        ("2", (mail,), {}),
        ("3", (), {"declaro": "si"}),
        ("4", (xlsx(),), {}),
        ("5", (), {"declaro": "si"}),
        ("6", (), {"paquete": "1"}),
    ):
        cases.record(RecordStep(folio, step, actor, uploads, data))
    return folio


def shown(browser: Browser, folio: str) -> str:
    """The digest of the letter that the form shows."""
    page = browser.client.get(f"/casos/{folio}?paso=7").text
    found = re.search(r'name="letter_shown" value="([0-9a-f]{64})"', page)
    assert found, page
    assert " ".join(digest_words(found[1])) in page
    return found[1]


def test_what_was_shown_is_what_is_sealed(place: Installation, specialist: Browser) -> None:
    """The button writes the letter into the draft; picture and digest are shown; those bytes become the evidence."""
    folio = a_case(place)
    page = specialist.client.get(f"/casos/{folio}?paso=7").text
    assert "Generar la carta" in page
    assert 'name="letter_shown"' not in page
    made = specialist.post_form(STEP.format(folio) + "/carta", {"note": "Con prisa"})
    assert (made.status_code, made.headers["Location"]) == (303, f"/casos/{folio}?paso=7#carta-7")
    digest = shown(specialist, folio)
    page = specialist.client.get(f"/casos/{folio}?paso=7").text
    assert "Con prisa" in page  # what was typed is not lost
    picture = re.search(r'src="(/casos/[^"]+/vista[^"]*)"', page)
    assert picture
    drawn = specialist.client.get(picture[1].replace("&amp;", "&"))
    assert (drawn.status_code, drawn.mimetype) == (200, "image/png")
    sealed = specialist.post_form(STEP.format(folio), {"letter_shown": digest})
    assert sealed.status_code == 303
    entry = place.house.cases.view(folio).entries[-1].entry
    assert entry.objects[0].sha256 == digest
    assert list(facts_of(entry).templates) == ["carta"]
    told = specialist.client.get(f"/casos/{folio}/entradas/{entry.seq}").text
    assert f"autorizacion 1 {facts_of(entry).templates['carta']}" in told
    with place.house.blobs.open(entry.objects[0]) as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == digest


def test_a_letter_nobody_saw_is_not_sealed(place: Installation, specialist: Browser) -> None:
    """Without the digest of what is in the draft, or with another one, nothing is sealed and the page says why."""
    folio = a_case(place)
    specialist.post_form(STEP.format(folio) + "/carta")
    for posted in ({}, {"letter_shown": "0" * 64}):
        answer = specialist.post_form(STEP.format(folio), posted)
        assert answer.status_code == 409
        assert "ya no es la que viste" in answer.text
    assert place.house.cases.view(folio).entries[-1].entry.step == "6"
    assert (
        specialist.post_form(STEP.format(folio), {"letter_shown": shown(specialist, folio)}).status_code
        == 303
    )


def test_a_letter_older_than_the_case_is_not_sealed(place: Installation, specialist: Browser) -> None:
    """The package was corrected after the letter was shown: refused; written again, it takes the old one's place."""
    folio = a_case(place)
    specialist.post_form(STEP.format(folio) + "/carta")
    digest = shown(specialist, folio)
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    reason = "Era el otro paquete, según el correo"
    place.house.cases.supersede(Supersede(folio, 6, actor, reason, data={"paquete": "2"}))
    answer = specialist.post_form(STEP.format(folio), {"letter_shown": digest})
    assert answer.status_code == 409
    specialist.post_form(STEP.format(folio) + "/carta")
    assert shown(specialist, folio) != digest
    draft = specialist.get_json(f"/borradores/{folio}/7").get_json()
    assert len(draft["files"]) == 1
    assert "_letter" not in draft["files"][0]["about"]


def test_an_own_pdf_may_be_uploaded_instead(place: Installation, specialist: Browser) -> None:
    """A PDF from outside is evidence as before and names no template, even one that is a letter of ours downloaded."""
    folio = a_case(place)
    specialist.post_form(STEP.format(folio) + "/carta")
    draft = specialist.get_json(f"/borradores/{folio}/7").get_json()
    file = draft["files"][0]["id"]
    pdf = specialist.client.get(f"/borradores/{folio}/7/archivos/{file}", buffered=True).data
    specialist.send("DELETE", f"/borradores/{folio}/7/archivos/{file}")
    specialist.send(
        "POST",
        f"/borradores/{folio}/7/archivos",
        data={"archivo": (io.BytesIO(pdf), "carta.pdf"), "slot": "carta"},
        content_type="multipart/form-data",
    )
    assert specialist.post_form(STEP.format(folio)).status_code == 303
    entry = place.house.cases.view(folio).entries[-1].entry
    assert entry.step == "7"
    assert "templates" not in entry.facts


def test_who_does_not_record_the_step_writes_no_letter(place: Installation, specialist: Browser) -> None:
    """Another role is refused, an unknown case is not found, a step without a letter says so; no draft comes of it."""
    folio = a_case(place)
    assert specialist.post_form("/casos/MA-001-2020-000009/pasos/7/carta").status_code == 404
    assert specialist.post_form(f"/casos/{folio}/pasos/8/carta").status_code == 404
    director = place.client(Role.DIRECTOR)
    assert director.post_form(STEP.format(folio) + "/carta").status_code == 403
    auditor = place.client(Role.AUDITOR_INTERNO)
    assert auditor.post_form(STEP.format(folio) + "/carta").status_code == 403
    assert place.stranger().client.get(f"{STEP.format(folio)}/carta/{'0' * 32}/vista").status_code in {
        303,
        401,
    }


def test_one_persons_letter_is_not_anothers(place: Installation, specialist: Browser) -> None:
    """A letter waits in the draft of who wrote it; somebody else sees neither it nor its picture."""
    folio = a_case(place)
    specialist.post_form(STEP.format(folio) + "/carta")
    page = specialist.client.get(f"/casos/{folio}?paso=7").text
    picture = re.search(r'src="(/casos/[^"]+/vista[^"]*)"', page)
    assert picture
    other = place.client(Role.ESPECIALISTA, email="otra@desk.example")
    assert 'name="letter_shown"' not in other.client.get(f"/casos/{folio}?paso=7").text
    assert other.client.get(picture[1].replace("&amp;", "&")).status_code == 404


def test_without_a_director_the_page_says_what_to_do(place: Installation) -> None:
    """Nobody holds the post: the form comes back with the reason and the way out."""
    folio = a_case(place)
    answer = place.client(Role.ESPECIALISTA).post_form(STEP.format(folio) + "/carta")
    assert answer.status_code == 422
    assert "Nadie ocupa hoy el puesto de Director General" in answer.text


def test_a_correction_brings_a_letter_of_its_own(place: Installation, specialist: Browser) -> None:
    """Written on the correction's page, shown, sealed only as shown, in place of the old one; nothing typed is lost."""
    folio = a_case(place)
    specialist.post_form(STEP.format(folio) + "/carta")
    assert (
        specialist.post_form(STEP.format(folio), {"letter_shown": shown(specialist, folio)}).status_code
        == 303
    )
    old = place.house.cases.view(folio).entries[-1].entry
    place.clock.offset += timedelta(days=1)
    specialist = place.client(Role.ESPECIALISTA)
    where = f"/casos/{folio}/entradas/{old.seq}/corregir"
    assert "Generar la carta" in specialist.client.get(where).text
    typed = {
        "how": "replace",
        "reason": "La fecha era la de ayer, va otra.",
        "keep": "0",
        "note": "Con cuidado",
    }
    made = specialist.post_form(where + "/carta", typed)
    assert made.status_code == 303, made.text
    page = specialist.client.get(where).text
    for kept in (typed["reason"], typed["note"]):
        assert kept in page
    digest = re.search(r'name="letter_shown" value="([0-9a-f]{64})"', page)
    assert digest
    assert digest[1] != old.objects[0].sha256
    assert 'name="keep" value="0" checked' not in page
    picture = re.search(r'src="(/casos/[^"]+/vista[^"]*)"', page)
    assert picture
    drawn = specialist.client.get(picture[1].replace("&amp;", "&"))
    assert (drawn.status_code, drawn.mimetype) == (200, "image/png")
    blind = specialist.post_form(where, {**{k: v for k, v in typed.items() if k != "keep"}})
    assert blind.status_code == 409
    del typed["keep"]
    sealed = specialist.post_form(where, {**typed, "letter_shown": digest[1]})
    assert sealed.status_code == 303, sealed.text
    entry = place.house.cases.view(folio).entries[-1].entry
    assert (entry.kind, entry.objects[0].sha256) == ("evidence.superseded", digest[1])
    assert list(facts_of(entry).templates) == ["carta"]


def test_only_who_may_correct_writes_a_correction_s_letter(place: Installation, specialist: Browser) -> None:
    """An entry whose step has no letter, an entry that is none, and somebody who corrects nothing here."""
    folio = a_case(place)
    assert specialist.post_form(f"/casos/{folio}/entradas/2/corregir/carta").status_code in {404, 409, 422}
    assert specialist.post_form(f"/casos/{folio}/entradas/99/corregir/carta").status_code == 404
    auditor = place.client(Role.AUDITOR_INTERNO)
    assert auditor.post_form(f"/casos/{folio}/entradas/2/corregir/carta").status_code == 403

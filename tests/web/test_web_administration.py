"""The administration room: every change is an entry, dated and never backwards, by those who may."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfWriter

from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from workflows.catalogues import CATALOGUES_CASE

PAGES = (
    "/administracion",
    "/administracion/puestos",
    "/administracion/zonas",
    "/administracion/respaldos",
    "/administracion/contactos",
    "/administracion/factores",
    "/administracion/catalogos",
    "/administracion/catalogos/paquetes",
    "/administracion/catalogos/whatsapp_autorizados",
    "/administracion/catalogos/zonas",
    "/administracion/dias-inhabiles",
)
DAY = timedelta(days=1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def admin(place: Installation) -> Browser:
    """A signed-in administrator."""
    return place.client(Role.ADMINISTRADOR)


def test_one_place_by_the_words_people_use(place: Installation, admin: Browser) -> None:
    """Packages, zones, days off, WhatsApp users and cPanel holders are each a heading; posts are named, not coded."""
    ana = place.user(Role.CPANEL, name="Cinthya Rojas")
    form = {"post": "cpanel", "actor": ana.id, "rank": "0", "which": "posts"}
    assert admin.post_form("/administracion/puestos/nombrar", form).status_code == 303
    text = admin.client.get("/administracion").text
    for word in (
        "Paquetes",
        "Zonas",
        "Días inhábiles",
        "WhatsApp autorizados",
        "Titulares de cPanel",
        "Cinthya Rojas",
    ):
        assert word in text
    assert "/administracion/puestos#puesto-cpanel" in text
    posts = admin.client.get("/administracion/puestos").text
    assert 'id="puesto-cpanel"' in posts
    assert re.search(r"<h2[^>]*>Titular de cPanel</h2>", posts)
    assert re.search(r"<h2[^>]*>Gerente comercial</h2>", posts)


def day(place: Installation, days: int) -> str:
    """A date of the desk, from today."""
    return (place.house.calendar.local_day(place.clock()) + timedelta(days=days)).isoformat()


def based_on(browser: Browser, path: str) -> str:
    """The version a form says it was made from."""
    found = re.search(r'name="based_on" value="([^"]*)"', browser.client.get(path).text)
    assert found is not None
    return found[1]


def access(place: Installation) -> list[dict[str, object]]:
    """The facts of system:access."""
    return [dict(sealed.entry.facts) for sealed in place.house.ledger.history("system:access")]


def test_the_room_opens_for_those_who_keep_it(place: Installation) -> None:
    """Every page answers, empty and at any date."""
    for role in (Role.ADMINISTRADOR, Role.SUPERVISOR):
        browser = place.client(role)
        for path in PAGES:
            for query in ("", "?en=2020-01-01", "?en=2031-05-05", "?en=basura"):
                assert browser.client.get(path + query).status_code == 200, path


def test_a_contact_holds_a_zone_from_a_day_to_come(place: Installation, admin: Browser) -> None:
    """Added, named for tomorrow, shown as coming today and as holder tomorrow; each step with its entry."""
    assert (
        admin.post_form(
            "/administracion/contactos", {"name": "Marcela Ríos", "email": "m@zona.example"}
        ).status_code
        == 303
    )
    contact = place.house.directory.contacts()[0]
    form = {"post": "asistente_acapulco", "actor": contact.id, "since": day(place, 1)}
    assert admin.post_form("/administracion/puestos/nombrar", form).status_code == 303
    now = place.clock()
    assert place.house.directory.holders("asistente_acapulco", now) == ()
    assert [h.actor for h in place.house.directory.holders("asistente_acapulco", now + DAY)] == [contact.id]
    today = admin.client.get("/administracion/puestos").text
    assert "Por venir" in today
    assert "Marcela Ríos" in today
    tomorrow = admin.client.get(f"/administracion/puestos?en={day(place, 1)}").text
    assert "Por venir" not in tomorrow
    assert access(place)[-1] == {
        "subject": contact.id, "post": "asistente_acapulco", "since": access(place)[-1]["since"], "via": "web",
    }  # fmt: skip
    assert "/casos/system:access/entradas/" in today


def test_nothing_holds_backwards(place: Installation, admin: Browser) -> None:
    """A date behind today is refused in place, and nothing is sealed."""
    user = place.user(Role.CPANEL)
    before = len(access(place))
    form = {"post": "cpanel", "actor": user.id, "since": day(place, -1)}
    answer = admin.post_form("/administracion/puestos/nombrar", form)
    assert answer.status_code == 422
    assert "ya tiene historia" in answer.text
    assert len(access(place)) == before
    assert place.house.directory.appointments() == ()


def test_who_authorises_is_the_administrators_to_name(place: Installation, admin: Browser) -> None:
    """A supervisor keeps zones; a deciding post is refused to them, and its second holder needs a paper."""
    director = place.user(Role.DIRECTOR)
    supervisor = place.client(Role.SUPERVISOR)
    form = {"post": "director_general", "actor": director.id}
    assert supervisor.post_form("/administracion/puestos/nombrar", form).status_code == 403
    assert admin.post_form("/administracion/puestos/nombrar", form).status_code == 303
    other = place.user(Role.ESPECIALISTA)
    form = {"post": "director_general", "actor": other.id, "rank": "1"}
    answer = admin.post_form("/administracion/puestos/nombrar", form)
    assert answer.status_code == 422
    assert "nombramiento" in answer.text
    sent = {**form, "csrf_token": admin.token(), "paper": (io.BytesIO(_pdf()), "nombramiento.pdf")}
    answer = admin.client.post(
        "/administracion/puestos/nombrar", data=sent, content_type="multipart/form-data"
    )
    assert answer.status_code == 303, answer.text
    sealed = place.house.ledger.history("system:access")[-1]
    assert [blob.media for blob in sealed.entry.objects] == ["application/pdf"]
    assert "con nombramiento" in admin.client.get("/administracion/puestos").text


def test_a_backup_is_offered_in_the_step_and_ends(place: Installation, admin: Browser) -> None:
    """Named, visible, ended; nobody is their own."""
    ana, beto = place.user(Role.ESPECIALISTA), place.user(Role.ESPECIALISTA, email="beto@desk.example")
    path = "/administracion/respaldos"
    assert admin.post_form(f"{path}/nombrar", {"actor": ana.id, "principal": ana.id}).status_code == 422
    assert admin.post_form(f"{path}/nombrar", {"actor": beto.id, "principal": ana.id}).status_code == 303
    assert place.house.directory.may_act_for(beto.id, ana.id, place.clock())
    assert "puede actuar en nombre de" in admin.client.get(path).text
    assert admin.post_form(f"{path}/terminar", {"actor": beto.id, "principal": ana.id}).status_code == 303
    assert not place.house.directory.may_act_for(beto.id, ana.id, place.clock())
    assert admin.post_form(f"{path}/terminar", {"actor": beto.id, "principal": ana.id}).status_code == 409


def test_a_list_is_published_from_the_form(place: Installation, admin: Browser) -> None:
    """A row more, a row less, a note in the payload; the entry says who."""
    path = "/administracion/catalogos/paquetes"
    form = {
        "based_on": based_on(admin, path),
        "code.0": "1", "name.0": "Paquete 1", "name_en.0": "Package 1", "note.0": "lo pidió Laura",
        "code.1": "2", "name.1": "Paquete 2", "drop.1": "1",
        "code.2": "3", "name.2": "Paquete 3",
        "code.3": "", "name.3": "",
    }  # fmt: skip
    assert admin.post_form(path, form).status_code == 303
    found = place.house.catalogues.in_force("paquetes", place.clock())
    assert [(item.code, item.name.es) for item in found.items] == [("1", "Paquete 1"), ("3", "Paquete 3")]
    assert found.notes == {"1": "lo pidió Laura"}
    sealed = place.house.ledger.history(CATALOGUES_CASE)[0]
    assert sealed.entry.actor == place.user(Role.ADMINISTRADOR).id
    assert b"Laura" not in sealed.entry_bytes
    admin.client.get(path)  # what was flashed is read
    assert "Versión 2025-12-15" in admin.client.get(f"{path}?en={day(place, -1)}").text


def test_two_keepers_do_not_overwrite_each_other(place: Installation, admin: Browser) -> None:
    """The second form made from the same version is shown again with what was typed."""
    path = "/administracion/catalogos/paquetes"
    base = based_on(admin, path)
    other = place.client(Role.SUPERVISOR)
    assert admin.post_form(path, {"based_on": base, "code.0": "1", "name.0": "Uno"}).status_code == 303
    answer = other.post_form(path, {"based_on": base, "code.0": "7", "name.0": "Siete"})
    assert answer.status_code == 409
    assert "mientras editabas" in answer.text
    assert 'value="Siete"' in answer.text


def test_a_name_in_a_list_is_refused_where_it_would_stay(place: Installation, admin: Browser) -> None:
    """An address in an item's name is pointed at, and nothing is published."""
    path = "/administracion/catalogos/aplicaciones"
    form = {"based_on": based_on(admin, path), "code.0": "x", "name.0": "ana@desk.example"}
    answer = admin.post_form(path, form)
    assert answer.status_code == 422
    assert "queda para siempre" in answer.text
    assert place.house.ledger.history(CATALOGUES_CASE) == ()


def test_a_day_off_comes_and_goes_while_it_is_to_come(place: Installation, admin: Browser) -> None:
    """Published for a day to come, shown as the company's, taken back; today is refused."""
    path = "/administracion/dias-inhabiles"
    form = {"based_on": based_on(admin, path), "day": day(place, 9), "name": "Aniversario"}
    assert admin.post_form(f"{path}/agregar", form).status_code == 303
    assert place.house.calendar.id == "mx-2026-1-r2"
    assert "Aniversario" in admin.client.get(path).text
    answer = admin.post_form(f"{path}/agregar", {**form, "based_on": "2", "day": day(place, 0)})
    assert answer.status_code == 422
    assert admin.post_form(f"{path}/quitar", {"based_on": "2", "day": day(place, 9)}).status_code == 303
    assert "Aniversario" not in admin.client.get(path).text.split("Versiones")[0]


def test_auditors_do_not_read_the_names_of_contacts(place: Installation, admin: Browser) -> None:
    """Where a contact is named to the desk, an auditor sees the opaque id."""
    admin.post_form("/administracion/contactos", {"name": "Marcela Ríos", "email": "m@zona.example"})
    contact = place.house.directory.contacts()[0]
    seq = next(n for n, facts in enumerate(access(place), 1) if facts.get("contact"))
    auditor = place.client(Role.AUDITOR_INTERNO)
    page = auditor.client.get(f"/casos/system:access/entradas/{seq}")
    assert "m@zona.example" not in page.text
    assert "Marcela" not in page.text
    assert contact.id in page.text
    assert "Marcela" in admin.client.get(f"/casos/system:access/entradas/{seq}").text


def _pdf() -> bytes:
    out = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(out)
    return out.getvalue()

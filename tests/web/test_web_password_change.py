"""Changing one's own password: the present one is asked for, other sessions end, the old one opens nothing."""

from __future__ import annotations

from tests.fakes.installation import PASSWORD, Installation

FRESH = "otra frase bien larga y propia"


def test_a_password_is_changed_by_who_knows_it_and_every_other_session_ends(place: Installation) -> None:
    """Without the present one nothing changes; with it the change counts at once, for every browser."""
    here, elsewhere = place.client(), place.client()
    refused = here.post_form("/cuenta/contrasena", {"current": "no es ésta", "fresh": FRESH, "again": FRESH})
    assert refused.status_code in {401, 422}
    assert elsewhere.get_json("/sesion").get_json()["signed_in"] is True
    short = here.post_form("/cuenta/contrasena", {"current": PASSWORD, "fresh": "corta", "again": "corta"})
    assert short.status_code == 422
    done = here.post_form("/cuenta/contrasena", {"current": PASSWORD, "fresh": FRESH, "again": FRESH})
    assert done.status_code == 303, done.text
    assert elsewhere.get_json("/sesion").get_json()["signed_in"] is False
    form = {"email": "especialista@desk.example", "password": PASSWORD}
    assert place.stranger().post_form("/entrar", form).status_code == 401
    assert place.stranger().post_form("/entrar", {**form, "password": FRESH}).status_code == 303

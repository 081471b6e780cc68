"""A thief of a mail, of a link or of the address behind it. What links themselves stand is in test_web_links.py."""

from __future__ import annotations

from datetime import timedelta

import pytest

from signing.tokens import new_token
from tests.fakes.signing_room import ADDRESS, SigningRoom
from tests.web.test_web_links import Telephone, _form, _opened

LATE = timedelta(days=6)


def test_an_address_taken_from_a_history_opens_nothing(letters: SigningRoom) -> None:
    """Where the visit goes on has no secret in it: in another browser it is not there, on none of its pages."""
    request = letters.ask(letters.case())
    _phone, there = _opened(letters, letters.token())
    thief = Telephone(letters)
    for path in ("", f"/{request.id}/carta.pdf", f"/{request.id}/pagina/1", f"/{request.id}/texto"):
        assert thief.get(there + path).status_code == 404, path
    for path in ("/firmar", f"/{request.id}/rechazar", f"/{request.id}/delegar", "/codigo/pedir"):
        assert thief.post(there + path, _form(request)).status_code == 404, path
    assert "signature.done" not in letters.kinds(request.folio)


def test_a_visit_of_ones_own_opens_no_letter_of_another(letters: SigningRoom) -> None:
    """Behind a good link, the number of somebody else's request is as good as a guess."""
    mine = letters.ask(letters.case())
    phone, there = _opened(letters, letters.token())
    other = letters.deputy()
    theirs = letters.ask(letters.case(2), signatory=other.id)
    for path in (f"/{theirs.id}/carta.pdf", f"/{theirs.id}/pagina/1", f"/{theirs.id}/texto"):
        assert phone.get(there + path).status_code == 404, path
    refused = phone.post(f"{there}/firmar", _form(theirs))
    assert refused.status_code >= 400
    assert phone.get(f"{there}/{mine.id}/carta.pdf").status_code == 200


@pytest.mark.parametrize("when", ["signed", "withdrawn", "expired"])
def test_a_mail_found_later_opens_nothing(letters: SigningRoom, when: str) -> None:
    """The link of a letter that is signed, taken back or too old: the page of a link that never was."""
    request = letters.ask(letters.case())
    token = letters.token()
    if when == "signed":
        phone, there = _opened(letters, token)
        assert phone.post(f"{there}/firmar", _form(request)).status_code == 303
    elif when == "withdrawn":
        letters.links.desk.withdraw(request.id, letters.actor, "Se firmó en papel")
    else:
        letters.place.clock.offset = LATE
    for secret in (token, token[:-1] + ("A" if token[-1] != "A" else "B"), new_token()):
        for answer in (Telephone(letters).get(f"/s/{secret}"), Telephone(letters).post(f"/s/{secret}")):
            assert answer.status_code == 404
            assert request.name not in answer.text


def test_with_the_mail_alone_a_letter_that_asks_a_code_is_not_signed(letters: SigningRoom) -> None:
    """Whoever reads the mailbox has the link and not the telephone: five guesses, and then not even the code itself."""
    request = letters.ask(letters.case(), factor="code")
    phone, there = _opened(letters, letters.token())
    assert phone.post(f"{there}/firmar", _form(request)).status_code >= 400
    assert phone.post(f"{there}/codigo/pedir", {}).status_code == 303
    codes = letters.links.codes
    code = codes.issue(request.id, codes.callers(request.id)[0].id, letters.actor)
    for number in range(1, 6):
        guess = f"{(int(code) + number) % 1_000_000:06}"
        assert phone.post(f"{there}/codigo", {"codigo": guess}).status_code == 422
    assert phone.post(f"{there}/codigo", {"codigo": code}).status_code >= 400
    assert phone.post(f"{there}/firmar", _form(request)).status_code >= 400
    signed = [kind for kind in letters.kinds(request.folio) if kind.startswith("signature.")]
    assert signed == ["signature.requested"]


def test_what_the_mail_itself_says_is_little(letters: SigningRoom) -> None:
    """Stolen from a mailbox: one link, at our address, and none of the person's data that the letter holds."""
    letters.ask(letters.case())
    mail = letters.mails()[-1]
    assert mail.count("/s/") >= 1
    assert ADDRESS in mail
    for private in ("RUOM900215A01", "maria.ruiz@promotoria.example"):
        assert private not in mail


def test_who_finds_a_link_that_is_not_for_them_or_did_not_ask_ends_it_for_everybody(
    letters: SigningRoom,
) -> None:
    """Once somebody says *No reconozco* the link is dead in the thief's browser, too, and the desk has that entry."""
    request = letters.ask(letters.case())
    token = letters.token()
    thief, there = _opened(letters, token)
    owner, own = _opened(letters, token)
    assert owner.post(f"{own}/{request.id}/no-reconozco", {"nota": "No lo pedí"}).status_code == 303
    assert thief.post(f"{there}/firmar", _form(request)).status_code >= 400
    assert Telephone(letters).get(f"/s/{token}").status_code == 404
    assert letters.kinds(request.folio)[-1] == "link.reported"


def test_a_signature_made_with_a_stolen_link_says_where_it_came_from(letters: SigningRoom) -> None:
    """Where the link is all that was asked for, the thief signs; the entry says level N1 and no more."""
    request = letters.ask(letters.case())
    thief, there = _opened(letters, letters.token())
    assert thief.post(f"{there}/firmar", _form(request)).status_code == 303
    entries = letters.place.house.ledger.history(request.folio)
    assert [entry.entry.facts["level"] for entry in entries if "level" in entry.entry.facts] == ["N1"]
    assert thief.post(f"{there}/{request.id}/no-reconozco", {"nota": "x"}).status_code == 409

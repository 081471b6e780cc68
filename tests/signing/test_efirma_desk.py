"""Signing with an e.firma behind a personal link: what waits between the two requests is bound, used once, and ends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from signing.consent import consent_for, efirma_consent_for
from signing.efirmadesk import LIFE, EfirmaDesk, Ready
from signing.errors import AlreadyAnswered, ConsentStale, DocumentDiffers, EfirmaInvalid, RfcInvalid
from signing.links import Standing
from signing.records import Request
from tests.fakes.sat import RFC, Issued, Sat, make_sat
from tests.fakes.signing_room import PHONE_PLACE, SigningRoom

CONSENT = efirma_consent_for("es").version


@pytest.fixture(scope="module")
def sat() -> Sat:
    """An authority like SAT's that answers nobody."""
    return make_sat()


@pytest.fixture(scope="module")
def erika(sat: Sat) -> Issued:
    """The director's e.firma."""
    return sat.person()


@pytest.fixture
def room(tmp_path: Path, sat: Sat) -> SigningRoom:
    """An installation that named that authority."""
    (tmp_path / "sat.pem").write_bytes(sat.pem)
    return SigningRoom.begin(tmp_path / "data", {"CONSTANCIA_SIGNATURE_ROOTS": str(tmp_path / "sat.pem")})


@pytest.fixture
def asked(room: SigningRoom) -> Request:
    """A letter that expects her e.firma."""
    return room.ask(room.case(), rfc=RFC.lower())


def desk(room: SigningRoom) -> EfirmaDesk:
    """The desk."""
    return room.links.efirma


def prepared(room: SigningRoom, standing: Standing, asked: Request, issued: Issued) -> Ready:
    """The letter ready to be signed."""
    return desk(room).prepare(
        standing, asked.id, digest=asked.digest, consent=CONSENT, certificate=issued.cer, place=PHONE_PLACE
    )


def answer(issued: Issued, ready: Ready) -> bytes:
    """What the browser makes of it."""
    return issued.key.sign(ready.to_sign, padding.PKCS1v15(), hashes.SHA256())


def test_two_requests_sign_one_letter_once(room: SigningRoom, asked: Request, erika: Issued) -> None:
    """N4 in facts, the certificate in the payload with its revocation unknown; a second time there is nothing left."""
    standing = room.open(room.token())
    ready = prepared(room, standing, asked, erika)
    before = room.kinds(asked.folio)
    assert "document.signed" not in before
    signature = answer(erika, ready)
    desk(room).complete(standing, asked.id, preparation=ready.id, signature=signature, place=PHONE_PLACE)
    entry = room.entries(asked.folio)[-1]
    signed = [item for item in room.entries(asked.folio) if item.entry.kind == "document.signed"]
    assert len(signed) == 1, entry.entry.kind
    assert signed[0].entry.facts["level"] == "N4"
    certificate = signed[0].payload()["act"]["certificate"]
    assert (certificate["rfc"], certificate["revocation"]) == (RFC, "unknown")
    assert RFC not in signed[0].entry_bytes.decode()
    with pytest.raises((EfirmaInvalid, AlreadyAnswered)):
        desk(room).complete(standing, asked.id, preparation=ready.id, signature=signature, place=PHONE_PLACE)


def test_what_waits_is_of_one_visit_once_and_for_minutes(
    room: SigningRoom, asked: Request, erika: Issued
) -> None:
    """Another browser, a wrong signature before, too late: each time there is nothing to sign, and nothing signed."""
    token = room.token()
    mine, other = room.open(token), room.open(token)
    ready = prepared(room, mine, asked, erika)
    for standing, signature in (
        (other, answer(erika, ready)),
        (mine, bytes(256)),
        (mine, answer(erika, ready)),
    ):
        with pytest.raises(EfirmaInvalid):
            desk(room).complete(
                standing, asked.id, preparation=ready.id, signature=signature, place=PHONE_PLACE
            )
    late = prepared(room, mine, asked, erika)
    room.place.clock.offset = LIFE + timedelta(seconds=1)
    with pytest.raises(EfirmaInvalid) as refused:
        desk(room).complete(
            mine, asked.id, preparation=late.id, signature=answer(erika, late), place=PHONE_PLACE
        )
    assert refused.value.fields["why"] == "gone"
    assert "document.signed" not in room.kinds(asked.folio)
    assert room.links.office.store.request(asked.id).status == "pending"


def test_digest_consent_and_certificate_are_looked_at_before_anything(
    room: SigningRoom, asked: Request, erika: Issued, sat: Sat
) -> None:
    """Another letter, another text, a CSD: refused by name."""
    standing = room.open(room.token())
    given = {"digest": asked.digest, "consent": CONSENT, "certificate": erika.cer}
    for changed, refusal in (
        ({"digest": "0" * 64}, DocumentDiffers),
        ({"consent": consent_for("es").version}, ConsentStale),
        ({"certificate": sat.person(csd=True).cer}, EfirmaInvalid),
    ):
        with pytest.raises(refusal):
            desk(room).prepare(standing, asked.id, place=PHONE_PLACE, **{**given, **changed})


def test_the_rfc_is_stated_by_who_asks_and_of_whom(room: SigningRoom) -> None:
    """What is none is refused; after the request went to somebody else, it expects nobody's certificate."""
    folio = room.case()
    with pytest.raises(RfcInvalid):
        room.ask(folio, rfc="no es un RFC")
    found = room.ask(folio, rfc=f" {RFC.lower()} ")
    assert desk(room).offered(found)
    assert found.details["rfc"] == RFC
    room.links.office.store.renew(found.id, "c-alguien-mas")
    later = room.links.office.store.request(found.id)
    assert later is not None
    assert not desk(room).offered(later)


DEPUTY_RFC = "PAZJ750101XY2"


@pytest.mark.parametrize("stated", [DEPUTY_RFC.lower(), ""])
def test_who_stands_in_signs_with_their_own_efirma_or_is_told_why_not(
    room: SigningRoom, sat: Sat, stated: str
) -> None:
    """I2: who passes it on may say the deputy's RFC, on record in the payload; without it no e.firma is taken."""
    asked = room.ask(room.case(), rfc=RFC, delegable=True)
    deputy = room.deputy()
    first, reason = room.open(room.token()), "Por ausencia: salgo de viaje"
    with pytest.raises(RfcInvalid):
        room.links.refusing.delegate(first, asked.id, deputy.id, reason, PHONE_PLACE, rfc="nada")
    room.links.refusing.delegate(first, asked.id, deputy.id, reason, PHONE_PLACE, rfc=stated)
    told = next(item for item in room.entries(asked.folio) if item.entry.kind == "signature.delegated")
    assert told.payload().get("rfc", "") == stated.upper()
    assert DEPUTY_RFC not in told.entry_bytes.decode()
    standing = room.open(room.token())
    (waiting,) = standing.requests
    assert (desk(room).offered(waiting), desk(room).of_another(waiting)) == (bool(stated), not stated)
    if not stated:
        with pytest.raises(EfirmaInvalid):
            prepared(room, standing, waiting, sat.person())
        return
    with pytest.raises(EfirmaInvalid):
        prepared(room, standing, waiting, sat.person())
    theirs = sat.person(name="JULIO PAZ", rfc=DEPUTY_RFC)
    ready = prepared(room, standing, waiting, theirs)
    signature = answer(theirs, ready)
    desk(room).complete(standing, waiting.id, preparation=ready.id, signature=signature, place=PHONE_PLACE)
    signed = next(item for item in room.entries(asked.folio) if item.entry.kind == "document.signed")
    assert (signed.entry.actor, signed.entry.facts["acting_for"]) == (deputy.id, room.director.id)
    assert signed.payload()["act"]["certificate"]["rfc"] == DEPUTY_RFC

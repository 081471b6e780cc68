"""Passkeys of signatories: enrolled after a call, bound to visit and letter, refused in every crooked way, level N3."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhanko.pdf_utils.reader import PdfFileReader

from evidence.canonical import canonical_bytes
from evidence.entry import EntryKind
from identity.access import ACCESS_CASE
from signing.act import SignForm
from signing.consent import consent_for
from signing.desk import read_blob
from signing.errors import (
    FactorNeeded,
    FactorUnable,
    NoCaller,
    NoPublicAddress,
    OwnCodeWrong,
    PasskeyInvalid,
    PasskeyNeeded,
)
from signing.factors.passkeys import LIFE
from signing.factors.records import PASSKEY, FactorState
from signing.factors.webauthn import TAG, Party, party_of, unb64
from signing.links import Standing
from signing.records import Request
from tests.fakes.authenticator import SoftKey
from tests.fakes.signing_room import ADDRESS, BY, PHONE_PLACE, SigningRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director."""
    made = SigningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def _enrol(room: SigningRoom, owner: str = "", **changes: Any) -> SoftKey:
    """A passkey in force of somebody, the director if nobody else."""
    key, who = SoftKey(ADDRESS, **changes), owner or room.director.id
    options = room.links.passkeys.begin(who, "Jesús", "prueba")
    room.links.passkeys.confirm(who, "prueba", key.create(options), BY)
    return key


def _again(room: SigningRoom, standing: Standing) -> Standing:
    found = room.links.office.store.visit(standing.visit.id)
    assert found is not None
    return replace(standing, visit=found)


def _opened(room: SigningRoom, key: SoftKey) -> Standing:
    """A visit behind the last link, opened with the key."""
    standing = room.open(room.token())
    room.links.keys.verify(standing, key.get(room.links.keys.ask(standing)), PHONE_PLACE)
    return _again(room, standing)


def _form(request: Request) -> SignForm:
    return SignForm(request.digest, consent_for("es").version, "typed", "Jesús Quiriarte")


def _signed(room: SigningRoom, standing: Standing, key: SoftKey, *requests: Request) -> None:
    """One act of the key, one signature a letter."""
    answer = key.get(room.links.keys.ask_sign(standing, [item.id for item in requests]))
    proof = room.links.keys.signed(standing, answer, PHONE_PLACE)
    for item in requests:
        room.links.signing.sign(standing, item.id, replace(_form(item), proof=proof), PHONE_PLACE)


def _signatures(room: SigningRoom, folio: str) -> list[Any]:
    return [s for s in room.entries(folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED]


def _why(told: pytest.ExceptionInfo[PasskeyInvalid]) -> str:
    return told.value.fields["why"]


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
def test_a_key_signs_the_letter_at_n3_and_the_record_can_be_verified_again(
    room: SigningRoom, algorithm: int
) -> None:
    """ES256, EdDSA, RS256: facts say N3, the statement in the payload names the letter, the signature holds over it."""
    key = _enrol(room, algorithm=algorithm)
    request = room.ask(room.case(), factor="passkey")
    standing = _opened(room, key)
    _signed(room, standing, key, request)
    sealed = _signatures(room, request.folio)[0]
    assert (sealed.entry.facts["factor"], sealed.entry.facts["level"]) == ("passkey", "N3")
    act = sealed.payload()["act"]
    assert (act["factor"], act["level"]) == ("passkey", "N3")
    told = act["passkey"]
    assert told["statement"]["letters"] == [{"request": request.id, "document": request.digest}]
    assert told["statement"]["visit"] == standing.visit.id
    client, data = unb64(told["client_data"]), unb64(told["authenticator_data"])
    challenge = hashlib.sha256(TAG + canonical_bytes(told["statement"])).digest()
    assert f'"{_b64(challenge)}"'.encode() in client
    assert told["algorithm"] == {-7: "ES256", -8: "EdDSA", -257: "RS256"}[algorithm]
    if algorithm == -7:
        public = load_der_public_key(base64.b64decode(told["public_key"]))
        assert isinstance(public, ec.EllipticCurvePublicKey)
        signed = data + hashlib.sha256(client).digest()
        public.verify(unb64(told["signature"]), signed, ec.ECDSA(SHA256()))
    pdf = read_blob(room.place.house.blobs, sealed.entry.objects[0])
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert f"nivel N3. Acto {sealed.entry.facts['act']}" in str(signature.sig_object["/Reason"])


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_several_letters_one_act_of_the_key_one_signature_each(room: SigningRoom) -> None:
    """The statement names them all; each case has its own entry with the whole record."""
    key = _enrol(room)
    first, second = room.ask(room.case(1), factor="passkey"), room.ask(room.case(2), factor="passkey")
    _signed(room, _opened(room, key), key, first, second)
    for request in (first, second):
        told = _signatures(room, request.folio)[0].payload()["act"]["passkey"]["statement"]
        assert {letter["request"] for letter in told["letters"]} == {first.id, second.id}


def test_neither_call_nor_application_opens_what_asks_for_a_key(room: SigningRoom) -> None:
    """No code is read out for it, an application's clears nothing, and no letter is shown or signed without."""
    with pytest.raises(FactorUnable):
        room.ask(room.case(), factor="passkey")
    _enrol(room)
    request = room.ask(room.case(2), factor="passkey")
    standing = room.open(room.token())
    room.links.codes.call(standing)
    with pytest.raises(NoCaller):
        room.links.codes.issue(request.id, standing.visit.id, room.actor)
    for factor in ("", "code", "totp"):
        lower = replace(standing, visit=replace(standing.visit, factor=factor))
        with pytest.raises(FactorNeeded):
            room.links.signing.document(lower, request.id)
        with pytest.raises(FactorNeeded):
            room.links.signing.sign(lower, request.id, _form(request), PHONE_PLACE)
    assert not _signatures(room, request.folio)


def test_a_visit_opened_by_a_key_signs_with_it_and_only_what_it_signed(room: SigningRoom) -> None:
    """A press of the button alone is refused; so is an act of the key over another letter, or from another visit."""
    key = _enrol(room)
    first, second = room.ask(room.case(1), factor="passkey"), room.ask(room.case(2), factor="passkey")
    standing = _opened(room, key)
    with pytest.raises(PasskeyNeeded):
        room.links.signing.sign(standing, first.id, _form(first), PHONE_PLACE)
    answer = key.get(room.links.keys.ask_sign(standing, [second.id]))
    proof = room.links.keys.signed(standing, answer, PHONE_PLACE)
    other = _opened(room, key)
    for place, request in ((standing, first), (other, second)):
        with pytest.raises(PasskeyInvalid) as told:
            room.links.signing.sign(place, request.id, replace(_form(request), proof=proof), PHONE_PLACE)
        assert _why(told) == "letters"
    assert not _signatures(room, first.folio) + _signatures(room, second.folio)


def test_a_key_answers_for_a_code_too_and_raises_an_open_visit(room: SigningRoom) -> None:
    """Where a code, or nothing, was asked for, who has a key may use it: the signature is N3."""
    key = _enrol(room)
    for number, factor in ((1, ""), (2, "code")):
        request = room.ask(room.case(number), factor=factor)
        _signed(room, _opened(room, key), key, request)
        assert _signatures(room, request.folio)[0].entry.facts["level"] == "N3"


def _tampered(answer: dict[str, Any], member: str) -> dict[str, Any]:
    found = copy.deepcopy(answer)
    raw = bytearray(unb64(found["response"][member]))
    raw[-1] ^= 1
    found["response"][member] = _b64(bytes(raw))
    return found


CROOKED: dict[str, tuple[str, Callable[[SoftKey], None]]] = {
    "origin": ("origin", lambda key: setattr(key, "origin", "https://constancia.example.evil.example")),
    "framed": ("origin", lambda key: setattr(key, "cross", True)),
    "party": ("party", lambda key: setattr(key, "party", "evil.example")),
    "verification": ("presence", lambda key: setattr(key, "verifies", False)),
}


@pytest.mark.parametrize("name", sorted(CROOKED))
def test_an_answer_made_elsewhere_or_by_nobody_opens_nothing(room: SigningRoom, name: str) -> None:
    """Another origin, a frame, another domain, a device that did not ask who holds it: refused, told in the case."""
    why, change = CROOKED[name]
    key = _enrol(room)
    request = room.ask(room.case(), factor="passkey")
    standing = room.open(room.token())
    change(key)
    with pytest.raises(PasskeyInvalid) as told:
        room.links.keys.verify(standing, key.get(room.links.keys.ask(standing)), PHONE_PLACE)
    assert _why(told) == why
    assert not _again(room, standing).visit.factor
    failed = [s for s in room.entries(request.folio) if s.entry.kind is EntryKind.CODE_FAILED]
    assert [s.entry.facts["factor"] for s in failed] == ["passkey"]
    assert failed[0].payload()["why"] == why


def test_an_answer_is_good_once_in_its_visit_for_its_purpose_and_in_time(room: SigningRoom) -> None:
    """Replayed, carried to another visit, of an older challenge, meant for another act, or late: refused."""
    key = _enrol(room)
    request = room.ask(room.case(), factor="passkey")
    token = room.token()
    standing, other = room.open(token), room.open(token)
    keys = room.links.keys
    stale = key.get(keys.ask(standing))
    used = key.get(keys.ask(standing))
    keys.verify(standing, used, PHONE_PLACE)
    elsewhere = key.get(keys.ask(standing))
    for place, answer in ((standing, used), (standing, stale), (other, elsewhere)):
        with pytest.raises(PasskeyInvalid) as told:
            keys.verify(place, answer, PHONE_PLACE)
        assert _why(told) == "challenge"
    with pytest.raises(PasskeyInvalid):
        keys.signed(standing, elsewhere, PHONE_PLACE)
    keys.verify(standing, elsewhere, PHONE_PLACE)  # where it was asked for it is still good
    late = key.get(keys.ask_sign(standing, [request.id]))
    room.place.clock.offset += LIFE + timedelta(seconds=1)
    with pytest.raises(PasskeyInvalid) as told:
        keys.signed(standing, late, PHONE_PLACE)
    assert _why(told) == "challenge"


def test_one_answer_at_the_same_moment_clears_once(room: SigningRoom) -> None:
    """Two requests with the same answer: the challenge is given out once."""
    key = _enrol(room)
    room.ask(room.case(), factor="passkey")
    standing = room.open(room.token())
    answer = key.get(room.links.keys.ask(standing))

    def attempt(_n: int) -> bool:
        try:
            room.links.keys.verify(standing, answer, PHONE_PLACE)
        except PasskeyInvalid:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(attempt, range(3))) == 1


@pytest.mark.parametrize("member", ["signature", "authenticatorData", "clientDataJSON"])
def test_a_changed_byte_is_refused(room: SigningRoom, member: str) -> None:
    """Of the signature, of what the device said, of what the browser said."""
    key = _enrol(room)
    room.ask(room.case(), factor="passkey")
    standing = room.open(room.token())
    answer = _tampered(key.get(room.links.keys.ask(standing)), member)
    with pytest.raises(PasskeyInvalid) as told:
        room.links.keys.verify(standing, answer, PHONE_PLACE)
    assert _why(told) in {"signature", "unreadable"}
    assert room.links.passkeys.of(room.director.id), "a count that nobody signed revokes nothing"


def test_a_key_of_somebody_else_opens_nothing(room: SigningRoom) -> None:
    """The specialist's key, a key nobody enrolled, and a revoked one answer to the director's challenge."""
    key = _enrol(room)
    theirs, unknown = _enrol(room, room.specialist.id), SoftKey(ADDRESS)
    unknown.create(room.links.passkeys.begin(room.director.id, "Jesús", "otra"))
    room.ask(room.case(), factor="passkey")
    standing = room.open(room.token())
    for other in (theirs, unknown):
        options = room.links.keys.ask(standing)
        with pytest.raises(PasskeyInvalid) as told:
            room.links.keys.verify(standing, other.get(options, by=other.held[0]), PHONE_PLACE)
        assert _why(told) == "credential"
    options = room.links.keys.ask(standing)
    room.links.factors.revoke(room.links.passkeys.of(room.director.id)[0].id, BY)
    with pytest.raises(PasskeyInvalid) as told:
        room.links.keys.verify(standing, key.get(options), PHONE_PLACE)
    assert _why(told) == "credential"
    with pytest.raises(PasskeyInvalid) as told:
        room.links.keys.ask(standing)
    assert _why(told) == "absent"


def test_a_count_that_went_back_ends_the_key_and_says_so(room: SigningRoom) -> None:
    """A copy was used: refused, the key is revoked, the log says why, and the key's next use opens nothing."""
    key = _enrol(room)
    room.ask(room.case(), factor="passkey")
    token = room.token()
    _opened(room, key)
    _opened(room, key)
    key.held[0].count -= 2
    standing = room.open(token)
    device = room.links.passkeys.of(room.director.id)[0].id
    with pytest.raises(PasskeyInvalid) as told:
        room.links.keys.verify(standing, key.get(room.links.keys.ask(standing)), PHONE_PLACE)
    assert _why(told) == "counter"
    assert not _again(room, standing).visit.factor
    found = room.links.passkeys.store.factor(device)
    assert found is not None
    assert (found.state, found.content) == (FactorState.REVOKED, b"")
    last = list(room.place.house.ledger.history(ACCESS_CASE))[-1]
    assert (last.entry.kind, last.entry.facts["device"]) == (EntryKind.ACCESS_REVOKED, device)
    assert "count" in str(last.payload()["note"])


def test_a_synced_key_keeps_no_count(room: SigningRoom) -> None:
    """Zero every time is no count, and is good every time."""
    key = _enrol(room, step=0)
    request = room.ask(room.case(), factor="passkey")
    _signed(room, _opened(room, key), key, request)
    assert _signatures(room, request.folio)


def test_only_a_call_or_a_key_lets_enrol(room: SigningRoom) -> None:
    """Behind a bare link, and after an application's code, nobody enrols; after a code read out they do, once a key."""
    request = room.ask(room.case(), factor="code")
    standing = room.open(room.token())
    for factor in ("", "totp"):
        with pytest.raises(FactorNeeded):
            room.links.keys.begin(replace(standing, visit=replace(standing.visit, factor=factor)))
    room.links.codes.call(standing)
    code = room.links.codes.issue(request.id, standing.visit.id, room.actor)
    room.links.codes.verify(standing, code, PHONE_PLACE)
    standing = _again(room, standing)
    key = SoftKey(ADDRESS)
    made = key.create(room.links.keys.begin(standing))
    room.links.keys.confirm(standing, made, "  Mi   teléfono ")
    with pytest.raises(PasskeyInvalid):
        room.links.keys.confirm(standing, made)
    found = room.links.passkeys.of(room.director.id)
    assert [item.label for item in found] == ["Mi teléfono"]
    told = list(room.place.house.ledger.history(ACCESS_CASE))[-1]
    assert (told.entry.facts["factor"], told.entry.facts["subject"]) == (PASSKEY, room.director.id)
    credential = key.held[0].credential
    for sealed in room.place.house.ledger.history(ACCESS_CASE):
        whole = sealed.entry_bytes.decode() + str(sealed.payload())
        assert _b64(credential) not in whole
        assert credential.hex() not in whole
    assert told.payload()["public_key"]


@pytest.mark.parametrize("change", ["origin", "party", "verifies", "cross", "algorithm"])
def test_a_crooked_enrolment_leaves_nothing(room: SigningRoom, change: str) -> None:
    """Another origin or domain, nobody verified, a frame, an algorithm that was not asked for: no key, no entry."""
    key = SoftKey(ADDRESS)
    before = len(list(room.place.house.ledger.history(ACCESS_CASE)))
    setattr(
        key,
        change,
        {"origin": "https://evil.example", "party": "evil.example", "verifies": False, "cross": True}.get(
            change, -7
        ),
    )
    options = room.links.passkeys.begin(room.director.id, "Jesús", "prueba")
    answer = key.create(options)
    if change == "algorithm":
        answer = _with_algorithm(answer, -47)
    with pytest.raises(PasskeyInvalid):
        room.links.passkeys.confirm(room.director.id, "prueba", answer, BY)
    assert not room.links.passkeys.of(room.director.id)
    assert len(list(room.place.house.ledger.history(ACCESS_CASE))) == before


def _with_algorithm(answer: dict[str, Any], number: int) -> dict[str, Any]:
    whole = cbor2.loads(unb64(answer["response"]["attestationObject"]))
    data = whole["authData"]
    size = int.from_bytes(data[53:55], "big")
    key = {**cbor2.loads(data[55 + size :]), 3: number}
    whole["authData"] = data[: 55 + size] + cbor2.dumps(key)
    answer["response"]["attestationObject"] = _b64(cbor2.dumps(whole))
    return answer


def test_an_enrolment_is_for_who_began_it_and_a_key_has_one_owner(room: SigningRoom) -> None:
    """Somebody else cannot confirm it; the same key is not enrolled for a second person."""
    key = SoftKey(ADDRESS)
    answer = key.create(room.links.passkeys.begin(room.director.id, "Jesús", "prueba"))
    for owner, scope in ((room.specialist.id, "prueba"), (room.director.id, "otra")):
        with pytest.raises(PasskeyInvalid):
            room.links.passkeys.confirm(owner, scope, copy.deepcopy(answer), BY)
    assert not room.links.passkeys.of(room.specialist.id)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"rawId": "a"},
        {"rawId": "á", "response": {}},
        {"response": {"clientDataJSON": "e30"}},
        {"rawId": "AA", "response": {"clientDataJSON": base64.b64encode(b"[" * 30_000).decode()}},
    ],
)
def test_what_is_no_answer_is_refused(room: SigningRoom, raw: object) -> None:
    """Not an object, without members, not base64url, without a challenge, nested without end."""
    _enrol(room)
    room.ask(room.case(), factor="passkey")
    standing = room.open(room.token())
    room.links.keys.ask(standing)
    with pytest.raises(PasskeyInvalid) as told:
        room.links.keys.verify(standing, raw, PHONE_PLACE)
    assert _why(told) == "unreadable"


def test_for_which_addresses_there_are_keys() -> None:
    """A domain over https, and loopback as localhost; no plain http, no IP address, not without an address."""
    assert party_of("https://constancia.example:8443") == Party(
        "constancia.example", "https://constancia.example:8443"
    )
    assert party_of("http://127.0.0.1:5000") == Party("localhost", "http://localhost:5000")
    assert party_of("http://localhost") == Party("localhost", "http://localhost")
    for bad in ("http://constancia.example", "https://192.0.2.7"):
        with pytest.raises(PasskeyInvalid):
            party_of(bad)
    with pytest.raises(NoPublicAddress):
        party_of("")


def test_an_application_still_does_what_it_did(room: SigningRoom) -> None:
    """Having a key takes nothing from the other factors: a person may have both."""
    _enrol(room)
    shown = room.links.factors.begin(room.director.id, "Jesús")
    with pytest.raises(OwnCodeWrong):
        room.links.factors.confirm(room.director.id, shown.id, "1", BY)
    assert not room.links.factors.has(room.director.id)
    assert room.links.passkeys.of(room.director.id)

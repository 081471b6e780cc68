"""Codes of people's own applications: enrolled after a code by telephone, used once each, and worth level N2."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from evidence.entry import EntryKind
from identity.access import ACCESS_CASE
from signing.act import SignForm
from signing.consent import consent_for
from signing.errors import (
    EnrolmentGone,
    FactorAbsent,
    FactorBlocked,
    FactorNeeded,
    FactorPresent,
    FactorUnable,
    NoCaller,
    OwnCodeUsed,
    OwnCodeWrong,
)
from signing.factors.desk import MOST_TRIES
from signing.factors.records import FactorState
from signing.factors.totp import STEP_SECONDS, match
from signing.links import Standing
from signing.records import Request
from tests.fakes.signing_room import BY, PHONE_PLACE, SigningRoom

RFC_6238_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director."""
    made = SigningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def _code(room: SigningRoom, secret: str, step: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(room.place.clock().timestamp()) + step * STEP_SECONDS)


def _wrong(room: SigningRoom, secret: str) -> str:
    near = {_code(room, secret, step) for step in range(-2, 3)}
    return next(f"{n:06}" for n in range(10) if f"{n:06}" not in near)


def _enrol(room: SigningRoom) -> str:
    """The director's application, confirmed; its secret. The code used up is the one before."""
    desk = room.links.factors
    shown = desk.begin(room.director.id, room.director.name)
    desk.confirm(room.director.id, shown.id, _code(room, shown.secret), BY)
    room.place.clock.offset += timedelta(seconds=STEP_SECONDS)
    return shown.secret


def _again(room: SigningRoom, standing: Standing) -> Standing:
    found = room.links.office.store.visit(standing.visit.id)
    assert found is not None
    return replace(standing, visit=found)


def _sign(room: SigningRoom, standing: Standing, request: Request) -> None:
    form = SignForm(request.digest, consent_for("es").version, "typed", "Jesús Quiriarte")
    room.links.signing.sign(standing, request.id, form, PHONE_PLACE)


def test_rfc_6238_codes_of_the_appendix_and_one_step_on_either_side() -> None:
    """Appendix B at 59 s is 94287082 (six digits here); one step of clock drift is accepted, two are not."""
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    at = datetime.fromtimestamp(59, UTC)
    assert match(RFC_6238_SECRET, "287 082", at, 0).step == 1
    assert match(RFC_6238_SECRET, "287082", at + timedelta(seconds=30), 0).step == 1
    assert match(RFC_6238_SECRET, "287082", at + timedelta(seconds=60), 0).step == 0
    assert match(RFC_6238_SECRET, "287082", at, 1).used
    assert not match(RFC_6238_SECRET, "", at, 0).step


def test_a_code_of_the_application_clears_the_visit_once_and_signs_at_n2(room: SigningRoom) -> None:
    """The factor and the level are facts; the same code opens no second visit; a step before it neither."""
    secret = _enrol(room)
    request = room.ask(room.case(), factor="totp")
    token = room.token()
    standing, other = room.open(token), room.open(token)
    with pytest.raises(FactorNeeded):
        room.links.signing.document(standing, request.id)
    before, code = _code(room, secret, -1), _code(room, secret)
    room.links.own.verify(standing, f"{code[:3]} {code[3:]}", PHONE_PLACE)
    for used in (code, before):
        with pytest.raises(OwnCodeUsed):
            room.links.own.verify(other, used, PHONE_PLACE)
    with pytest.raises(FactorNeeded):
        _sign(room, _again(room, other), request)
    _sign(room, _again(room, standing), request)
    signed = next(s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert (signed.facts["factor"], signed.facts["level"]) == ("totp", "N2")
    kinds = room.kinds(request.folio)
    assert (kinds.count("code.verified"), kinds.count("code.failed")) == (1, 2)


def test_one_code_at_the_same_moment_clears_one_visit(room: SigningRoom) -> None:
    """Replay: two browsers send the same good code together; the step is used up by one of them."""
    secret = _enrol(room)
    room.ask(room.case(), factor="totp")
    token = room.token()
    visits = [room.open(token) for _n in range(3)]
    code = _code(room, secret)

    def attempt(standing: Standing) -> bool:
        try:
            room.links.own.verify(standing, code, PHONE_PLACE)
        except OwnCodeUsed:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(attempt, visits)) == 1


def test_five_tries_belong_to_the_application_and_not_to_the_visit(room: SigningRoom) -> None:
    """A sixth attempt is not judged, from whichever visit and however right; ten minutes later it is."""
    secret = _enrol(room)
    room.ask(room.case(), factor="totp")
    token = room.token()
    for left in range(MOST_TRIES - 1, -1, -1):
        with pytest.raises(OwnCodeWrong) as told:
            room.links.own.verify(room.open(token), _wrong(room, secret), PHONE_PLACE)
        assert told.value.fields["left"] == str(left)
    standing = room.open(token)
    with pytest.raises(FactorBlocked):
        room.links.own.verify(standing, _code(room, secret), PHONE_PLACE)
    assert not _again(room, standing).visit.factor
    room.place.clock.offset += timedelta(minutes=11)
    room.links.own.verify(standing, _code(room, secret), PHONE_PLACE)
    assert _again(room, standing).visit.factor == "totp"


def test_only_a_visit_with_a_second_factor_enrols_and_one_good_code_confirms(room: SigningRoom) -> None:
    """After a telephone code: confirmed within ten minutes by its own visitor, once; behind a bare link never."""
    request = room.ask(room.case(), factor="code")
    standing = room.open(room.token())
    with pytest.raises(FactorNeeded):
        room.links.own.begin(standing)
    room.links.codes.call(standing)
    code = room.links.codes.issue(request.id, standing.visit.id, room.actor)
    room.links.codes.verify(standing, code, PHONE_PLACE)
    standing = _again(room, standing)
    assert room.links.own.may_enrol(standing)
    late = room.links.own.begin(standing)
    room.place.clock.offset += timedelta(minutes=11)
    with pytest.raises(EnrolmentGone):
        room.links.own.confirm(standing, late.id, _code(room, late.secret))
    shown = room.links.own.begin(standing)
    with pytest.raises(EnrolmentGone):
        room.links.own.confirm(standing, late.id, _code(room, late.secret))
    with pytest.raises(EnrolmentGone):
        room.links.factors.confirm(room.specialist.id, shown.id, _code(room, shown.secret), BY)
    with pytest.raises(OwnCodeWrong):
        room.links.own.confirm(standing, shown.id, _wrong(room, shown.secret))
    room.links.own.confirm(standing, shown.id, _code(room, shown.secret))
    assert not room.links.own.may_enrol(standing)
    with pytest.raises(FactorPresent):
        room.links.own.begin(standing)


def test_the_log_says_enrolled_and_revoked_and_no_store_has_the_secret(room: SigningRoom) -> None:
    """`system:access` names person, kind and device; revoking destroys the ciphertext, and enrolling anew works."""
    secret = _enrol(room)
    found = room.links.factors.everyone()[0]
    assert secret.encode() not in found.content
    for _twice in range(2):
        room.links.factors.revoke(found.id, BY)
    later = room.links.factors.store.factor(found.id)
    assert later is not None
    assert (later.state, later.content) == (FactorState.REVOKED, b"")
    told = [
        s for s in room.place.house.ledger.history(ACCESS_CASE) if s.entry.facts.get("device") == found.id
    ]
    assert [(s.entry.kind, s.entry.facts["factor"], s.entry.facts["subject"]) for s in told] == [
        (EntryKind.ACCESS_GRANTED, "totp", room.director.id),
        (EntryKind.ACCESS_REVOKED, "totp", room.director.id),
    ]
    chain = list(room.place.house.ledger.history(ACCESS_CASE))
    assert all(secret not in s.entry_bytes.decode() and secret not in str(s.payload()) for s in chain)
    files = [path for path in room.place.settings.data.rglob("*") if path.is_file()]
    assert files
    assert all(secret.encode() not in path.read_bytes() for path in files)
    with pytest.raises(FactorAbsent):
        room.links.factors.prove(room.director.id, _code(room, secret))
    assert _enrol(room) != secret


def test_only_what_the_signatory_can_do_is_asked_for(room: SigningRoom) -> None:
    """Without an application it cannot be required; where it is, a code by telephone is not enough and not given."""
    folio = room.case()
    with pytest.raises(FactorUnable):
        room.ask(folio, factor="totp")
    _enrol(room)
    request = room.ask(folio, factor="totp")
    standing = room.open(room.token())
    room.links.codes.call(standing)
    with pytest.raises(NoCaller):
        room.links.codes.issue(request.id, standing.visit.id, room.actor)


def test_a_code_by_telephone_may_be_replaced_by_the_application(room: SigningRoom) -> None:
    """A request that asks for a code takes the application's too, and says so."""
    secret = _enrol(room)
    request = room.ask(room.case(), factor="code")
    standing = room.open(room.token())
    room.links.own.verify(standing, _code(room, secret), PHONE_PLACE)
    _sign(room, _again(room, standing), request)
    signed = next(s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert (signed.facts["factor"], signed.facts["level"]) == ("totp", "N2")

"""Codes by telephone, stand-ins, several letters, reminders: links as people use them, on a real installation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.entry import EntryKind
from signing.errors import (
    CodeGone,
    CodeWrong,
    FactorNeeded,
    LinkDead,
    NotDelegable,
)
from signing.links import Standing
from signing.office import Place
from signing.records import Request, Status
from signing.tokens import new_code
from tests.fakes.signing_room import DESK_PLACE, PHONE_PLACE, SigningRoom, typed
from workflows.errors import ReasonMissing


def test_i1_a_code_by_telephone_opens_the_letter_in_one_browser_only(room: SigningRoom) -> None:
    """I1: six digits, kept as an HMAC, ten minutes, five tries, bound to the visit; each step an entry; level N2."""
    request = room.ask(room.case(), factor="code")
    token = room.token()
    standing, other = room.open(token), room.open(token)
    with pytest.raises(FactorNeeded):
        room.links.signing.document(standing, request.id)
    call = room.links.codes.call(standing)
    assert [visit.call for visit in room.links.codes.callers(request.id)] == [call]
    code = room.links.codes.issue(request.id, standing.visit.id, room.actor)
    assert len(code) == 6
    assert code.isdigit()
    with pytest.raises(CodeGone):
        room.links.codes.verify(other, code, PHONE_PLACE)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for left in range(4, -1, -1):
        with pytest.raises(CodeWrong) as told:
            room.links.codes.verify(standing, wrong, PHONE_PLACE)
        assert told.value.fields["left"] == str(left)
    with pytest.raises(CodeGone):
        room.links.codes.verify(standing, code, PHONE_PLACE)
    code = room.links.codes.issue(request.id, standing.visit.id, room.actor)
    room.place.clock.offset += timedelta(minutes=11)
    with pytest.raises(CodeGone):
        room.links.codes.verify(standing, code, PHONE_PLACE)
    code = room.links.codes.issue(request.id, standing.visit.id, room.actor)
    room.links.codes.verify(standing, f" {code[:3]} {code[3:]}", PHONE_PLACE)
    with pytest.raises(CodeGone):
        room.links.codes.verify(standing, code, PHONE_PLACE)
    cleared = replace(standing, visit=room.links.office.store.visit(standing.visit.id))  # type: ignore[arg-type]
    room.links.signing.sign(cleared, request.id, typed(request), PHONE_PLACE)
    kinds = room.kinds(request.folio)
    assert (kinds.count("code.issued"), kinds.count("code.failed"), kinds.count("code.verified")) == (3, 5, 1)
    signed = next(s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert (signed.facts["level"], signed.facts["factor"]) == ("N2", "code")
    assert all(code.encode() not in s.entry_bytes for s in room.entries(request.folio))


def test_codes_are_spread_over_all_numbers() -> None:
    """I1: leading zeros are kept."""
    assert {len(new_code()) for _ in range(2000)} == {6}


def test_i2_delegation_needs_a_paper_and_keeps_both_names(room: SigningRoom) -> None:
    """I2: only to who was appointed with a document; both identities and the reason stay; the deputy gets the mail."""
    deputy = room.deputy(appointed=False)
    request = room.ask(room.case(), delegable=True)
    first = room.token()
    visit, secret = room.links.links.open(first, PHONE_PLACE)
    standing = room.links.links.stand(visit.id, secret, PHONE_PLACE)
    reason = "Por ausencia: salgo de viaje"
    with pytest.raises(NotDelegable):
        room.links.refusing.delegate(standing, request.id, deputy.id, reason, PHONE_PLACE)
    room.appoint(deputy)
    with pytest.raises(ReasonMissing):
        room.links.refusing.delegate(standing, request.id, deputy.id, "no", PHONE_PLACE)
    room.links.refusing.delegate(standing, request.id, deputy.id, reason, PHONE_PLACE)
    assert "suplente@empresa.example" in [text for text in room.mails() if "/s/" in text][-1]
    with pytest.raises(LinkDead):
        room.open(first)
    with pytest.raises(LinkDead):
        room.links.links.stand(visit.id, secret, PHONE_PLACE)
    sealed = next(s for s in room.entries(request.folio) if s.entry.kind is EntryKind.SIGNATURE_DELEGATED)
    assert (sealed.entry.facts["signatory"], sealed.entry.facts["delegate"]) == (room.director.id, deputy.id)
    assert sealed.payload()["note"] == reason
    later = room.open(room.token())
    room.links.signing.sign(later, request.id, typed(later.requests[0]), PHONE_PLACE)
    signed = next(s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert (signed.actor, signed.facts["acting_for"]) == (deputy.id, room.director.id)


def test_i3_the_place_it_was_asked_from_is_flagged(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """I3: same address and same device are facts of the signature, and exceptions of the case."""
    room, request, standing = asked
    room.links.signing.sign(standing, request.id, typed(request), DESK_PLACE)
    state = room.place.house.cases.view(request.folio).state
    flags = sorted(item.detail for item in state.exceptions if str(item.code) == "same_place")
    assert flags == ["same_address", "same_device"]


def test_several_letters_wait_behind_one_link(room: SigningRoom) -> None:
    """One visit, a review and a signature each, one entry each; the links of each mail stay good meanwhile."""
    requests = [room.ask(room.case(n)) for n in (1, 2, 3)]
    standing = room.open(room.token())
    assert {item.id for item in standing.open} == {item.id for item in requests}
    for request in requests:
        room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
        assert room.kinds(request.folio).count("document.signed") == 1
        assert room.kinds(request.folio).count("link.opened") == 1


def test_reminders_and_expiry_run_from_any_number_of_processes(room: SigningRoom) -> None:
    """E3: each once; the reminder's link is new and kills the one before; silence ends as an entry."""
    request = room.ask(room.case(), expires_at=room.place.clock() + timedelta(days=30))
    first = room.token()
    room.place.clock.offset += timedelta(days=7)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _n: room.links.sweeper.run(room.place.clock()), range(4)))
    assert sum(len(run.reminded) for run in runs) == 1
    second = room.token()
    assert second != first
    with pytest.raises(LinkDead):
        room.links.links.open(first, PHONE_PLACE)
    room.place.clock.offset += timedelta(days=40)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _n: room.links.sweeper.run(room.place.clock()), range(4)))
    assert sum(len(run.expired) for run in runs) == 1
    assert room.kinds(request.folio).count("link.expired") == 1
    assert room.links.office.store.request(request.id).status is Status.EXPIRED  # type: ignore[union-attr]


def test_a_signature_whose_process_died_is_mended(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """A claim nobody ended is given back after minutes; one whose entry was written ends as its entry says."""
    room, request, standing = asked
    store, now = room.links.office.store, room.place.clock()
    assert store.claim(request, "muerto", now, now - timedelta(minutes=3))
    room.place.clock.offset += timedelta(minutes=10)
    assert room.links.sweeper.run(room.place.clock()).mended == (request.id,)
    room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    assert store.move(request.id, [Status.SIGNED], Status.NEW)
    room.place.clock.offset += timedelta(minutes=10)
    assert room.links.sweeper.run(room.place.clock()).mended == (request.id,)
    assert store.request(request.id).status is Status.SIGNED  # type: ignore[union-attr]


def test_an_address_of_nobody_is_no_flag(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """Unknown is not the same as equal."""
    room, request, standing = asked
    room.links.signing.sign(standing, request.id, typed(request), Place(""))
    assert not [
        i for i in room.place.house.cases.view(request.folio).state.exceptions if str(i.code) == "same_place"
    ]

"""Signed letters that come back through a personal link, on a real installation with its confined reader."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from documents.refusals import FileRefused
from evidence.entry import EntryKind, SealedEntry
from signing.errors import DocumentDiffers, FactorNeeded, LinkDead, ReturnInvalid
from signing.kinds.asking import Ask
from signing.kinds.returns import MOST_FILES, ReturnForm
from signing.links import Standing
from signing.records import Request, Status
from tests.documents.test_documents_paper import letter, scan
from tests.fakes.returning_room import ReturningRoom, photograph
from tests.fakes.signing_room import DESK_PLACE, PHONE_PLACE, at_once
from workflows.commands import Actor
from workflows.errors import (
    NothingToSign,
    OwnSignature,
    ReasonMissing,
    RequestSettled,
    RequestWaits,
    RoleNotAllowed,
    UnknownRequest,
)
from workflows.returnacts import JudgeReturn
from workflows.returning import returns

WHY = "No se lee la firma: toma la foto con más luz."


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ReturningRoom]:
    """A desk with a contact."""
    made = ReturningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


@pytest.fixture
def asked(room: ReturningRoom) -> tuple[ReturningRoom, Request, Standing]:
    """The custody letter asked for, the link opened on a telephone."""
    request = room.wanted(room.custody())
    return room, request, room.open(room.token())


def _last(room: ReturningRoom, folio: str, kind: EntryKind = EntryKind.DOCUMENT_RETURNED) -> SealedEntry:
    return [sealed for sealed in room.entries(folio) if sealed.entry.kind is kind][-1]


def _give(room: ReturningRoom, request: Request, standing: Standing, name: str = "carta.pdf") -> SealedEntry:
    form = room.form(request, (name, room.signed(request.folio)))
    room.links.returns.give(standing, request.id, form, PHONE_PLACE)
    return _last(room, request.folio)


def _step(room: ReturningRoom, folio: str, code: str = "24") -> str:
    return str(room.place.house.cases.view(folio).state.step(code).status)


def test_what_arrives_is_on_record_and_completes_nothing(
    asked: tuple[ReturningRoom, Request, Standing],
) -> None:
    """Asked (which records step 23), mailed, opened, returned by the contact; step 24 is as open as before."""
    room, request, standing = asked
    assert room.links.returns.blank(standing, request.id) == room.sent_letter(request.folio)
    sealed = _give(room, request, standing)
    entry = sealed.entry
    assert (entry.actor, entry.role, entry.step) == (room.reader.id, "solicitante", "24")
    assert (entry.facts["actor_class"], entry.facts["via"], entry.facts["level"]) == ("person", "link", "N1")
    assert "evidence" not in entry.facts
    assert "choice" not in entry.facts
    assert entry.facts["digest"] == request.digest
    assert (_step(room, request.folio, "23"), _step(room, request.folio)) == ("hecho", "abierto")
    kinds = [
        kind for kind in room.kinds(request.folio) if kind.partition(".")[0] in {"link", "return", "document"}
    ]
    assert kinds == [
        "return.requested",
        "link.issued",
        "link.opened",
        "document.downloaded",
        "document.returned",
    ]
    assert sum("devolvió la carta firmada:" in mail for mail in room.mails()) == 1
    for secret in (PHONE_PLACE.address, "Marcela", "carta.pdf"):
        assert secret.encode() not in sealed.entry_bytes


def test_what_software_reads_off_the_scan_is_kept(asked: tuple[ReturningRoom, Request, Standing]) -> None:
    """The confined reader's paper check: the code's folio and the pages stand in the payload, of each file."""
    room, request, standing = asked
    form = room.form(request, ("uno.pdf", room.signed(request.folio)), ("dos.png", photograph()))
    room.links.returns.give(standing, request.id, form, PHONE_PLACE)
    files = _last(room, request.folio).payload()["files"]
    assert isinstance(files, list)
    papers = [item["about"]["paper"] for item in files]  # type: ignore[index, call-overload]
    assert [len(paper["codes"]) for paper in papers] == [1, 0]  # type: ignore[index, call-overload, arg-type]
    assert request.folio in str(papers[0])


def test_the_specialist_takes_it_by_reference(asked: tuple[ReturningRoom, Request, Standing]) -> None:
    """One press: step 24's evidence is the very object that came, by the specialist, and refers to who brought it."""
    room, request, standing = asked
    brought = _give(room, request, standing)
    receipt = room.links.returns.accept(request.folio, brought.entry.seq, room.actor)
    entry = room.entries(request.folio)[receipt.seq - 1].entry
    assert (entry.kind, entry.actor, entry.step) == ("evidence.recorded", room.specialist.id, "24")
    assert entry.facts["choice"] == "firmada"
    assert entry.facts["evidence"] == [
        {"from": brought.entry.seq, "object": 0, "slot": "carta_firmada", "type": "SGN"}
    ]
    assert brought.leaf in entry.refs
    assert entry.objects == brought.entry.objects
    assert _step(room, request.folio) == "hecho"
    with pytest.raises(RequestSettled):
        room.links.returns.accept(request.folio, brought.entry.seq, room.actor)
    assert room.kinds(request.folio).count("document.returned") == 1


def test_a_bad_scan_goes_back_with_its_reason_and_a_new_link(
    asked: tuple[ReturningRoom, Request, Standing],
) -> None:
    """The step's own branch «devuelta», which repeats the mail of step 23; the person reads why, and sends again."""
    room, request, standing = asked
    bad = _give(room, request, standing)
    judged = JudgeReturn(request.folio, bad.entry.seq, room.actor, WHY)
    with pytest.raises(ReasonMissing):
        room.links.returns.send_back(
            room.links.desk, JudgeReturn(request.folio, bad.entry.seq, room.actor), DESK_PLACE
        )
    again = room.links.returns.send_back(room.links.desk, judged, DESK_PLACE)
    entry = next(s.entry for s in room.entries(request.folio) if bad.leaf in s.entry.refs)
    assert (entry.kind, entry.facts["choice"], entry.actor) == (
        "evidence.recorded",
        "devuelta",
        room.specialist.id,
    )
    assert (again.signatory, again.note, again.status) == (room.reader.id, WHY, Status.PENDING)
    assert WHY in room.mails()[-1]
    with pytest.raises(LinkDead):
        room.links.returns.give(standing, again.id, room.form(again, ("x.pdf", b"%PDF")), PHONE_PLACE)
    with pytest.raises(RequestSettled):
        room.links.returns.accept(request.folio, bad.entry.seq, room.actor)
    later = room.open(room.token())
    room.links.returns.give(
        later,
        again.id,
        room.form(again, ("buena.pdf", scan(room.sent_letter(request.folio), turn=2.0))),
        PHONE_PLACE,
    )
    room.links.returns.accept(request.folio, _last(room, request.folio).entry.seq, room.actor)
    assert _step(room, request.folio) == "hecho"


def test_t5_twenty_sendings_at_once_are_one(asked: tuple[ReturningRoom, Request, Standing]) -> None:
    """T5: one entry, and the others hear that it was sent."""
    room, request, standing = asked

    def give(n: int) -> None:
        form = room.form(request, (f"foto-{n}.png", photograph(n * 9)))
        room.links.returns.give(standing, request.id, form, PHONE_PLACE)

    found = at_once(give)
    assert found.count("done") == 1
    assert set(found) <= {"done", "already_answered"}
    assert room.kinds(request.folio).count("document.returned") == 1


def test_what_cannot_be_taken_is_refused_and_the_link_stays(
    asked: tuple[ReturningRoom, Request, Standing],
) -> None:
    """Nothing, too much, twice the same, the letter unsigned, no tick, no true file: said, and still to be sent."""
    room, request, standing = asked
    same, blank = photograph(), room.sent_letter(request.folio)
    many = tuple((f"{n}.png", photograph(n)) for n in range(MOST_FILES + 1))
    for form, why in (
        (room.form(request), "missing"),
        (room.form(request, *many), "many"),
        (room.form(request, ("a.png", same), ("b.png", same)), "twice"),
        (room.form(request, ("carta.pdf", blank)), "unsigned"),
        (room.form(request, ("a.png", same), ticked=False), "secrets"),
    ):
        with pytest.raises(ReturnInvalid) as refusal:
            room.links.returns.give(standing, request.id, form, PHONE_PLACE)
        assert refusal.value.fields["why"] == why
    for name, content in (
        ("carta.pdf", b"MZ\x90\x00 no es un PDF"),
        ("carta.pdf", b""),
        ("roto.pdf", blank[:900]),
    ):
        with pytest.raises(FileRefused):
            room.links.returns.give(standing, request.id, room.form(request, (name, content)), PHONE_PLACE)
    with pytest.raises(DocumentDiffers):
        room.links.returns.give(standing, request.id, ReturnForm("f" * 64, (), True), PHONE_PLACE)
    assert room.links.office.store.request(request.id).status is Status.PENDING  # type: ignore[union-attr]
    assert "document.returned" not in room.kinds(request.folio)
    _give(room, request, standing)


def test_another_cases_letter_is_told_and_not_judged(
    asked: tuple[ReturningRoom, Request, Standing],
) -> None:
    """A scan with another folio's code arrives; what software says of it is the desk's to weigh."""
    room, request, standing = asked
    other = scan(letter("https://constancia.example/verificar/MA-001-2026-000999"))
    room.links.returns.give(standing, request.id, room.form(request, ("otra.pdf", other)), PHONE_PLACE)
    assert "MA-001-2026-000999" in str(_last(room, request.folio).payload())
    assert _step(room, request.folio) == "abierto"


def test_t8_the_link_is_for_this_alone(asked: tuple[ReturningRoom, Request, Standing]) -> None:
    """T8: the doors of signatures, answers and secrets are shut behind it."""
    room, request, standing = asked
    for attempt in (
        lambda: room.links.signing.document(standing, request.id),
        lambda: room.links.refusing.decline(standing, request.id, "No me corresponde a mí", PHONE_PLACE),
        lambda: room.links.onetime.show(standing, request.id, PHONE_PLACE),
    ):
        with pytest.raises(LinkDead):
            attempt()


def test_only_the_desk_judges_and_only_what_came(asked: tuple[ReturningRoom, Request, Standing]) -> None:
    """Another role, an entry that brought nothing: refused, and nothing is written."""
    room, request, standing = asked
    brought = _give(room, request, standing)
    before = len(room.entries(request.folio))
    with pytest.raises(RoleNotAllowed):
        room.links.returns.accept(request.folio, brought.entry.seq, Actor(room.reader.id, "solicitante"))
    for wrong in (1, 0, 999):
        with pytest.raises(UnknownRequest):
            room.links.returns.accept(request.folio, wrong, room.actor)
    assert len(room.entries(request.folio)) == before


def test_one_request_at_a_time_and_none_while_a_letter_waits(
    asked: tuple[ReturningRoom, Request, Standing],
) -> None:
    """A second request is refused while the first waits, and while what came has not been looked at."""
    room, request, standing = asked
    with pytest.raises(RequestWaits):
        room.wanted(request.folio)
    _give(room, request, standing)
    with pytest.raises(RequestWaits):
        room.wanted(request.folio)


def test_what_cannot_be_asked_is_refused(room: ReturningRoom) -> None:
    """The authorising letter is no such letter; nobody asks themselves; then nothing waits."""
    folio = room.custody()
    with pytest.raises(OwnSignature):
        room.wanted(folio, person=room.specialist.id)
    with pytest.raises(NothingToSign):
        room.links.returns.ask(
            room.links.desk,
            Ask(folio, "9", room.reader.id, room.place.clock() + timedelta(days=2)),
            room.actor,
            DESK_PLACE,
        )
    assert not [item for item in room.links.office.store.of_case(folio) if item.purpose == "upload"]
    assert room.wanted(folio).status is Status.PENDING


def test_e3_silence_resending_and_not_knowing_it_are_entries(room: ReturningRoom) -> None:
    """E3, T7: a resent link kills the first; a reported one opens no more; expiry is an entry."""
    folio = room.custody()
    first = room.wanted(folio)
    old = room.token()
    room.links.desk.resend(first.id, room.actor)
    with pytest.raises(LinkDead):
        room.links.links.open(old, PHONE_PLACE)
    standing = room.open(room.token())
    room.links.refusing.report(standing, first.id, "No sé de qué carta se trata", PHONE_PLACE)
    second = room.wanted(folio, expires_at=room.place.clock() + timedelta(hours=1))
    assert room.links.sweeper.run(room.place.clock() + timedelta(days=1)).expired == (second.id,)
    assert room.kinds(folio)[-1] == "link.expired"


def test_i1_a_second_factor_bars_the_letter(room: ReturningRoom) -> None:
    """I1: without the code neither the letter is given nor anything taken."""
    folio = room.custody()
    request = room.wanted(folio, factor="code")
    standing = room.open(room.token())
    with pytest.raises(FactorNeeded):
        room.links.returns.blank(standing, request.id)
    with pytest.raises(FactorNeeded):
        room.links.returns.give(
            standing, request.id, room.form(request, ("a.png", photograph())), PHONE_PLACE
        )


def test_which_letters_are_returned_follows_from_the_definitions(room: ReturningRoom) -> None:
    """Somebody else's, no duty of its own, with a way of refusing: the custody letter and no authorisation."""
    found = {
        (definition.process, step.code)
        for definition in room.place.house.definitions.processes()
        for step in definition.steps
        if returns(step)
    }
    assert found == {("MA-001", "24")}


def test_a_letter_that_nobody_looks_at_is_told_again_until_somebody_does(
    asked: tuple[ReturningRoom, Request, Standing],
) -> None:
    """Every two business days, once however many processes run, to who asked; taken, there is nothing left to tell."""
    room, request, standing = asked
    came = _give(room, request, standing)
    assert [item.seq for _, item in room.links.returns.unseen()] == [came.entry.seq]
    told: list[int] = []
    for _ in range(3):
        room.place.clock.offset += timedelta(days=5)
        now = room.place.clock()
        with ThreadPoolExecutor(4) as crew:
            list(crew.map(lambda _n, now=now: room.links.sweeper.run(now), range(4)))
        told.append(sum("sigue sin revisar" in text for text in room.mails()))
    assert told == [1, 2, 3]
    assert not any("/s/" in text for text in room.mails() if "sigue sin revisar" in text)
    room.links.returns.accept(request.folio, came.entry.seq, room.actor)
    assert room.links.returns.unseen() == ()
    room.place.clock.offset += timedelta(days=5)
    room.links.sweeper.run(room.place.clock())
    assert sum("sigue sin revisar" in text for text in room.mails()) == 3


def test_a_letter_settled_behind_the_rows_back_is_told_no_more(
    asked: tuple[ReturningRoom, Request, Standing],
) -> None:
    """The row is a hint: what the case says counts, also when a process died between the entry and the row."""
    room, request, standing = asked
    came = _give(room, request, standing)
    room.place.house.cases.returns.accept(JudgeReturn(request.folio, came.entry.seq, room.actor))
    assert room.links.returns.unseen() == ()
    room.place.clock.offset += timedelta(days=5)
    assert room.links.sweeper.run(room.place.clock()).reminded == ()
    assert not room.links.office.store.unseen()

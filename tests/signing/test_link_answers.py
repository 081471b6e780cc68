"""Answers through a personal link, on a real installation: rows, ledger and outbox are the product's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.entry import EntryKind, SealedEntry
from signing.act import SignForm
from signing.consent import consent_for
from signing.errors import DocumentDiffers, FactorNeeded, LinkDead, NoAddress
from signing.kinds.answers import AnswerForm
from signing.links import Standing
from signing.records import Request, Status
from tests.fakes.asking_room import AskingRoom
from tests.fakes.signing_room import BY, DESK_PLACE, PHONE_PLACE, at_once
from tests.workflows.desk import TICKET
from workflows.answering import answers_of, question_digest
from workflows.errors import ChoiceUnknown, NothingToSign, OwnSignature, RequestWaits, StepNotOpen


def form(request: Request, choice: str = "adelante", words: str = "") -> AnswerForm:
    """An answer to what the page showed."""
    return AnswerForm(request.digest, choice, words)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[AskingRoom]:
    """A desk with an assistant."""
    made = AskingRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


@pytest.fixture
def asked(room: AskingRoom) -> tuple[AskingRoom, Request, Standing]:
    """The assistant asked about an agent's account, the link opened on a telephone."""
    request = room.question(room.walk("MA-002", "2", "3", "4", "5"), "6")
    return room, request, room.open(room.token())


def _last(room: AskingRoom, folio: str, kind: EntryKind = EntryKind.ANSWER_GIVEN) -> SealedEntry:
    return [sealed for sealed in room.entries(folio) if sealed.entry.kind is kind][-1]


def test_an_answer_is_the_steps_evidence_and_its_actor_is_the_contact(
    asked: tuple[AskingRoom, Request, Standing],
) -> None:
    """E1: asked, mailed, opened, answered; the branch is taken, by a person, in the step's performer's role."""
    room, request, standing = asked
    room.links.answers.answer(standing, request.id, form(request, words="Ya está en cartera."), PHONE_PLACE)
    sealed = _last(room, request.folio)
    entry = sealed.entry
    assert (entry.actor, entry.role, entry.step) == (room.reader.id, "asistente", "6")
    assert (entry.facts["actor_class"], entry.facts["via"], entry.facts["choice"]) == (
        "person",
        "link",
        "adelante",
    )
    assert entry.facts["evidence"] == [{"slot": "correo", "type": "SYS"}]
    assert sealed.payload()["note"] == "Ya está en cartera."
    assert room.place.house.cases.view(request.folio).state.step("6").status == "hecho"
    kinds = [kind for kind in room.kinds(request.folio) if kind.partition(".")[0] in {"link", "answer"}]
    assert kinds == ["answer.requested", "link.issued", "link.opened", "answer.given"]
    asker = [mail for mail in room.mails() if "respondió" in mail]
    assert len(asker) == 1
    for secret in (PHONE_PLACE.address, "Marcela", "cartera"):
        assert secret.encode() not in sealed.entry_bytes


def test_t8_the_answer_is_bound_to_the_question_that_was_asked(
    asked: tuple[AskingRoom, Request, Standing],
) -> None:
    """T8: the digest is of the sealed question; another one answers nothing, and leaves the request waiting."""
    room, request, standing = asked
    question = _last(room, request.folio, EntryKind.ANSWER_REQUESTED).payload()["question"]
    assert isinstance(question, dict)
    assert question_digest(question) == request.digest
    assert [item["code"] for item in question["options"]] == ["adelante", "detenlo", "espera"]  # type: ignore[index, union-attr, call-overload]
    with pytest.raises(DocumentDiffers):
        room.links.answers.answer(standing, request.id, AnswerForm("f" * 64, "adelante"), PHONE_PLACE)
    for wrong in ("", "firmada"):
        with pytest.raises(ChoiceUnknown):
            room.links.answers.answer(standing, request.id, form(request, wrong), PHONE_PLACE)
    assert room.links.office.store.request(request.id).status is Status.PENDING  # type: ignore[union-attr]


def test_t8_a_link_for_an_answer_signs_and_declines_nothing(
    asked: tuple[AskingRoom, Request, Standing],
) -> None:
    """T8: bound to its purpose; the doors of signatures are shut behind it."""
    room, request, standing = asked
    signature = SignForm(request.digest, consent_for("es").version, "typed", "Marcela")
    for attempt in (
        lambda: room.links.signing.sign(standing, request.id, signature, PHONE_PLACE),
        lambda: room.links.signing.document(standing, request.id),
        lambda: room.links.signing.downloaded(standing, request.id),
        lambda: room.links.refusing.decline(standing, request.id, "No me corresponde a mí", PHONE_PLACE),
        lambda: room.links.onetime.show(standing, request.id, PHONE_PLACE),
    ):
        with pytest.raises(LinkDead):
            attempt()


def test_t5_twenty_answers_at_once_are_one(asked: tuple[AskingRoom, Request, Standing]) -> None:
    """T5: one entry, and the others hear that it was answered."""
    room, request, standing = asked

    def answer(n: int) -> None:
        given = form(request, ("adelante", "detenlo")[n % 2])
        room.links.answers.answer(standing, request.id, given, PHONE_PLACE)

    found = at_once(answer)
    assert found.count("done") == 1
    assert set(found) <= {"done", "already_answered"}
    assert room.kinds(request.folio).count("answer.given") == 1


def test_stop_it_holds_the_case_and_the_desk_may_ask_again(
    asked: tuple[AskingRoom, Request, Standing],
) -> None:
    """«Deténlo» leaves the step open and held; another request can be made, and «Sí adelante» goes on."""
    room, request, standing = asked
    room.links.answers.answer(standing, request.id, form(request, "detenlo"), PHONE_PLACE)
    assert room.place.house.cases.view(request.folio).state.status == "detenido"
    again = room.question(request.folio, "6")
    later = room.open(room.token())
    room.links.answers.answer(later, again.id, form(again), PHONE_PLACE)
    assert room.place.house.cases.view(request.folio).state.step("6").status == "hecho"


def test_a_later_mail_contradicts_nothing_silently(asked: tuple[AskingRoom, Request, Standing]) -> None:
    """Once answered by link, a mail recorded for the step is refused and says by whom and when it was answered."""
    room, request, standing = asked
    room.links.answers.answer(standing, request.id, form(request), PHONE_PLACE)
    answered = _last(room, request.folio).entry
    with pytest.raises(StepNotOpen) as refusal:
        room.record(request.folio, "6", "detenlo")
    assert (refusal.value.fields["seq"], refusal.value.fields["actor"]) == (answered.seq, room.reader.id)


def test_a_mail_recorded_first_is_not_overruled_by_the_link(
    asked: tuple[AskingRoom, Request, Standing],
) -> None:
    """The step was answered by mail meanwhile: the link's answer is refused and the case is as it was."""
    room, request, standing = asked
    room.record(request.folio, "6", "adelante")
    with pytest.raises(StepNotOpen):
        room.links.answers.answer(standing, request.id, form(request, "detenlo"), PHONE_PLACE)
    assert "answer.given" not in room.kinds(request.folio)


def test_a_ticket_is_validated_by_who_asked_for_help(room: AskingRoom) -> None:
    """MA-006 step 16: the requester is proposed first; «validado» closes the ticket, by the requester."""
    requester = room.place.house.contacts.add("Rosa Elena Cano", BY, email=TICKET["correo"])
    folio = room.walk("MA-006", *_TO_VALIDATION)
    assert room.links.answers.people(folio, (room.reader.id,))[0].id == requester.id
    request = room.question(folio, "16", person=requester.id)
    standing = room.open(room.token())
    room.links.answers.answer(standing, request.id, form(request, "validado"), PHONE_PLACE)
    state = room.place.house.cases.view(folio).state
    assert state.closed
    assert _last(room, folio).entry.actor == requester.id


def test_a_ticket_not_solved_goes_back_to_the_actions(room: AskingRoom) -> None:
    """MA-006 step 16: «no resuelto» reopens step 8."""
    folio = room.walk("MA-006", *_TO_VALIDATION)
    request = room.question(folio, "16")
    standing = room.open(room.token())
    room.links.answers.answer(standing, request.id, form(request, "no_resuelto"), PHONE_PLACE)
    assert "8" in room.place.house.cases.view(folio).state.open_steps


def test_e3_silence_and_revocation_are_entries_and_nothing_opens_afterwards(room: AskingRoom) -> None:
    """E3, T6, T7: expiry is an entry; a link taken back, or not recognised, answers nothing."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    request = room.question(folio, "6")
    standing = room.open(room.token())
    room.links.refusing.report(standing, request.id, "No sé de qué se trata", PHONE_PLACE)
    with pytest.raises(LinkDead):
        room.links.links.open(room.token(), PHONE_PLACE)
    second = room.question(folio, "6", expires_at=room.place.clock() + timedelta(hours=1))
    later = room.place.clock() + timedelta(days=1)
    assert room.links.sweeper.run(later).expired == (second.id,)
    assert room.kinds(folio)[-1] == "link.expired"
    assert room.links.office.store.request(second.id).status is Status.EXPIRED  # type: ignore[union-attr]


def test_i1_a_second_factor_bars_the_answer(room: AskingRoom) -> None:
    """I1: without the code that was asked for nothing is answered."""
    request = room.question(room.walk("MA-002", "2", "3", "4", "5"), "6", factor="code")
    standing = room.open(room.token())
    with pytest.raises(FactorNeeded):
        room.links.answers.answer(standing, request.id, form(request), PHONE_PLACE)
    room.links.codes.call(standing)
    code = room.links.codes.issue(request.id, standing.visit.id, room.actor)
    room.links.codes.verify(standing, code, PHONE_PLACE)
    fresh = room.links.office.store.visit(standing.visit.id)
    assert fresh is not None
    cleared = Standing(fresh, standing.link, standing.requests, standing.now)
    room.links.answers.answer(cleared, request.id, form(request), PHONE_PLACE)
    assert _last(room, request.folio).entry.facts["level"] == "N2"


def test_i3_an_answer_from_the_askers_desk_is_flagged(asked: tuple[AskingRoom, Request, Standing]) -> None:
    """I3: same address and browser as who asked: told, not judged."""
    room, request, standing = asked
    room.links.answers.answer(standing, request.id, form(request), DESK_PLACE)
    assert _last(room, request.folio).entry.facts["flags"] == ["same_address", "same_device"]


def test_what_cannot_be_asked_is_refused_and_nothing_waits(room: AskingRoom) -> None:
    """Oneself, a step that is not somebody else's to answer, a second question, a person without an address."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    with pytest.raises(OwnSignature):
        room.question(folio, "6", person=room.specialist.id)
    with pytest.raises(NothingToSign):
        room.question(folio, "7")
    nobody = room.place.house.contacts.add("Sin Correo", BY)
    with pytest.raises(NoAddress):
        room.question(folio, "6", person=nobody.id)
    assert not room.links.office.store.of_case(folio)
    room.question(folio, "6")
    with pytest.raises(RequestWaits):
        room.question(folio, "6")


def test_which_steps_are_asked_about_follows_from_the_definitions(room: AskingRoom) -> None:
    """Somebody else's branches that a mail settles; never a signature, never what the desk itself does."""
    found = {
        (definition.process, step.code)
        for definition in room.place.house.definitions.processes()
        for step in definition.steps
        if answers_of(step)
    }
    assert found == {("MA-002", "6"), ("MA-002", "14"), ("MA-006", "16")}


_TO_VALIDATION = ("4", "5:soporte", "6", "7", "8", "9", "11", "14")

"""Signatures through a personal link as entries of their case: what they count for, and who may give them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from evidence.entry import EntryKind
from tests.workflows.desk import ANA, DIRECTOR, Desk, pdf, usual, xlsx
from workflows.commands import SYSTEM_ACTOR, Actor, RecordStep, Supersede
from workflows.derive import derive
from workflows.errors import (
    DutiesConflict,
    GuardUnmet,
    NothingToSign,
    NotSignatory,
    OwnSignature,
    ReasonMissing,
    RequestSettled,
    RequestWaits,
    RoleNotAllowed,
)
from workflows.facts import Facts, facts_of
from workflows.signatories import letters_of, signatory_actor
from workflows.signatureacts import AskSignature, DeclineSignature, RequestNote, SignDocument
from workflows.state import CaseState, ExceptionCode, StepStatus

LETTER_DONE = ("2", "3", "4", "5", "6", "7")
WHO = Actor(DIRECTOR, "director", via="link")


@dataclass
class Room:
    """A case of MA-001 whose letter is made, and ways to ask for its signature."""

    desk: Desk
    folio: str

    @property
    def state(self) -> CaseState:
        """The case now, derived from its entries alone."""
        entries = [sealed.entry for sealed in self.desk.ledger.history(self.folio)]
        definition = self.desk.cases.view(self.folio).definition
        return derive(definition, entries, calendar=self.desk.calendar)

    def ask(
        self, step: str = "9", *, actor: Actor = ANA, signatory: str = DIRECTOR, request: str = "r-1"
    ) -> None:
        """Ask for the signature of the newest letter."""
        letter = letters_of(self.desk.cases.requests.situation(self.folio))[0]
        until = self.desk.clock() + timedelta(days=5)
        command = AskSignature(
            self.folio, step, request, "sign", actor, signatory, letter.seq, letter.object, until
        )
        self.desk.cases.requests.ask(command)

    def sign(self, who: Actor = WHO, request: str = "r-1", **facts: object) -> None:
        """Sign it."""
        said = Facts(level="N1", method="typed", act="ab" * 32, **facts)  # type: ignore[arg-type]
        command = SignDocument(self.folio, request, who, (pdf("firmada.pdf"),), said, {"act": {"salt": "x"}})
        self.desk.cases.requests.sign(command)

    def note(self, kind: EntryKind, key: str, **more: object) -> bool:
        """Tell something of the request."""
        told = RequestNote(self.folio, kind, "r-1", SYSTEM_ACTOR, key, **more)  # type: ignore[arg-type]
        return self.desk.cases.requests.note(told) is not None


@pytest.fixture
def room() -> Room:
    """A creation with its letter made and not yet sent."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, *LETTER_DONE)
    return Room(desk, folio)


def test_asking_by_link_is_the_mail_of_the_step_before_and_says_so(room: Room) -> None:
    """Step 8 is done by the request itself: its mail slot is filled by the system's own record, of type SYS."""
    assert room.state.step("8").status is StepStatus.OPEN
    room.ask()
    assert room.state.step("8").status is StepStatus.DONE
    sent, asked = [sealed.entry for sealed in room.desk.ledger.history(room.folio)][-2:]
    assert (sent.step, sent.facts["evidence"]) == ("8", [{"slot": "correo", "type": "SYS"}])
    assert (asked.kind, asked.step, asked.actor) == (EntryKind.SIGNATURE_REQUESTED, "9", ANA.id)
    assert room.state.waiting is not None
    assert room.state.waiting.code == "espera_firma_dg"


def test_a_signature_is_the_evidence_of_its_step_and_its_duty_is_the_signatorys(room: Room) -> None:
    """`document.signed` satisfies step 9 with the letter and SYS in the mail's place; the director authorises."""
    room.ask()
    room.sign()
    state = room.state
    assert state.step("9").status is StepStatus.DONE
    assert ("autorizador", DIRECTOR) in [(duty, actor) for duty, actor, _ in state.parties]
    entry = room.desk.ledger.history(room.folio)[-1].entry
    assert entry.kind is EntryKind.DOCUMENT_SIGNED
    assert entry.facts["evidence"] == [
        {"slot": "carta_firmada", "type": "SGN", "object": 0},
        {"slot": "correo", "type": "SYS"},
    ]
    assert (entry.actor, entry.role, entry.facts["via"]) == (DIRECTOR, "director", "link")
    found = room.desk.cases.requests.of_case(room.folio)[0]
    assert (found.status, found.level, found.ended_seq) == ("signed", "N1", entry.seq)


def test_a_declined_signature_takes_the_steps_refusal_with_the_reason_in_the_payload(room: Room) -> None:
    """The case ends as refused by the director's own word, and no entry names the reason."""
    room.ask()
    reason = "No procede: la promotoría está en revisión"
    room.desk.cases.requests.decline(DeclineSignature(room.folio, "r-1", WHO, reason))
    assert room.state.status == "rechazado"
    sealed = room.desk.ledger.history(room.folio)[-1]
    assert (sealed.entry.kind, sealed.entry.facts["choice"]) == (EntryKind.SIGNATURE_DECLINED, "rechazada")
    assert reason.encode() not in sealed.entry_bytes
    assert sealed.payload()["data"] == {"motivo": reason}


def test_a_declined_signature_whose_step_knows_no_refusal_moves_nothing() -> None:
    """Step 28a is optional and has no way for a no: the entry is there, the step stays open."""
    desk = Desk()
    folio = desk.open(tipo="baja", paquete="")
    desk.walk(folio, "2", "3", "4", "5", "28")
    room = Room(desk, folio)
    room.ask("28a")
    desk.cases.requests.decline(DeclineSignature(folio, "r-1", WHO, "Prefiero firmarla en papel"))
    assert desk.ledger.history(folio)[-1].entry.kind is EntryKind.SIGNATURE_DECLINED
    assert room.state.step("28a").status is StepStatus.OPEN
    assert desk.cases.requests.of_case(folio)[0].status == "declined"


def test_a_request_waits_alone_and_ends_once(room: Room) -> None:
    """No second request for the step meanwhile; after the end neither signature, refusal nor expiry."""
    room.ask()
    with pytest.raises(RequestWaits):
        room.ask(request="r-2")
    room.sign()
    with pytest.raises(RequestSettled) as settled:
        room.sign()
    assert settled.value.fields["why"] == "signed"
    with pytest.raises(RequestSettled):
        room.desk.cases.requests.decline(DeclineSignature(room.folio, "r-1", WHO, "Demasiado tarde ya"))
    with pytest.raises(RequestSettled):
        room.note(EntryKind.LINK_EXPIRED, "vence", open=True)


def test_e3_silence_is_evidence(room: Room) -> None:
    """E3: expiry is an entry, the request is over by it, and telling it twice is one entry."""
    room.ask()
    assert room.note(EntryKind.LINK_EXPIRED, "vence", open=True)
    assert not room.note(EntryKind.LINK_EXPIRED, "vence", open=True)
    assert room.desk.cases.requests.of_case(room.folio)[0].status == "expired"
    with pytest.raises(RequestSettled):
        room.sign()
    room.ask(request="r-2")
    assert [item.status for item in room.desk.cases.requests.of_case(room.folio)] == ["expired", "pending"]


def test_i3_who_asks_cannot_sign_and_only_the_post_can(room: Room) -> None:
    """I3: not the requester, even as director; not somebody without the post; not who holds a duty that lies apart."""
    with pytest.raises(OwnSignature):
        room.ask(signatory=ANA.id)
    with pytest.raises(NotSignatory):
        room.ask(signatory="u-otra")
    room.desk.directory.emails = {"maria.ruiz@promotoria.example": DIRECTOR}
    folio = room.desk.open(rfc="RUOM900215AB2")
    room.desk.record(folio, "4", uploads=(xlsx(rfc="RUOM900215AB2"),))
    room.desk.walk(folio, "2", "3", "5", "6", "7")
    own = Room(room.desk, folio)
    with pytest.raises(DutiesConflict):
        own.ask()
    with pytest.raises(RoleNotAllowed):
        room.ask(actor=Actor("u-x", "capturista"))


def test_i2_a_stand_in_signs_with_a_paper_and_for_whom_is_said(room: Room) -> None:
    """I2: the delegate is appointed with a document; both identities stand in facts, and the old one asks no more."""
    room.ask()
    deputy = "u-suplente"
    told = {"facts": Facts(signatory=DIRECTOR, delegate=deputy), "note": "Por ausencia", "open": True}
    with pytest.raises(NotSignatory):
        room.note(EntryKind.SIGNATURE_DELEGATED, "pasa", **told)
    room.desk.directory.backups.add((deputy, DIRECTOR))
    room.desk.directory.papers.add((deputy, DIRECTOR))
    assert room.note(EntryKind.SIGNATURE_DELEGATED, "pasa", **told)
    found = room.desk.cases.requests.of_case(room.folio)[0]
    assert (found.signatory, found.principal) == (deputy, DIRECTOR)
    room.sign(Actor(deputy, "director", via="link"))
    facts = facts_of(room.desk.ledger.history(room.folio)[-1].entry)
    assert (facts.acting_for, facts.parties) == (DIRECTOR, {"autorizador": deputy})


def test_only_an_unsigned_letter_in_force_can_be_asked_for(room: Room) -> None:
    """Not a step that takes no signed letter, not a file that is none, not a case that is not there yet."""
    until = room.desk.clock() + timedelta(days=5)
    letter = letters_of(room.desk.cases.requests.situation(room.folio))[0]
    asking = room.desk.cases.requests.ask
    with pytest.raises(NothingToSign):
        asking(AskSignature(room.folio, "7", "r-1", "sign", ANA, DIRECTOR, letter.seq, 0, until))
    with pytest.raises(NothingToSign):
        asking(AskSignature(room.folio, "9", "r-1", "sign", ANA, DIRECTOR, 1, 0, until))
    early = room.desk.open(rfc="RUOM900215AB3")
    with pytest.raises((GuardUnmet, NothingToSign)):
        asking(AskSignature(early, "9", "r-1", "sign", ANA, DIRECTOR, 1, 0, until))


def test_signing_from_where_it_was_asked_for_is_an_exception_of_the_case(room: Room) -> None:
    """Flags are facts, and an auditor reads them among the exceptions."""
    room.ask()
    room.sign(flags=("same_address", "same_device"))
    found = [item.detail for item in room.state.exceptions if item.code is ExceptionCode.SAME_PLACE]
    assert found == ["same_address", "same_device"]


def test_nobody_edits_a_signature_and_only_a_corrector_annuls_it(room: Room) -> None:
    """The specialist who could have recorded the step may not take the director's act back."""
    room.ask()
    room.sign()
    seq = room.desk.ledger.history(room.folio)[-1].entry.seq
    annul = {"reason": "La carta era de otra persona", "annul": True}
    with pytest.raises(RoleNotAllowed):
        room.desk.cases.supersede(Supersede(room.folio, seq, ANA, **annul))  # type: ignore[arg-type]
    supervisor = Actor("u-sonia", "supervisor")
    room.desk.cases.supersede(Supersede(room.folio, seq, supervisor, **annul))  # type: ignore[arg-type]
    assert room.state.step("9").status is StepStatus.OPEN


def test_a_signature_on_paper_still_counts(room: Room) -> None:
    """The steps are recorded as ever where nobody uses a link."""
    room.desk.walk(room.folio, "8", "9")
    assert room.state.step("9").status is StepStatus.DONE
    assert room.desk.cases.requests.of_case(room.folio) == ()


def test_declining_takes_a_reason(room: Room) -> None:
    """A sentence, not a full stop."""
    room.ask()
    with pytest.raises(ReasonMissing):
        room.desk.cases.requests.decline(DeclineSignature(room.folio, "r-1", WHO, "no"))


def test_who_signs_acts_in_the_role_of_the_steps_performer(room: Room) -> None:
    """Whatever roles an account of theirs may hold."""
    definition = room.desk.cases.view(room.folio).definition
    assert signatory_actor(definition, definition.by_step["9"], "c-1").role == "director"
    assert signatory_actor(definition, definition.by_step["24"], "c-1").role == "solicitante"


def test_a_step_recorded_by_hand_ends_no_request_but_shuts_the_signature_out(room: Room) -> None:
    """The signed scan came by mail meanwhile: signing then is refused, and the request can be taken back."""
    room.ask()
    room.desk.cases.record(RecordStep(room.folio, "9", ANA, **usual("9")))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="step_not_open"):
        room.sign()
    assert room.note(EntryKind.SIGNATURE_WITHDRAWN, "retira", note="Llegó firmada en papel", open=True)

"""A signed letter that comes back through a personal link: somebody's files, which a person of the desk then judges."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import BinaryIO

from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, parse_time
from identity.throttle import Limit
from signing.act import placed
from signing.acting import SigningDesk, cleared
from signing.desk import RequestDesk, next_reminder
from signing.errors import DocumentDiffers, LinkDead, ReturnInvalid
from signing.kinds.asking import MEDIA, Ask, askable, question_of, request_of
from signing.links import Standing
from signing.office import Office, Place
from signing.ports import Person
from signing.records import Purpose, Request, Status
from signing.tokens import new_id
from workflows import rules
from workflows.answering import question_digest
from workflows.commands import Actor, Receipt, Upload
from workflows.definition import Slot
from workflows.errors import NothingToSign
from workflows.returnacts import AskReturn, GiveReturn, JudgeReturn
from workflows.returning import Arrived, arrived, letter_for, request_of_return, returns
from workflows.signatories import Letter, signing_slot

MOST_FILES = 12
_CHUNK = 1024 * 1024
TRIES = Limit(free=30, first=timedelta(seconds=30), longest=timedelta(minutes=10), memory=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class ReturnForm:
    """What the person sends: the digest that the page showed, the files, and the tick that none shows a password."""

    digest: str
    files: tuple[Upload, ...]
    no_secrets: bool = False


class ReturnDesk(SigningDesk):
    """See the module. The claim that lets one signature through lets one letter through."""

    PURPOSE = Purpose.UPLOAD
    ENDED = Status.RETURNED

    def steps(self, folio: str) -> tuple[str, ...]:
        """Steps of a case whose signed letter can be asked for: open, or open once the mail that asks is recorded."""
        situation = self.office.cases.requests.situation(folio)
        state = situation.state
        if state is None:
            return ()
        return tuple(
            step.code
            for step in situation.definition.steps
            if returns(step)
            and (
                step.code in state.open_steps
                or (state.step(step.code).unmet and set(state.step(step.code).unmet) <= set(state.open_steps))
            )
        )

    def people(self, folio: str, contacts: Sequence[str]) -> tuple[Person, ...]:
        """Who can be asked, the likeliest first."""
        return askable(self.office, folio, contacts)

    def letter(self, folio: str, step: str) -> Letter | None:
        """The letter that is to come back signed, where the case has it in PDF."""
        situation = self.office.cases.requests.situation(folio)
        return letter_for(situation, rules.known_step(situation.definition, step))

    def most(self, request: Request) -> int:
        """How many files one sending may have."""
        slot = self._slot(request)
        return min(MOST_FILES, slot.most or MOST_FILES) if slot is not None else MOST_FILES

    def risky(self, request: Request) -> bool:
        """Whether the letter could show a password, and must be said not to."""
        slot = self._slot(request)
        return slot is not None and slot.secret_risk

    def ask(self, desk: RequestDesk, ask: Ask, actor: Actor, place: Place) -> Request:
        """Ask: row, entry, mail.

        Raises:
            LinkError: see its kinds. And what `workflows.returning.ReturnBook.ask` raises; then nothing waits.
        """
        office = self.office
        office.address_of("/")
        desk.check_terms(ask.expires_at, ask.factor, office.reachable(ask.person))
        situation = office.cases.requests.situation(ask.folio)
        step = rules.known_step(situation.definition, ask.step)
        if not returns(step):
            raise NothingToSign(step=step.code, why="step")
        letter, request_id = letter_for(situation, step), new_id("r-")
        words: dict[str, Json] = {"process": situation.definition.label, "name": step.name.es}
        question = question_of(ask, request_id, words)
        asked = BlobRef(question_digest(question), len(canonical_bytes(question)), MEDIA, "")
        request = request_of(
            office,
            Purpose.UPLOAD,
            ask,
            request_id,
            letter.blob if letter is not None else asked,
            letter.name if letter is not None else f"{ask.folio} · {step.name.es}",
            actor,
            place,
            {"about": ask.about, "letter": "si" if letter is not None else "no"},
        )
        command = _command(ask, request, letter, question, actor)
        desk.enter(request, lambda: office.cases.returns.ask(command))
        return desk.launch(request)

    def blank(self, standing: Standing, request_id: str) -> bytes:
        """The letter as it was sent, to be printed and signed. Raises `LinkDead` where there is none in PDF."""
        request = self.request(standing, request_id)
        if request.details.get("letter") != "si":
            raise LinkDead
        content = self.document(standing, request_id)
        self.downloaded(standing, request_id)
        return content

    def give(self, standing: Standing, request_id: str, form: ReturnForm, place: Place) -> Request:
        """Take what the person sends, once. Whatever fails leaves the request as it was.

        Raises:
            AlreadyAnswered, StillSigning, FactorNeeded, DocumentDiffers, ReturnInvalid, LinkDead, TooManyTries;
            and what `workflows.returning.ReturnBook.give` raises.
        """
        request = self.open_request(standing, request_id)
        self.office.limit("link-return", request.id, TRIES)
        cleared(standing.visit, request)
        if form.digest != request.digest:
            raise DocumentDiffers
        self._fit(request, form)
        self.claimed(request, lambda: self._record(standing, request, form, place))
        return replace(request, status=Status.RETURNED)

    def look_again(self) -> str:
        """What came back and was not looked at is told again to who asked."""
        return next_reminder(self.office, self.office.clock())

    def unseen(self) -> tuple[tuple[Request, Arrived], ...]:
        """Letters that came back and wait to be looked at, the oldest first."""
        found = []
        for request in self.office.store.unseen():
            item = arrived_of(self.office, request)
            if item is not None and not item.settled:
                found.append((request, item))
        return tuple(found)

    def accept(self, folio: str, seq: int, actor: Actor) -> Receipt:
        """Take what came back as the step's evidence. Raises what `workflows.returning.ReturnBook.accept` raises."""
        receipt = self.office.cases.returns.accept(JudgeReturn(folio, seq, actor))
        self._seen(folio, seq)
        return receipt

    def send_back(self, desk: RequestDesk, judged: JudgeReturn, place: Place, about: str = "") -> Request:
        """Refuse what came back, for a reason, and ask the same person again with a new link.

        Raises:
            What `workflows.returning.ReturnBook.refuse` raises: then nothing was written. LinkError: it was refused and
            the case says so, and the new link could not be sent.
        """
        office = self.office
        office.address_of("/")
        office.cases.returns.refuse(judged)
        before = self._seen(judged.folio, judged.seq)
        if before is None:
            raise LinkDead
        term = parse_time(before.expires_at) - parse_time(before.created_at)
        ask = Ask(
            judged.folio,
            before.step,
            before.signatory,
            office.clock() + term,
            factor=before.factor,
            note=judged.reason,
            about=about or before.details.get("about", ""),
        )
        return self.ask(desk, ask, judged.actor, place)

    def _seen(self, folio: str, seq: int) -> Request | None:
        """Nobody need be reminded of it any more; the request that brought it."""
        found = request_of_return(self.office.cases.view(folio).entries, seq)
        request = self.office.store.request(found.request) if found is not None else None
        if request is not None:
            self.office.store.again(request.id, request.remind_at, "")
        return request

    def _slot(self, request: Request) -> Slot | None:
        step = self.office.cases.view(request.folio).definition.by_step[request.step]
        return step.slot(signing_slot(step))

    def _fit(self, request: Request, form: ReturnForm) -> None:
        """Refuse before anything is read what can be refused by looking at it from outside."""
        most = self.most(request)
        if not form.files:
            raise ReturnInvalid(why="missing")
        if len(form.files) > most:
            raise ReturnInvalid(why="many", most=str(most))
        if self.risky(request) and not form.no_secrets:
            raise ReturnInvalid(why="secrets")
        digests = [_digest(item.stream) for item in form.files]
        if request.digest in digests:
            raise ReturnInvalid(why="unsigned")
        if len(set(digests)) != len(digests):
            raise ReturnInvalid(why="twice")

    def _record(self, standing: Standing, request: Request, form: ReturnForm, place: Place) -> None:
        facts = self.visited(standing, request, place)
        self.office.cases.returns.give(
            GiveReturn(
                request.folio,
                request.id,
                self.links.actor(request),
                form.files,
                form.no_secrets,
                facts,
                placed(place),
            )
        )


def arrived_of(office: Office, request: Request) -> Arrived | None:
    """What a request brought back, as its case tells it."""
    entries = office.cases.view(request.folio).entries
    return next((item for item in arrived(entries) if item.request == request.id), None)


def _digest(stream: BinaryIO) -> str:
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()


def _command(
    ask: Ask, request: Request, letter: Letter | None, question: dict[str, Json], actor: Actor
) -> AskReturn:
    return AskReturn(
        folio=ask.folio,
        step=ask.step,
        request=request.id,
        purpose=request.purpose,
        actor=actor,
        person=request.signatory,
        seq=letter.seq if letter is not None else 0,
        digest=request.digest,
        question=question,
        expires_at=ask.expires_at,
        factor=ask.factor,
        note=ask.note,
    )

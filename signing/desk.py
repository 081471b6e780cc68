"""The desk's side of personal links: ask for a signature, send its link again, take the request back."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evidence.entry import BlobRef, EntryKind, format_time
from evidence.ports import BlobStore
from signing.errors import (
    AlreadyAnswered,
    DocumentUnsignable,
    FactorUnable,
    FactorUnknown,
    RequestUnknown,
    RfcInvalid,
    TermInvalid,
)
from signing.expected import RFC, expected_details
from signing.factors.records import FactorState
from signing.issuing import Issuer
from signing.levels import ASKABLE
from signing.office import Office, Place
from signing.ports import Person
from signing.records import OPEN, Purpose, Request, Status
from signing.tokens import new_id
from workflows import rules
from workflows.commands import Actor
from workflows.errors import NothingToSign, Refusal
from workflows.signatories import Letter, letters_of, principals_of, signs
from workflows.signatureacts import AskSignature, RequestNote

LONGEST = timedelta(days=60)
REMIND_AFTER = 2
"""Business days after which a link that was not answered is mailed anew."""
MOST_REMINDERS = 3
ASKED, AGAIN = "firma_solicitada", "firma_recordatorio"
_HYBRID = re.compile(rb"/XRefStm\b")


@dataclass(frozen=True, slots=True)
class Wish:
    """A signature that is wanted: of whom, on which letter (object ``object`` of entry ``seq``), until when.

    With ``rfc``, the signatory's, they may sign with their e.firma.
    """

    folio: str
    step: str
    signatory: str
    seq: int
    object: int
    expires_at: datetime
    factor: str = ""
    delegable: bool = False
    note: str = ""
    rfc: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form offers for a step: who may sign, the first one proposed, and the letters there are."""

    step: str
    signatories: tuple[Person, ...]
    letters: tuple[Letter, ...]


class RequestDesk:
    """See the module."""

    def __init__(self, office: Office, issuer: Issuer) -> None:
        self._office = office
        self._issuer = issuer

    def steps(self, folio: str) -> tuple[str, ...]:
        """Steps of a case that wait for a signed letter now, or will once the letter was sent."""
        situation = self._office.cases.requests.situation(folio)
        state = situation.state
        if state is None:
            return ()
        wanted = [step for step in situation.definition.steps if signs(step) and step.roles]
        return tuple(
            step.code
            for step in wanted
            if step.code in state.open_steps
            or (state.step(step.code).unmet and set(state.step(step.code).unmet) <= set(state.open_steps))
        )

    def choices(self, folio: str, step: str, contacts: Sequence[str] = ()) -> Choices:
        """What can be chosen for a step; ``contacts`` are offered where no post says who signs."""
        situation = self._office.cases.requests.situation(folio)
        found = rules.known_step(situation.definition, step)
        actors = principals_of(situation, found)
        if found.duty_post:
            deputies = (
                deputy for actor in actors for deputy in self._office.people.stand_ins(actor, situation.now)
            )
            actors = (*actors, *deputies)
        else:
            actors = tuple(contacts)
        known = [self._office.people.person(actor) for actor in dict.fromkeys(actors)]
        return Choices(step, tuple(item for item in known if item is not None), letters_of(situation))

    def provable(self, people: Sequence[Person]) -> frozenset[str]:
        """The kinds of second factors of their own that somebody of some people has enrolled."""
        if self._office.factors is None:
            return frozenset()
        wanted = {who.id for who in people}
        return frozenset(
            item.kind
            for item in self._office.factors.everyone()
            if item.state is FactorState.ACTIVE and item.owner in wanted
        )

    def ask(self, wish: Wish, actor: Actor, place: Place) -> Request:
        """Ask for a signature: rows, entry, mail.

        Raises:
            LinkError: see its kinds. And what `workflows.signatures.RequestBook.ask` raises.
        """
        office = self._office
        office.address_of("/")
        who = office.reachable(wish.signatory)
        self.check_terms(wish.expires_at, wish.factor, who)
        if wish.rfc.strip() and not RFC.fullmatch(wish.rfc.strip().upper()):
            raise RfcInvalid
        letter, pages = self._letter(wish)
        now = office.clock()
        request = Request(
            id=new_id("r-"),
            purpose=Purpose.SIGN,
            folio=wish.folio,
            step=wish.step,
            signatory=who.id,
            asked_by=actor.id,
            document=letter.blob,
            name=letter.name,
            expires_at=format_time(wish.expires_at),
            created_at=format_time(now),
            factor=wish.factor,
            delegable=wish.delegable,
            remind_at=next_reminder(office, now),
            asker_mark=office.marks.of("address", place.address),
            asker_device=office.marks.of("device", place.address, place.user_agent),
            note=wish.note.strip(),
            details={"pages": str(pages), **expected_details(wish.rfc, who.id)},
        )
        self.enter(request, lambda: office.cases.requests.ask(_command(wish, request, actor)))
        return self.launch(request)

    def enter(self, request: Request, write: Callable[[], object]) -> None:
        """The row, and then what is written of it; the row of what was refused waits for nothing. Raises as it does."""
        self._office.store.add_request(request)
        try:
            write()
        except Refusal:
            self._office.store.move(request.id, [Status.NEW], Status.VOID)
            raise

    def launch(self, request: Request) -> Request:
        """A request whose entry is written: it waits from here on, and its mail goes out."""
        self._issuer.mail(request.id, ASKED)
        self._office.store.move(request.id, [Status.NEW], Status.PENDING)
        return replace(request, status=Status.PENDING)

    def resend(self, request_id: str, actor: Actor) -> Request:
        """Mail a new link; every earlier one is dead from now on. Raises `RequestUnknown`, `AlreadyAnswered`."""
        request = self.waiting(request_id)
        if not self._office.store.renew(request.id):
            raise AlreadyAnswered(how=request.status)
        later = self._known(request.id)
        self._revoked(later, actor, "resent")
        self._issuer.mail(later.id, ASKED)
        return later

    def withdraw(self, request_id: str, actor: Actor, reason: str) -> Request:
        """Take a request back, with a reason: its links die. Raises `ReasonMissing`, `RequestSettled`."""
        request = self.waiting(request_id)
        rules.reason_given(reason)
        told = RequestNote(
            request.folio,
            EntryKind.SIGNATURE_WITHDRAWN,
            request.id,
            actor,
            f"request/{request.id}/withdrawn",
            note=reason,
            open=True,
        )
        self._office.note(told)
        self._office.store.move(request.id, tuple(OPEN), Status.WITHDRAWN)
        return self._known(request.id)

    def waiting(self, request_id: str) -> Request:
        """A request that waits. Raises `RequestUnknown`, `AlreadyAnswered`."""
        found = self._known(request_id)
        if not found.waits(self._office.now()):
            raise AlreadyAnswered(how=found.status)
        return found

    def _revoked(self, request: Request, actor: Actor, why: str) -> None:
        told = RequestNote(
            request.folio,
            EntryKind.LINK_REVOKED,
            request.id,
            actor,
            f"request/{request.id}/revoked/{request.generation}",
            private={"why": why},
        )
        self._office.note(told)

    def _known(self, request_id: str) -> Request:
        found = self._office.store.request(request_id)
        if found is None or found.status is Status.VOID:
            raise RequestUnknown
        return found

    def check_terms(self, expires_at: datetime, factor: str, who: Person) -> None:
        """Raises `TermInvalid`, `FactorUnknown`, `FactorUnable`."""
        now = self._office.clock()
        if not now < expires_at <= now + LONGEST:
            raise TermInvalid(most=str(LONGEST.days))
        if factor not in ASKABLE:
            raise FactorUnknown(options=", ".join(ASKABLE[1:]))
        if not self._office.enrolled(who.id, factor):
            raise FactorUnable(name=who.name, why=factor)

    def _letter(self, wish: Wish) -> tuple[Letter, int]:
        """The letter, read and found fit to be signed, and how many pages it has."""
        situation = self._office.cases.requests.situation(wish.folio)
        rules.known_step(situation.definition, wish.step)
        wanted = (wish.seq, wish.object)
        letter = next((item for item in letters_of(situation) if (item.seq, item.object) == wanted), None)
        if letter is None:
            raise NothingToSign(step=wish.step, why="document")
        content = read_blob(self._office.blobs, letter.blob)
        about = self._office.reader.inspect(io.BytesIO(content), name=letter.name).about
        signatures = about.get("signatures")
        if isinstance(signatures, dict) and (signatures.get("count") or signatures.get("fields")):
            raise DocumentUnsignable(why="signed")
        if about.get("encrypted"):
            raise DocumentUnsignable(why="restricted")
        if _HYBRID.search(content):
            raise DocumentUnsignable(why="hybrid")
        pages = about.get("pages")
        return letter, pages if isinstance(pages, int) else 1


def read_blob(blobs: BlobStore, ref: BlobRef) -> bytes:
    """An object's bytes in exactly the version named, checked against its digest.

    Raises:
        BlobMissing, BlobCorrupt, StoreUnavailable.
    """
    copy = io.BytesIO()
    with blobs.open(ref) as stream:
        shutil.copyfileobj(stream, copy)
    return copy.getvalue()


def _command(wish: Wish, request: Request, actor: Actor) -> AskSignature:
    return AskSignature(
        folio=wish.folio,
        step=wish.step,
        request=request.id,
        purpose=request.purpose,
        actor=actor,
        signatory=request.signatory,
        seq=wish.seq,
        object=wish.object,
        expires_at=wish.expires_at,
        factor=wish.factor,
        note=wish.note,
        terms={
            "delegable": "si" if wish.delegable else "no",
            **({"rfc": wish.rfc.strip().upper()} if wish.rfc.strip() else {}),
        },
    )


def next_reminder(office: Office, moment: datetime) -> str:
    """When to remind after a moment: some business days later, at the hour the desk opens."""
    day = office.calendar.add(office.calendar.local_day(moment), REMIND_AFTER, "habiles")
    return format_time(office.calendar.opening_of(day))

"""A secret left for one person: encrypted until a person's POST, shown once, destroyed by that or by its time.

The case is told that it was left, opened, shown and destroyed. The secret itself is in no entry, log or mail.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidence.entry import EntryKind
from evidence.ports import StoreUnavailable
from signing.act import placed
from signing.acting import SigningDesk, cleared
from signing.desk import RequestDesk
from signing.errors import SecretGone, SecretInvalid
from signing.issuing import Issuer
from signing.kinds.asking import Ask, ask_about, askable
from signing.kinds.box import BoxBroken, SecretBox
from signing.kinds.store import SecretStore
from signing.links import LinkDesk, Standing
from signing.office import Office, Place
from signing.ports import Person
from signing.records import OPEN, Purpose, Request, Status
from workflows import rules
from workflows.answeracts import ReceiveSecret
from workflows.answering import delivery_values, secret_slot
from workflows.commands import SYSTEM_ACTOR, Actor
from workflows.errors import NothingToSign
from workflows.facts import Facts
from workflows.requests import LINK_ROLE, VIA_LINK
from workflows.signatureacts import RequestNote

MOST_SECRET = 2_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Left:
    """A secret to be left: for whom and until when, and the secret, which shows in no representation of this."""

    ask: Ask
    secret: str = field(repr=False)


class SecretDesk(SigningDesk):
    """See the module."""

    PURPOSE = Purpose.SECRET
    ENDED = Status.SHOWN

    def __init__(
        self, office: Office, links: LinkDesk, issuer: Issuer, store: SecretStore, box: SecretBox
    ) -> None:
        super().__init__(office, links, issuer)
        self._secrets = store
        self._box = box

    def steps(self, folio: str) -> tuple[str, ...]:
        """Open steps of a case in which credentials are delivered."""
        situation = self.office.cases.requests.situation(folio)
        if situation.state is None:
            return ()
        return tuple(
            step.code
            for step in situation.definition.steps
            if step.code in situation.state.open_steps and secret_slot(step)
        )

    def people(self, folio: str, contacts: Sequence[str]) -> tuple[Person, ...]:
        """For whom it can be left, the likeliest first."""
        return askable(self.office, folio, contacts)

    def leave(self, desk: RequestDesk, left: Left, actor: Actor, place: Place) -> Request:
        """Leave a secret: entry, encrypted row, mail. A secret that could not be kept mails nothing.

        Raises:
            SecretInvalid, LinkError: see its kinds. And what `workflows.answering.AnswerBook.ask` raises.
        """
        if not left.secret.strip() or len(left.secret) > MOST_SECRET:
            raise SecretInvalid(most=str(MOST_SECRET))
        definition = self.office.cases.view(left.ask.folio).definition
        step = rules.known_step(definition, left.ask.step)
        if not secret_slot(step):
            raise NothingToSign(step=step.code, why="step")
        who = self.office.person(left.ask.person)
        ask = replace(left.ask, data={**left.ask.data, **delivery_values(step, who.name)})
        name = f"{ask.folio} · {step.name.es}"
        question: Mapping[str, str] = {"process": definition.label, "name": step.name.es}
        request = ask_about(
            self.office,
            desk,
            Purpose.SECRET,
            ask,
            name,
            dict(question),
            actor,
            place,
            keep=lambda made: self._secrets.keep(made.id, self._box.seal(left.secret, made.id)),
        )
        return desk.launch(request)

    def show(self, standing: Standing, request_id: str, place: Place) -> str:
        """The secret, to be shown at once and never again: it is destroyed before this returns.

        Raises:
            AlreadyAnswered, StillSigning, FactorNeeded, SecretGone, LinkDead; and what
            `workflows.answering.AnswerBook.receive` raises: then it is still there.
        """
        request = self.open_request(standing, request_id)
        cleared(standing.visit, request)
        seen: list[str] = []

        def act() -> None:
            try:
                seen.append(self._box.open(self._secrets.sealed(request.id), request.id))
            except BoxBroken as error:
                raise SecretGone from error
            self._record(standing, request, place)

        self.claimed(request, act)
        try:
            self.sweep()
        except (
            StoreUnavailable
        ):  # the next round of upkeep tells it; the person must not lose what was destroyed
            _log.warning("a secret was shown; that it is destroyed will be told later")
        return seen[0]

    def mail_receipts(self, request: Request) -> None:
        """Nothing here may fail once the secret is destroyed: who left it is told by `sweep`."""

    def sweep(self) -> tuple[str, ...]:
        """Tell the cases of secrets that were destroyed, however they ended; idempotent."""
        told = []
        for request_id in self._secrets.destroyed():
            request = self.office.store.request(request_id)
            if request is None or request.status in OPEN:
                continue
            key = f"request/{request.id}/destroyed"
            why = str(request.status)
            note = RequestNote(
                request.folio, EntryKind.SECRET_DESTROYED, request.id, SYSTEM_ACTOR, key, Facts(method=why)
            )
            if request.status is not Status.VOID:
                self.office.note(note)
            if request.status is Status.SHOWN:
                self.mail_done(request, request.status)
            self._secrets.forget(request.id)
            told.append(request.id)
        return tuple(told)

    def _record(self, standing: Standing, request: Request, place: Place) -> None:
        facts = self.visited(standing, request, place)
        reader = Actor(request.signatory, LINK_ROLE, via=VIA_LINK)
        self.office.cases.answers.receive(
            ReceiveSecret(request.folio, request.id, reader, facts, placed(place))
        )

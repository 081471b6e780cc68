"""Answers through a personal link: one of the ways a step can turn out, chosen by whom it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence.canonical import Json
from signing.act import placed
from signing.acting import SigningDesk, cleared
from signing.desk import RequestDesk
from signing.errors import DocumentDiffers
from signing.kinds.asking import Ask, ask_about, askable
from signing.links import Standing
from signing.office import Place
from signing.ports import Person
from signing.records import Purpose, Request, Status
from workflows import rules
from workflows.answeracts import GiveAnswer
from workflows.answering import answers_of
from workflows.commands import Actor
from workflows.definition import Branch
from workflows.errors import NothingToSign

MOST_WORDS = 1000


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What the person sends: the digest of the question as the page showed it, the answer's code, their own words."""

    digest: str
    choice: str
    words: str = ""


class AnswerDesk(SigningDesk):
    """See the module. The claim that lets one signature through lets one answer through."""

    PURPOSE = Purpose.ANSWER
    ENDED = Status.ANSWERED

    def steps(self, folio: str) -> tuple[str, ...]:
        """Open steps of a case whose answer can be asked for."""
        situation = self.office.cases.requests.situation(folio)
        if situation.state is None:
            return ()
        return tuple(
            step.code
            for step in situation.definition.steps
            if step.code in situation.state.open_steps and answers_of(step)
        )

    def people(self, folio: str, contacts: Sequence[str]) -> tuple[Person, ...]:
        """Who can be asked, the likeliest first."""
        return askable(self.office, folio, contacts)

    def options(self, request: Request) -> tuple[Branch, ...]:
        """The answers of a request."""
        definition = self.office.cases.view(request.folio).definition
        return answers_of(definition.by_step[request.step])

    def ask(self, desk: RequestDesk, ask: Ask, actor: Actor, place: Place) -> Request:
        """Ask: rows, entry, mail.

        Raises:
            LinkError: see its kinds. And what `workflows.answering.AnswerBook.ask` raises.
        """
        definition = self.office.cases.view(ask.folio).definition
        step = rules.known_step(definition, ask.step)
        found = answers_of(step)
        if not found:
            raise NothingToSign(step=step.code, why="step")
        options: list[Json] = [{"code": branch.code, "text": branch.name.es} for branch in found]
        question: dict[str, Json] = {"process": definition.label, "name": step.name.es, "options": options}
        request = ask_about(
            self.office, desk, Purpose.ANSWER, ask, f"{ask.folio} · {step.name.es}", question, actor, place
        )
        return desk.launch(request)

    def answer(self, standing: Standing, request_id: str, form: AnswerForm, place: Place) -> Request:
        """Answer once. Whatever fails leaves the request as it was.

        Raises:
            AlreadyAnswered, StillSigning, FactorNeeded, DocumentDiffers, LinkDead; and what
            `workflows.answering.AnswerBook.answer` raises.
        """
        request = self.open_request(standing, request_id)
        cleared(standing.visit, request)
        if form.digest != request.digest:
            raise DocumentDiffers
        self.claimed(request, lambda: self._record(standing, request, form, place))
        return replace(request, status=Status.ANSWERED)

    def _record(self, standing: Standing, request: Request, form: AnswerForm, place: Place) -> None:
        facts = self.visited(standing, request, place)
        self.office.cases.answers.answer(
            GiveAnswer(
                request.folio,
                request.id,
                self.links.actor(request),
                form.choice or "-",
                form.words.strip()[:MOST_WORDS],
                facts,
                placed(place),
            )
        )

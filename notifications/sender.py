"""Sends what waits in the outbox: claims, words, hands over, and tells the case.

Each step is written down before the next begins, so that whoever finds the work half done knows how far it got. Only
between a server's taking a mail and our keeping its answer can nobody know; `Sender._found` says what happens then.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from evidence.entry import format_time, parse_time
from evidence.ports import Clock, StoreUnavailable
from notifications.message import Letterhead, compose
from notifications.outbox import SETTLED, MailState, Outbox, QueuedMail, mail_id
from notifications.secretbox import BoxClosed, SecretBox
from notifications.templates import DEFAULT_LOCALE, MailTemplates, UnknownTemplate, Wording
from notifications.transports import Envelope, InDoubt, NotNow, Refused, Taken, Transport
from workflows.mailing import Addressee, Attached, MailRequest

LEASE = timedelta(minutes=5)
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
"""How long to wait after each failed attempt; after the last one nobody tries any more: a good two days in all."""

PLACEHOLDER = {
    "es": "[enlace personal: iba en el correo y no se conserva]",
    "en": "[personal link: it was in the mail and is not kept]",
}
"""What stands in the kept copy in place of each secret."""


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A mail as its case keeps it: the bytes without secrets, subject and addresses, and its template's digest.

    ``secrets`` says how many values a mark stands for. ``content`` is empty for a mail that could not be made.
    ``files`` are the bytes of what went with it, in the request's order.
    """

    content: bytes
    message_id: str
    template_digest: str
    secrets: int
    subject: str = ""
    to: tuple[str, ...] = ()
    files: tuple[bytes, ...] = ()


class FileGone(Exception):
    """A file that should go with a mail is not there any more, or is another."""


Attaching = Callable[[str, int, Attached], bytes]
"""The bytes of a mail's file, by the mail's id and the file's place. Raises `FileGone`, and what its store raises."""


class Teller(Protocol):
    """Lets the case of a mail know what became of it; repeating it changes nothing."""

    def tell(self, mail: QueuedMail, copy: SentCopy) -> None:
        """Record that the mail was sent, or that it was given up (``mail.state``)."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """What one pass did: how many were sent, wait again, were given up, and cases told."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0
    told: int = 0


class _LeaseLost(Exception):
    """Somebody else has the mail by now: nothing was handed over."""


class Sender:
    """One sender; any number of them may work on one outbox."""

    def __init__(  # noqa: PLR0913 - the ports are its parameters
        self,
        *,
        outbox: Outbox,
        transport: Transport,
        templates: MailTemplates,
        head: Letterhead,
        clock: Clock,
        teller: Teller | None = None,
        box: SecretBox | None = None,
        resolve: Callable[[Addressee], tuple[Addressee, ...]] | None = None,
        values: Mapping[str, str] | None = None,
        attaching: Attaching | None = None,
    ) -> None:
        """Take the ports.

        Args:
            outbox: where mails wait.
            transport: the way out.
            templates: their wording.
            head: who writes.
            clock: the present.
            teller: lets cases know; without one, nobody is told.
            box: opens the secrets of mails that have some.
            resolve: where somebody is reached who was named by post; by default everybody is named by address.
                They come with the language they chose.
            values: what every mail may be filled with, such as the house's address.
            attaching: gives the bytes of files that go with mails; without it no mail has any.
        """
        self._outbox = outbox
        self._transport = transport
        self._templates = templates
        self._head = head
        self._clock = clock
        self._teller = teller
        self._box = box
        self._resolve = resolve or (lambda who: (who,))
        self._values = dict(values or {})
        self._attaching = attaching
        self._owner = secrets.token_hex(8)

    def run(self, limit: int = 20) -> Round:
        """Send up to ``limit`` mails that are due, and tell the cases of those that are settled.

        Raises:
            evidence.ports.StoreUnavailable, or what the teller raises; what was sent stays sent.
        """
        states = []
        for _ in range(limit):
            now = self._clock()
            claimed = self._outbox.claim(self._owner, now, now + LEASE)
            if not claimed:
                break
            states += [self._send(mail) for mail in claimed]
        told = self.tell_all()
        return Round(
            sent=states.count(MailState.SENT),
            waiting=states.count(MailState.WAITING) + states.count(MailState.HANDING),
            failed=states.count(MailState.FAILED),
            told=told,
        )

    def send(self, wanted: str) -> QueuedMail | None:
        """Send one mail now, whatever it waits for, and tell its case; gives it as it then stands."""
        now = self._clock()
        mail = self._outbox.claim_one(wanted, self._owner, now, now + LEASE)
        if mail is not None:
            self._send(mail)
        found = self._outbox.get(wanted)
        if found is not None and found.state in SETTLED and not found.told:
            self._tell(found)
            found = self._outbox.get(wanted)
        return found

    def tell_all(self) -> int:
        """Tell the cases of mails that were settled; each again until it was told."""
        untold = self._outbox.untold()
        for mail in untold:
            self._tell(mail)
        return len(untold)

    def copy_of(self, mail: QueuedMail, files: tuple[bytes, ...] | None = None) -> SentCopy:
        """The mail as its case keeps it; ``files`` where they are at hand."""
        attached = self._files(mail) if files is None else files
        names = mail.request.secrets
        shown = PLACEHOLDER[self._locale(mail)]
        content, wording = self._content(mail, dict.fromkeys(names, shown), attached)
        return SentCopy(
            content=content,
            message_id=mail.message_id(self._head.domain),
            template_digest=wording.digest,
            secrets=len(names),
            subject=wording.subject,
            to=tuple(item.address for item in self._to(mail)),
            files=attached,
        )

    def preview(self, request: MailRequest, files: tuple[bytes, ...] = ()) -> SentCopy:
        """The copy that a mail with these files would leave, were it sent now.

        Raises:
            UnknownTemplate, ValueError: it cannot be made.
        """
        now = format_time(self._clock())
        return self.copy_of(
            QueuedMail(mail_id(request.key), request, MailState.WAITING, now, now, dated_at=now), files
        )

    def _send(self, mail: QueuedMail) -> MailState:
        if mail.state is MailState.HANDING and self._found(mail):
            return MailState.SENT
        to = self._to(mail)
        if not to:
            return self._settle(mail, MailState.FAILED, "nobody", "")
        ready = replace(mail, dated_at=mail.dated_at or format_time(self._clock()), addressed=to)
        try:
            content, _wording = self._content(ready, self._opened(mail), self._files(mail))
        except StoreUnavailable as error:  # of files: the mail waits for them, and no other waits for it
            return self._later(mail, NotNow("storage", type(error).__name__))
        except (UnknownTemplate, BoxClosed, FileGone, ValueError) as error:
            return self._settle(mail, MailState.FAILED, "unfit", f"{type(error).__name__}: {error}")
        return self._deliver(ready, content)

    def _found(self, mail: QueuedMail) -> bool:
        """Whether a mail whose handing ended without an answer is there already, as far as it can be asked.

        Where it cannot, the very same bytes are handed over again: the same Message-ID and the same links, so that a
        receiver that drops repetitions drops one, and one that does not shows the same mail twice.
        """
        there = self._transport.seen(mail.message_id(self._head.domain))
        if there:
            self._outbox.accepted(mail.id, self._owner, self._clock(), "found")
        return bool(there)

    def _to(self, mail: QueuedMail) -> tuple[Addressee, ...]:
        """Whom it goes to, each address once; once it was handed over, the same for ever."""
        if mail.addressed:
            return mail.addressed
        found = (who for item in mail.request.to for who in self._resolve(item))
        return tuple({who.address: who for who in found}.values())

    def _locale(self, mail: QueuedMail) -> str:
        """In which language: what was asked for, else what everybody it goes to chose, else the house's."""
        fixed = mail.locale or mail.request.locale
        chosen = {fixed} if fixed else {who.locale or DEFAULT_LOCALE for who in self._to(mail)}
        return chosen.pop() if len(chosen) == 1 and chosen <= PLACEHOLDER.keys() else DEFAULT_LOCALE

    def _opened(self, mail: QueuedMail) -> Mapping[str, str]:
        if not mail.request.secrets:
            return {}
        if self._box is None:
            raise BoxClosed("no key")
        return self._box.open(mail.id, mail.sealed)

    def _files(self, mail: QueuedMail) -> tuple[bytes, ...]:
        if not mail.request.files:
            return ()
        if self._attaching is None:
            raise FileGone("no store")
        return tuple(self._attaching(mail.id, place, file) for place, file in enumerate(mail.request.files))

    def _content(
        self, mail: QueuedMail, made: Mapping[str, str], files: Sequence[bytes]
    ) -> tuple[bytes, Wording]:
        request = mail.request
        values = {**self._values, "folio": request.case, **request.context, **made}
        wording = self._templates.render(request.template, values, self._locale(mail))
        content = compose(
            self._head,
            self._to(mail),
            wording,
            message_id=mail.message_id(self._head.domain),
            date=parse_time(mail.dated_at),
            case=request.case,
            files=tuple(zip(request.files, files, strict=True)),
        )
        return content, wording

    def _deliver(self, mail: QueuedMail, content: bytes) -> MailState:
        to = mail.addressed
        envelope = Envelope(
            self._head.sender.address,
            tuple(item.address for item in to),
            mail.message_id(self._head.domain),
            content,
        )

        def handing() -> None:
            if not self._outbox.hand(mail.id, self._owner, mail.dated_at, to, self._locale(mail)):
                raise _LeaseLost

        try:
            taken = self._transport.deliver(envelope, handing)
        except _LeaseLost:
            return mail.state
        except Refused as error:
            return self._settle(mail, MailState.FAILED, error.code, error.detail)
        except NotNow as error:
            return self._later(mail, error)
        except InDoubt as error:
            return self._doubt(mail, error)
        self._outbox.accepted(mail.id, self._owner, self._clock(), _answer(taken))
        return MailState.SENT

    def _later(self, mail: QueuedMail, error: NotNow) -> MailState:
        if mail.attempts >= len(DELAYS):
            return self._settle(mail, MailState.FAILED, error.code, error.detail)
        due = self._clock() + DELAYS[mail.attempts]
        self._outbox.postpone(mail.id, self._owner, due, error.code, error.detail)
        return MailState.WAITING

    def _doubt(self, mail: QueuedMail, error: InDoubt) -> MailState:
        if mail.attempts >= len(DELAYS):
            return self._settle(mail, MailState.FAILED, error.code, error.detail)
        self._outbox.doubt(mail.id, self._owner, self._clock() + DELAYS[mail.attempts], error.detail)
        return MailState.HANDING

    def _settle(self, mail: QueuedMail, state: MailState, trouble: str, detail: str) -> MailState:
        self._outbox.settle(mail.id, self._owner, state, self._clock(), trouble, detail)
        return state

    def _tell(self, mail: QueuedMail) -> None:
        """A mail that was given up before it was ever dated is dated now: the copy is of what was to be sent."""
        if self._teller is not None:
            dated = mail if mail.dated_at else replace(mail, dated_at=mail.settled_at)
            self._teller.tell(mail, self._copy_or_nothing(dated))
        self._outbox.tell(mail.id)

    def _copy_or_nothing(self, mail: QueuedMail) -> SentCopy:
        try:
            return self.copy_of(mail)
        except (UnknownTemplate, FileGone, ValueError):  # unfit: there is no copy, and its trouble is told
            return SentCopy(b"", mail.message_id(self._head.domain), "", 0)


def _answer(taken: Taken) -> str:
    refused = "; ".join(f"{address}: {why}" for address, why in taken.refused.items())
    return f"{taken.answer}; {refused}" if refused else taken.answer

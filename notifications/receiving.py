"""Takes mails out of a mailbox: keeps each once, says what it is, where it may belong and what it may answer.

Nothing is decided here. Reading a stranger's bytes is the confined reader's work; what it refuses is kept all the same,
with the reason, for a person to look at. Only a report that a mail of ours came back is filed by itself.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol

from documents.bounce import Bounce
from documents.isolation import WorkerFailed
from documents.refusals import FileRefused
from evidence.canonical import Json
from evidence.entry import format_time
from evidence.ports import Clock
from notifications.authenticity import Dns
from notifications.cleaning import one_line
from notifications.imap import Fetched, Mailbox, new_mails
from notifications.inbox import Answer, Inbox, IncomingMail, IncomingState, Match
from notifications.keylookup import KeyLookups
from notifications.matching import Ledgers, matches_of, own_mails
from workflows.ports import Inspected

MOST_AT_ONCE = 20
_LOG = logging.getLogger("constancia")
_TRACE = re.compile(rb"^(?:received|return-path|delivered-to|x-[^:]+|authentication-results):", re.IGNORECASE)


class Reader(Protocol):
    """What is asked of the confined reader."""

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspected: ...  # noqa: D102 - `documents.isolation`
    def bounce(self, stream: BinaryIO, *, name: str) -> Bounce | None: ...  # noqa: D102 - the same


class Origins(Protocol):
    """What is asked of the confined reader about where a mail comes from: `notifications.isolation`."""

    def origin(  # noqa: D102 - `notifications.authenticity.origin_of`
        self,
        stream: BinaryIO,
        *,
        results: Sequence[str],
        sender: str,
        known: Mapping[str, str | None],
        authserv: str,
    ) -> tuple[dict[str, str], tuple[str, ...]]: ...
    def headers(self, stream: BinaryIO) -> dict[str, Json]: ...  # noqa: D102 - `documents.mail.headers_of`


Answering = Callable[[str, str], Answer | None]
"""What a text seems to answer in a case, by folio and text."""

Bounced = Callable[[str, Bounce, IncomingMail, bytes], str]
"""Notes in its case that a mail of ours (by id) came back; gives the folio, ``""`` for a mail nobody knows."""


@dataclass(frozen=True, slots=True)
class Received:
    """What one pass did: mails new here, of them bounces filed, and repetitions of known ones."""

    new: int = 0
    bounces: int = 0
    repeated: int = 0


class Receiver:
    """Reads one mailbox into the inbox; several may, on one mailbox. Without one it takes what it is given."""

    def __init__(  # noqa: PLR0913 - the ports are its parameters
        self,
        *,
        inbox: Inbox,
        box: Mailbox | None,
        reader: Reader,
        origins: Origins,
        house: Ledgers,
        answering: Answering,
        bounced: Bounced,
        clock: Clock,
        dns: Dns | None,
        authserv: str = "",
        largest: int,
    ) -> None:
        self._inbox = inbox
        self._box = box
        self._reader = reader
        self._origins = origins
        self._house = house
        self._answering = answering
        self._bounced = bounced
        self._clock = clock
        self._keys = KeyLookups(dns)
        self._dns = dns
        self._authserv = authserv
        self._largest = largest

    def poll(self, most: int = MOST_AT_ONCE) -> Received:
        """Take what is new.

        Raises:
            MailboxUnavailable, evidence.ports.StoreUnavailable: what was taken before is kept.
        """
        done = Received()
        if self._box is None:
            return done
        self._keys = KeyLookups(self._dns)
        since = self._inbox.position(self._box.name)
        for fetched in new_mails(self._box, since, most=most, largest=self._largest):
            done = self._take(fetched, done, self._box.name)
        return done

    def take(self, raw: bytes, source: str) -> Received:
        """Take one mail that came by another way, such as a file; ``source`` says which."""
        return self._take(Fetched((0, 0), len(raw), raw), Received(), source)

    def _take(self, fetched: Fetched, done: Received, source: str) -> Received:
        raw = fetched.raw or b""
        mail = self._read(fetched, raw, source)
        if not self._inbox.keep(mail, raw, fetched.position):
            return replace(done, repeated=done.repeated + 1)
        if mail.state is IncomingState.REPEATED:
            return replace(done, repeated=done.repeated + 1)
        if self._filed_as_bounce(mail, raw):
            return replace(done, new=done.new + 1, bounces=done.bounces + 1)
        return replace(done, new=done.new + 1)

    def _read(self, fetched: Fetched, raw: bytes, source: str) -> IncomingMail:
        validity, uid = fetched.position
        place = f"{validity}:{uid}"
        about = self._about(raw) if fetched.raw is not None else {"refused": "too_large"}
        mail = IncomingMail(
            id=hashlib.sha256(raw or f"{source} {place}".encode()).hexdigest(),
            mailbox=source,
            uid=place,
            message_id=str(about.get("message_id", "")),
            arrived_at=format_time(self._clock()),
            about={**about, "core": core_digest(raw)},
            facts={},
            size=fetched.size,
        )
        mail = self._placed(replace(mail, facts=self._facts(raw, mail)))
        return self._compared(mail)

    def _about(self, raw: bytes) -> Mapping[str, Json]:
        """What the mail says; where it cannot be read, its headers and why: no mail keeps others from coming."""
        try:
            return self._reader.inspect(io.BytesIO(raw), name="correo.eml").about
        except FileRefused as error:
            told = self._headers(raw)
            if error.code == "secret_found" and str(error.fields.get("place", "")).startswith("subject"):
                told["subject"] = ""
            return {**told, "refused": error.code}
        except WorkerFailed as error:
            _LOG.error("mail", exc_info=error, extra={"what": "a mail that our own reader does not survive"})
            return {**self._headers(raw), "refused": "damaged"}

    def _headers(self, raw: bytes) -> dict[str, Json]:
        try:
            return self._origins.headers(io.BytesIO(raw))
        except (FileRefused, WorkerFailed):
            return {}

    def _facts(self, raw: bytes, mail: IncomingMail) -> dict[str, str]:
        """Where it comes from. What cannot be found out is unknown, never a failure of the signature."""
        told = mail.about.get("authentication_results", [])
        results = [str(item) for item in told] if isinstance(told, list) else []
        known: Mapping[str, str | None] = {}
        try:
            facts, wanted = self._origin(raw, mail, results, known)
            known = self._keys.records(wanted)
            return self._origin(raw, mail, results, known)[0] if known else facts
        except (FileRefused, WorkerFailed):
            return {"dkim": "unknown"}

    def _origin(
        self, raw: bytes, mail: IncomingMail, results: Sequence[str], known: Mapping[str, str | None]
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        return self._origins.origin(
            io.BytesIO(raw), results=results, sender=mail.sender, known=known, authserv=self._authserv
        )

    def _placed(self, mail: IncomingMail) -> IncomingMail:
        """With the cases it may belong to, and what it may answer in the first of them."""
        text = mail.text("text")
        references = f"{mail.text('references')} {mail.text('in_reply_to')}"
        found: tuple[Match, ...] = matches_of(
            mail.text("subject"), text, references, mail.sender, self._house
        )
        answers = (self._answering(item.folio, text) for item in found)
        return replace(mail, matches=found, answer=next((item for item in answers if item is not None), None))

    def _compared(self, mail: IncomingMail) -> IncomingMail:
        """A second copy says the same under the same Message-ID; another text under a known one is shown as such."""
        for known in self._inbox.of_message(mail.message_id):
            if known.id == mail.id:
                continue
            if known.about.get("core") == mail.about.get("core"):
                return replace(mail, state=IncomingState.REPEATED, settled_at=mail.arrived_at, twin=known.id)
            return replace(mail, twin=known.id)
        return mail

    def _filed_as_bounce(self, mail: IncomingMail, raw: bytes) -> bool:
        try:
            bounce = self._reader.bounce(io.BytesIO(raw), name="correo.eml") if raw else None
        except (FileRefused, WorkerFailed):
            return False
        if bounce is None:
            return False
        for wanted in own_mails(bounce.message_id, self._house.domain):
            folio = self._bounced(wanted, bounce, mail, raw)
            if folio:
                said = one_line(f"{bounce.status} {bounce.said}", 200)
                self._inbox.settle(
                    mail.id, IncomingState.BOUNCE, case=folio, by="system", note=said, at=self._clock()
                )
                return True
        return False


def core_digest(raw: bytes) -> str:
    """Hex SHA-256 of a mail without what servers add on its way: equal for two copies of one mail."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    kept, keeping = [], True
    for line in head.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            keeping = _TRACE.match(line) is None
        if keeping:
            kept.append(line)
    return hashlib.sha256(b"\r\n".join(kept) + gap + body).hexdigest()

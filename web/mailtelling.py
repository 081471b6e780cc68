"""Lets cases know what became of their mails: the step whose evidence a mail is, or an entry that says it went."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator

from documents.refusals import FileRefused
from evidence.canonical import Json
from evidence.entry import SYSTEM, BlobRef, EntryKind, parse_time
from notifications.outbox import MailState, QueuedMail
from notifications.sender import SentCopy
from workflows.campaigncommands import AskAreas
from workflows.cases import CaseService
from workflows.commands import Actor, NoteMail, RecordStep, Reuse, Upload
from workflows.errors import Refusal
from workflows.mailing import Attached, MailRequest

_LOG = logging.getLogger("constancia")
BY_SYSTEM = Actor(SYSTEM, SYSTEM, via=SYSTEM, kind=SYSTEM)


class CaseTeller:
    """`notifications.sender.Teller` over the case service."""

    def __init__(self, cases: CaseService) -> None:
        self._cases = cases

    def tell(self, mail: QueuedMail, copy: SentCopy) -> None:
        """Record what the mail is evidence of; where that is refused by now, and otherwise, note that it went."""
        if not mail.request.case:
            return
        if mail.state is MailState.SENT and mail.request.record and self._record(mail, copy):
            return
        self._note(mail, copy)

    def _record(self, mail: QueuedMail, copy: SentCopy) -> bool:
        try:
            act(self._cases, recording(mail.request, mail.id, copy, mail.settled_at))
        except (Refusal, FileRefused) as error:
            _LOG.warning("mail", extra={"what": f"step not recorded after its mail: {type(error).__name__}"})
            return False
        return True

    def _note(self, mail: QueuedMail, copy: SentCopy) -> None:
        """The mail's file may be refused by now (limits change): then its digest is noted, and that no copy is kept."""
        try:
            self._cases.note_mail(self._noting(mail, copy, keep=bool(copy.content)))
        except FileRefused:
            self._cases.note_mail(self._noting(mail, copy, keep=False))

    def _noting(self, mail: QueuedMail, copy: SentCopy, *, keep: bool) -> NoteMail:
        sent = mail.state is MailState.SENT
        facts = {
            "id": mail.id,
            "template": mail.request.template,
            "template_sha256": copy.template_digest,
            "copy": ("marked" if copy.secrets else "whole") if keep else "none",
            "code": mail.trouble if not sent else "",
            "doubt": "1" if mail.doubt else "",
        }
        told = {
            "to": ", ".join(copy.to),
            "subject": copy.subject,
            "answer": mail.detail,
            "sha256": "" if keep or not copy.content else hashlib.sha256(copy.content).hexdigest(),
        }
        return NoteMail(
            folio=mail.request.case,
            kind=EntryKind.MAIL_SENT if sent else EntryKind.MAIL_FAILED,
            actor=BY_SYSTEM,
            step=mail.request.step,
            uploads=(Upload(f"{mail.request.template}.eml", io.BytesIO(copy.content)),) if keep else (),
            mail={name: value for name, value in facts.items() if value},
            told=told,
            occurred_at=parse_time(mail.settled_at),
            idempotency_key=f"mail/{mail.id}/{'sent' if sent else 'failed'}{'' if keep else '/bare'}",
        )


def recording(request: MailRequest, mail_id: str, copy: SentCopy, sent_at: str) -> RecordStep | AskAreas:
    """The command that makes a sent mail, and files that went with it, the evidence of its step.

    ``request.record`` is as `web.composing` makes it; with ``areas`` it asks areas of a campaign.
    """
    record = request.record
    said = {name: str(value) for name, value in record.items() if isinstance(value, str)}
    actor = Actor(said["actor"], said["role"], via=said.get("via", "web"))
    letter = Upload(said.get("name") or "correo.eml", io.BytesIO(copy.content), said.get("slot", ""))
    moment = parse_time(sent_at) if sent_at else None
    areas = record.get("areas")
    if isinstance(areas, list):
        return AskAreas(
            folio=request.case,
            actor=actor,
            uploads=(letter,),
            areas=tuple(str(area) for area in areas),
            occurred_at=moment,
            note=said.get("note", ""),
            idempotency_key=f"mail/{mail_id}",
        )
    data = record.get("data")
    return RecordStep(
        folio=request.case,
        step=said["step"],
        actor=actor,
        uploads=(letter, *_placed(request, copy)),
        data={str(name): str(value) for name, value in data.items()} if isinstance(data, dict) else {},
        choice=said.get("choice", ""),
        note=said.get("note", ""),
        reuse=tuple(_reused(record.get("reuse"))),
        occurred_at=moment,
        acting_for=said.get("acting_for", ""),
        idempotency_key=f"mail/{mail_id}",
    )


def act(cases: CaseService, command: RecordStep | AskAreas) -> None:
    """Do it."""
    if isinstance(command, AskAreas):
        cases.campaigns.ask(command)
    else:
        cases.record(command)


def blob_of(file: Attached) -> BlobRef:
    """Where a sealed file that goes with a mail lies."""
    return BlobRef(**file.blob)  # type: ignore[arg-type]  # as `BlobRef.as_json` made it


def _placed(request: MailRequest, copy: SentCopy) -> Iterator[Upload]:
    """Files brought for the mail that a place of the step takes beside it; none of a mail of which no copy was made."""
    places = request.record.get("places") if copy.files else None
    for number, slot in places.items() if isinstance(places, dict) else ():
        file = request.files[int(number)]
        yield Upload(file.name, io.BytesIO(copy.files[int(number)]), str(slot))


def _reused(raw: Json) -> Iterator[Reuse]:
    for item in raw if isinstance(raw, list) else []:
        if isinstance(item, list) and len(item) == 3:
            slot, seq, number = item
            yield Reuse(str(slot), int(str(seq)), int(str(number)))

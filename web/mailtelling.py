"""Lets cases know what became of their mails: the step whose evidence a mail is, or an entry that says it went."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Mapping

from documents.refusals import FileRefused
from evidence.entry import SYSTEM, EntryKind, parse_time
from notifications.outbox import MailState, QueuedMail
from notifications.sender import SentCopy
from workflows.cases import CaseService
from workflows.commands import Actor, NoteMail, RecordStep, Upload
from workflows.errors import Refusal

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
            self._cases.record(
                recording(mail.request.case, mail.request.record, mail.id, copy.content, mail.settled_at)
            )
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


def recording(
    folio: str, record: Mapping[str, object], mail_id: str, content: bytes, sent_at: str
) -> RecordStep:
    """The command that makes a sent mail the evidence of its step; ``record`` is a request's, see `web.composing`."""
    said = {name: str(value) for name, value in record.items() if isinstance(value, str)}
    data = record.get("data")
    return RecordStep(
        folio=folio,
        step=said["step"],
        actor=Actor(said["actor"], said["role"], via=said.get("via", "web")),
        uploads=(Upload(said.get("name") or "correo.eml", io.BytesIO(content), said.get("slot", "")),),
        data={str(name): str(value) for name, value in data.items()} if isinstance(data, dict) else {},
        choice=said.get("choice", ""),
        note=said.get("note", ""),
        occurred_at=parse_time(sent_at) if sent_at else None,
        acting_for=said.get("acting_for", ""),
        idempotency_key=f"mail/{mail_id}",
    )

"""What a person makes of a mail that arrived: evidence of a step, a paper of a case, or nothing, with a reason.

Pages and commands say who acts and in which role they may; everything else is the same for both.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

from documents.refusals import FileRefused
from evidence.entry import EntryKind
from notifications.answers import answer_slot
from notifications.inbox import IncomingMail, IncomingState, written_at
from web.wiring import House, HouseError
from workflows.commands import Actor, NoteMail, Receipt, RecordStep, Upload
from workflows.definition import FILE_FAMILIES, Step
from workflows.errors import ReasonMissing, UnknownStep
from workflows.rules import REASON_LENGTH

Acting = Callable[[Iterable[str]], Actor]
"""Who acts, given the roles that may; see `web.acting`."""
_MOST_FILES = 10


def waiting_mail(house: House, mail_id: str) -> IncomingMail | None:
    """A mail that still waits; ``None`` where there is none of that id. Raises `HouseError`: ``mail_settled``."""
    found = house.inbox.get(mail_id)
    if found is not None and found.state is not IncomingState.WAITING:
        raise HouseError("mail_settled")
    return found


def record(house: House, mail: IncomingMail, folio: str, step: str, choice: str, acting: Acting) -> Receipt:
    """The mail, with its attachments where the step takes them, as evidence of a step; it waits no longer.

    Raises:
        UnknownStep, and what `CaseService.record` raises.
    """
    definition = house.cases.view(folio).definition
    found = definition.by_step.get(step)
    if found is None:
        raise UnknownStep(process=definition.process, step=step)
    actor = acting(found.roles)
    receipt = house.cases.record(
        RecordStep(
            folio=folio,
            step=step,
            actor=actor,
            uploads=uploads_of(house, mail, found),
            choice=choice,
            occurred_at=written_at(mail, house.clock()),
            idempotency_key=f"mail/{mail.id}",
        )
    )
    house.mailroom.noticed(receipt, actor.id)
    return receipt


def file_in(house: House, mail: IncomingMail, folio: str, note: str, acting: Acting) -> Receipt:
    """The mail as a paper of a case, without a step."""
    receipt, actor = _noted(house, mail, folio, EntryKind.MAIL_RECEIVED, note, acting)
    house.mailroom.settle(mail.id, IncomingState.FILED, folio, actor.id)
    return receipt


def discard(house: House, mail: IncomingMail, reason: str, acting: Acting) -> Receipt | None:
    """Put the mail aside, with a reason; where a case was proposed, that is an entry of it, with the mail.

    Raises:
        ReasonMissing, and what `CaseService.note_mail` raises.
    """
    if len(reason) < REASON_LENGTH:
        raise ReasonMissing(minimum=REASON_LENGTH)
    folio, receipt = mail.matches[0].folio if mail.matches else "", None
    if folio:
        receipt, actor = _noted(house, mail, folio, EntryKind.MAIL_DISCARDED, reason, acting)
    else:
        actor = acting(())
    house.mailroom.settle(mail.id, IncomingState.DISCARDED, folio, actor.id, reason)
    return receipt


def _noted(
    house: House, mail: IncomingMail, folio: str, kind: EntryKind, note: str, acting: Acting
) -> tuple[Receipt, Actor]:
    """The mail in a case without a step. A mail whose file is refused is noted without it, with its digest."""
    definition = house.cases.view(folio).definition
    actor = acting(tuple(dict.fromkeys(role for step in definition.steps for role in step.roles)))
    refused = bool(mail.text("refused"))
    facts = {name: value for name, value in mail.facts.items() if name in {"dkim", "authserv"}}
    uploads = () if refused else (Upload("correo.eml", io.BytesIO(raw_of(house, mail))),)
    receipt = house.cases.note_mail(
        NoteMail(
            folio=folio,
            kind=kind,
            actor=actor,
            uploads=uploads,
            mail={**facts, "copy": "none" if refused else "whole"},
            told={
                "from": mail.sender,
                "subject": mail.text("subject"),
                "domain": mail.facts.get("domain", ""),
                "sha256": mail.id if refused else "",
            },
            note=note,
            occurred_at=written_at(mail, house.clock()),
            idempotency_key=f"{kind}/{mail.id}",
        )
    )
    return receipt, actor


def uploads_of(house: House, mail: IncomingMail, step: Step) -> tuple[Upload, ...]:
    """The mail in its place, and those of its attachments that another place of the step takes."""
    raw, slot = raw_of(house, mail), answer_slot(step)
    if slot is None:
        raise UnknownStep(process="", step=step.code)
    found = [Upload("correo.eml", io.BytesIO(raw), slot.code)]
    taken = {
        family
        for other in step.slots
        if other.code != slot.code
        for kind in other.types
        for family in FILE_FAMILIES.get(kind, ())
    }
    listed = mail.about.get("attachments", [])
    for number in range(min(len(listed) if isinstance(listed, list) else 0, _MOST_FILES)):
        piece = _attachment(house, raw, number, taken)
        if piece is not None:
            found.append(piece)
    return tuple(found)


def raw_of(house: House, mail: IncomingMail) -> bytes:
    """The mail's bytes. Raises `HouseError`: ``mail_settled``: a case has them, or nobody any more."""
    raw = house.inbox.raw(mail.id)
    if raw is None:
        raise HouseError("mail_settled")
    return raw


def _attachment(house: House, raw: bytes, number: int, taken: set[str]) -> Upload | None:
    """An attachment of a kind that is wanted; what cannot be read stays in its mail."""
    try:
        name, data = house.reader.attachment(io.BytesIO(raw), number, name="correo.eml")
        if house.reader.inspect(io.BytesIO(data), name=name).family not in taken:
            return None
    except FileRefused:
        return None
    return Upload(name, io.BytesIO(data))

"""What the database keeps of a case beside its entries, their payloads and the projections that are derived anew.

Each statement takes what persons wrote or what was made from it; rows that other work hangs on stay, emptied. What is
left out lives for hours by itself: sessions, answers of the API kept for repeated requests, results of jobs.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, or_, select, update

from notifications.inbox import IncomingState
from storage.account_tables import draft, draft_file
from storage.link_tables import link_preparation, link_request, link_secret
from storage.mail_tables import incoming_mail, outgoing_file, outgoing_mail

_BLANK = {"name": "", "note": "", "asker_mark": "", "asker_device": "", "details": b"{}"}


def drafts_of(connection: Connection, case: str) -> list[str]:
    """Ids of the case's drafts: their files lie in folders of that name in the staging directory."""
    return list(connection.execute(select(draft.c.id).where(draft.c.folio == case)).scalars())


def destroy_derived(connection: Connection, case: str) -> int:
    """Delete or empty what is derived from a case; gives how many rows it was."""
    drafts = select(draft.c.id).where(draft.c.folio == case)
    mails = select(outgoing_mail.c.id).where(outgoing_mail.c.case_id == case)
    requests = select(link_request.c.id).where(link_request.c.folio == case)
    told = or_(*(link_request.c[name] != value for name, value in _BLANK.items()))
    settled = incoming_mail.c.state != str(IncomingState.WAITING)
    statements = (
        delete(draft_file).where(draft_file.c.draft_id.in_(drafts)),
        delete(draft).where(draft.c.folio == case),
        delete(outgoing_file).where(outgoing_file.c.mail_id.in_(mails)),
        delete(outgoing_mail).where(outgoing_mail.c.case_id == case),
        delete(incoming_mail).where(and_(incoming_mail.c.case_id == case, settled)),
        delete(link_preparation).where(link_preparation.c.request.in_(requests)),
        update(link_secret)
        .where(link_secret.c.request.in_(requests), link_secret.c.content != b"")
        .values(content=b""),
        update(link_request).where(link_request.c.folio == case, told).values(**_BLANK),
    )
    return sum(connection.execute(statement).rowcount for statement in statements)

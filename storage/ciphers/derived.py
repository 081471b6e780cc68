"""What the database keeps of a case beside its entries, their payloads and the projections that are derived anew.

Each statement takes what persons wrote or what was made from it; rows that other work hangs on stay, emptied. What is
left out lives for hours by itself: sessions, answers of the API kept for repeated requests, results of jobs.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, delete, or_, select, update

from notifications.inbox import IncomingState
from notifications.outbox import SETTLED
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


def drafts_with(connection: Connection, case: str, digests: Collection[str]) -> list[tuple[str, str]]:
    """Drafts of the case and those of their files that have one of these digests."""
    drafts = select(draft.c.id).where(draft.c.folio == case)
    wanted = select(draft_file.c.draft_id, draft_file.c.id).where(
        draft_file.c.draft_id.in_(drafts), draft_file.c.sha256.in_(digests)
    )
    return [(row.draft_id, row.id) for row in connection.execute(wanted)]


def destroy_copies(connection: Connection, case: str, digests: Collection[str]) -> int:
    """Delete what else holds a file or payload of the case that was destroyed; gives how many rows it was.

    Mails that have gone, or were filed, go whole: the case's entries hold what is to be known of them, and which one
    repeats the words that were destroyed no column tells.
    """
    drafts = select(draft.c.id).where(draft.c.folio == case)
    gone = and_(
        outgoing_mail.c.case_id == case,
        outgoing_mail.c.state.in_([str(state) for state in SETTLED]),
        outgoing_mail.c.told,  # else the case does not know yet that it left
    )
    mails = select(outgoing_mail.c.id).where(gone)
    settled = incoming_mail.c.state != str(IncomingState.WAITING)
    requests = select(link_request.c.id).where(link_request.c.folio == case)
    statements = (
        delete(link_preparation).where(link_preparation.c.request.in_(requests)),
        delete(draft_file).where(draft_file.c.draft_id.in_(drafts), draft_file.c.sha256.in_(digests)),
        delete(outgoing_file).where(outgoing_file.c.mail_id.in_(mails)),
        delete(outgoing_mail).where(gone),
        delete(incoming_mail).where(and_(incoming_mail.c.case_id == case, settled)),
    )
    return sum(connection.execute(statement).rowcount for statement in statements)

"""What a quarantine tells people, as mails asked for in the very append: change the password, and what was decided.

A mail names the case and nothing of what it is about: no file, no reason somebody typed, no secret. Only people of the
house are written to, by their ids; who is behind a personal link, or a system, has no account to be reached at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry
from evidence.quarantine import quarantine_of
from workflows.claims import Situation
from workflows.mailing import Addressee, MailRequest
from workflows.withholding import SECRETS

ACTOR = "actor:"
CHANGE, RELEASED, DESTROYED = "cuarentena_cambiar", "cuarentena_devuelto", "cuarentena_destruido"
_OUTCOMES = {EntryKind.QUARANTINE_RELEASED: RELEASED, EntryKind.QUARANTINE_DESTROYED: DESTROYED}
_PEOPLE = ("u-",)
"""How ids of accounts of people begin; contacts (``c-``) and systems (``s-``) are others."""


def quarantine_mails(situation: Situation, drafts: Sequence[EntryDraft], folio: str) -> Iterator[MailRequest]:
    """The mails that what is about to be sealed asks for; one a person."""
    for place, draft in enumerate(drafts, len(situation.entries) + 1):
        if draft.kind is EntryKind.QUARANTINE_PLACED and draft.facts.get("reason") in SECRETS:
            for person in _concerned(situation, draft):
                yield _mail(CHANGE, person, folio, place)
        elif draft.kind in _OUTCOMES:
            yield from _decided(situation, draft, folio, place)


def _decided(situation: Situation, draft: EntryDraft, folio: str, place: int) -> Iterator[MailRequest]:
    """What became of it, to who reported it."""
    for item in quarantine_of(situation.entries).waiting:
        if draft.refs and item.leaf == draft.refs[0] and item.actor.startswith(_PEOPLE):
            yield _mail(_OUTCOMES[draft.kind], item.actor, folio, place)


def _concerned(situation: Situation, draft: EntryDraft) -> tuple[str, ...]:
    """Who reported it, who sealed it, and the specialist of the case: whose password it may be."""
    named = [item.entry.actor for item in situation.entries if item.leaf in draft.refs]
    found = dict.fromkeys(
        (draft.actor, *named, _accountable(situation.entries, situation.definition.accountable))
    )
    return tuple(actor for actor in found if actor != SYSTEM and actor.startswith(_PEOPLE))


def _accountable(entries: Sequence[SealedEntry], role: str) -> str:
    """Who of the accountable role acted last."""
    return next((item.entry.actor for item in reversed(entries) if item.entry.role == role), "")


def _mail(template: str, actor: str, folio: str, place: int) -> MailRequest:
    return MailRequest(
        template, (Addressee(ACTOR + actor),), {}, f"{template}/{folio}/{place}/{actor}", folio
    )

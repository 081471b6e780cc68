"""Mails about a review of accesses that runs out: to who answers for it, and at the end to everybody who can decide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from evidence.entry import parse_time
from identity.accounts import User
from identity.recertdesk import REVIEWERS
from identity.recertification import Campaign

if TYPE_CHECKING:
    from web.wiring import House

TEMPLATE = "revision_accesos"
MARKS = (7, 2, 1)
"""Days before the deadline on which who answers is written to; from the last of them on, all who decide, too."""
_OVER = 0


def remind(house: House) -> int:
    """Ask for the mails whose day has come, each once; how many. Without a public address there is nowhere to lead."""
    last = next(reversed(house.reviews.all()), None)
    if last is None or not last.open or not last.undecided or not house.settings.public_url:
        return 0
    mark = _mark(house, last)
    if mark is None:
        return 0
    people = [user for user in house.accounts.everyone(house.clock()) if _told(user, last, mark)]
    for user in people:
        _write(house, last, mark, user)
    return len(people)


def _mark(house: House, last: Campaign) -> int | None:
    """The mark that has come last: days before the deadline, or that it is over."""
    if last.expired_at:
        return _OVER
    left = parse_time(last.due_at) - house.clock()
    return min((days for days in MARKS if left <= timedelta(days=days)), default=None)


def _told(user: User, last: Campaign, mark: int) -> bool:
    if not user.active:
        return False
    return user.id == last.owner or (mark <= MARKS[-1] and user.has_any(REVIEWERS))


def _write(house: House, last: Campaign, mark: int, user: User) -> None:
    due = parse_time(last.due_at).astimezone(house.settings.tz)
    house.mail.desk.enqueue(
        TEMPLATE,
        user.email,
        {
            "folio": "",
            "nombre": user.name,
            "revision": last.id,
            "faltan": str(len(last.undecided)),
            "pasada": "si" if mark == _OVER else "",
            "vence": f"{due:%d/%m/%Y %H:%M}",
            "vence_en": f"{due:%Y-%m-%d %H:%M}",
            "espacio": house.settings.public_url + "/revision-de-accesos",
        },
        key=f"review/{last.id}/{mark}/{user.id}",
        name=user.name,
    )

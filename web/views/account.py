"""«Mi cuenta»: a person's own factors, recovery codes and sessions, as the page shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from identity.accounts import User
from identity.sessions import STRONG_DOOR, digest
from signing.factors.records import PASSKEY
from web.views.factors import FactorLine, factor_lines
from web.views.lens import Lens, Moment

if TYPE_CHECKING:
    from web.wiring import House

_BROWSERS = (
    ("Edge", r"\bEdg"),
    ("Opera", r"\bOPR/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("Mac", r"Mac OS X"),
    ("Linux", r"Linux"),
)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session; ``browser`` is what it said it is, ``""`` where that says nothing."""

    id: str
    browser: str
    begun: Moment
    seen: Moment
    here: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """``lacks``: the person's role wants a second factor that they have not.

    ``bound``: since when they enter by the company's directory; ``password``: whether one opens anything;
    ``confirm``: whether it is asked for before factors change (not in a session of the directory's).
    ``given``: the password is somebody else's and must be changed first.
    """

    keys: tuple[FactorLine, ...]
    apps: tuple[FactorLine, ...]
    codes: int
    lacks: bool
    keys_possible: bool
    sessions: tuple[SessionLine, ...]
    bound: Moment | None = None
    password: bool = True
    confirm: bool = True
    given: bool = False


def account_view(house: House, user: User, lens: Lens, token: str) -> AccountView:
    """The page's content; ``token`` is the session's that looks."""
    lines = factor_lines(house.links.factors.store.of(user.id), lens)
    here, row = digest(token), house.sessions.row(token)
    bound = house.openid.identities.store.of(user.id) if house.openid.open else None
    return AccountView(
        keys=tuple(line for line in lines if line.kind == PASSKEY),
        apps=tuple(line for line in lines if line.kind != PASSKEY),
        codes=house.second.held(user.id).codes,
        lacks=house.second.lacks(user) and (row is None or row.door != STRONG_DOOR),
        keys_possible=bool(house.links.passkeys.origin()),
        sessions=tuple(
            SessionLine(
                row.id,
                browser_of(row.agent),
                lens.moment(row.created_at),
                lens.moment(row.seen_at),
                row.token_hash == here,
            )
            for row in house.sessions.of(user.id)
        ),
        bound=lens.moment(bound.since) if bound is not None else None,
        password=not house.openid.only(user),
        confirm=row is None or not row.door,
        given=user.given,
    )


def browser_of(agent: str) -> str:
    """A browser and its system in two words, from what it says of itself."""
    names = [
        next((name for name, pattern in table if re.search(pattern, agent)), "")
        for table in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(filter(None, names))

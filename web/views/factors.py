"""Second factors of people's own, as lists show them: whose, what, since when; nothing that could be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from signing.factors.records import FactorState, OwnFactor
from signing.links import Standing
from signing.records import Request
from web.linkroom import LinkRoom
from web.views.lens import Lens, Moment


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One authenticator. ``mark`` is the part of its id that entries and pages have in common."""

    id: str
    owner: str
    mark: str
    since: Moment
    active: bool


@dataclass(frozen=True, slots=True)
class FactorChoice:
    """What a visitor can do about second factors: type a code of their application, ask for one by telephone, enrol."""

    app: bool
    phone: bool
    enrol: bool


def factor_lines(found: Iterable[OwnFactor], lens: Lens) -> tuple[FactorLine, ...]:
    """The lines of a list."""
    return tuple(
        FactorLine(
            item.id,
            lens.who(item.owner),
            f"{item.id[:10]}…",
            lens.moment(item.created_at),
            item.state is FactorState.ACTIVE,
        )
        for item in found
    )


def factor_choice(standing: Standing, room: LinkRoom) -> FactorChoice:
    """What there is for a visit."""
    waiting: tuple[Request, ...] = standing.open
    return FactorChoice(
        app=room.factors.has(standing.visit.signatory),
        phone=any(item.factor == "code" for item in waiting) and not standing.visit.factor,
        enrol=room.own.may_enrol(standing),
    )

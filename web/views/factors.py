"""Second factors of people's own, as lists show them: whose, what, since when; nothing that could be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from identity.oidc.identities import DIRECTORY
from identity.recovery import RECOVERY
from signing.factors.records import PASSKEY, TOTP, FactorState, OwnFactor
from signing.factors.webauthn import Passkey
from signing.levels import satisfies
from signing.links import Standing
from signing.records import Purpose
from web.i18n import gettext as _
from web.linkroom import LinkRoom
from web.views.lens import Lens, Moment


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One factor. ``mark`` is the part of its id that entries and pages have in common; ``name`` its owner's for it."""

    id: str
    owner: str
    mark: str
    since: Moment
    active: bool
    kind: str = TOTP
    what: str = ""
    name: str = ""
    used: Moment | None = None
    synced: bool = False
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class FactorChoice:
    """What a visitor can do about second factors.

    ``app``, ``phone`` and ``key`` are ways to what is closed (a code of their application, one by telephone, their
    passkey); ``lost``: something asks for a passkey and they have none. ``enrol`` and ``enrol_key``: they may enrol an
    application, a passkey. ``better``: nothing asks for their passkey, and it would raise the level. ``signs``: they
    opened the visit with it, and so sign with it.
    """

    app: bool
    phone: bool
    enrol: bool
    key: bool = False
    lost: bool = False
    enrol_key: bool = False
    better: bool = False
    signs: bool = False


def factor_lines(found: Iterable[OwnFactor], lens: Lens) -> tuple[FactorLine, ...]:
    """The lines of a list."""
    return tuple(_line(item, lens) for item in found)


def factor_name(kind: str) -> str:
    """What pages call a kind of factor."""
    names = {
        TOTP: _("aplicación de códigos"),
        PASSKEY: _("llave de acceso"),
        RECOVERY: _("códigos de recuperación"),
        DIRECTORY: _("directorio de la empresa"),
    }
    return names.get(kind, kind)


def _line(item: OwnFactor, lens: Lens) -> FactorLine:
    return FactorLine(
        item.id,
        lens.who(item.owner),
        f"{item.id[:10]}…",
        lens.moment(item.created_at),
        item.state is FactorState.ACTIVE,
        item.kind,
        factor_name(item.kind),
        item.label,
        lens.moment(item.used_at) if item.used_at else None,
        item.kind == PASSKEY and bool(item.content) and Passkey.from_bytes(item.content).synced,
        item.owner,
    )


def factor_choice(standing: Standing, room: LinkRoom) -> FactorChoice:
    """What there is for a visit."""
    visit, waiting = standing.visit, standing.open
    closed = {item.factor for item in waiting if not satisfies(visit.factor, item.factor)}
    has_key = room.keys.has(standing)
    signs = any(item.purpose is Purpose.SIGN for item in waiting)
    return FactorChoice(
        app=room.factors.has(visit.signatory) and bool(closed - {PASSKEY}),
        phone=any(item.factor == "code" for item in waiting) and not visit.factor,
        enrol=room.own.may_enrol(standing),
        key=has_key and bool(closed),
        lost=not has_key and PASSKEY in closed,
        enrol_key=room.keys.may_enrol(standing),
        better=has_key and not closed and signs and visit.factor != PASSKEY,
        signs=visit.factor == PASSKEY,
    )

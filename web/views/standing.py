"""What a person may do about an entry or a step beside recording it: correct it, or stand in for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.entry import SealedEntry
from web.i18n import gettext as _
from web.views.lens import Lens, Moment
from workflows import rules
from workflows.commands import Actor
from workflows.corrections import correctors
from workflows.definition import Definition, Step
from workflows.errors import Refusal
from workflows.ports import Directory
from workflows.state import CaseState
from workflows.zones import FALLBACK_POST, Answering


@dataclass(frozen=True, slots=True)
class Mending:
    """How an entry may be corrected, and by whom.

    ``replace`` and ``annul`` are what the rules allow for this entry at all; ``may`` whether the person looking holds
    one of ``roles`` (codes, those who record the step first); ``names`` are the same in words.
    """

    replace: bool
    annul: bool
    may: bool
    roles: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def possible(self) -> bool:
        """Whether the entry can be corrected by anybody."""
        return self.replace or self.annul


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody the person may act for: who, and since when they hold the post."""

    actor: str
    name: str
    since: Moment


def mending(
    definition: Definition, state: CaseState, entries: Sequence[SealedEntry], seq: int, lens: Lens
) -> Mending:
    """What the rules say of correcting entry ``seq``."""
    step = definition.by_step.get(entries[seq - 1].entry.step)
    roles = tuple(dict.fromkeys(correctors(definition, entries[seq - 1].entry)))
    return Mending(
        replace=step is not None and _allowed(state, entries, seq, annul=False),
        annul=_allowed(state, entries, seq, annul=True),
        may=not lens.roles.isdisjoint(roles),
        roles=roles,
        names=tuple(lens.role(definition, role) for role in roles),
    )


def _allowed(state: CaseState, entries: Sequence[SealedEntry], seq: int, *, annul: bool) -> bool:
    try:
        rules.supersedable(state, [sealed.entry for sealed in entries], seq, annul=annul)
    except Refusal:
        return False
    return True


def principals(
    definition: Definition, step: Step, lens: Lens, directory: Directory, moment: datetime
) -> tuple[Principal, ...]:
    """The holders, at that moment, of the post behind the role the person acts in, whose named backup they are.

    Empty where the directory names the person as nobody's backup, or (in a role without deputies) without a document.
    """
    acting = next((code for code in step.roles if code in lens.roles), "")
    role = definition.by_role.get(acting)
    if role is None or not role.post:
        return ()
    actor = Actor(lens.actor, acting)
    return tuple(
        Principal(holder.actor, lens.who(holder.actor), lens.moment(holder.since))
        for holder in directory.holders(role.post, moment)
        if rules.stands_in(definition, actor, holder.actor, directory, moment)
    )


def answering_options(found: Answering, lens: Lens) -> tuple[tuple[str, str], ...]:
    """Whom one may choose for a zone: id and name, with what each is there; the principal first."""
    return tuple(
        (holder.actor, f"{lens.who(holder.actor)} · {_standing(found, place)}")
        for place, holder in enumerate(found.holders)
    )


def _standing(found: Answering, place: int) -> str:
    if found.post == FALLBACK_POST:
        return _("gerente comercial: la zona no tiene titular") if found.fallback else _("gerente comercial")
    return _("suplente") if place else _("titular")

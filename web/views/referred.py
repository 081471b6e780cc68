"""Requests refused here whose destination is a post, or no process at all: whose post it is sees them in the inbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from web.views.alerts import Holds
from web.views.inbox import Definitions
from web.views.lens import Lens, Moment
from workflows.definition import Definition, Ground
from workflows.noticing import told_roles
from workflows.ports import CaseRow

DAYS = 365
"""For how many days a refused request nobody has seen stands in the inbox; then it is in the lists and on the board."""


@dataclass(frozen=True, slots=True)
class Referral:
    """A refused request: what it was, why it was refused, where it went, and when."""

    folio: str
    process: str
    title: str
    ground: str
    destination: str
    when: Moment
    href: str


def referrals_of(
    rows: Iterable[CaseRow],
    definitions: Definitions,
    lens: Lens,
    holds: Holds,
    link: Callable[[str], str],
    seen: Callable[[str], bool],
) -> tuple[Referral, ...]:
    """The refused requests that are told to the person looking and that nobody has said to have seen, newest first.

    A ground whose destination is a post of the process tells its holders; one that names no process
    (`workflows.definition.UNNAMED`) tells those who may grant exceptions in it.
    """
    found = []
    for row in rows:
        definition = definitions(row.process, row.version)
        closing = row.document.get("closing")
        if definition is None or not isinstance(closing, dict):
            continue
        ground = definition.by_ground.get(str(closing.get("refusal", "")))
        if ground is not None and _told(definition, ground, lens, holds) and not seen(row.folio):
            found.append(
                Referral(
                    folio=row.folio,
                    process=row.process,
                    title=row.title,
                    ground=lens.say(ground.name),
                    destination=lens.say(ground.destination_name),
                    when=lens.moment(str(closing["at"])),
                    href=link(row.folio),
                )
            )
    return tuple(sorted(found, key=lambda item: item.when.iso, reverse=True))


def _told(definition: Definition, ground: Ground, lens: Lens, holds: Holds) -> bool:
    """Whether one of the ground's posts is the person's, by role or by appointment."""
    return any(role.code in lens.roles or holds(role.post) for role in told_roles(definition, ground))

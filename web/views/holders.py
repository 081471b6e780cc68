"""Who holds, today, the posts that a process names: its roles, and its zones where a step asks who answers for one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from web.i18n import gettext as _
from web.views.lens import Lens
from workflows.catalogues import CatalogueVersion
from workflows.definition import Definition
from workflows.ports import Directory
from workflows.zones import answering_for


def people_of(
    definition: Definition, directory: Directory, moment: datetime, lens: Lens
) -> Mapping[str, tuple[str, ...]]:
    """Names by the code of each role that has a post, the principal first."""
    return {
        role.code: tuple(lens.who(holder.actor) for holder in directory.holders(role.post, moment))
        for role in definition.roles
        if role.post
    }


def asks_for_zones(definition: Definition) -> bool:
    """Whether a step asks who answers for the case's zone."""
    return any(field.zone for step in definition.steps for field in step.fields)


def zone_people(
    zones: CatalogueVersion, directory: Directory, moment: datetime, lens: Lens
) -> tuple[tuple[str, str], ...]:
    """Each zone and who answers for it; said so where that is the commercial manager for want of a holder."""
    return tuple(
        (lens.say(item.name), _people(zones, item.code, directory, moment, lens)) for item in zones.items
    )


def _people(zones: CatalogueVersion, zone: str, directory: Directory, moment: datetime, lens: Lens) -> str:
    found = answering_for(zones, zone, directory, moment)
    names = ", ".join(lens.who(holder.actor) for holder in found.holders) or _("nadie")
    return _("%(names)s (gerencia comercial: sin titular)", names=names) if found.fallback else names

"""Through whose eyes, when and where a page is seen: what every view model needs to turn facts into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from evidence.entry import parse_time
from web.i18n import gettext as _
from web.i18n import ngettext
from workflows.commands import UNIDENTIFIED
from workflows.definition import Definition, Role, Text


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for a page: ``iso`` in UTC for machines, ``text`` as ``dd/mm/aaaa HH:mm``, ``day``; house's zone."""

    iso: str
    text: str
    day: str


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline in words. ``state`` is late, soon (today or tomorrow) or calm."""

    state: str
    words: str
    moment: Moment


@dataclass(frozen=True, slots=True)
class Lens:
    """``names`` turns an actor id into a person's name; ``roles`` are those of the person looking."""

    now: datetime
    zone: ZoneInfo
    locale: str = "es"
    actor: str = ""
    roles: frozenset[str] = frozenset()
    names: Callable[[str], str] = field(default=str)

    def say(self, text: Text) -> str:
        """A definition's text in this language."""
        return text.get(self.locale)

    def local(self, moment: datetime | str) -> datetime:
        """An aware datetime or a ledger time, in the house's zone."""
        return (parse_time(moment) if isinstance(moment, str) else moment).astimezone(self.zone)

    def moment(self, moment: datetime | str) -> Moment:
        """A time for a page."""
        here = self.local(moment)
        iso = here.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Moment(iso, f"{here:%d/%m/%Y %H:%M}", f"{here:%d/%m/%Y}")

    def maybe(self, moment: str) -> Moment | None:
        """A time for a page, nothing for an empty text."""
        return self.moment(moment) if moment else None

    def due(self, due_at: str) -> Due:
        """A deadline as a person would say it today."""
        here, now = self.local(due_at), self.local(self.now)
        days = (here.date() - now.date()).days
        return Due(
            _due_state(here < now, days), _due_words(here < now, days, f"{here:%H:%M}"), self.moment(due_at)
        )

    def today(self) -> date:
        """The date in the house's zone."""
        return self.local(self.now).date()

    def who(self, actor: str) -> str:
        """A person's name, or what stands for one."""
        if actor == UNIDENTIFIED:
            return _("Persona sin cuenta, no identificada")
        return _("Sistema") if actor == "system" else self.names(actor)

    def role(self, definition: Definition | None, code: str) -> str:
        """A role's name: the definition's, else the house's."""
        found: Role | None = definition.by_role.get(code) if definition else None
        return self.say(found.name) if found else role_name(code)


def _due_state(past: bool, days: int) -> str:
    if past:
        return "late"
    return "soon" if days <= 1 else "calm"


def _due_words(past: bool, days: int, hour: str) -> str:
    if past and days == 0:
        return _("Venció hoy a las %(hour)s", hour=hour)
    if past:
        return ngettext("Vencido hace %(num)d día", "Vencido hace %(num)d días", -days)
    if days == 0:
        return _("Vence hoy a las %(hour)s", hour=hour)
    if days == 1:
        return _("Vence mañana a las %(hour)s", hour=hour)
    return ngettext("Vence en %(num)d día", "Vence en %(num)d días", days)


def role_name(code: str) -> str:
    """The house's own roles in words; an unknown code stays as it is."""
    names = {
        "especialista": _("Especialista"),
        "supervisor": _("Supervisor"),
        "director": _("Director General"),
        "auditor_interno": _("Auditor interno"),
        "auditor_externo": _("Auditor externo"),
        "capturista": _("Capturista"),
        "administrador": _("Administrador"),
        "cpanel": _("Responsable de cPanel"),
        "datos_personales": _("Responsable de datos personales"),
        "system": _("Sistema"),
        "enlace": _("Enlace personal"),
    }
    return names.get(code, code)


def size_text(size: int) -> str:
    """Bytes as people read them: ``512 B``, ``1.4 MB`` (powers of 1000)."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):  # noqa: B007 - the unit reached is the answer
        if value < 1000:
            break
        value /= 1000
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"

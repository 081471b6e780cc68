"""What an entry of a system chain says, for its page: facts in words, and the payload for those who may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.canonical import Json
from evidence.entry import SealedEntry
from identity.contacts import CONTACT_READERS
from web.i18n import gettext as _
from web.views.factors import factor_name
from web.views.lens import Lens, role_name

_SHOWN = 200


def system_data(sealed: SealedEntry, lens: Lens) -> tuple[tuple[str, str], ...]:
    """Label and value; names and addresses of contacts only for those who see them."""
    facts = sealed.entry.facts
    data = sealed.payload().get("data")
    hidden = "contact" in facts and lens.roles.isdisjoint(str(role) for role in CONTACT_READERS)
    typed: Mapping[str, Json] = data if isinstance(data, dict) and not hidden else {}
    return (*_facts(facts, lens), *_payload(typed))


def _facts(facts: Mapping[str, Json], lens: Lens) -> Iterator[tuple[str, str]]:
    labels = {
        "subject": _("Persona"),
        "acting_for": _("En nombre de"),
        "role": _("Función"),
        "factor": _("Segundo factor"),
        "token": _("Token"),
        "webhook": _("Suscripción"),
        "post": _("Puesto"),
        "rank": _("Lugar de suplente"),
        "catalogue": _("Catálogo"),
        "version": _("Versión"),
        "since": _("Desde"),
        "until": _("Hasta"),
    }
    for name, label in labels.items():
        value = facts.get(name)
        if value not in (None, ""):
            yield label, _said(name, str(value), lens)
    for name, label in (
        ("scopes", _("Alcances")),
        ("processes", _("Procesos")),
        ("kinds", _("De qué se avisa")),
    ):
        listed = facts.get(name)
        if isinstance(listed, list):
            yield label, ", ".join(map(str, listed))
    items = facts.get("items")
    if isinstance(items, list):
        names = [_item(item) for item in items if isinstance(item, dict)]
        yield _("Renglones"), ", ".join(names) or _("ninguno")


def _said(name: str, value: str, lens: Lens) -> str:
    if name in {"subject", "acting_for"}:
        return lens.who(value)
    if name == "factor":
        return factor_name(value)
    if name == "role":
        return role_name(value)
    return lens.moment(value).text if name in {"since", "until"} else value


def _item(item: Mapping[str, Json]) -> str:
    code, name = str(item.get("code", "")), str(item.get("name", ""))
    return f"{code} · {name}" if name else code


def _payload(typed: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    labels = {"name": _("Nombre"), "email": _("Correo"), "phone": _("Teléfono")}
    for name, value in typed.items():
        if isinstance(value, dict):
            yield from ((f"{_('Nota')} · {code}", str(note)[:_SHOWN]) for code, note in value.items() if note)
        elif value not in (None, ""):
            yield labels.get(name, name), str(value)

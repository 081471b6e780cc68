"""What a mail that brings a request says of it: who writes, about what, in which words; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping

from evidence.canonical import Json
from workflows.definition import Definition, EvidenceType, FieldKind


def mail_slot(definition: Definition) -> str:
    """The evidence of the opening step that a mail may be, ``""`` for none."""
    step = definition.by_step[definition.opening.step]
    return next((slot.code for slot in step.slots if EvidenceType.EML in slot.types), "")


def from_mail(definition: Definition, about: Mapping[str, Json]) -> dict[str, str]:
    """Values for the fields of an opening that a mail can fill, by the names the processes give them."""
    said = {
        "canal": "correo",
        "nombre": _sender(about, "name") or _sender(about, "address"),
        "correo": _sender(about, "address"),
        "asunto": " ".join(str(about.get("subject", "")).split()),
        "descripcion": str(about.get("text", "")).strip(),
    }
    step = definition.by_step[definition.opening.step]
    found = {}
    for field in (*definition.opening.fields, *step.fields):
        value = said.get(field.name, "")[: field.max_length]
        offered = field.kind is not FieldKind.CHOICE or value in {o.code for o in definition.options(field)}
        if value and offered:
            found[field.name] = value
    return found


def _sender(about: Mapping[str, Json], member: str) -> str:
    senders = about.get("from", [])
    first = senders[0] if isinstance(senders, list) and senders else {}
    return str(first.get(member, "")) if isinstance(first, dict) else ""

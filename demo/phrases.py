"""What people type and say in everyday cases: a table by field, and by process where the same field means another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from demo.names import Subject
from demo.people import DOMAIN, METLIFE_DOMAIN

NAMED: Mapping[str, Callable[[Subject], str]] = {
    "nombre": lambda one: one.who.nombre,
    "apellido": lambda one: one.who.father,
    "rfc": lambda one: one.who.rfc,
    "correo": lambda one: one.who.correo,
    "correo_personal": lambda one: f"{one.who.user_name.lower()}@correo.example",
    "correo_nuevo": lambda one: f"{one.who.user_name.lower()}.2@correo.example",
    "zona": lambda one: one.who.zona,
    "promotoria": lambda one: one.who.promotoria,
    "clave": lambda one: one.agent_key,
    "cedula": lambda one: one.licence,
    "telefono": lambda one: one.phone,
    "ticket": lambda one: one.ticket,
    "paquete": lambda one: one.who.paquete,
    "usuario_metlife": lambda one: one.who.user_name,
    "destinatario": lambda one: one.who.nombre,
}
"""Values that a person's record has, by the name of the field."""

CODED: Mapping[str, Callable[[Subject], str]] = {
    "zona": lambda one: one.zone_code,
    "paquete": lambda one: one.who.paquete,
}
"""The same where the field is a choice, by the code of its option."""

SPOKEN: Mapping[str, Sequence[str]] = {}
"""What is said, by field, or by process and field."""

SYSTEMS = (
    ("cam", "CAM Pegasus"),
    ("pro99", "CAM Pegasus"),
    ("des 3.0", "DES 3.0"),
    ("cpanel", "cPanel"),
    ("cuenta", "cPanel"),
    ("redirec", "cPanel"),
    ("capacitación", "cPanel"),
    ("hermes", "Hermes"),
    ("respond", "Respond"),
    ("cédula", "Hermes"),
    ("remote scan", "Remote SCAN"),
)
"""Which system a screenshot is of, by a word of the step's name."""

OUTSIDERS: Mapping[str, tuple[str, str]] = {
    "metlife": ("Mónica González", f"monica.gonzalez@{METLIFE_DOMAIN}"),
    "director": ("Jesús Quiriarte", f"jesus.quiriarte@{DOMAIN}"),
    "capacitacion": ("Lupita", f"lupita@{DOMAIN}"),
}
"""Who writes to the desk in place of the person a case is about, by the role that performs a step."""

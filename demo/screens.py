"""Screens of the desk's systems, as a specialist would capture them: with address bar, operator and date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from demo.people import Applicant
from demo.rendering import png, short_time
from evidence.canonical import Json

_TINTS = {
    "Solicitado": "#b7791f",
    "Escalado": "#1d6fa5",
    "Activo": "#2f855a",
    "Baja": "#6b7280",
    "Pendiente de atención": "#b7791f",
    "En proceso": "#1d6fa5",
    "Cerrado": "#2f855a",
    "Recibida": "#1d6fa5",
    "Rechazada": "#b83232",
    "Aprobada": "#2f855a",
    "Sesión iniciada": "#2f855a",
}
_MACHINE = "MESA-N1-04"


@dataclass(frozen=True, slots=True)
class _Screen:
    """What a window shows."""

    accent: str
    system: str
    address: str
    operator: str
    trail: str
    title: str
    status: str
    rows: Sequence[tuple[str, str]]
    moment: datetime
    notice: str = ""
    history: Sequence[tuple[str, str]] = ()


def cam(
    who: Applicant,
    number: str,
    status: str,
    moment: datetime,
    operator: str,
    history: Sequence[tuple[datetime, str]] = (),
    dsn: str = "",
) -> bytes:
    """The record of a person in CAM Pegasus."""
    return _picture(
        _Screen(
            accent="#0f5a4d",
            system="CAM Pegasus",
            address=f"https://pegasus.mesa.example/cam/registros/{number}",
            operator=operator,
            trail=f"Accesos  ›  MetLife  ›  {number}",
            title=who.nombre,
            status=status,
            rows=[
                ("RFC", who.rfc),
                ("Correo", who.correo),
                ("Aplicación", f"MET Paquete {who.paquete}"),
                ("Promotoría", who.promotoria or "Oficinas centrales"),
                ("Zona", who.zona),
                ("DSN", dsn or "—"),
            ],
            history=[(short_time(when), line) for when, line in history],
            moment=moment,
        )
    )


def ticket(number: str, subject: str, requester: str, status: str, moment: datetime, operator: str) -> bytes:
    """A ticket of the desk's ticket system."""
    return _picture(
        _Screen(
            accent="#34406b",
            system="Tickets · Mesa de Ayuda",
            address=f"https://tickets.mesa.example/ver/{number}",
            operator=operator,
            trail=f"Solicitudes  ›  {number}",
            title=subject,
            status=status,
            rows=[
                ("Ticket", number),
                ("Solicita", requester),
                ("Categoría", "Accesos MetLife"),
                ("Asignado a", operator),
            ],
            notice=f"Estatus actualizado a «{status}».",
            moment=moment,
        )
    )


def remote_scan(
    who: Applicant, title: str, status: str, moment: datetime, operator: str, *, rows: Sequence[tuple[str, str]] = (),
    notice: str = "",
) -> bytes:  # fmt: skip
    """MetLife's Remote SCAN (simulated)."""
    return _picture(
        _Screen(
            accent="#0b6b3a",
            system="Remote SCAN (simulado)",
            address="https://remotescan.metlife.example/solicitudes",
            operator=operator,
            trail="Solicitudes  ›  Altas de usuario",
            title=title,
            status=status,
            rows=[
                ("Usuario solicitado", who.nombre),
                ("RFC", who.rfc),
                ("Paquete", f"Paquete {who.paquete}"),
                *rows,
            ],
            notice=notice,
            moment=moment,
        )
    )


def _picture(screen: _Screen) -> bytes:
    data: dict[str, Json] = {
        "accent": screen.accent,
        "window": screen.system,
        "address": screen.address,
        "system": screen.system,
        "operator": f"Sesión: {screen.operator} · Mesa de Ayuda",
        "trail": screen.trail,
        "title": screen.title,
        "status": screen.status,
        "tint": _TINTS.get(screen.status, "#4b5563"),
        "rows": [list(row) for row in screen.rows],
        "notice": screen.notice,
        "history": [list(row) for row in screen.history],
        "machine": _MACHINE,
        "clock": short_time(screen.moment),
    }
    return png("screen.typ", data)

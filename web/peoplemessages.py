"""What is said of refusals about people: the company's directory, and the review of who has which role here."""

# ruff: noqa: E501 - one message a line reads as a table

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import N_
from web.messages import IDENTITY, Message

PEOPLE: Mapping[str, Message] = {
    **IDENTITY,
    "directory_refused": Message(403, N_("La respuesta del directorio no se pudo comprobar y no se aceptó."), N_("Intenta de nuevo; si se repite, avisa a quien administra el sistema.")),
    "directory_unreachable": Message(503, N_("El directorio de la empresa no responde."), N_("Intenta de nuevo en unos minutos.")),
    "directory_stale": Message(401, N_("La entrada por el directorio tardó demasiado, empezó en otro navegador o ya se usó."), N_("Empieza de nuevo desde la página de entrada.")),
    "directory_denied": Message(403, N_("El directorio no te dejó entrar, o cancelaste allá."), N_("Intenta de nuevo; si tu cuenta de la empresa está cerrada, avisa a quien la administra.")),
    "directory_unknown": Message(403, N_("El directorio te conoce, pero ninguna cuenta de aquí está ligada a ti."), N_("Pide a quien administra el sistema una invitación para ligarla.")),
    "directory_only": Message(403, N_("Tu cuenta entra sólo por el directorio de la empresa."), N_("Usa el botón del directorio; tu contraseña de aquí ya no abre nada.")),
    "directory_other": Message(403, N_("En el directorio entró otra persona, no la ligada a esta cuenta."), N_("Cierra la sesión del directorio y entra allá con tu propio usuario.")),
    "directory_weak": Message(403, N_("El directorio no dijo que usaras un segundo factor."), N_("Entra allá con tu segundo factor, o comprueba el que inscribiste aquí.")),
    "directory_taken": Message(409, N_("Esa persona del directorio, o esa cuenta, ya está ligada."), N_("Quien administra el sistema puede soltar primero la liga anterior.")),
    "directory_off": Message(404, N_("Este sistema no tiene un directorio configurado."), N_("Entra con tu correo y tu contraseña.")),
    "directory_late": Message(403, N_("Hace más de quince minutos que entraste por el directorio."), N_("Sal, entra de nuevo por el directorio y repite lo que hacías.")),
    "directory_invitation": Message(404, N_("Este enlace no está vigente."), N_("Pide a quien te invitó que te envíe otro.")),
}  # fmt: skip
"""Every refusal of `identity`."""

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
    "term_invalid": Message(422, N_("Esas fechas no sirven: empiezan o terminan en el pasado, o terminan antes de empezar."), N_("Escribe un primer y un último día por venir.")),
    "role_held": Message(409, N_("Esa cuenta ya tiene esa función, hasta otra fecha o sin fecha."), N_("Retírala primero y otórgala con la fecha nueva.")),
    "review_due": Message(422, N_("La revisión debe durar de 1 a 60 días."), N_("Elige otra fecha límite.")),
    "review_owner": Message(422, N_("Responde de la revisión quien administra el sistema o la dirección."), N_("Elige a una de esas personas.")),
    "review_alone": Message(422, N_("Nadie más podría decidir sobre las funciones de quien responde de la revisión."), N_("Da antes la función de administración o de dirección a una segunda persona.")),
    "review_empty": Message(422, N_("Nadie tiene una función: no hay nada que revisar."), N_("Da de alta a las personas primero.")),
    "review_running": Message(409, N_("Ya hay una revisión en curso."), N_("Termínala, o espera a su fecha límite.")),
    "review_none": Message(404, N_("No hay ninguna revisión de accesos."), N_("Abre una en «Administración», «Revisión de accesos», o con «flask recertification open».")),
    "review_over": Message(409, N_("Esa revisión ya terminó."), N_("Abre la siguiente.")),
    "review_rows": Message(422, N_("Esas funciones no están por decidir en esta revisión."), N_("Recarga la página y decide las que siguen pendientes.")),
    "review_own": Message(403, N_("Nadie decide sobre sus propias funciones."), N_("Pídelo a otra persona de administración o a la dirección.")),
    "review_role": Message(403, N_("Deciden quien administra el sistema y la dirección."), N_("Pídelo a una de esas personas.")),
    "review_secret": Message(422, N_("El motivo parece contener una contraseña; no se guardó."), N_("Escríbelo sin ella y, si es real, pide que se cambie.")),
    "review_reason": Message(422, N_("Falta el motivo."), N_("Escribe en pocas palabras por qué la conserva o por qué se le retira.")),
}  # fmt: skip
"""Every refusal of `identity`."""

"""What is said where personal data is not held, blocked or erased. Spanish is the source; see `web.messages`."""

# ruff: noqa: E501 - one message a line reads as a table

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import N_
from web.message import Message

KEEPING: Mapping[str, Message] = {
    "keeping_not_allowed": Message(403, N_("Tu función (%(role)s) no decide sobre los datos personales de un caso."), N_("Lo hace: %(allowed)s.")),
    "case_still_open": Message(409, N_("El caso %(folio)s sigue abierto: sus datos todavía se usan."), N_("Ciérralo primero, o recházalo con su motivo; después vuelve a intentarlo.")),
    "case_held": Message(409, N_("El caso %(folio)s está bajo retención legal (entrada %(seq)s): nada de él se borra."), N_("Espera a que se levante la retención; la levanta la persona responsable de datos personales o la Dirección General.")),
    "no_such_hold": Message(409, N_("La entrada %(seq)s no es una retención legal vigente del caso %(folio)s."), N_("Recarga la página: quizá ya se levantó.")),
    "still_retained": Message(409, N_("Los datos de %(folio)s se conservan hasta el %(until)s."), N_("Espera a esa fecha, bloquéalos mientras tanto, o di qué causa legal obliga a borrarlos antes.")),
    "data_in_use:links": Message(409, N_("El caso %(folio)s tiene enlaces personales abiertos."), N_("Retira esas solicitudes o espera a que venzan, y vuelve a intentarlo.")),
    "data_in_use:exports": Message(409, N_("Se está preparando un paquete y podría llevar datos de %(folio)s."), N_("Espera a que termine la exportación y vuelve a intentarlo.")),
    "data_in_use:mail": Message(409, N_("El caso %(folio)s tiene correos por salir."), N_("Espera a que salgan o cancélalos, y vuelve a intentarlo.")),
    "data_in_use": Message(409, N_("Los datos de %(folio)s se están usando ahora."), N_("Vuelve a intentarlo cuando termine.")),
    "data_blocked": Message(409, N_("Los datos de %(folio)s están bloqueados desde la entrada %(seq)s: se conservan, pero ya no se usan."), N_("Si hace falta usarlos, pide a quien responde de los datos personales que levante el bloqueo con su motivo.")),
    "case_erased": Message(409, N_("Los datos personales de %(folio)s se borraron (entrada %(seq)s): el caso ya no admite nada."), N_("Si hace falta algo más, abre un caso nuevo y menciona este folio.")),
    "keeping_unneeded:blocked": Message(409, N_("Los datos de %(folio)s ya están bloqueados."), N_("No hace falta nada más.")),
    "keeping_unneeded:not_blocked": Message(409, N_("Los datos de %(folio)s no están bloqueados."), N_("Recarga la página: quizá el bloqueo ya se levantó.")),
    "keeping_unneeded:requested": Message(409, N_("Ya hay una solicitud de borrado de %(folio)s que espera autorización."), N_("Autorízala o retírala.")),
    "keeping_unneeded:not_requested": Message(409, N_("No hay una solicitud de borrado de %(folio)s por autorizar."), N_("Recarga la página: quizá ya se autorizó o se retiró.")),
    "keeping_unneeded": Message(409, N_("El caso %(folio)s ya está así."), N_("Recarga la página.")),
    "same_person": Message(403, N_("Quien solicitó el borrado de %(folio)s no puede autorizarlo."), N_("Pide que lo autorice otra persona: Dirección General, u otra persona responsable de datos personales.")),
    "unknown_legal_ground": Message(422, N_("«%(ground)s» no es una causa por la que se borran datos personales."), N_("Elige una de: %(options)s.")),
    "no_such_quarantine": Message(409, N_("La entrada %(seq)s no es una cuarentena de %(folio)s que espere decisión."), N_("Recarga la página: quizá alguien ya decidió.")),
    "nothing_to_quarantine:parts": Message(422, N_("No dijiste qué parte de la entrada %(seq)s lo muestra."), N_("Marca un archivo, lo escrito, o ambos.")),
    "nothing_to_quarantine:payload": Message(409, N_("Lo escrito en la entrada %(seq)s ya no está."), N_("Marca un archivo, si es el que lo muestra.")),
    "nothing_to_quarantine:withheld": Message(409, N_("Eso de la entrada %(seq)s ya está en cuarentena o se destruyó en ella."), N_("No hace falta nada más: nadie lo ve.")),
    "nothing_to_quarantine": Message(404, N_("La entrada %(seq)s de %(folio)s no tiene ese archivo."), N_("Recarga la página y elígelo de la lista.")),
    "quarantine_own": Message(403, N_("Lo reportaste tú (entrada %(seq)s): decide otra persona."), N_("Pide que lo vea otra persona responsable de datos personales.")),
    "quarantined": Message(409, N_("Ese archivo de %(folio)s está en cuarentena o se destruyó en ella (entrada %(seq)s): nadie lo ve ni lo usa."), N_("Sube una copia testada, sin el dato; o espera a que se decida.")),
    "too_many_reports": Message(429, N_("Ya esperan decisión %(count)s reportes tuyos; no se admiten más de %(limit)s a la vez."), N_("Avisa a quien responde de los datos personales para que los vea.")),
}  # fmt: skip
"""Refusals of `workflows.keepingerrors`."""

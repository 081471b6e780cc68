"""The words of the reading pages, Spanish first, for the closed vocabularies of entries and states."""

from __future__ import annotations

KINDS = {
    "log.started": ("Bitácora iniciada", "Log started"),
    "definition.published": ("Definición publicada", "Definition published"),
    "catalogue.published": ("Catálogo publicado", "Catalogue published"),
    "access.granted": ("Acceso otorgado", "Access granted"),
    "access.revoked": ("Acceso retirado", "Access revoked"),
    "recertification.opened": ("Revisión de accesos abierta", "Access review opened"),
    "recertification.decided": ("Acceso revisado", "Access reviewed"),
    "recertification.expired": ("Revisión de accesos vencida", "Access review expired"),
    "recertification.closed": ("Revisión de accesos terminada", "Access review finished"),
    "case.opened": ("Caso abierto", "Case opened"),
    "case.refused": ("Solicitud rechazada", "Request refused"),
    "case.closed": ("Caso cerrado", "Case closed"),
    "refusal.noticed": ("Enterado del rechazo", "Refusal seen"),
    "case.linked": ("Caso ligado", "Case linked"),
    "case.sealed": ("Expediente sellado", "Case sealed"),
    "evidence.recorded": ("Evidencia registrada", "Evidence recorded"),
    "evidence.superseded": ("Evidencia anulada con motivo", "Evidence superseded"),
    "step.waived": ("Paso dispensado", "Step waived"),
    "timer.expired": ("Plazo vencido", "Timer expired"),
    "signature.requested": ("Firma solicitada", "Signature requested"),
    "signature.declined": ("Firma negada", "Signature declined"),
    "signature.delegated": ("Firma delegada", "Signature delegated"),
    "signature.withdrawn": ("Solicitud por enlace retirada", "Request by link withdrawn"),
    "document.signed": ("Documento firmado", "Document signed"),
    "document.stamped": ("Sello de tiempo puesto después", "Time stamp added later"),
    "document.differed": (
        "El documento guardado no era el mostrado",
        "Stored document was not the one shown",
    ),
    "document.downloaded": ("Documento descargado", "Document downloaded"),
    "return.requested": ("Carta firmada pedida por enlace", "Signed letter asked for by link"),
    "document.returned": ("Carta firmada recibida por enlace", "Signed letter received by link"),
    "answer.requested": ("Pregunta por enlace", "Question by link"),
    "secret.left": ("Credencial por entregar", "Credential left for delivery"),
    "answer.given": ("Respuesta por enlace", "Answered by link"),
    "secret.shown": ("Credencial entregada por enlace", "Credential delivered by link"),
    "secret.destroyed": ("Credencial destruida", "Credential destroyed"),
    "review.requested": ("Revisión por enlace", "Review by link"),
    "review.finished": ("Revisión terminada por enlace", "Review finished by link"),
    "link.issued": ("Enlace enviado", "Link sent"),
    "link.resent": ("Enlace enviado de nuevo", "Link sent again"),
    "link.fetched": ("Enlace consultado", "Link fetched"),
    "link.opened": ("Enlace abierto", "Link opened"),
    "link.reported": ("Enlace no reconocido", "Link not recognised"),
    "link.revoked": ("Enlace anulado", "Link revoked"),
    "link.expired": ("Enlace vencido sin respuesta", "Link expired without an answer"),
    "code.issued": ("Código dictado por teléfono", "Code read out by telephone"),
    "code.verified": ("Código correcto", "Code right"),
    "code.failed": ("Código equivocado", "Code wrong"),
    "mail.sent": ("Correo enviado", "Mail sent"),
    "mail.failed": ("Correo que no salió", "Mail not sent"),
    "mail.bounced": ("Correo devuelto", "Mail sent back"),
    "mail.received": ("Correo recibido", "Mail received"),
    "mail.discarded": ("Correo descartado", "Mail put aside"),
    "package.exported": ("Paquete exportado", "Package exported"),
    "subject.exported": ("Acceso de un titular atendido", "Access of a data subject answered"),
    "hold.placed": ("Retención legal", "Legal hold"),
    "hold.lifted": ("Retención legal levantada", "Legal hold lifted"),
    "data.blocked": ("Datos bloqueados", "Data blocked"),
    "data.unblocked": ("Bloqueo levantado", "Block lifted"),
    "erasure.requested": ("Borrado solicitado", "Erasure requested"),
    "erasure.withdrawn": ("Solicitud de borrado retirada", "Request for erasure withdrawn"),
    "erasure.executed": ("Borrado ejecutado", "Erasure executed"),
    "quarantine.placed": ("Puesto en cuarentena", "Put in quarantine"),
    "quarantine.viewed": ("Visto en cuarentena, para decidir", "Looked at in quarantine, to decide"),
    "quarantine.released": ("Devuelto de la cuarentena", "Given back from quarantine"),
    "quarantine.destroyed": ("Destruido en cuarentena", "Destroyed in quarantine"),
    "key.rotated": ("Llave renovada", "Key rotated"),
    "seal.published": ("Sello de cartas publicado", "Seal of letters published"),
    "anchor.recorded": ("Ancla registrada", "Anchor recorded"),
    "heads.committed": ("Cabezas comprometidas", "Heads committed"),
    "engagement.opened": ("Auditoría abierta", "Engagement opened"),
    "engagement.changed": ("Auditoría modificada", "Engagement changed"),
    "engagement.closed": ("Auditoría cerrada", "Engagement closed"),
    "item.requested": ("Solicitud de información", "Request item added"),
    "item.answered": ("Solicitud atendida", "Request item answered"),
    "item.accepted": ("Respuesta aceptada", "Request item accepted"),
    "item.returned": ("Respuesta devuelta", "Request item returned"),
    "population.frozen": ("Población congelada", "Population frozen"),
    "sample.drawn": ("Muestra extraída", "Sample drawn"),
    "attribute.tested": ("Atributo probado", "Attribute tested"),
    "finding.raised": ("Hallazgo levantado", "Finding raised"),
    "finding.answered": ("Hallazgo respondido", "Finding answered"),
    "finding.retested": ("Hallazgo vuelto a probar", "Finding retested"),
}

STEP_STATUS = {
    "hecho": ("Hecho", "Done", "ok"),
    "abierto": ("Abierto", "Open", "wait"),
    "bloqueado": ("Bloqueado", "Blocked", ""),
    "dispensado": ("Dispensado", "Waived", "wait"),
    "no_aplica": ("No aplica", "Not applicable", ""),
}

EXCEPTIONS = {
    "waived": ("Paso dispensado", "Step waived"),
    "duties_waived": ("Segregación de funciones dispensada", "Segregation of duties waived"),
    "superseded": ("Evidencia corregida", "Evidence corrected"),
    "annulled": ("Evidencia anulada", "Evidence annulled"),
    "out_of_order": ("Fuera de orden", "Out of order"),
    "recorded_late": ("Registrado tarde", "Recorded late"),
    "outside_hours": ("Contacto fuera de horario", "Contact outside the hours"),
    "homonym": ("Homónimo: lleva un número", "Homonym: carries a number"),
    "overdue": ("Plazo vencido", "Overdue"),
    "gap": ("Día sin control", "Day without its control"),
    "volume": ("Volumen fuera de lo esperado", "Volume other than expected"),
    "unmet": ("Requisito que dejó de cumplirse", "Requirement no longer met"),
    "refused": ("Rechazo", "Refusal"),
    "repeated": ("Paso repetido", "Step repeated"),
    "reopened": ("Caso reabierto", "Case reopened"),
    "silence": ("Resuelto por silencio", "Resolved by silence"),
    "same_place": ("Firmado desde donde se pidió", "Signed from where it was asked for"),
    "effect_ignored": ("Efecto sin aplicar", "Effect not applied"),
    "unreadable": ("Entrada no interpretable", "Entry not understood"),
    "skipped": ("Paso obligatorio sin hacer en un caso cerrado", "Mandatory step not done in a closed case"),
    "role_not_granted": ("Se actuó en un rol no otorgado", "Acted in a role not granted"),
}

NAMINGS = {
    "named": ("según la bitácora", "from the log"),
    "erased": ("nombre borrado", "name erased"),
    "unnamed": ("la bitácora no da su nombre", "the log gives no name"),
    "system": ("el programa", "the program"),
    "reserved": ("nombre reservado", "name withheld"),
}
"""Where a name comes from, or why there is none."""

TIMERS = {
    "running": ("en curso", "running", ""),
    "warned": ("con aviso", "warned", "wait"),
    "overdue": ("vencido", "overdue", "bad"),
    "fired": ("vencido y registrado", "overdue and recorded", "bad"),
    "met": ("cumplido", "met", "ok"),
    "met_late": ("cumplido tarde", "met late", "bad"),
    "cancelled": ("cancelado", "cancelled", ""),
    "paused": ("en pausa", "paused", "wait"),
    "lapsed": ("terminó", "lapsed", ""),
}


def kind_words(kind: str) -> tuple[str, str]:
    """What a kind of entry is called; the kind itself when it is newer than this table."""
    return KINDS.get(kind, (kind, kind))


def when(at: str, *, seconds: bool = False) -> str:
    """A ledger time as pages show it: ``2026-01-31 17:05 UTC``; ``""`` stays empty."""
    return f"{at[:10]} {at[11 : 19 if seconds else 16]} UTC" if at else ""


def size_words(size: int) -> str:
    """A size in bytes for people, whole numbers only below one MiB."""
    if size < 1024:
        return f"{size} B"
    if size < 1024**2:
        return f"{size // 1024} KiB"
    return f"{size // 1024**2}.{size % 1024**2 * 10 // 1024**2} MiB"

"""Words and marks for the closed vocabularies: evidence types, step statuses, entry kinds, exceptions, timers."""

from __future__ import annotations

from dataclasses import dataclass

from web.i18n import by_language, ngettext
from web.i18n import gettext as _
from workflows.definition import EvidenceType, StepClass
from workflows.standing import Verdict
from workflows.state import StepStatus, TimerStatus


@dataclass(frozen=True, slots=True)
class Sign:
    """A word, its tone (ok, wait, warn, late, idle, seal) and its icon: never one without the others."""

    word: str
    tone: str
    mark: str


def step_sign(status: StepStatus, *, late: bool = False) -> Sign:
    """How a step's status is shown."""
    if late:
        return Sign(_("vencido"), "late", "clock")
    return {
        StepStatus.DONE: Sign(_("hecho"), "ok", "check"),
        StepStatus.OPEN: Sign(_("abierto"), "wait", "target"),
        StepStatus.BLOCKED: Sign(_("bloqueado"), "idle", "lock"),
        StepStatus.WAIVED: Sign(_("dispensado"), "warn", "hop"),
        StepStatus.NOT_APPLICABLE: Sign(_("no aplica"), "idle", "dash"),
    }[status]


TOOTH = {
    StepStatus.DONE: "done",
    StepStatus.OPEN: "open",
    StepStatus.BLOCKED: "blocked",
    StepStatus.WAIVED: "waived",
    StepStatus.NOT_APPLICABLE: "off",
}
"""The style of a status in the comb of steps."""


def class_word(kind: StepClass) -> str:
    """How much a step is owed."""
    return {
        StepClass.MANDATORY: _("obligatorio"),
        StepClass.CONDITIONAL: _("condicional"),
        StepClass.OPTIONAL: _("opcional"),
        StepClass.RULE: _("regla"),
        StepClass.PERIODIC: _("periódico"),
    }[kind]


def verdict_word(verdict: str) -> str:
    """What a standing rule said of a contact."""
    words = {
        Verdict.INSIDE: _("dentro de horario"),
        Verdict.WARNING: _("cerca del límite"),
        Verdict.OUTSIDE: _("fuera de horario"),
    }
    return next((word for value, word in words.items() if value == verdict), verdict)


def evidence_sign(kind: EvidenceType | str) -> Sign:
    """What a piece of evidence is, in words."""
    return _evidence_signs().get(str(kind), Sign(str(kind), "idle", "file"))


@by_language
def _evidence_signs() -> dict[str, Sign]:
    return {
        "TKT": Sign(_("referencia del ticket"), "idle", "hash"),
        "EML": Sign(_("correo (.eml o .msg)"), "idle", "mail"),
        "XLS": Sign(_("hoja de Excel (.xlsx)"), "idle", "sheet"),
        "DOC": Sign(_("carta en PDF"), "idle", "pdf"),
        "SGN": Sign(_("carta firmada (PDF o foto)"), "idle", "pen"),
        "SCR": Sign(_("captura de pantalla"), "idle", "image"),
        "REF": Sign(_("número o referencia"), "idle", "hash"),
        "NOTE": Sign(_("nota"), "idle", "note"),
        "ATT": Sign(_("declaración sin archivo"), "idle", "stamp"),
        "CRED": Sign(_("registro de entrega, sin contraseña"), "idle", "key"),
        "PHY": Sign(_("lugar en el archivo físico"), "idle", "pin"),
        "LLAM": Sign(_("llamada o visita"), "idle", "phone"),
        "SYS": Sign(_("registro del sistema"), "idle", "gear"),
    }


def family_mark(media: str, name: str = "") -> str:
    """The icon of a file, by its media type and, failing that, its name."""
    known = (
        ("pdf", "pdf"),
        ("image/", "image"),
        ("spreadsheet", "sheet"),
        ("rfc822", "mail"),
        ("outlook", "mail"),
        ("text/", "note"),
    )
    found = next((mark for part, mark in known if part in media), "")
    ends = {
        ".pdf": "pdf",
        ".png": "image",
        ".jpg": "image",
        ".jpeg": "image",
        ".xlsx": "sheet",
        ".eml": "mail",
        ".msg": "mail",
    }
    return found or next((mark for end, mark in ends.items() if name.lower().endswith(end)), "file")


def mark_sign(mark: str) -> Sign:
    """What a timer's mark says: a warning ahead of time and a reminder are no missed deadline."""
    if mark == "warn" or mark.startswith("before-"):
        return Sign(_("aviso de plazo"), "warn", "clock")
    if mark.startswith("remind"):
        return Sign(_("recordatorio"), "wait", "clock")
    return Sign(_("plazo vencido"), "late", "clock")


def _mail_signs() -> dict[str, Sign]:
    """What became of a mail."""
    return {
        "mail.sent": Sign(_("correo enviado"), "ok", "mail"),
        "mail.failed": Sign(_("correo que no salió"), "late", "mail"),
        "mail.bounced": Sign(_("correo devuelto"), "late", "mail"),
        "mail.received": Sign(_("correo recibido"), "ok", "mail"),
        "mail.discarded": Sign(_("correo descartado"), "idle", "mail"),
    }


def _house_signs() -> dict[str, Sign]:
    """What happened to the log itself, its lists and its people."""
    return {
        "log.started": Sign(_("bitácora iniciada"), "ok", "chain"),
        "definition.published": Sign(_("definición publicada"), "ok", "open-book"),
        "catalogue.published": Sign(_("catálogo publicado"), "ok", "open-book"),
        "key.rotated": Sign(_("llave renovada"), "warn", "key"),
        "seal.published": Sign(_("sello de cartas publicado"), "ok", "key"),
        "anchor.recorded": Sign(_("ancla registrada"), "ok", "chain"),
        "heads.committed": Sign(_("cabezas comprometidas"), "ok", "chain"),
        "access.granted": Sign(_("acceso otorgado"), "wait", "user"),
        "access.revoked": Sign(_("acceso retirado"), "warn", "user"),
        "recertification.opened": Sign(_("revisión de accesos abierta"), "wait", "user"),
        "recertification.decided": Sign(_("acceso revisado"), "ok", "user"),
        "recertification.expired": Sign(_("revisión de accesos vencida"), "late", "user"),
        "recertification.closed": Sign(_("revisión de accesos terminada"), "ok", "user"),
    }


def _by_link() -> dict[str, Sign]:
    """Kinds of what is asked for and given through personal links, signatures apart."""
    return {
        "return.requested": Sign(_("carta firmada pedida por enlace"), "wait", "mail"),
        "document.returned": Sign(_("carta firmada recibida por enlace"), "warn", "tray"),
        "review.requested": Sign(_("revisión por enlace"), "wait", "mail"),
        "review.finished": Sign(_("terminó su revisión"), "ok", "check"),
        "answer.requested": Sign(_("pregunta por enlace"), "wait", "mail"),
        "secret.left": Sign(_("credencial por entregar"), "wait", "key"),
        "answer.given": Sign(_("respondió por enlace"), "ok", "check"),
        "secret.shown": Sign(_("credencial entregada por enlace"), "ok", "key"),
        "secret.destroyed": Sign(_("credencial destruida"), "idle", "cross"),
    }


def _keeping_signs() -> dict[str, Sign]:
    """What was decided about the data of a case."""
    return {
        "hold.placed": Sign(_("retención legal"), "warn", "lock"),
        "hold.lifted": Sign(_("retención legal levantada"), "idle", "undo"),
        "data.blocked": Sign(_("datos bloqueados"), "warn", "lock"),
        "data.unblocked": Sign(_("bloqueo levantado"), "idle", "undo"),
        "erasure.requested": Sign(_("borrado solicitado"), "warn", "note"),
        "erasure.withdrawn": Sign(_("solicitud de borrado retirada"), "idle", "undo"),
        "erasure.executed": Sign(_("datos personales borrados"), "warn", "cross"),
        "quarantine.placed": Sign(_("puesto en cuarentena"), "warn", "lock"),
        "quarantine.viewed": Sign(_("visto en cuarentena"), "idle", "eye"),
        "quarantine.released": Sign(_("devuelto de la cuarentena"), "idle", "undo"),
        "quarantine.destroyed": Sign(_("destruido en cuarentena"), "warn", "cross"),
        "subject.exported": Sign(_("acceso de un titular atendido"), "wait", "box"),
    }


def kind_sign(kind: str, mark: str = "") -> Sign:
    """What an entry says happened; ``mark`` is that of a timer's entry."""
    if kind == "timer.expired":
        return mark_sign(mark)
    return _kind_signs().get(kind) or _audit_sign(kind)


@by_language
def _kind_signs() -> dict[str, Sign]:
    return {
        "case.opened": Sign(_("caso abierto"), "wait", "folder"),
        "case.refused": Sign(_("solicitud rechazada"), "late", "stop"),
        "case.closed": Sign(_("caso cerrado"), "ok", "check"),
        "refusal.noticed": Sign(_("enterado del rechazo"), "ok", "check"),
        "case.linked": Sign(_("caso ligado"), "idle", "chain"),
        "case.sealed": Sign(_("expediente sellado"), "ok", "stamp"),
        "evidence.recorded": Sign(_("evidencia"), "ok", "stamp"),
        "evidence.superseded": Sign(_("corrección"), "warn", "undo"),
        "step.waived": Sign(_("dispensa"), "warn", "hop"),
        "signature.requested": Sign(_("firma solicitada"), "wait", "pen"),
        "signature.declined": Sign(_("firma negada"), "late", "stop"),
        "signature.delegated": Sign(_("firma delegada"), "warn", "user"),
        "signature.withdrawn": Sign(_("solicitud por enlace retirada"), "warn", "undo"),
        "document.signed": Sign(_("documento firmado"), "ok", "pen"),
        "document.stamped": Sign(_("sello de tiempo puesto después"), "ok", "stamp"),
        "document.differed": Sign(_("el documento guardado no era el mostrado"), "late", "stop"),
        "document.downloaded": Sign(_("documento descargado"), "idle", "eye"),
        **_by_link(),
        "link.issued": Sign(_("enlace enviado"), "wait", "mail"),
        "link.resent": Sign(_("enlace enviado de nuevo"), "wait", "mail"),
        "link.reported": Sign(_("enlace no reconocido"), "late", "warn"),
        "link.revoked": Sign(_("enlace anulado"), "warn", "stop"),
        "link.expired": Sign(_("enlace vencido sin respuesta"), "late", "clock"),
        "code.issued": Sign(_("código dictado por teléfono"), "wait", "phone"),
        "code.verified": Sign(_("código correcto"), "ok", "phone"),
        "code.failed": Sign(_("código equivocado"), "warn", "phone"),
        "package.exported": Sign(_("paquete exportado"), "wait", "box"),
        **_keeping_signs(),
        "link.fetched": Sign(_("enlace consultado"), "idle", "eye"),
        "link.opened": Sign(_("enlace abierto"), "wait", "eye"),
        **_mail_signs(),
        **_house_signs(),
    }


def _audit_sign(kind: str) -> Sign:
    """What an entry of an engagement's chain says."""
    signs = {
        "engagement.opened": Sign(_("auditoría abierta"), "wait", "folder"),
        "engagement.changed": Sign(_("auditoría modificada"), "warn", "undo"),
        "engagement.closed": Sign(_("auditoría cerrada"), "ok", "check"),
        "auditor.invited": Sign(_("invitación a auditar"), "wait", "mail"),
        "auditor.admitted": Sign(_("entró por su invitación"), "ok", "user"),
        "views.committed": Sign(_("consultas comprometidas"), "seal", "hash"),
        "item.requested": Sign(_("solicitud de información"), "wait", "note"),
        "item.answered": Sign(_("solicitud atendida"), "ok", "stamp"),
        "item.accepted": Sign(_("respuesta aceptada"), "ok", "check"),
        "item.returned": Sign(_("respuesta devuelta"), "warn", "undo"),
        "population.frozen": Sign(_("población congelada"), "ok", "lock"),
        "sample.drawn": Sign(_("muestra extraída"), "ok", "target"),
        "attribute.tested": Sign(_("atributo probado"), "idle", "eye"),
        "finding.raised": Sign(_("hallazgo levantado"), "late", "warn"),
        "finding.answered": Sign(_("hallazgo respondido"), "wait", "note"),
        "finding.retested": Sign(_("hallazgo vuelto a probar"), "idle", "eye"),
    }
    return signs.get(kind, Sign(kind, "idle", "info"))


def exception_word(code: str) -> str:
    """What an auditor would ask about, in words."""
    words = {
        "waived": _("paso dispensado"),
        "duties_waived": _("dos funciones en la misma persona, con dispensa"),
        "superseded": _("entrada corregida"),
        "annulled": _("entrada anulada"),
        "out_of_order": _("registrado fuera de orden"),
        "recorded_late": _("registrado tarde"),
        "outside_hours": _("contacto fuera de horario"),
        "homonym": _("homónimo: lleva un número"),
        "overdue": _("plazo vencido"),
        "gap": _("día sin control"),
        "volume": _("volumen fuera de lo esperado"),
        "unmet": _("paso previo sin cumplir"),
        "refused": _("rechazado"),
        "repeated": _("paso repetido"),
        "reopened": _("caso reabierto"),
        "effect_ignored": _("cambio de estado no permitido"),
        "silence": _("resuelto por silencio"),
        "same_place": _("firmado desde la misma dirección o equipo que lo pidió"),
        "unreadable": _("entrada que no se pudo interpretar"),
    }
    return words.get(code, code)


def timer_sign(state: TimerStatus) -> Sign:
    """Where a timer stands."""
    return {
        TimerStatus.RUNNING: Sign(_("corre"), "wait", "clock"),
        TimerStatus.WARNED: Sign(_("por vencer"), "warn", "warn"),
        TimerStatus.OVERDUE: Sign(_("vencido"), "late", "clock"),
        TimerStatus.FIRED: Sign(_("vencido y aplicado"), "late", "stamp"),
        TimerStatus.MET: Sign(_("cumplido"), "ok", "check"),
        TimerStatus.MET_LATE: Sign(_("cumplido tarde"), "warn", "check"),
        TimerStatus.CANCELLED: Sign(_("cancelado"), "idle", "dash"),
        TimerStatus.PAUSED: Sign(_("en pausa"), "wait", "clock"),
        TimerStatus.LAPSED: Sign(_("terminó"), "idle", "dash"),
    }[state]


def unit_word(unit: str) -> str:
    """Days of which calendar."""
    return {"habiles": _("días hábiles"), "naturales": _("días naturales")}.get(unit, unit)


def days_word(days: int, unit: str) -> str:
    """So many days of a calendar."""
    if unit == "habiles":
        return ngettext("%(num)d día hábil", "%(num)d días hábiles", days)
    return ngettext("%(num)d día natural", "%(num)d días naturales", days)

"""Words and marks for the closed vocabularies of the auditors' room."""

from __future__ import annotations

from auditing.attributes import Order
from auditing.model import Attribute, Item, ItemState, Kind, Method, Result, Sample, Severity, Standing
from auditing.sampling import FREQUENCIES
from web.i18n import N_
from web.i18n import gettext as _
from web.views.kinds import Sign
from web.views.lens import Lens


def result_sign(result: Result | str | None) -> Sign:
    """What a test came to; nothing yet is a word too."""
    if not result:
        return Sign(_("sin probar"), "idle", "ring")
    return {
        Result.OK: Sign(_("conforme"), "ok", "check"),
        Result.EXCEPTION: Sign(_("excepción"), "late", "warn"),
        Result.NA: Sign(_("no aplica"), "idle", "dash"),
    }[Result(result)]


def severity_sign(severity: Severity) -> Sign:
    """How much a finding weighs."""
    return {
        Severity.OBSERVATION: Sign(_("observación"), "wait", "eye"),
        Severity.MINOR: Sign(_("menor"), "warn", "warn"),
        Severity.MAJOR: Sign(_("mayor"), "late", "stop"),
    }[severity]


def standing_sign(standing: Standing) -> Sign:
    """Where a finding stands."""
    return {
        Standing.RAISED: Sign(_("por responder"), "late", "clock"),
        Standing.ANSWERED: Sign(_("respondido"), "wait", "note"),
        Standing.CLOSED: Sign(_("cerrado"), "ok", "check"),
        Standing.REOPENED: Sign(_("reabierto"), "late", "undo"),
        Standing.WITHDRAWN: Sign(_("retirado"), "idle", "dash"),
    }[standing]


def item_sign(item: Item, today: str) -> Sign:
    """Where a request stands; one that is late says so."""
    if item.state in {ItemState.ASKED, ItemState.RETURNED} and item.due < today:
        return Sign(_("vencida"), "late", "clock")
    return {
        ItemState.ASKED: Sign(_("pedida"), "wait", "clock"),
        ItemState.ANSWERED: Sign(_("respondida"), "wait", "note"),
        ItemState.ACCEPTED: Sign(_("aceptada"), "ok", "check"),
        ItemState.RETURNED: Sign(_("devuelta"), "warn", "undo"),
    }[item.state]


def order_sign(order: Order) -> Sign:
    """What the entries say of the order an attribute asks for."""
    return {
        Order.KEPT: Sign(_("en orden"), "ok", "check"),
        Order.BROKEN: Sign(_("fuera de orden o sin el paso previo"), "late", "warn"),
        Order.PENDING: Sign(_("todavía sin el paso posterior"), "idle", "clock"),
        Order.NONE: Sign("", "idle", "dash"),
    }[order]


def day_text(day: str) -> str:
    """A day as days are shown here, ``dd/mm/aaaa``."""
    return "/".join(reversed(day.split("-")))


def kind_word(kind: Kind) -> str:
    """Who audits."""
    return _("interna") if kind is Kind.INTERNAL else _("externa")


def method_word(sample: Sample) -> str:
    """How a sample was made."""
    if sample.method is Method.FREQUENCY:
        return _("por frecuencia: %(often)s", often=frequency_words().get(sample.detail, sample.detail))
    return {
        Method.SIZE: _("tamaño elegido por quien audita"),
        Method.CFR80127: "40 CFR 80.127 · 95/0/10",
        Method.TARGETED: _("dirigida, con motivo"),
    }[sample.method]


def frequency_words() -> dict[str, str]:
    """How often a control runs, with the size that asks for."""
    words = {
        "annual": _("anual"),
        "quarterly": _("trimestral"),
        "monthly": _("mensual"),
        "weekly": _("semanal"),
        "daily": _("diario"),
        "continuous": _("varias veces al día"),
    }
    return {code: f"{words[code]} · {n}" for code, n in FREQUENCIES.items()}


def attribute_name(attribute: Attribute, eyes: Lens) -> str:
    """The name in the reader's language."""
    return attribute.name_en if eyes.locale == "en" and attribute.name_en else attribute.name


_VIEWS = {
    "audit.room": N_("auditorías"),
    "audit.overview": N_("resumen del encargo"),
    "audit.book": N_("bitácora del encargo"),
    "audit.engagements_table": N_("auditorías en Excel"),
    "auditwork.findings": N_("hallazgos"),
    "auditwork.finding": N_("hallazgo"),
    "auditwork.items": N_("solicitudes"),
    "auditfield.populations": N_("poblaciones y muestras"),
    "auditfield.attributes": N_("atributos"),
    "auditlog.form": N_("exportar"),
    "auditlog.result": N_("avance de un paquete"),
    "auditscope.listing": N_("lista de casos"),
    "auditscope.table": N_("lista de casos en Excel"),
    "auditsheets.table": N_("lista en Excel"),
    "auditsheets.tests_page": N_("pruebas"),
    "auditsample.sample": N_("muestra"),
    "auditsample.table": N_("muestra en Excel"),
    "auditcases.listing": N_("lista de casos"),
    "auditcases.table": N_("lista de casos en Excel"),
    "auditcases.entries": N_("entradas de un caso"),
    "auditcases.entries_table": N_("entradas de un caso en Excel"),
    "auditcases.verified": N_("verificación de un caso"),
    "auditcases.show": N_("caso"),
    "auditcases.entry": N_("entrada"),
    "quarantine.audit_form": N_("formulario para reportar una entrada"),
    "auditcases.download": N_("archivo descargado"),
    "auditcases.preview": N_("vista de un archivo"),
    "auditcases.exact": N_("bytes de una entrada"),
    "auditcases.proof": N_("prueba de una entrada"),
    "auditfield.population": N_("población"),
    "auditfield.population_file": N_("población descargada"),
    "auditfield.sample": N_("muestra"),
    "auditfield.sample_table": N_("muestra en Excel"),
    "auditlog.package": N_("paquete descargado"),
    "auditlog.workpapers": N_("papeles de trabajo"),
    "cases.show": N_("caso"),
    "cases.listing": N_("lista de casos"),
    "evidence.entry": N_("entrada"),
    "evidence.download": N_("archivo descargado"),
    "evidence.preview": N_("vista de un archivo"),
    "evidence.exact": N_("bytes de una entrada"),
    "evidence.proof": N_("prueba de una entrada"),
    "export.package": N_("paquete descargado"),
    "recertification.of_engagement": N_("revisión de accesos"),
    "recertification.engagement_table": N_("revisión de accesos en Excel"),
    "searching.results": N_("búsqueda"),
}


def view_word(what: str) -> str:
    """What a logged view showed, from the name of its page."""
    return _(_VIEWS[what]) if what in _VIEWS else what

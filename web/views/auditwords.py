"""Words and marks for the closed vocabularies of the auditors' room."""

from __future__ import annotations

from auditing.attributes import Order
from auditing.model import Attribute, Item, ItemState, Kind, Method, Result, Sample, Severity, Standing
from auditing.sampling import FREQUENCIES
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


def view_word(what: str) -> str:
    """What a logged view showed, from the name of its page."""
    words = {
        "audit.room": _("auditorías"),
        "audit.overview": _("resumen del encargo"),
        "audit.book": _("bitácora del encargo"),
        "audit.engagements_table": _("auditorías en Excel"),
        "auditwork.findings": _("hallazgos"),
        "auditwork.finding": _("hallazgo"),
        "auditwork.items": _("solicitudes"),
        "auditfield.populations": _("poblaciones y muestras"),
        "auditfield.attributes": _("atributos"),
        "auditlog.form": _("exportar"),
        "auditlog.result": _("avance de un paquete"),
        "auditscope.listing": _("lista de casos"),
        "auditscope.table": _("lista de casos en Excel"),
        "auditsheets.table": _("lista en Excel"),
        "auditsheets.tests_page": _("pruebas"),
        "auditsample.sample": _("muestra"),
        "auditsample.table": _("muestra en Excel"),
        "auditcases.listing": _("lista de casos"),
        "auditcases.table": _("lista de casos en Excel"),
        "auditcases.entries": _("entradas de un caso"),
        "auditcases.entries_table": _("entradas de un caso en Excel"),
        "auditcases.verified": _("verificación de un caso"),
        "auditcases.show": _("caso"),
        "auditcases.entry": _("entrada"),
        "auditcases.download": _("archivo descargado"),
        "auditcases.preview": _("vista de un archivo"),
        "auditcases.exact": _("bytes de una entrada"),
        "auditcases.proof": _("prueba de una entrada"),
        "auditfield.population": _("población"),
        "auditfield.population_file": _("población descargada"),
        "auditfield.sample": _("muestra"),
        "auditfield.sample_table": _("muestra en Excel"),
        "auditlog.package": _("paquete descargado"),
        "auditlog.workpapers": _("papeles de trabajo"),
        "cases.show": _("caso"),
        "cases.listing": _("lista de casos"),
        "evidence.entry": _("entrada"),
        "evidence.download": _("archivo descargado"),
        "evidence.preview": _("vista de un archivo"),
        "evidence.exact": _("bytes de una entrada"),
        "evidence.proof": _("prueba de una entrada"),
        "export.package": _("paquete descargado"),
        "searching.results": _("búsqueda"),
    }
    return words.get(what, what)

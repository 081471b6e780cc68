"""A verification in plain language: a verdict anybody understands, findings that say what to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evidence.canonical import Json
from web.i18n import format_moment, ngettext
from web.i18n import gettext as _
from web.views.lens import size_text


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding. ``href`` leads to the entry it concerns, where there is one."""

    code: str
    text: str
    subject: str
    href: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """What a verification said."""

    verdict: str
    word: str
    mark: str
    sentence: str
    level_text: str
    facts: tuple[tuple[str, str], ...]
    root: str
    findings: tuple[FindingView, ...]


def report_view(report: Mapping[str, Json], link: Callable[[str, str], str]) -> ReportView:
    """A report as JSON (of a ledger or of a case), in words; ``link`` makes an entry's address from folio and seq."""
    verdict = str(report.get("verdict", "unverifiable"))
    raw = report.get("findings")
    findings = (
        tuple(_finding(item, link) for item in raw if isinstance(item, dict)) if isinstance(raw, list) else ()
    )
    return ReportView(
        verdict=verdict,
        word={"valid": _("Válida"), "invalid": _("Inválida")}.get(verdict, _("No verificable")),
        mark={"valid": "check", "invalid": "stop"}.get(verdict, "help"),
        sentence=_sentence(verdict, len(findings)),
        level_text=level_text(str(report.get("level", ""))),
        facts=_facts(report),
        root=str(report.get("root", "")),
        findings=findings,
    )


def _sentence(verdict: str, findings: int) -> str:
    if verdict == "valid":
        return _("Todo lo guardado es lo que se selló: nada falta, nada sobra y nada cambió.")
    if verdict == "invalid":
        return ngettext(
            "Hay %(num)d hallazgo: algo guardado ya no es lo que se selló.",
            "Hay %(num)d hallazgos: algo guardado ya no es lo que se selló.",
            findings,
        )
    return _("No se encontró alteración, pero falta algo para poder afirmarlo: mira los hallazgos.")


def level_text(level: str) -> str:
    """How strongly the result is anchored."""
    texts = {
        "none": _("Sin ancla: no hay una cabeza firmada que lo respalde."),
        "A0": _("Nivel A0: respaldada por la cabeza firmada con la llave de este sistema."),
        "A1": _("Nivel A1: además, la cabeza firmada tiene copias que este sistema no puede borrar."),
        "A2": _("Nivel A2: además, un tercero fechó la cabeza."),
        "A3": _("Nivel A3: además, testigos independientes vieron la misma cabeza."),
    }
    return texts.get(level, _("Nivel %(level)s", level=level) if level else "")


def _facts(report: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    def number(name: str) -> int:
        value = report.get(name, 0)
        return value if isinstance(value, int) else 0

    facts = [
        (_("Entradas recalculadas"), str(number("entries_checked"))),
        (_("Archivos comprobados"), str(number("objects_checked"))),
        (_("Bytes de archivos leídos"), size_text(number("bytes_checked"))),
    ]
    anchors = report.get("anchors")
    facts += (
        [_anchor(held) for held in anchors if isinstance(held, dict)] if isinstance(anchors, list) else []
    )
    if number("unsequenced"):
        facts.append((_("Entradas por numerar"), str(number("unsequenced"))))
    return tuple(facts)


def _anchor(held: Mapping[str, Json]) -> tuple[str, str]:
    """A time stamp or cosignature in words: who, how much, when."""
    word = _("Cofirma de testigo") if held.get("level") == "A3" else _("Sello de tiempo")
    moment = format_moment(str(held.get("time", "")))
    return word, _(
        "%(name)s: %(size)s entradas, %(moment)s", name=held.get("name"), size=held.get("size"), moment=moment
    )


def _finding(item: Mapping[str, Json], link: Callable[[str, str], str]) -> FindingView:
    code, subject = str(item.get("code", "")), str(item.get("subject", ""))
    folio, _slash, rest = subject.partition("/")
    seq = rest.split(" ")[0]
    return FindingView(
        code=code,
        text=finding_text(code),
        subject=subject,
        href=link(folio, seq) if seq.isdigit() and ":" not in folio else "",
        expected=str(item.get("expected", "")),
        found=str(item.get("found", "")),
    )


def finding_text(code: str) -> str:
    """A finding's code as a sentence."""
    texts = {
        "entry.malformed": _("Una entrada no se puede leer."),
        "entry.leaf_differs": _("Los bytes de una entrada cambiaron: ya no dan su huella."),
        "entry.column_differs": _("Una columna de la base de datos no coincide con los bytes sellados."),
        "entry.other_log": _("Una entrada pertenece a otra bitácora."),
        "chain.seq_not_dense": _("Falta o sobra una entrada en la cadena del caso."),
        "chain.prev_differs": _("Un eslabón no corresponde con la entrada anterior."),
        "index.not_dense": _("Hay un hueco en la numeración de la bitácora."),
        "payload.differs": _("Los datos que acompañan a una entrada cambiaron."),
        "payload.malformed": _("Los datos que acompañan a una entrada no se pueden leer."),
        "payload.missing": _("Faltan los datos de una entrada y no hay una orden de borrado."),
        "payload.erased": _("Datos personales borrados por orden (no es una alteración)."),
        "time.backwards": _("El reloj retrocedió entre dos entradas (se informa; no es una alteración)."),
        "object.missing": _("Falta un archivo sellado."),
        "object.erased": _("Archivo borrado por orden (no es una alteración)."),
        "object.differs": _("El contenido de un archivo cambió."),
        "object.version_differs": _("El almacén tiene otra versión del archivo."),
        "object.retention_shortened": _("Se acortó el candado de conservación de un archivo."),
        "object.unreferenced": _("Hay un archivo al que ninguna entrada se refiere (se informa)."),
        "object.unavailable": _("El almacén de archivos no respondió: no se pudo comprobar."),
        "tree.size_differs": _("El tamaño del árbol no coincide con las entradas."),
        "tree.root_differs": _("La raíz del árbol no es la que se firmó."),
        "tree.tile_differs": _("Un mosaico del árbol cambió."),
        "checkpoint.malformed": _("Una cabeza guardada no se puede leer."),
        "checkpoint.signature_invalid": _("La firma de una cabeza no es válida."),
        "checkpoint.unknown_key": _("Una cabeza está firmada con una llave que no conoces."),
        "checkpoint.other_log": _("Una cabeza es de otra bitácora."),
        "checkpoint.misfiled": _("Una cabeza está guardada con un tamaño que no es el suyo."),
        "checkpoint.root_differs": _("Lo guardado no da la raíz que se firmó."),
        "checkpoint.none": _("Todavía no hay una cabeza firmada."),
        "log.truncated": _("La bitácora es más corta que una cabeza ya firmada: se perdieron entradas."),
        "log.forked": _("Hay dos historias firmadas que no coinciden."),
        "log.empty": _("No hay entradas que comprobar."),
        "checkpoint.stale": _("Lo firmado no llega hasta la fecha pedida."),
        "key.none": _("Se verificó sin llave pública: nada se puede afirmar."),
        "projection.differs": _("La lista de casos no coincide con lo que dicen sus entradas."),
    }
    return texts.get(code) or _outside_text(code) or _("Hallazgo %(code)s", code=code)


def _outside_text(code: str) -> str:
    """A finding about what the log commits to, or others vouch for, as a sentence."""
    return {
        "heads.differ": _(
            "El compromiso con el último renglón de cada caso no es el que había: se ocultaron o cambiaron entradas."
        ),
        "views.differ": _(
            "Las consultas de auditoría no son las que se comprometieron: se perdieron o cambiaron renglones."
        ),
        "anchor.invalid": _("Una cofirma o un sello de tiempo no respalda lo que la bitácora dice de él."),
        "quorum.unmet": _("Faltan las cofirmas de testigos que pide la política de confianza."),
    }.get(code, "")

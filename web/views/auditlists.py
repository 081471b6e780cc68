"""The lists of the auditors' room: what each line tells, and in which columns, on pages and in spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from auditing.attributes import attributes_of
from auditing.model import Act, Engagement, Finding, Item, Population, Result, Sample, TestResult
from auditing.population import Row
from documents.identifiers import fold
from evidence.entry import SealedEntry
from web.i18n import gettext as _
from web.views.audittables import CaseLine
from web.views.auditwords import (
    attribute_name,
    item_sign,
    method_word,
    result_sign,
    severity_sign,
    standing_sign,
)
from web.views.entries import EntryLine, entry_line
from web.views.lens import Lens
from web.views.tables import Column, Key

Told = TypeVar("Told")
_NUMBER = re.compile(r"\d+")
_RANKS = {"major": 3, "minor": 2, "observation": 1}
_NAMED = ("population", "sample", "folio", "attribute", "result", "finding", "severity", "standing", "item")


@dataclass(frozen=True, slots=True)
class EngagementLine:
    """An engagement in the list."""

    state: Engagement
    live: bool
    open_findings: int
    owed: int


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A sample in the list, with how far its tests are."""

    sample: Sample
    process: str
    done: int
    total: int
    exceptions: int


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test: the attribute in words beside what it came to."""

    test: TestResult
    attribute: str
    place: int


@dataclass(frozen=True, slots=True)
class BookLine:
    """An entry of an engagement's chain, and what its facts say of the auditors' own things."""

    line: EntryLine
    told: str
    kind: str
    at: str


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """An entry of a case; ``at`` is its ledger time."""

    line: EntryLine
    at: str


def case_entry_columns() -> list[Column[CaseEntry]]:
    """The entries of a case."""
    return [
        Column("numero", _("Entrada"), 9, lambda one: one.line.seq, number=True),
        Column("paso", _("Paso"), 9, lambda one: one.line.step, _step_key),
        Column("que", _("Qué"), 44, lambda one: one.line.title, lambda one: fold(one.line.title)),
        Column("tipo", _("Tipo de entrada"), 22, lambda one: one.line.sign.word),
        Column("quien", _("Quién"), 30, lambda one: one.line.who, lambda one: fold(one.line.who)),
        Column("papel", _("Papel"), 20, lambda one: one.line.role, shown=False),
        Column("ocurrio", _("Ocurrió"), 22, lambda one: one.line.occurred.iso if one.line.occurred else "",
               title=_("Ocurrió (UTC)")),
        Column("registro", _("Registrado"), 30, lambda one: one.at, title=_("Registrado (UTC)")),
        Column("archivos", _("Archivos"), 10, lambda one: len(one.line.files), number=True),
        Column("tardio", _("Registro tardío"), 10, lambda one: _("sí") if one.line.late else "", shown=False),
        Column("corregida", _("Corregida por la"), 10, lambda one: one.line.void_by or "", shown=False),
        Column("huella", _("Huella"), 68, lambda one: one.line.leaf, shown=False),
    ]  # fmt: skip


def number_in(name: str) -> int:
    """The number in a short name such as ``P12``."""
    found = _NUMBER.search(name)
    return int(found[0]) if found else 0


def engagement_columns() -> list[Column[EngagementLine]]:
    """Engagements."""
    return [
        Column("encargo", _("Encargo"), 44, lambda one: one.state.title or one.state.id,
               lambda one: fold(one.state.title or one.state.id)),
        Column("id", _("Número"), 14, lambda one: one.state.id),
        Column("despacho", _("Despacho o área que audita"), 30, lambda one: one.state.firm, shown=False),
        Column("procesos", _("Procesos y periodo"), 40, _scope, lambda one: one.state.terms.start),
        Column("estado", _("Estado"), 24, _standing,
               lambda one: f"{1 if one.live else 2 if one.state.closed else 0}{one.state.terms.expires}"),
        Column("muestras", _("Muestras"), 10, lambda one: len(one.state.samples), number=True),
        Column("hallazgos", _("Hallazgos abiertos"), 10, lambda one: one.open_findings, number=True),
        Column("solicitudes", _("Solicitudes por responder"), 10, lambda one: one.owed, number=True),
    ]  # fmt: skip


def _scope(one: EngagementLine) -> str:
    terms = one.state.terms
    return f"{', '.join(terms.processes) or _('todos los procesos')} {terms.start} – {terms.end}"


def _step_key(one: CaseEntry) -> str:
    """Steps in the order of their numbers: 2 before 10, 28 before 28a."""
    return f"{number_in(one.line.step):06}{one.line.step}"


def _standing(one: EngagementLine) -> str:
    if one.state.closed:
        return _("cerrada")
    day = "/".join(reversed(one.state.terms.expires.split("-")))
    return _("vigente hasta el %(day)s", day=day) if one.live else _("vencida el %(day)s", day=day)


def population_columns(eyes: Lens) -> list[Column[Population]]:
    """Populations of an engagement."""
    return [
        Column("poblacion", _("Población"), 12, lambda one: one.id, lambda one: number_in(one.id)),
        Column("nombre", _("Nombre"), 34, lambda one: one.title, shown=False),
        Column("proceso", _("Proceso y periodo"), 36,
               lambda one: f"{one.process} {one.start} – {one.end}"),
        Column("casos", _("Casos"), 10, lambda one: one.rows, number=True),
        Column("folio", _("Del folio al folio"), 48, lambda one: f"{one.first} – {one.last}"),
        Column("huecos", _("Huecos"), 10, lambda one: one.gaps, number=True),
        *acted(_("Congelada"), lambda one: one.frozen, eyes),
        Column("zona", _("Zona horaria"), 22, lambda one: one.zone, shown=False),
        Column("entradas", _("Entradas de la bitácora"), 12, lambda one: one.size, shown=False),
        Column("huella", _("Huella del archivo"), 68, lambda one: one.digest, shown=False),
    ]  # fmt: skip


def population_row_columns() -> list[Column[Row]]:
    """A frozen list: what its file says, no more."""
    return [
        Column("folio", _("Folio"), 22, lambda row: row.folio),
        Column("abierto", _("Abierto"), 30, lambda row: row.opened_at, title=_("Abierto (UTC)")),
        Column(
            "huella", _("Huella de la primera entrada"), 68, lambda row: row.leaf, sorts=False, shown=False
        ),
    ]


def standing_headings() -> list[tuple[str, int]]:
    """Headings and widths of `standing_cells` and of the moment they are of."""
    return [(_("Estado"), 28), (_("Cerrado"), 10), (_("Expediente completo"), 12), (_("Avance"), 10),
            (_("Excepciones"), 12), (_("Como estaba el (UTC)"), 22)]  # fmt: skip


def standing_cells(line: CaseLine | None) -> list[Key]:
    """How a case stands; blanks for one that was not there yet."""
    if line is None:
        return ["", "", "", "", ""]
    yes = {True: _("sí"), False: _("no")}
    return [line.sign.word, yes[line.closed], yes[line.complete], line.progress, line.exceptions]


def sample_line(state: Engagement, sample: Sample) -> SampleLine:
    """A sample with how far it is."""
    population = state.population(sample.population)
    process = population.process if population else ""
    mine = [test for key, test in state.tests.items() if key[0] == sample.id]
    total = sample.n * len(attributes_of(state, process))
    return SampleLine(
        sample, process, len(mine), total, sum(test.result is Result.EXCEPTION for test in mine)
    )


def sample_columns(eyes: Lens) -> list[Column[SampleLine]]:
    """Samples of an engagement, or of one population."""
    return [
        Column("muestra", _("Muestra"), 12, lambda one: one.sample.id, lambda one: number_in(one.sample.id)),
        Column("poblacion", _("Población"), 12, lambda one: one.sample.population, shown=False),
        Column("proceso", _("Proceso"), 10, lambda one: one.process, shown=False),
        Column("como", _("Cómo"), 34, lambda one: method_word(one.sample)),
        Column("semilla", _("Semilla o motivo"), 34, lambda one: one.sample.seed or one.sample.reason,
               lambda one: fold(one.sample.seed or one.sample.reason)),
        Column("n", _("n de N"), 10,
               lambda one: f"{one.sample.n} / {one.sample.of}", lambda one: one.sample.n, number=True),
        Column("probados", _("Probados"), 12, lambda one: f"{one.done} / {one.total}",
               lambda one: one.done * 10_000 // max(one.total, 1), number=True),
        Column("excepciones", _("Excepciones"), 12, lambda one: one.exceptions, number=True),
        *acted(_("Extraída"), lambda one: one.sample.drawn, eyes),
    ]  # fmt: skip


def test_lines(state: Engagement, eyes: Lens) -> list[TestLine]:
    """Every test that stands, of every sample."""
    names, places = dict[tuple[str, str], str](), dict[tuple[str, str], int]()
    for sample in state.samples:
        population = state.population(sample.population)
        for item in attributes_of(state, population.process) if population else ():
            names[sample.id, item.code] = attribute_name(item, eyes)
        places |= {(sample.id, folio): place for place, folio in enumerate(sample.folios, 1)}
    return [
        TestLine(
            test, names.get((test.sample, test.attribute), test.attribute), places[test.sample, test.folio]
        )
        for test in state.tests.values()
    ]


def test_columns(eyes: Lens) -> list[Column[TestLine]]:
    """Tests."""
    return [
        Column("muestra", _("Muestra"), 10, lambda one: one.test.sample,
               lambda one: number_in(one.test.sample) * 100_000 + one.place),
        Column("folio", _("Caso"), 22, lambda one: one.test.folio),
        Column("atributo", _("Atributo"), 50, lambda one: one.attribute, lambda one: fold(one.attribute)),
        Column("resultado", _("Resultado"), 14, lambda one: result_sign(one.test.result).word),
        Column("nota", _("Nota"), 60, lambda one: one.test.note, sorts=False),
        Column("veces", _("Veces"), 8, lambda one: one.test.times, number=True),
        *acted(_("Probado"), lambda one: one.test.act, eyes),
    ]  # fmt: skip


def finding_columns(eyes: Lens) -> list[Column[Finding]]:
    """Findings."""
    return [
        Column("hallazgo", _("Hallazgo"), 10, lambda one: one.id, lambda one: number_in(one.id)),
        Column("titulo", _("Título"), 40, lambda one: one.title, shown=False),
        Column("gravedad", _("Gravedad"), 14, lambda one: severity_sign(one.severity).word,
               lambda one: _RANKS[one.severity]),
        Column("estado", _("Estado"), 16, lambda one: standing_sign(one.standing).word),
        Column("casos", _("Casos"), 40, lambda one: ", ".join(one.folios), lambda one: len(one.folios)),
        *acted(_("Levantado"), lambda one: one.raised, eyes),
        Column("conclusion", _("Conclusión"), 70, lambda one: one.text, shown=False),
        Column("recomendacion", _("Recomendación"), 50, lambda one: one.recommendation, shown=False),
        Column("evidencia", _("Evidencia que señala"), 60,
               lambda one: "\n".join(f"{e.folio}/{e.seq} {e.leaf}" for e in one.entries), shown=False),
        Column("respuesta", _("Respuesta"), 50,
               lambda one: "\n".join(f"{r.act.at} {r.text} {r.due}".strip() for r in one.responses), shown=False),
        Column("reprueba", _("Nueva prueba"), 50, lambda one: "\n".join(
            f"{r.act.at} {standing_sign(r.standing).word}: {r.text}" for r in one.retests), shown=False),
    ]  # fmt: skip


def item_columns(eyes: Lens) -> list[Column[Item]]:
    """The request list."""
    today = eyes.today().isoformat()
    return [
        Column("solicitud", _("Solicitud"), 10, lambda one: one.id, lambda one: number_in(one.id)),
        Column("titulo", _("Qué se pide"), 50, lambda one: one.title, lambda one: fold(one.title)),
        Column("a", _("A quién"), 28, lambda one: eyes.who(one.owner), lambda one: fold(eyes.who(one.owner))),
        Column("para", _("Para cuándo"), 12, lambda one: one.due),
        Column("estado", _("Estado"), 14, lambda one: item_sign(one, today).word),
        *acted(_("Pedida"), lambda one: one.asked, eyes),
        Column("detalle", _("Detalle"), 60, lambda one: one.text, shown=False),
        Column("entradas", _("Entradas"), 60, lambda one: "\n".join(
            f"{e.folio}/{e.seq} {e.leaf}" for act in one.acts for e in act.entries), shown=False),
    ]  # fmt: skip


def book_line(sealed: SealedEntry, eyes: Lens) -> BookLine:
    """An entry of an engagement's chain as a line."""
    facts: Mapping[str, object] = sealed.entry.facts
    told = " · ".join(str(facts[name]) for name in _NAMED if facts.get(name))
    return BookLine(entry_line(sealed, None, eyes), told, str(sealed.entry.kind), sealed.entry.at)


def book_columns() -> list[Column[BookLine]]:
    """The chain of an engagement."""
    return [
        Column("numero", _("Número"), 9, lambda one: one.line.seq, number=True),
        Column("que", _("Qué"), 34, lambda one: one.line.title, lambda one: fold(one.line.title)),
        Column("de", _("De qué"), 44, lambda one: one.told),
        Column("quien", _("Quién"), 30, lambda one: one.line.who, lambda one: fold(one.line.who)),
        Column("papel", _("Papel"), 20, lambda one: one.line.role, shown=False),
        Column("cuando", _("Cuándo"), 30, lambda one: one.at, title=_("Cuándo (UTC)")),
        Column("huella", _("Huella"), 68, lambda one: one.line.leaf, sorts=False),
    ]


def acted(heading: str, act: Callable[[Told], Act], eyes: Lens) -> Sequence[Column[Told]]:
    """Who did it, when and in which entry: one column on a page, three in a spreadsheet."""
    return (
        Column("cuando", heading, 30, lambda one: act(one).at, lambda one: act(one).seq),
        Column("quien", _("Quién"), 28, lambda one: eyes.who(act(one).actor), shown=False),
        Column("entrada", _("Entrada"), 9, lambda one: act(one).seq, shown=False),
    )

"""The tables about a package as a whole: processes, figures, norms, population, sample, access, lists, people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit_exports import layout
from audit_exports.catalogues import Lists
from audit_exports.indicators import DERIVED, ProcessTally
from audit_exports.people import ACCESS, Roster, Tenure
from audit_exports.population import Member
from audit_exports.presence import PersonRow
from audit_exports.record import PackageFacts
from audit_exports.sheet import ALERT, Cell
from audit_exports.standards import standards
from audit_exports.tables import Table
from audit_exports.words import NAMINGS
from workflows.catalogues import CATALOGUES_CASE
from workflows.definition import CatalogueItem, Definition
from workflows.raci import raci

_PROCESS = (
    "clave 28|proceso 22|paso 7|nombre 46|clase 13|ejecuta 30|evidencia que se exige 60|después de 20|instrucción 80|"
    "qué sigue 60"
)
_RACI = (
    "clave 28|proceso 22|paso 7|nombre 46|responsable (R) 34|quien rinde cuentas (A) 34|consultado (C) 34|"
    "informado (I) 34|origen 46"
)
_KPI = "clave 36|proceso 22|indicador 24|nombre 60|valor 14|numerador 11|denominador 12|origen 56"
_NORMS = (
    "clave 36|proceso 12|norma 26|cláusula o práctica 22|nombre 60|cotejado 30|versión del mapa 14|fuente 80"
)
_POPULATION = "folio 24|n 7|proceso 12|en este paquete 12|orden del sorteo (SHA-256 de semilla y folio) 68"
_SAMPLE = "folio 24|lugar 8|método 56|orden del sorteo (SHA-256 de semilla y folio) 68"
_ACCESS = "clave 24|id 26|nombre 36|rol 20|desde 27|entrada 8|hasta 27|entrada de baja 8|vigente 9|en estos casos 12"
_CATALOGUES = (
    "clave 48|catálogo 22|versión 12|en vigor desde 27|código 20|nombre 46|vale desde 14|vale hasta 14|valores 40|"
    "entrada 20"
)
_CALENDAR = "clave 26|calendario 18|día 14|motivo 60|clase 18"
_PEOPLE = (
    "id 26|nombre 40|de dónde sale el nombre 26|roles y fechas (UTC) 80|entradas 9|entradas que la nombran 12|"
    "entradas sin rol vigente 12|primera concesión 20|página 10"
)
_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_ORIGIN = "derivado de los responsables que nombra la definición"


class WholeTables:
    """Filled once, after the last case."""

    def __init__(self) -> None:
        self.process = Table("Proceso", _PROCESS)
        self.raci = Table("RACI", _RACI, "procesos/raci.csv")
        self.kpi = Table("KPI", _KPI, "procesos/kpi.csv")
        self.norms = Table("Normas", _NORMS, "normas/normas.csv")
        self.population = Table("Población", _POPULATION, layout.POPULATION)
        self.sample = Table("Muestra", _SAMPLE, "muestra.csv")
        self.access = Table("Accesos", _ACCESS, "accesos_sistema.csv")
        self.catalogues = Table("Catálogos", _CATALOGUES, "catalogos.csv")
        self.calendar = Table("Calendario", _CALENDAR, "calendario.csv")
        self.people = Table("Personas", _PEOPLE, "personas/personas.csv")

    def all(self) -> tuple[Table, ...]:
        """Every table."""
        return (
            self.process, self.raci, self.kpi, self.norms, self.population, self.sample, self.access,
            self.catalogues, self.calendar, self.people,
        )  # fmt: skip

    def add_processes(self, tallies: Sequence[ProcessTally]) -> None:
        """Steps, who answers for them, figures and references of every process."""
        for tally in tallies:
            self._add_steps(tally.definition)
            self._add_figures(tally)
        for process in sorted({tally.definition.process for tally in tallies}):
            self._add_norms(process)

    def add_population(self, facts: PackageFacts, members: Sequence[Member]) -> None:
        """Every case the scope left before sampling, and those that were drawn."""
        scope = facts.scope
        drawn = sorted(
            (member for member in members if member.drawn), key=lambda member: (member.rank, member.folio)
        )
        for member in members:
            link = layout.case_page_path(member.folio) if member.drawn else ""
            self.population.add(
                Cell(member.folio, link),
                member.number,
                member.process,
                "sí" if member.drawn else "no",
                member.rank,
            )
        method = "población completa"
        if scope.sample:
            method = f"los primeros {scope.sample} por SHA-256(semilla ‖ folio), semilla {scope.seed}"
        elif scope.folios:
            method = "folios pedidos por nombre"
        for place, member in enumerate(drawn, 1):
            self.sample.add(
                Cell(member.folio, layout.case_page_path(member.folio)), place, method, member.rank
            )

    def add_access(self, roster: Roster, present: frozenset[str]) -> None:
        """Who held which role of this system when; names of those who appear only."""
        for actor, tenure in roster.all_tenures():
            here = actor in present
            self.access.add(
                Cell(f"{ACCESS}/{tenure.seq}", layout.entry_path(ACCESS, tenure.seq)),
                actor,
                roster.person(actor).name if here else "",
                tenure.role,
                tenure.since,
                tenure.seq,
                tenure.until,
                tenure.until_seq or "",
                "no" if tenure.until_seq else "sí",
                "sí" if here else "no",
            )

    def add_lists(self, lists: Lists, definitions: Sequence[Definition]) -> None:
        """Catalogues in every version, and the calendar's days off."""
        for definition in definitions:
            for own in definition.catalogues:
                for item in own.items:
                    key = f"{definition.label}/{own.code}/{own.version}/{item.code}"
                    self._item(key, own.code, own.version, "", item, "")
        for code, versions in sorted(lists.timeline.items()):
            for version in versions:
                for item in version.items:
                    key = f"{CATALOGUES_CASE}/{version.seq}/{item.code}"
                    self._item(
                        key, code, version.version, version.since, item, f"{CATALOGUES_CASE}/{version.seq}"
                    )
        calendar = lists.calendar
        for number, hours in enumerate(calendar.service):
            told = f"servicio de {hours[0]:%H:%M} a {hours[1]:%H:%M}" if hours else "sin servicio"
            self.calendar.add(
                f"{calendar.id}/{number + 1}", calendar.id, _DAYS[number], told, "día de la semana"
            )
        for day, reason in sorted(calendar.holidays.items()):
            self.calendar.add(f"{calendar.id}/{day}", calendar.id, day.isoformat(), reason, "día inhábil")

    def add_people(self, rows: Iterable[PersonRow]) -> None:
        """Everybody in the cases."""
        for row in rows:
            person = row.person
            first = person.tenures[0].seq if person.tenures else 0
            self.people.add(
                person.id,
                person.name,
                NAMINGS[person.naming][0],
                "; ".join(_tenure(tenure) for tenure in person.tenures),
                row.acted,
                row.named,
                Cell(row.unheld, style=ALERT if row.unheld else 0),
                Cell(f"{ACCESS}/{first}", layout.entry_path(ACCESS, first)) if first else "",
                Cell("personas", layout.PEOPLE),
            )

    def _add_steps(self, definition: Definition) -> None:
        names = {code: role.name.es for code, role in definition.by_role.items()}
        document = layout.document_path(definition.process, definition.version)
        for step in definition.steps:
            slots = {slot.code: slot.name.es for slot in step.slots}
            wanted = " o bien ".join(
                ", ".join(slots.get(code, code) for code in way) for way in step.evidence.alternatives()
            )
            self.process.add(
                Cell(f"{definition.label}/{step.code}", document), definition.label, step.code, step.name.es,
                str(step.kind), names.get(step.performer, step.performer), wanted,
                ", ".join((*step.requires, *step.follows)), step.instruction.es, step.after.es,
            )  # fmt: skip
        for row in raci(definition):
            parts = [", ".join(sorted(names.get(role, role) for role, part in row.letters.items() if letter in part))
                     for letter in "RACI"]  # fmt: skip
            name = definition.by_step[row.step].name.es
            self.raci.add(f"{definition.label}/{row.step}", definition.label, row.step, name, *parts, _ORIGIN)

    def _add_figures(self, tally: ProcessTally) -> None:
        label = tally.definition.label
        for item in tally.indicators():
            self.kpi.add(
                f"{label}/{item.code}",
                label,
                item.code,
                item.name,
                item.value,
                item.part,
                item.whole or "",
                DERIVED,
            )

    def _add_norms(self, process: str) -> None:
        known = standards()
        for item in known.by_process.get(process, ()):
            told = (
                "número y título en fuente pública"
                if item.checked
                else "por cotejar con el texto de la norma"
            )
            self.norms.add(
                f"{process}/{item.code}", process, item.standard, item.clause, item.name,
                Cell(told, style=0 if item.checked else ALERT), known.version, item.source,
            )  # fmt: skip

    def _item(self, key: str, code: str, version: str, since: str, item: CatalogueItem, entry: str) -> None:
        values = "; ".join(f"{name}: {value}" for name, value in sorted(item.values.items()))
        self.catalogues.add(
            key, code, version, since, item.code, item.name.es, item.since, item.until, values, entry
        )


def _tenure(tenure: Tenure) -> str:
    return f"{tenure.role}: {tenure.since} – {tenure.until or 'vigente'}"

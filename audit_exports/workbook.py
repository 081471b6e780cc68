"""``workbook.xlsx``: the package as tables with stable keys and links into the package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from audit_exports import layout
from audit_exports.people import ACCESS, Tenure
from audit_exports.presence import PersonRow
from audit_exports.record import CaseRecord, EntryRow, PackageFacts, Totals
from audit_exports.sheet import ALERT, TITLE, Cell, Column, Sheet, write_workbook
from audit_exports.words import EXCEPTIONS, NAMINGS, STEP_STATUS, kind_words
from workflows.state import StepState, StepStatus

# Headings and widths (characters); the first column is the row's stable key.
_CASES = (
    "folio 24|proceso 22|título 40|estado 26|cerrado 9|completo 10|faltan 18|pasos hechos 9|pasos exigidos 9|"
    "abierto 27|abrió 34|id de quien abrió 20|entradas 9|archivos 9|excepciones 11|máquinas 44"
)
_MATRIX = (
    "clave 28|folio 24|paso 7|nombre 46|clase 13|estado 13|obligatorio 11|entradas 12|anteriores 12|ocurrió 27|"
    "registrada 27|actor 26|nombre del actor 34|rol 16|archivos 9|sin cumplir 16"
)
_ENTRIES = (
    "clave 28|folio 24|seq 6|índice 8|tipo 22|qué 26|paso 7|ocurrió 27|registrada 27|actor 26|nombre del actor 34|"
    "rol 16|rol otorgado 9|por cuenta de 20|nombre de quien representa 34|vía 10|"
    "anulada por 11|contenido 11|hoja (SHA-256) 66|prueba 12"
)
_EVIDENCE = (
    "clave 30|folio 24|seq 6|n 4|paso 7|nombre 46|ranura 16|medio 30|bytes 12|SHA-256 66|ruta 60|actor 26|"
    "nombre del actor 34"
)
_EXCEPTIONS = "clave 30|folio 24|excepción 34|código 18|paso 7|seq 6|detalle 50|actor 26|nombre del actor 34"
_PEOPLE = (
    "id 26|nombre 40|de dónde sale el nombre 26|roles y fechas (UTC) 80|entradas 9|entradas que la nombran 12|"
    "entradas sin rol vigente 12|primera concesión 20|página 10"
)


def _columns(spec: str) -> list[Column]:
    pairs = (item.rpartition(" ") for item in spec.split("|"))
    return [Column(heading, int(width)) for heading, _, width in pairs]


class Workbook:
    """Filled case by case; memory is constant."""

    def __init__(self) -> None:
        self._cases = Sheet("Casos", _columns(_CASES))
        self._matrix = Sheet("Matriz de pasos", _columns(_MATRIX))
        self._entries = Sheet("Entradas", _columns(_ENTRIES))
        self._evidence = Sheet("Evidencias", _columns(_EVIDENCE))
        self._exceptions = Sheet("Excepciones", _columns(_EXCEPTIONS))
        self._people = Sheet("Personas", _columns(_PEOPLE))

    def add(self, record: CaseRecord) -> None:
        """One more case."""
        self._add_case(record)
        for step in record.state.steps:
            self._add_step(record, step)
        for row in record.entries:
            self._add_entry(record, row)
            self._add_files(record, row)
        for number, item in enumerate(record.state.exceptions, 1):
            words = EXCEPTIONS.get(item.code, (str(item.code), ""))[0]
            self._exceptions.add(
                f"{record.folio}/x{number}",
                record.folio,
                words,
                str(item.code),
                item.step,
                item.seq,
                item.detail,
                *_actor(record, record.entries[item.seq - 1] if item.seq else None),
            )

    def add_people(self, rows: Iterable[PersonRow]) -> None:
        """Everybody in the cases, once all cases are in."""
        for row in rows:
            person = row.person
            first = person.tenures[0].seq if person.tenures else 0
            self._people.add(
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

    def write(self, sink: BinaryIO, facts: PackageFacts, totals: Totals) -> None:
        """The whole file; the workbook takes nothing more afterwards."""
        tables = self._tables()
        cover = _cover(facts, totals, tables)
        created = facts.as_of[:19] + "Z"
        write_workbook(
            sink, [cover, *tables], title=f"Constancia {facts.origin} {facts.size}", created=created
        )

    def close(self) -> None:
        """Release the spools of a workbook that is not written."""
        for sheet in self._tables():
            sheet.close()

    def _tables(self) -> list[Sheet]:
        return [self._cases, self._matrix, self._entries, self._evidence, self._exceptions, self._people]

    def _add_case(self, record: CaseRecord) -> None:
        state = record.state
        done, total = state.done_and_total()
        machines = "; ".join(f"{machine.machine}: {machine.status or '—'}" for machine in state.machines)
        self._cases.add(
            Cell(record.folio, layout.case_page_path(record.folio)),
            Cell(record.definition.label, layout.definition_path(state.process, state.version)),
            record.title,
            record.definition.status_name(state.status).es,
            _yes(state.closed),
            _yes(state.complete),
            ", ".join(state.missing),
            done,
            total,
            state.opened_at,
            record.name_of(record.entries[0].actor),
            record.entries[0].actor,
            len(record.entries),
            sum(len(row.files) for row in record.entries),
            len(state.exceptions),
            machines,
        )

    def _add_step(self, record: CaseRecord, step: StepState) -> None:
        definition = record.definition.by_step[step.step]
        rows = list(record.rows_of(step))
        last = rows[-1] if rows else None
        due = step.mandatory and step.status in {StepStatus.OPEN, StepStatus.BLOCKED}
        self._matrix.add(
            Cell(f"{record.folio}/p{step.step}", f"{layout.case_page_path(record.folio)}"),
            record.folio,
            step.step,
            definition.name.es,
            str(definition.kind),
            Cell(STEP_STATUS[step.status][0], style=ALERT if due else 0),
            _yes(step.mandatory),
            _numbers(step.entries),
            _numbers(step.past),
            last.occurred_at if last else "",
            last.at if last else "",
            *_actor(record, last),
            last.role if last else "",
            sum(len(row.files) for row in rows),
            ", ".join(step.unmet),
        )

    def _add_entry(self, record: CaseRecord, row: EntryRow) -> None:
        self._entries.add(
            Cell(f"{record.folio}/{row.seq}", layout.entry_path(record.folio, row.seq)),
            record.folio,
            row.seq,
            row.index,
            row.kind,
            kind_words(row.kind)[0],
            row.step,
            row.occurred_at,
            row.at,
            *_actor(record, row),
            row.role,
            Cell(_yes(row.role_held), style=0 if row.role_held else ALERT),
            row.acting_for,
            record.name_of(row.acting_for),
            row.via,
            row.superseded_by or "",
            {"kept": "presente", "erased": "borrado"}.get(row.payload, "ausente"),
            row.leaf,
            Cell("prueba", layout.proof_path(record.folio, row.seq)),
        )

    def _add_files(self, record: CaseRecord, row: EntryRow) -> None:
        for number, item in enumerate(row.files, 1):
            self._evidence.add(
                f"{record.folio}/{row.seq}/{number}",
                record.folio,
                row.seq,
                number,
                row.step,
                item.name,
                item.slot,
                item.media,
                item.size,
                item.sha256,
                Cell(item.path, item.path),
                *_actor(record, row),
            )


def _cover(facts: PackageFacts, totals: Totals, tables: Sequence[Sheet]) -> Sheet:
    cover = Sheet("Portada", widths=[30, 90])
    cover.add(Cell("Constancia · paquete de auditoría", style=TITLE))
    cover.add("")
    scope = facts.scope
    rows: list[tuple[str, str | int | Cell]] = [
        ("Bitácora (origen)", facts.origin),
        ("Entradas bajo el punto de control", facts.size),
        ("Raíz (SHA-256)", facts.root),
        ("Estado a la fecha (UTC)", facts.as_of),
        ("Procesos pedidos", ", ".join(scope.processes) or "todos"),
        ("Periodo pedido", f"{scope.start or '…'} a {scope.end or '…'}"),
        ("Folios pedidos", ", ".join(scope.folios) or "todos"),
        ("Casos", totals.cases),
        ("Entradas", totals.entries),
        ("Archivos de evidencia", totals.files),
        ("Bytes de evidencia", totals.file_bytes),
        ("Excepciones", totals.exceptions),
        ("Lector", Cell("index.html", "index.html")),
        ("Cómo verificar", Cell("LEEME.html", "LEEME.html")),
    ]
    for label, value in rows:
        cover.add(label, value)
    for sheet in tables:
        if sheet.dropped:
            cover.add(Cell("Filas que no caben en Excel", style=ALERT), f"{sheet.name}: {sheet.dropped}")
    return cover


def _actor(record: CaseRecord, row: EntryRow | None) -> tuple[str, str]:
    """Who made an entry: id, and name where it is known."""
    return (row.actor, record.name_of(row.actor)) if row else ("", "")


def _tenure(tenure: Tenure) -> str:
    return f"{tenure.role}: {tenure.since} – {tenure.until or 'vigente'}"


def _yes(value: bool) -> str:
    return "sí" if value else "no"


def _numbers(values: Sequence[int]) -> str:
    return ", ".join(str(value) for value in values)

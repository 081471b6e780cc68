"""The tables that grow case by case: cases, steps, evidence, exceptions, deadlines, campaigns, signatures, chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from audit_exports import layout
from audit_exports.irregular import GROUPS, Irregularity
from audit_exports.masking import STAND_INS
from audit_exports.record import CaseRecord, EntryRow, FileItem
from audit_exports.sheet import ALERT, Cell
from audit_exports.signaturewords import signature_words
from audit_exports.tables import Table
from audit_exports.words import STEP_STATUS, TIMERS, kind_words
from auditing.attributes import Order, defaults, ordering
from workflows.state import StepState, StepStatus, TimerState, TimerStatus

# Headings and widths (characters); the first column is the row's stable key.
_CASES = (
    "folio 24|proceso 22|título 40|estado 26|cerrado 9|completo 10|faltan 18|pasos hechos 9|pasos exigidos 9|"
    "abierto 27|abrió 34|id de quien abrió 20|entradas 9|archivos 9|excepciones 11|máquinas 44"
)
MATRIX = (
    "clave 28|folio 24|paso 7|nombre 46|clase 13|estado 13|cumplimiento 16|obligatorio 11|entradas 12|anteriores 12|"
    "ocurrió 27|registrada 27|actor 26|nombre del actor 34|rol 16|archivos 9|sin cumplir 16"
)
_ATTRIBUTES = (
    "clave 30|folio 24|atributo 12|qué se prueba 56|pasos donde mirar 16|lo que dice la bitácora 60|orden 26|"
    "resultado del auditor 18|nota del auditor 40"
)
_EVIDENCE = (
    "clave 30|folio 24|seq 6|n 4|paso 7|tipo 8|nombre 46|ranura 16|medio 30|bytes 12|SHA-256 66|ruta 60|actor 26|"
    "nombre del actor 34"
)
_EXCEPTIONS = (
    "clave 30|folio 24|grupo 18|excepción 34|código 18|paso 7|seq 6|detalle 26|en palabras 60|actor 26|"
    "nombre del actor 34"
)
_SLA = (
    "clave 34|folio 24|plazo 18|nombre 46|paso 7|efecto 9|área 16|límite 8|unidad 11|inicia 27|entrada de inicio 8|"
    "vence 27|"
    "termina 27|entrada de término 8|estado 20|a tiempo 12|calendario 18|pausas 60|en pausa desde 27|días restantes 9"
)
_ROWS = (
    "clave 34|folio 24|renglón 9|área 18|estado en CAM 20|entrada del estado 9|decisión 20|entrada de la decisión 9|"
    "paso 7|por silencio 9|decisiones anteriores 14|caso de baja 24"
)
_AREAS = (
    "clave 34|folio 24|área 18|renglones 10|decididos 10|por silencio 10|pendientes de otro 10|enviada en 9|"
    "completa 9"
)
_SIGNATURES = (
    "clave 34|folio 24|seq 6|paso 7|nombre del paso 40|qué 26|registrada 27|ocurrió 27|actor 26|nombre del actor 34|"
    "rol 16|por cuenta de 26|vía 10|archivo 60|medio 24|SHA-256 66|validación registrada 60|nivel 8|método 10|"
    "firmas en el PDF 8|perfil 10|sello de tiempo 27|certificado (SHA-256) 66|coincidencias 30"
)
_CHAIN = (
    "clave 28|folio 24|seq 6|índice 8|tipo 22|qué 26|paso 7|ocurrió 27|registrada 27|actor 26|nombre del actor 34|"
    "rol 16|rol otorgado 9|por cuenta de 20|nombre de quien representa 34|vía 10|"
    "anulada por 11|contenido 11|hoja (SHA-256) 66|prueba 12"
)
_ORDERS = {Order.KEPT: "se guardó", Order.BROKEN: "no se guardó", Order.PENDING: "todavía no", Order.NONE: ""}
_LATE = frozenset({"recorded_late", "overdue"})
_SIGNING = frozenset({"document.signed", "signature.requested", "signature.declined"})


class CaseTables:
    """Filled case by case."""

    def __init__(self) -> None:
        self.cases = Table("Casos", _CASES, "casos.csv")
        self.matrix = Table("Matriz de pasos", MATRIX)
        self.attributes = Table("Atributos", _ATTRIBUTES, "atributos.csv")
        self.evidence = Table("Evidencias", _EVIDENCE, "evidencias.csv")
        self.exceptions = Table("Excepciones", _EXCEPTIONS, "excepciones.csv")
        self.sla = Table("SLA", _SLA, "sla.csv")
        self.campaign = Table("Recertificación", _ROWS, "recertificacion/renglones.csv")
        self.areas = Table("Recertificación por área", _AREAS, "recertificacion/areas.csv")
        self.signatures = Table("Firmas", _SIGNATURES, "firmas/firmas.csv")
        self.chain = Table("Cadena", _CHAIN, "cadena/entradas.csv")

    def all(self) -> tuple[Table, ...]:
        """Every table."""
        return (
            self.cases, self.matrix, self.attributes, self.evidence, self.exceptions, self.sla, self.campaign,
            self.areas, self.signatures, self.chain,
        )  # fmt: skip

    def add(self, record: CaseRecord, found: Sequence[Irregularity]) -> None:
        """One more case, and what an auditor would ask about it."""
        self._add_case(record, len(found))
        for cells in matrix_rows(record, link=True):
            self.matrix.add(*cells)
        self._add_attributes(record)
        for row in record.entries:
            self._add_entry(record, row)
            self._add_files(record, row)
            self._add_signatures(record, row)
        self._add_exceptions(record, found)
        for timer in record.state.timers:
            self._add_timer(record, timer)
        self._add_campaign(record)

    def _add_case(self, record: CaseRecord, exceptions: int) -> None:
        state = record.state
        done, total = state.done_and_total()
        machines = "; ".join(f"{machine.machine}: {machine.status or '—'}" for machine in state.machines)
        self.cases.add(
            Cell(record.folio, layout.case_page_path(record.folio)),
            Cell(record.definition.label, layout.definition_path(state.process, state.version)),
            record.title,
            record.definition.status_name(state.status).es,
            yes(state.closed),
            yes(state.complete),
            ", ".join(state.missing),
            done,
            total,
            state.opened_at,
            record.name_of(record.entries[0].actor),
            record.entries[0].actor,
            len(record.entries),
            sum(len(row.files) for row in record.entries),
            exceptions,
            machines,
        )

    def _add_attributes(self, record: CaseRecord) -> None:
        """What is tested of every case by default, and what the entries say about it; the result is the auditor's."""
        known = {step.step: step for step in record.state.steps}
        done = {code: step.entries for code, step in known.items()}
        for attribute in defaults().get(record.definition.process, ()):
            told = [_indication(known[code]) for code in attribute.steps if code in known]
            order = ordering(attribute, done)
            self.attributes.add(
                Cell(f"{record.folio}/{attribute.code}", layout.case_page_path(record.folio)),
                record.folio,
                attribute.code,
                attribute.name,
                ", ".join(attribute.steps),
                "; ".join(told) or "vea el caso completo",
                Cell(_ORDERS[order.order], style=ALERT if order.order is Order.BROKEN else 0),
                "",
                "",
            )

    def _add_entry(self, record: CaseRecord, row: EntryRow) -> None:
        self.chain.add(
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
            Cell(yes(row.role_held), style=0 if row.role_held else ALERT),
            row.acting_for,
            record.name_of(row.acting_for),
            row.via,
            row.superseded_by or "",
            {"kept": "presente", **STAND_INS}.get(row.payload, "ausente"),
            row.leaf,
            Cell("prueba", layout.proof_path(record.folio, row.seq)),
        )

    def _add_files(self, record: CaseRecord, row: EntryRow) -> None:
        for number, item in enumerate(row.files, 1):
            self.evidence.add(
                f"{record.folio}/{row.seq}/{number}",
                record.folio,
                row.seq,
                number,
                row.step,
                item.type,
                item.name,
                item.slot,
                item.media,
                item.size,
                item.sha256,
                Cell(item.path or item.name, item.path),
                *_actor(record, row),
            )

    def _add_signatures(self, record: CaseRecord, row: EntryRow) -> None:
        """Signed papers, and what happened to requests for a signature."""
        signed: list[tuple[int, FileItem | None]] = [
            (n, item) for n, item in enumerate(row.files, 1) if item.type == "SGN"
        ]
        if row.kind in _SIGNING and not signed:
            signed = list(enumerate(row.files, 1)) or [(0, None)]
        step = record.definition.by_step.get(row.step)
        for number, item in signed:
            self.signatures.add(
                Cell(f"{record.folio}/{row.seq}/{number}", layout.entry_path(record.folio, row.seq)),
                record.folio,
                row.seq,
                row.step,
                step.name.es if step else "",
                kind_words(row.kind)[0] if row.kind in _SIGNING else "Documento con firma",
                row.at,
                row.occurred_at,
                *_actor(record, row),
                row.role,
                record.name_of(row.acting_for),
                row.via,
                Cell(item.path or item.name, item.path) if item else "",
                item.media if item else "",
                item.sha256 if item else "",
                *signature_words(row, item),
            )

    def _add_exceptions(self, record: CaseRecord, found: Iterable[Irregularity]) -> None:
        for number, item in enumerate(found, 1):
            self.exceptions.add(
                Cell(f"{record.folio}/x{number}", layout.case_page_path(record.folio)),
                record.folio,
                GROUPS[item.group][0],
                item.name,
                item.code,
                item.step,
                item.seq or "",
                item.detail,
                item.about,
                *_actor(record, record.entries[item.seq - 1] if item.seq else None),
            )

    def _add_timer(self, record: CaseRecord, timer: TimerState) -> None:
        rule = record.definition.by_timer[timer.timer]
        ended = record.entries[timer.ended_seq - 1] if timer.ended_seq else None
        state = str(timer.state)
        self.sla.add(
            Cell(f"{record.folio}/{timer.timer}/{timer.run}", layout.case_page_path(record.folio)),
            record.folio,
            timer.timer,
            rule.name.es,
            timer.step,
            timer.effect,
            timer.area,
            rule.limit,
            timer.unit,
            timer.started_at,
            timer.started_seq,
            timer.due_at,
            (ended.occurred_at or ended.at) if ended else "",
            timer.ended_seq or "",
            Cell(TIMERS[state][0], style=ALERT if TIMERS[state][2] == "bad" else 0),
            _in_time(timer),
            record.calendar,
            "; ".join(f"{since} – {until or 'sigue'}" for since, until in timer.pauses),
            timer.paused_at,
            timer.left if timer.paused_at else "",
        )

    def _add_campaign(self, record: CaseRecord) -> None:
        for row in record.campaign:
            self.campaign.add(
                Cell(f"{record.folio}/r{row.number}", layout.case_page_path(record.folio)),
                record.folio, row.number, row.area, row.status, row.status_seq or "", row.decision, row.seq or "",
                row.step, yes(row.silent), ", ".join(map(str, row.earlier)), row.link,
            )  # fmt: skip
        for area in record.state.roster.areas if record.state.roster else ():
            self.areas.add(
                Cell(f"{record.folio}/{area.area or '—'}", layout.case_page_path(record.folio)),
                record.folio, area.area, area.rows, area.decided, area.silent, area.open, area.sent_seq or "",
                yes(area.complete),
            )  # fmt: skip


def matrix_rows(record: CaseRecord, *, link: bool = False) -> Iterator[list[Cell | str | int]]:
    """Each step of a case: required, present, late, waived, in words."""
    late = late_entries(record)
    return (
        _matrix_row(record, step, fulfilment(record, step, late), link=link) for step in record.state.steps
    )


def _matrix_row(record: CaseRecord, step: StepState, fulfilled: str, *, link: bool) -> list[Cell | str | int]:
    rows = list(record.rows_of(step))
    last = rows[-1] if rows else None
    due = step.mandatory and step.status in {StepStatus.OPEN, StepStatus.BLOCKED}
    return [
        Cell(f"{record.folio}/p{step.step}", layout.case_page_path(record.folio) if link else ""),
        record.folio,
        step.step,
        record.definition.by_step[step.step].name.es,
        str(record.definition.by_step[step.step].kind),
        Cell(STEP_STATUS[step.status][0], style=ALERT if due else 0),
        fulfilled,
        yes(step.mandatory),
        _numbers(step.entries),
        _numbers(step.past),
        last.occurred_at if last else "",
        last.at if last else "",
        *_actor(record, last),
        last.role if last else "",
        sum(len(row.files) for row in rows),
        ", ".join(step.unmet),
    ]


def late_entries(record: CaseRecord) -> frozenset[int]:
    """The numbers of entries that came too late."""
    return frozenset(ex.seq for ex in record.state.exceptions if str(ex.code) in _LATE)


def fulfilment(record: CaseRecord, step: StepState, late: frozenset[int]) -> str:
    """``presente``, ``presente, tarde``, ``dispensado``, ``falta``, ``pendiente`` or ``no exigido``.

    ``late`` are the case's `late_entries`.
    """
    if step.status is StepStatus.WAIVED:
        return "dispensado"
    if step.status is StepStatus.DONE:
        return "presente, tarde" if late.intersection(step.entries) else "presente"
    if step.mandatory:
        return "falta" if record.state.closed else "pendiente"
    return "no exigido"


def yes(value: bool) -> str:
    """A truth in words."""
    return "sí" if value else "no"


def _indication(step: StepState) -> str:
    seqs = f" (entradas {_numbers(step.entries)})" if step.entries else ""
    return f"{step.step}: {STEP_STATUS[step.status][0].lower()}{seqs}"


def _in_time(timer: TimerState) -> str:
    """Whether a deadline was kept. A reminder that was given, or a closing by silence, is nobody's delay."""
    if timer.state is TimerStatus.MET:
        return "sí"
    missed = {TimerStatus.MET_LATE, TimerStatus.OVERDUE, TimerStatus.FIRED}
    return "no" if timer.effect == "alert" and timer.state in missed else ""


def _actor(record: CaseRecord, row: EntryRow | None) -> tuple[str, str]:
    """Who made an entry: id, and name where it is known."""
    return (row.actor, record.name_of(row.actor)) if row else ("", "")


def _numbers(values: Sequence[int]) -> str:
    return ", ".join(str(value) for value in values)

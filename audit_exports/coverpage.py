"""``caratula.pdf``: a case on paper. What it is, where it stands, its steps, its exceptions and its chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit_exports.casetables import fulfilment, late_entries
from audit_exports.irregular import GROUPS, Irregularity
from audit_exports.pdf import MONO, SOFT, Meta
from audit_exports.pdfflow import Col, Flow
from audit_exports.record import CaseRecord, PackageFacts
from audit_exports.words import when
from workflows.state import StepStatus

_STEPS = (
    Col("Paso", 36),
    Col("Nombre", 210),
    Col("Cumplimiento", 84),
    Col("Entradas", 62),
    Col("Ocurrió (UTC)", 112),
)
_FOUND = (
    Col("Grupo", 124),
    Col("Qué", 160),
    Col("Paso", 36),
    Col("Entrada", 44, right=True),
    Col("Detalle", 140),
)
_MOST = 60


def cover_sheet(record: CaseRecord, facts: PackageFacts, found: Sequence[Irregularity]) -> bytes:
    """The cover sheet's bytes."""
    state = record.state
    meta = Meta(f"Carátula {record.folio}", record.definition.label, facts.as_of)
    flow = Flow(meta, f"{record.folio} · {facts.origin} · {facts.size} entradas")
    flow.banner(f"{record.definition.label} · {record.definition.name.es}", record.folio, record.title[:90])
    done, total = state.done_and_total()
    last = record.entries[-1]
    flow.pairs(
        [
            ("Estado", record.definition.status_name(state.status).es),
            ("Expediente", "completo" if state.complete else f"faltan los pasos {', '.join(state.missing)}"),
            ("Pasos cumplidos", f"{done} de {total}"),
            ("Abierto (UTC)", when(state.opened_at)),
            ("Cerrado (UTC)", when(state.closing.at) if state.closing else "no"),
            *((_machine(record, item.machine), item.status or "—") for item in state.machines),
            (
                "Entradas y archivos",
                f"{len(record.entries)} y {sum(len(row.files) for row in record.entries)}",
            ),
            ("Estado a la fecha (UTC)", when(state.moment)),
        ]
    )
    flow.heading("Pasos", level=2)
    flow.table(_STEPS, _steps(record))
    flow.heading("Excepciones", level=2)
    flow.table(_FOUND, _told(found[:_MOST]), none="Ninguna.")
    if len(found) > _MOST:
        flow.paragraph(f"Y {len(found) - _MOST} más, en excepciones.csv.", colour=SOFT)
    flow.heading("Cadena", level=2)
    flow.paragraph(
        f"La última entrada del caso es la {last.seq}, índice {last.index} de la bitácora; su hoja:"
    )
    flow.paragraph(last.leaf, font=MONO, size=8)
    flow.note(
        "Esta carátula se rehace byte a byte a partir de las entradas selladas cuando se verifica el paquete (vea "
        "LEEME.html). Las letras que sus tipos no tienen se ven sin acento o como «?»: el texto exacto está en la "
        "página del caso."
    )
    return flow.bytes()


def _machine(record: CaseRecord, code: str) -> str:
    return record.definition.by_machine[code].name.es


def _steps(record: CaseRecord) -> Iterator[tuple[str, ...]]:
    lateness = late_entries(record)
    for step in record.state.steps:
        if step.status is StepStatus.NOT_APPLICABLE and not step.entries:
            continue
        rows = list(record.rows_of(step))
        told = fulfilment(record, step, lateness)
        late = "! " if told in {"falta", "presente, tarde"} else ""
        happened = when(rows[-1].occurred_at or rows[-1].at) if rows else ""
        yield (
            step.step,
            record.definition.by_step[step.step].name.es,
            late + told,
            ", ".join(map(str, step.entries)),
            happened,
        )


def _told(found: Sequence[Irregularity]) -> Iterator[tuple[str, ...]]:
    for item in found:
        yield GROUPS[item.group][0], item.name, item.step, str(item.seq or ""), item.about

"""All that an auditor would ask about a case: what its state says, what it lacks, who acted unentitled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audit_exports.record import CaseRecord
from audit_exports.words import EXCEPTIONS, KINDS
from workflows.state import CaseException, ExceptionCode
from workflows.withholding import GROUNDS

SKIPPED, LATE, WAIVED, SUPERSEDED = "omitido", "tarde", "dispensado", "anulado"
DUTIES, REFUSED, ACCESS, ORDER = "segregacion", "fuera_de_alcance", "acceso", "orden"
HOURS, AGAIN, OTHER = "horario", "repeticion", "otra"
QUARANTINE = "cuarentena"

GROUPS = {
    SKIPPED: ("Paso omitido", "Step skipped"),
    LATE: ("Fuera de plazo", "Late"),
    WAIVED: ("Dispensa", "Waiver"),
    SUPERSEDED: ("Evidencia corregida o anulada", "Evidence corrected or annulled"),
    DUTIES: ("Segregación de funciones", "Segregation of duties"),
    REFUSED: ("Rechazo fuera de alcance", "Out-of-scope refusal"),
    ACCESS: ("Rol no otorgado", "Role not granted"),
    ORDER: ("Fuera de orden", "Out of order"),
    HOURS: ("Fuera de horario", "Outside the hours"),
    AGAIN: ("Paso repetido o caso reabierto", "Step repeated or case reopened"),
    QUARANTINE: ("Cuarentena", "Quarantine"),
    OTHER: ("Otra", "Other"),
}
"""The groups of exceptions, in the order in which reports tell them."""

_GROUP_OF = {
    ExceptionCode.WAIVED: WAIVED,
    ExceptionCode.DUTIES_WAIVED: DUTIES,
    ExceptionCode.SUPERSEDED: SUPERSEDED,
    ExceptionCode.ANNULLED: SUPERSEDED,
    ExceptionCode.OUT_OF_ORDER: ORDER,
    ExceptionCode.UNMET: ORDER,
    ExceptionCode.RECORDED_LATE: LATE,
    ExceptionCode.OVERDUE: LATE,
    ExceptionCode.GAP: SKIPPED,
    ExceptionCode.REFUSED: REFUSED,
    ExceptionCode.OUTSIDE_HOURS: HOURS,
    ExceptionCode.REPEATED: AGAIN,
    ExceptionCode.REOPENED: AGAIN,
}


_QUARANTINES = frozenset({"quarantine.placed", "quarantine.released", "quarantine.destroyed"})


@dataclass(frozen=True, slots=True)
class Irregularity:
    """One of them. ``seq`` is the entry it follows from, 0 where it is that something is not there.

    ``detail`` is the state's short code; ``about`` says it in words.
    """

    group: str
    code: str
    name: str
    step: str
    seq: int
    detail: str
    about: str = ""


def irregularities(record: CaseRecord) -> Iterator[Irregularity]:
    """All of a case, in an order that follows from its entries: those of the state first."""
    for item in record.state.exceptions:
        name = EXCEPTIONS.get(item.code, (str(item.code), ""))[0]
        group = _GROUP_OF.get(item.code, OTHER)
        about = _about(record, item)
        yield Irregularity(group, str(item.code), name, item.step, item.seq, item.detail, about)
    if record.state.closed:
        for step in record.state.missing:
            yield Irregularity(SKIPPED, "skipped", EXCEPTIONS["skipped"][0], step, 0, "")
    for row in record.entries:
        if not row.role_held:
            name = EXCEPTIONS["role_not_granted"][0]
            yield Irregularity(ACCESS, "role_not_granted", name, row.step, row.seq, row.role, row.role)
        if row.kind in _QUARANTINES:
            ground = GROUNDS.get(row.reason)
            about = f"{ground.es if ground else row.reason}. {row.note}".strip()
            yield Irregularity(QUARANTINE, row.kind, KINDS[row.kind][0], row.step, row.seq, row.reason, about)


def _about(record: CaseRecord, item: CaseException) -> str:
    """The detail in the words of the definition, and the reason somebody gave."""
    definition, detail = record.definition, item.detail
    reason = record.entries[item.seq - 1].reason if item.seq else ""
    if item.code is ExceptionCode.OVERDUE and detail in definition.by_timer:
        return definition.by_timer[detail].name.es
    if item.code is ExceptionCode.REFUSED and detail in definition.by_ground:
        return definition.by_ground[detail].name.es
    if item.code is ExceptionCode.RECORDED_LATE:
        return f"a los {detail} días"
    if item.code is ExceptionCode.REPEATED and item.step in definition.by_step:
        branch = definition.by_step[item.step].branch(detail)
        return branch.name.es if branch else detail
    if item.code in {ExceptionCode.SUPERSEDED, ExceptionCode.ANNULLED} and detail:
        return f"en lugar de la entrada {detail}. {reason}".strip()
    return f"{detail} {reason}".strip()

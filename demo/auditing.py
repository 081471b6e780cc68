"""An audit under way in the demonstration: a population, a sample of twenty-five, tests, a finding and two requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from auditing.attributes import Order, attributes_of, ordering
from auditing.chain import By, Register
from auditing.conclusions import Conclusion, FindingDesk, RequestDesk
from auditing.desk import EngagementDesk, Opening
from auditing.fieldwork import Draw, FieldDesk
from auditing.model import Engagement, Kind, Method, Sample, Terms
from workflows.casefile import CaseView

SAMPLED, TESTED = 25, 8
SEED = "mesa-ma001"
PROCESSES = ("MA-001", "MA-003", "MA-006")
_SUPERVISOR, _OUTSIDE, _INSIDE = "abraham", "ignacio.barrera", "veronica.salcedo"


class Room(Protocol):
    """What of the auditors' room is used."""

    @property
    def register(self) -> Register: ...  # noqa: D102
    @property
    def engagements(self) -> EngagementDesk: ...  # noqa: D102
    @property
    def field(self) -> FieldDesk: ...  # noqa: D102
    @property
    def findings(self) -> FindingDesk: ...  # noqa: D102
    @property
    def requests(self) -> RequestDesk: ...  # noqa: D102


class CaseReads(Protocol):
    """Reads of cases."""

    def view(self, folio: str, as_of: datetime | None = None) -> CaseView: ...  # noqa: D102


def audits(room: Room, cases: CaseReads, ids: Mapping[str, str], present: datetime, zone: ZoneInfo) -> None:
    """Tell the audits of the demonstration at its present; those that are there are left as they are."""
    if room.register.all():
        return
    today = present.astimezone(zone).date()
    start, end = (today - timedelta(days=330)).isoformat(), today.isoformat()
    until = (today + timedelta(days=45)).isoformat()
    keeper = By(ids[_SUPERVISOR], "supervisor")
    outside = Terms(Kind.EXTERNAL, PROCESSES, start, end, until, True, False, (ids[_OUTSIDE],))
    state = room.engagements.open(
        keeper,
        Opening(
            "Control interno de cuentas y tickets",
            "Barrera y Asociados, S.C.",
            "Opinar sobre la autorización previa de las altas y sobre el cierre de los tickets del ejercicio.",
            outside,
        ),
    )
    inside = Terms(Kind.INTERNAL, (), start, end, until, True, False, (ids[_INSIDE],))
    room.engagements.open(
        keeper,
        Opening("Revisión continua", "Auditoría interna", "Seguimiento de todos los procesos.", inside),
    )
    _fieldwork(room, cases, state, By(ids[_OUTSIDE], "auditor_externo"), keeper, ids)


def _fieldwork(
    room: Room, cases: CaseReads, state: Engagement, auditor: By, keeper: By, ids: Mapping[str, str]
) -> None:
    terms = state.terms
    population = room.field.freeze(
        auditor, state.id, "MA-001", terms.start, terms.end, title="Altas y bajas del ejercicio"
    )
    sample = room.field.draw(
        auditor, state.id, population.id, Draw(Method.SIZE, SEED, min(SAMPLED, population.rows))
    )
    folio, code = _test(room, cases, state, auditor, sample)
    entries = ((folio, 1),)
    room.findings.raise_finding(
        auditor,
        state.id,
        Conclusion(
            "minor",
            "Carta custodia sin ubicación que permita encontrarla",
            "La carta está firmada, pero la evidencia del paso 25 no basta para localizar el original en papel. El "
            "procedimiento pide que se pueda encontrar.",
            "Que el paso 25 pida caja y carpeta, y que la captura las muestre.",
            "MA-001",
            code,
            entries=entries,
        ),
    )
    due = (date.fromisoformat(terms.expires) - timedelta(days=30)).isoformat()
    room.findings.answer(
        keeper, state.id, "F1", "De acuerdo. Se revisan los expedientes señalados y se completan.", due
    )
    room.requests.ask(
        auditor, state.id, ids["cinthya"], due, "La apertura del primer caso de la muestra", "Con su correo."
    )
    room.requests.answer(
        By(ids["cinthya"], "especialista"), state.id, "R1", entries, "Es la entrada 1 del caso."
    )
    room.requests.ask(
        auditor, state.id, ids[_SUPERVISOR], due, "Quién tuvo el puesto de Director General en el año"
    )


def _test(room: Room, cases: CaseReads, state: Engagement, auditor: By, sample: Sample) -> tuple[str, str]:
    """Test the first cases by what their entries say; gives a case and an attribute to raise a finding about."""
    about = (sample.folios[0], "datos")
    for folio in sample.folios[:TESTED]:
        view = cases.view(folio)
        done = {code: view.state.step(code).entries for code in view.definition.by_step}
        results = {}
        for attribute in attributes_of(state, "MA-001"):
            order = ordering(attribute, done).order
            owed = [step for step in attribute.steps if step in view.state.missing]
            if order is Order.BROKEN and view.state.closed:
                results[attribute.code] = ("exception", "El paso posterior se registró sin el previo.")
                about = (folio, attribute.code)
            elif owed and view.state.closed:
                results[attribute.code] = ("exception", f"Sin evidencia del paso {', '.join(owed)}.")
                about = (folio, attribute.code)
            else:
                results[attribute.code] = ("na", "") if owed or not view.state.closed else ("ok", "")
        if folio == sample.folios[min(4, sample.n - 1)] and results["custodia"][0] == "ok":
            results["custodia"] = (
                "exception",
                "La captura del archivo no dice en qué carpeta está la carta.",
            )
            about = (folio, "custodia")
        room.field.test(auditor, state.id, sample.id, folio, results)
    return about

"""The tables of an engagement: its samples, tests, findings and requests, as its chain tells them."""

from __future__ import annotations

from audit_exports import layout
from audit_exports.sheet import Cell
from audit_exports.tables import Table
from auditing.model import Engagement, ItemState, Result, Severity, Standing

RESULTS = {Result.OK: "conforme", Result.EXCEPTION: "excepción", Result.NA: "no aplica"}
SEVERITIES = {Severity.OBSERVATION: "observación", Severity.MINOR: "menor", Severity.MAJOR: "mayor"}
STANDINGS = {
    Standing.RAISED: "levantado",
    Standing.ANSWERED: "con respuesta",
    Standing.CLOSED: "cerrado",
    Standing.REOPENED: "reabierto",
    Standing.WITHDRAWN: "retirado",
}
_STATES = {
    ItemState.ASKED: "pedido",
    ItemState.ANSWERED: "respondido",
    ItemState.ACCEPTED: "aceptado",
    ItemState.RETURNED: "devuelto",
}
_SAMPLES = (
    "clave 40|muestra 14|población 14|lugar 8|folio 24|método 16|semilla 24|tamaño de la población 12|motivo 40|"
    "sacada (UTC) 27|por 26"
)
_TESTS = (
    "clave 48|muestra 14|folio 24|atributo 18|resultado 14|nota 60|probado (UTC) 27|por 26|veces 8|entrada 14"
)
_FINDINGS = (
    "clave 14|gravedad 14|estado 16|proceso 12|atributo 16|título 40|descripción 60|recomendación 60|casos 40|"
    "entradas 40|levantado (UTC) 27|por 26|respuestas 60|nuevas pruebas 60"
)
_ITEMS = "clave 14|estado 14|título 40|texto 60|responsable 26|para el 14|pedido (UTC) 27|historia 80"


class AuditTables:
    """Filled when made."""

    def __init__(self, engagement: Engagement) -> None:
        self._engagement = engagement
        self._samples = Table("Muestras del encargo", _SAMPLES, "auditoria/muestras.csv")
        self._tests = Table("Pruebas", _TESTS, "auditoria/pruebas.csv")
        self._findings = Table("Hallazgos", _FINDINGS, "auditoria/hallazgos.csv")
        self._items = Table("Solicitudes", _ITEMS, "auditoria/solicitudes.csv")
        self._add_samples()
        self._add_tests()
        self._add_findings()
        self._add_items()

    def all(self) -> tuple[Table, ...]:
        """Every table."""
        return self._samples, self._tests, self._findings, self._items

    def _add_samples(self) -> None:
        for sample in self._engagement.samples:
            for place, folio in enumerate(sample.folios, 1):
                self._samples.add(
                    Cell(f"{sample.id}/{folio}", layout.case_page_path(folio)), sample.id, sample.population, place,
                    folio, str(sample.method), sample.seed, sample.of, sample.reason, sample.drawn.at,
                    sample.drawn.actor,
                )  # fmt: skip

    def _add_tests(self) -> None:
        for (sample, folio, attribute), found in sorted(self._engagement.tests.items()):
            self._tests.add(
                Cell(f"{sample}/{folio}/{attribute}", layout.case_page_path(folio)), sample, folio, attribute,
                RESULTS[found.result], found.note, found.act.at, found.act.actor, found.times,
                self._entry(found.act.seq),
            )  # fmt: skip

    def _add_findings(self) -> None:
        for item in self._engagement.findings:
            answers = [
                f"{answer.act.at[:10]}: {answer.text} (para el {answer.due or '—'})"
                for answer in item.responses
            ]
            again = [f"{test.act.at[:10]}: {STANDINGS[test.standing]}. {test.text}" for test in item.retests]
            self._findings.add(
                item.id, SEVERITIES[item.severity], STANDINGS[item.standing], item.process, item.attribute, item.title,
                item.text, item.recommendation, ", ".join(item.folios),
                ", ".join(f"{name.folio}/{name.seq}" for name in item.entries), item.raised.at, item.raised.actor,
                " · ".join(answers), " · ".join(again),
            )  # fmt: skip

    def _add_items(self) -> None:
        for item in self._engagement.items:
            acts = [f"{one.act.at[:10]}: {_STATES[one.state]}. {one.text}" for one in item.acts]
            self._items.add(
                item.id, _STATES[item.state], item.title, item.text, item.owner, item.due, item.asked.at,
                " · ".join(acts),
            )  # fmt: skip

    def _entry(self, seq: int) -> Cell:
        chain = self._engagement.chain
        return Cell(f"{chain}/{seq}", layout.entry_path(chain, seq))

"""``report.pdf``: the package on paper. Cover, scope, method, results, exceptions, references, statement on the chain.

Everything in it follows from the files that are verified, so the verifier makes it again and compares (decision 0150).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from audit_exports.audittables import SEVERITIES, STANDINGS
from audit_exports.indicators import ProcessTally
from audit_exports.irregular import GROUPS, Irregularity
from audit_exports.pdf import SOFT, Meta
from audit_exports.pdfflow import Col, Flow
from audit_exports.population import SeriesFacts
from audit_exports.record import CaseRecord, PackageFacts, Totals
from audit_exports.standards import standards
from audit_exports.words import size_words, when
from auditing.model import Engagement
from evidence.anchored import COSIGNATURE, TIMESTAMP, AnchorFact

MOST = 150
"""How many exceptions are named one by one."""

_SERIES = (
    Col("Serie", 110), Col("Primer folio", 118), Col("Último folio", 118), Col("Casos", 50, right=True),
    Col("Números que no están", 108, right=True),
)  # fmt: skip
_KPI = (Col("Indicador", 300), Col("Valor", 70, right=True), Col("De", 134, right=True))
_GROUPS = (Col("Grupo", 300), Col("Cuántas", 70, right=True), Col("Casos distintos", 134, right=True))
_FOUND = (Col("Folio", 116), Col("Grupo", 104), Col("Qué", 130), Col("Paso", 32), Col("Detalle", 122))
_SAMPLES = (
    Col("Muestra", 80),
    Col("Población", 80),
    Col("Método", 110),
    Col("Semilla", 154),
    Col("Casos", 80),
)
_TESTS = (
    Col("Atributo", 234), Col("Conforme", 90, right=True), Col("Excepción", 90, right=True),
    Col("No aplica", 90, right=True),
)  # fmt: skip
_CONCLUSIONS = (
    Col("Hallazgo", 60),
    Col("Gravedad", 70),
    Col("Estado", 80),
    Col("Título", 164),
    Col("Casos", 130),
)
_ANCHORS = (Col("Quién", 180), Col("Qué dio", 152), Col("Sobre", 82), Col("Fecha que dio (UTC)", 90))
ANCHOR_WORDS = {COSIGNATURE: "cofirma de testigo", TIMESTAMP: "sello de tiempo RFC 3161"}
_NORMS = (Col("Proceso", 56), Col("Norma", 116), Col("Cláusula", 88), Col("Nombre", 150), Col("Cotejado", 94))


@dataclass
class Findings:
    """The exceptions of a package: the first ones by name, all of them by number."""

    first: list[tuple[str, Irregularity]] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)

    def add(self, record: CaseRecord, found: Sequence[Irregularity]) -> None:
        """One more case."""
        self.count.update(item.group for item in found)
        self.cases.update({item.group for item in found})
        room = MOST - len(self.first)
        self.first += [(record.folio, item) for item in found[:room]]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.count.values())


@dataclass(frozen=True, slots=True)
class Told:
    """What the report tells beside the package's facts; ``series`` are those of its ``population`` cases."""

    totals: Totals
    tallies: Sequence[ProcessTally]
    findings: Findings
    series: Sequence[SeriesFacts]
    population: int
    people: int
    engagement: Engagement | None = None
    anchors: Sequence[AnchorFact] = ()


def report(facts: PackageFacts, told: Told) -> bytes:
    """The report's bytes."""
    flow = Flow(
        Meta("Informe del paquete de auditoría", f"{facts.origin} {facts.size}", facts.as_of),
        f"Constancia · {facts.origin} · {facts.size} entradas · estado al {when(facts.as_of)}",
    )
    _cover(flow, facts, told)
    _scope(flow, facts, told)
    _method(flow, facts)
    _results(flow, told)
    _exceptions(flow, told)
    _references(flow, told)
    _chain(flow, facts, told.anchors)
    if told.engagement is not None:
        _engagement(flow, told.engagement)
    return flow.bytes()


def _cover(flow: Flow, facts: PackageFacts, told: Told) -> None:
    flow.gap(60)
    flow.banner("Constancia · mesa de ayuda", "Informe del paquete de auditoría", scope_line(facts))
    flow.gap(18)
    totals = told.totals
    flow.pairs(
        [
            ("Bitácora (origen)", facts.origin),
            ("Punto de control", f"{facts.size} entradas"),
            ("Raíz firmada (SHA-256)", facts.root),
            ("Estado a la fecha (UTC)", when(facts.as_of)),
            ("Casos en el paquete", f"{totals.cases}, de una población de {told.population}"),
            ("Entradas selladas", str(totals.entries)),
            ("Archivos de evidencia", f"{totals.files} ({size_words(totals.file_bytes)})"),
            ("Personas que actúan en los casos", str(told.people)),
            ("Excepciones", str(totals.exceptions)),
        ],
        label=180,
    )
    flow.note(
        "Este informe cuenta lo que dicen las entradas selladas; no opina. Vale sólo si la verificación del paquete "
        "completo, con una llave obtenida por otro medio, dice VÁLIDO: entonces también este PDF quedó rehecho byte a "
        "byte a partir de la evidencia. Cómo hacerlo está en LEEME.html."
    )
    flow.gap(40)
    flow.signatures(["Auditor responsable: nombre y firma", "Por la organización: nombre y firma"])
    flow.signatures(["Fecha y lugar", "Digesto cotejado de tagmanifest-sha256.txt"])
    flow.turn()


def _scope(flow: Flow, facts: PackageFacts, told: Told) -> None:
    scope = facts.scope
    flow.heading("1. Alcance")
    flow.pairs(
        [
            ("Procesos pedidos", ", ".join(scope.processes) or "todos"),
            ("Periodo pedido", period(facts)),
            ("Folios pedidos", _some(scope.folios)),
            ("Muestra", _sample(facts)),
            ("Versiones de proceso", ", ".join(tally.definition.label for tally in told.tallies)),
        ]
    )
    flow.paragraph(
        "Un caso está en el periodo cuando alguna de sus entradas se registró en uno de sus días (hora de la Ciudad de "
        "México), y se exporta entero. La población y sus hechos de integridad están en poblacion.csv y "
        "poblacion-integridad.json."
    )
    flow.heading("Población por serie de folios", level=2)
    flow.table(
        _SERIES,
        [(item.series, item.first, item.last, str(item.rows), str(item.gaps)) for item in told.series],
    )
    flow.paragraph(
        "Un número que no está entre el primero y el último es un caso que el alcance no pidió, o un hueco: el "
        "auditor lo distingue pidiendo la serie completa.", size=8.5, colour=SOFT,
    )  # fmt: skip


def _method(flow: Flow, facts: PackageFacts) -> None:
    flow.heading("2. Método")
    flow.points(
        [
            "Cada hecho de los casos es una entrada cuyos bytes exactos se sellaron en una bitácora de sólo añadir "
            "(árbol de Merkle, RFC 6962; puntos de control firmados con Ed25519). Lo que se lee en el paquete se "
            "deriva de esas entradas y de nada más.",
            f"Los días se contaron con el calendario {facts.calendar} y sus revisiones publicadas (calendario.csv). "
            "Las horas de este informe son UTC.",
            "Los indicadores son derivados: el texto de los procesos no define indicadores. Un plazo cuenta a tiempo "
            "cuando se cumplió dentro de él, descontadas sus pausas (sla.csv).",
            "Las excepciones se listan todas, sin juzgar su gravedad: pasos omitidos, fuera de plazo, dispensas, "
            "correcciones, segregación de funciones, rechazos, roles no otorgados y orden.",
            "Cualquiera puede repetir la muestra: se ordenan los folios por SHA-256(semilla ‖ folio) y se toman los "
            "primeros."
            if facts.scope.sample
            else "No se tomó muestra: el paquete lleva la población completa.",
            "La evidencia va en sus bytes originales, sin convertir. La hoja Atributos del libro deja en blanco el "
            "resultado: las conclusiones son del auditor.",
        ]
    )


def _results(flow: Flow, told: Told) -> None:
    flow.heading("3. Resultados")
    for tally in told.tallies:
        flow.heading(f"{tally.definition.label} · {tally.definition.name.es}", level=2)
        flow.table(
            _KPI,
            [(item.name, item.value, f"{item.part} de {item.whole}" if item.whole else "")
             for item in tally.indicators()],
        )  # fmt: skip
        states = "; ".join(f"{name}: {count}" for name, count in sorted(tally.statuses.items()))
        flow.paragraph(f"Estados: {states}.", size=8.5, colour=SOFT)


def _exceptions(flow: Flow, told: Told) -> None:
    flow.heading("4. Excepciones")
    found = told.findings
    flow.table(
        _GROUPS,
        [(names[0], str(found.count[group]), str(found.cases[group])) for group, names in GROUPS.items()
         if found.count[group]],
        none="Ninguna en los casos de este paquete.",
    )  # fmt: skip
    if not found.first:
        return
    flow.heading("Una por una", level=2)
    flow.table(_FOUND, _named(found))
    if found.total > len(found.first):
        flow.paragraph(
            f"Aquí están las primeras {len(found.first)} de {found.total}; todas, en excepciones.csv y en la hoja "
            "Excepciones del libro."
        )


def _named(found: Findings) -> Iterator[tuple[str, ...]]:
    for folio, item in found.first:
        entry = f"entrada {item.seq}. " if item.seq else ""
        yield folio, GROUPS[item.group][0], item.name, item.step, entry + item.about


def _references(flow: Flow, told: Told) -> None:
    known = standards()
    processes = sorted({tally.definition.process for tally in told.tallies})
    rows = [
        (process, item.standard, item.clause or "práctica", item.name,
         "fuente pública" if item.checked else "! por cotejar")
        for process in processes for item in known.by_process.get(process, ())
    ]  # fmt: skip
    flow.heading("5. Marco de referencia")
    flow.paragraph(
        f"Mapa de normas, versión {known.version} (normas/{known.version}.toml). Relaciona procesos con referencias; "
        "no afirma conformidad. De lo marcado «fuente pública» se hallaron número y título donde el mapa dice; de lo "
        "marcado «por cotejar», ni eso. Antes de citar una cláusula, compárela con el texto de la norma."
    )
    flow.table(_NORMS, rows, none="El mapa no tiene referencias para estos procesos.")


def _chain(flow: Flow, facts: PackageFacts, anchors: Sequence[AnchorFact]) -> None:
    flow.heading("6. Declaración sobre la cadena")
    flow.paragraph(
        f"Todas las entradas de este paquete están bajo el punto de control de {facts.size} entradas de la bitácora "
        f"{facts.origin}, cuya raíz es la de la portada, y cada una lleva su prueba de inclusión. Antes de exportar se "
        "volvió a calcular la huella y el encadenamiento de cada entrada, su prueba y el SHA-256 de cada archivo; lo "
        "que no cuadra impide la exportación."
    )
    flow.paragraph("Lo que el paquete no prueba:")
    flow.points(
        [
            "Por qué un caso queda fuera del periodo o del encargo. Qué casos de cada proceso tenía la bitácora sí se "
            "prueba (cadena/cabezas/series), y el verificador nombra los que el paquete no trae. Eso, y que cada caso "
            "esté entero, vale hasta el tamaño de la bitácora que el verificador dice en «completo».",
            "El alcance pedido, que es dicho del exportador mientras no se verifique con el acuse de la exportación "
            "(--receipt): la entrada package.exported fija el digesto de este mismo paquete.",
            "Que lo dicho por las personas sea cierto: prueba quién lo registró y cuándo, y que no cambió después.",
        ]
    )
    flow.heading("Anclas de terceros en este paquete", level=2)
    flow.paragraph(
        "Con ellas la fecha deja de depender de la organización. Cada una vale según la llave o los certificados que "
        "quien verifica tenga por buenos: el verificador dice cuáles sostuvieron y el nivel alcanzado."
    )
    flow.table(
        _ANCHORS,
        [(item.name, ANCHOR_WORDS[item.kind], f"{item.size} entradas", when(item.time)) for item in anchors],
        none="Ninguna: la fecha descansa en la firma de la propia bitácora (nivel A0).",
    )


def _engagement(flow: Flow, engagement: Engagement) -> None:
    """What the auditors recorded: the only part of the report that judges, and it is theirs."""
    terms = engagement.terms
    flow.heading("7. Encargo de auditoría y sus conclusiones")
    flow.paragraph(
        "Lo que sigue lo registraron los auditores en la cadena del encargo (auditoria/); no es evidencia."
    )
    flow.pairs(
        [
            ("Encargo", f"{engagement.id} · {engagement.title}"),
            ("Firma o área", engagement.firm),
            ("Propósito", engagement.purpose),
            ("Procesos", ", ".join(terms.processes) or "todos"),
            ("Casos abiertos", f"del {terms.start} al {terms.end}"),
            *([("Datos personales", "reservados por los términos")] if terms.masked else []),
            ("Cerrado (UTC)", when(engagement.closed.at) if engagement.closed else "no"),
        ]
    )
    flow.heading("Muestras", level=2)
    flow.table(
        _SAMPLES,
        [(item.id, item.population, str(item.method), item.seed, f"{item.n} de {item.of}")
         for item in engagement.samples],
    )  # fmt: skip
    flow.heading("Pruebas", level=2)
    counts = Counter((item.attribute, str(item.result)) for item in engagement.tests.values())
    flow.table(
        _TESTS,
        [(code, *(str(counts[code, result]) for result in ("ok", "exception", "na")))
         for code in sorted({code for code, _ in counts})],
    )  # fmt: skip
    flow.heading("Hallazgos", level=2)
    flow.table(
        _CONCLUSIONS,
        [(item.id, SEVERITIES[item.severity], STANDINGS[item.standing], item.title, ", ".join(item.folios))
         for item in engagement.findings],
    )  # fmt: skip


def scope_line(facts: PackageFacts) -> str:
    """The scope in a line."""
    scope = facts.scope
    if scope.engagement:
        return f"encargo de auditoría {scope.engagement}"
    what = _some(scope.processes + scope.folios, "todos los procesos")
    return f"{what} · {period(facts)} · {_sample(facts)}"


def period(facts: PackageFacts) -> str:
    """The period asked for, in words."""
    scope = facts.scope
    if not scope.start and not scope.end:
        return "todo el periodo"
    return f"{scope.start or 'desde el inicio'} a {scope.end or facts.as_of[:10]}"


def _sample(facts: PackageFacts) -> str:
    scope = facts.scope
    if not scope.sample:
        return "sin muestreo"
    return f"muestra de {min(scope.sample, facts.population)} de {facts.population} (semilla {scope.seed})"


def _some(values: Sequence[str], none: str = "todos") -> str:
    if len(values) <= 12:
        return ", ".join(values) or none
    return f"{', '.join(values[:12])} y {len(values) - 12} más"

"""``workbook.xlsx``: the package as tables with stable keys and links into the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from audit_exports import layout
from audit_exports.audittables import AuditTables
from audit_exports.casetables import CaseTables
from audit_exports.record import PackageFacts, Totals
from audit_exports.sheet import ALERT, TITLE, Cell, Sheet, write_workbook
from audit_exports.tables import Table
from audit_exports.wholetables import WholeTables
from auditing.model import Engagement


class Workbook:
    """The tables of one package, and the file they make together. Memory is constant."""

    def __init__(self, engagement: Engagement | None = None) -> None:
        self.of_audit = AuditTables(engagement).all() if engagement is not None else ()
        self.of_cases = CaseTables()
        self.of_package = WholeTables()

    def tables(self) -> tuple[Table, ...]:
        """Every table, in the order of the sheets."""
        cases, whole = self.of_cases, self.of_package
        return (
            whole.process, whole.raci, whole.kpi, whole.norms, whole.population, whole.sample, cases.cases,
            cases.matrix, cases.attributes, cases.evidence, cases.exceptions, cases.sla, cases.campaign, cases.areas,
            cases.signatures, cases.chain, *self.of_audit, whole.access, whole.people, whole.catalogues, whole.calendar,
        )  # fmt: skip

    def write(self, sink: BinaryIO, facts: PackageFacts, totals: Totals) -> None:
        """The whole file; the sheets take nothing more afterwards."""
        sheets = [table.sheet for table in self.tables()]
        created = facts.as_of[:19] + "Z"
        title = f"Constancia {facts.origin} {facts.size}"
        write_workbook(sink, [_cover(facts, totals, self.tables()), *sheets], title=title, created=created)

    def close(self) -> None:
        """Release the spools."""
        for table in self.tables():
            table.close()


def _cover(facts: PackageFacts, totals: Totals, tables: Sequence[Table]) -> Sheet:
    cover = Sheet("Portada", widths=[34, 44, 30, 30])
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
        *([("Encargo de auditoría", scope.engagement)] if scope.engagement else []),
        ("Muestra pedida", scope.sample or "ninguna"),
        ("Semilla de la muestra", scope.seed),
        ("Población", facts.population if scope.sample else totals.cases),
        ("Casos", totals.cases),
        ("Entradas", totals.entries),
        ("Archivos de evidencia", totals.files),
        ("Bytes de evidencia", totals.file_bytes),
        ("Excepciones", totals.exceptions),
        ("Informe", Cell(layout.REPORT, layout.REPORT)),
        ("Lector", Cell(layout.INDEX, layout.INDEX)),
        ("Cómo verificar", Cell(layout.README, layout.README)),
        ("Registro de eventos (OCEL 2.0)", Cell(layout.EVENT_LOG, layout.EVENT_LOG)),
    ]
    for label, value in rows:
        cover.add(label, value)
    cover.add("")
    cover.add(Cell("Hojas", style=TITLE), "", "Renglones", "La misma tabla como CSV")
    for table in tables:
        cover.add("", table.sheet.name, table.count, Cell(table.path, table.path) if table.path else "")
        if table.sheet.dropped:
            cover.add(
                Cell("Filas que no caben en Excel", style=ALERT), f"{table.sheet.name}: {table.sheet.dropped}"
            )
    return cover

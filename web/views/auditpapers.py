"""The working papers of an engagement as one workbook: what was frozen, drawn, tested, concluded and asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import BinaryIO, cast

from flask import Response

from audit_exports.sheet import Cell, Column, Sheet, write_workbook
from auditing.attributes import attributes_of
from auditing.model import Act, Engagement
from web.downloads import download
from web.i18n import gettext as _
from web.views.auditwords import (
    attribute_name,
    item_sign,
    kind_word,
    method_word,
    result_sign,
    severity_sign,
    standing_sign,
)
from web.views.lens import Lens

Rows = Iterable[Sequence[str | int]]


def papers(state: Engagement, eyes: Lens, name: str) -> Response:
    """The workbook as a download; cells are never formulas."""
    sheets = [
        _sheet(_("Encargo"), ((_("Dato"), 28), (_("Valor"), 80)), _terms(state, eyes)),
        _populations(state, eyes),
        _samples(state, eyes),
        _tests(state, eyes),
        _findings(state, eyes),
        _items(state, eyes),
    ]
    target = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024))  # noqa: SIM115 - the answer closes it
    write_workbook(target, sheets, title=state.title or state.id, created=eyes.moment(eyes.now).iso)
    size = target.tell()
    target.seek(0)
    return download(target, name, size=size)


def _sheet(name: str, columns: Sequence[tuple[str, int]], rows: Rows) -> Sheet:
    sheet = Sheet(name[:31], [Column(heading, width) for heading, width in columns])
    for row in rows:
        sheet.add(*(Cell(value) for value in row))
    return sheet


def _by(act: Act, eyes: Lens) -> tuple[str, str, int]:
    return eyes.who(act.actor), act.at, act.seq


def _act() -> tuple[tuple[str, int], ...]:
    return (_("Quién"), 28), (_("Cuándo (UTC)"), 30), (_("Entrada"), 9)


def _terms(state: Engagement, eyes: Lens) -> Rows:
    terms = state.terms
    yield _("Encargo"), state.id
    yield _("Nombre"), state.title
    yield _("Despacho o área que audita"), state.firm
    yield _("Objetivo"), state.purpose
    yield _("Tipo"), kind_word(terms.kind)
    yield _("Procesos"), ", ".join(terms.processes) or _("todos los procesos")
    yield _("Casos abiertos desde"), terms.start
    yield _("Casos abiertos hasta"), terms.end
    yield _("Último día"), terms.expires
    yield _("Auditan"), ", ".join(eyes.who(who) for who in terms.auditors)
    yield _("Entradas"), state.entries
    yield _("Huella de la última entrada"), state.head


def _populations(state: Engagement, eyes: Lens) -> Sheet:
    columns = (
        (_("Población"), 10), (_("Nombre"), 30), (_("Proceso"), 10), (_("Abiertos desde"), 12),
        (_("Abiertos hasta"), 12), (_("Zona horaria"), 22), (_("Entradas de la bitácora"), 12), (_("Casos"), 8),
        (_("Primer folio"), 22), (_("Último folio"), 22), (_("Huecos"), 8), (_("Huella del archivo"), 68), *_act(),
    )  # fmt: skip
    return _sheet(
        _("Poblaciones"),
        columns,
        (
            (
                p.id,
                p.title,
                p.process,
                p.start,
                p.end,
                p.zone,
                p.size,
                p.rows,
                p.first,
                p.last,
                p.gaps,
                p.digest,
                *_by(p.frozen, eyes),
            )
            for p in state.populations
        ),
    )  # fmt: skip


def _samples(state: Engagement, eyes: Lens) -> Sheet:
    columns = (
        (_("Muestra"), 10), (_("Población"), 10), (_("Método"), 32), (_("Semilla"), 22), (_("Motivo"), 40), ("N", 8),
        (_("Lugar"), 8), (_("Folio"), 22), *_act(),
    )  # fmt: skip
    return _sheet(
        _("Muestras"),
        columns,
        (
            (s.id, s.population, method_word(s), s.seed, s.reason, s.of, place, folio, *_by(s.drawn, eyes))
            for s in state.samples
            for place, folio in enumerate(s.folios, 1)
        ),
    )


def _tests(state: Engagement, eyes: Lens) -> Sheet:
    columns = (
        (_("Muestra"), 10), (_("Folio"), 22), (_("Atributo"), 50), (_("Resultado"), 14), (_("Nota"), 60),
        (_("Veces"), 8), *_act(),
    )  # fmt: skip
    names = {
        (sample.id, item.code): attribute_name(item, eyes)
        for sample in state.samples
        if (population := state.population(sample.population)) is not None
        for item in attributes_of(state, population.process)
    }
    return _sheet(
        _("Pruebas"),
        columns,
        (
            (
                t.sample,
                t.folio,
                names.get((t.sample, t.attribute), t.attribute),
                result_sign(t.result).word,
                t.note,
                t.times,
                *_by(t.act, eyes),
            )
            for t in state.tests.values()
        ),
    )  # fmt: skip


def _findings(state: Engagement, eyes: Lens) -> Sheet:
    columns = (
        (_("Hallazgo"), 10), (_("Título"), 40), (_("Gravedad"), 14), (_("Estado"), 16), (_("Conclusión"), 70),
        (_("Recomendación"), 50), (_("Evidencia que señala"), 40), (_("Respuesta"), 50),
        (_("Nueva prueba"), 50), *_act(),
    )  # fmt: skip
    return _sheet(
        _("Hallazgos"),
        columns,
        (
            (
                f.id, f.title, severity_sign(f.severity).word, standing_sign(f.standing).word, f.text, f.recommendation,
                "\n".join([*(f"{e.folio}/{e.seq} {e.leaf}" for e in f.entries), *f.folios]),
                "\n".join(f"{r.act.at} {r.text} {r.due}".strip() for r in f.responses),
                "\n".join(f"{r.act.at} {standing_sign(r.standing).word}: {r.text}" for r in f.retests),
                *_by(f.raised, eyes),
            )
            for f in state.findings
        ),
    )  # fmt: skip


def _items(state: Engagement, eyes: Lens) -> Sheet:
    columns = (
        (_("Solicitud"), 10), (_("Qué se pide"), 50), (_("A quién"), 28), (_("Para cuándo"), 12), (_("Estado"), 14),
        (_("Entradas"), 60), *_act(),
    )  # fmt: skip
    today = eyes.today().isoformat()
    return _sheet(
        _("Solicitudes"),
        columns,
        (
            (
                i.id, i.title, eyes.who(i.owner), i.due, item_sign(i, today).word,
                "\n".join(f"{e.folio}/{e.seq} {e.leaf}" for act in i.acts for e in act.entries), *_by(i.asked, eyes),
            )
            for i in state.items
        ),
    )  # fmt: skip

"""A case's reading page: state with the entry that caused it, steps with their evidence, and the chain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from audit_exports import layout
from audit_exports.irregular import GROUPS, Irregularity
from audit_exports.labels import Labels
from audit_exports.markup import HOLE, Content, Markup, Shape, both, href, tag
from audit_exports.pages import (
    chip,
    entry_meta,
    entry_words,
    fact,
    file_cards,
    moment,
    page,
    search_box,
    table,
    who,
)
from audit_exports.record import CaseRecord, EntryRow, PackageFacts
from audit_exports.words import EXCEPTIONS, STEP_STATUS, TIMERS, kind_words, when
from workflows.state import MachineState, StepState, StepStatus

_UP = "../../"
_HEADS = (
    ("N.º", "No."),
    ("Índice", "Index"),
    ("Qué", "What"),
    ("Paso", "Step"),
    ("Registrada", "Recorded"),
    ("Quién", "Who"),
    ("Huella de la hoja", "Leaf hash"),
    ("Archivos del paquete", "Package files"),
)


def case_page(record: CaseRecord, facts: PackageFacts, found: Sequence[Irregularity]) -> bytes:
    """The page at ``casos/<folio>/index.html``."""
    main = [
        _crumbs(record),
        _summary(record),
        _state(record),
        _exceptions(record, found),
        _timers(record),
        _timeline(record, found),
        _steps(record),
        _other_entries(record),
        _chain(record),
    ]
    return page(record.folio, main, facts, up=_UP)


def status_chip(record: CaseRecord) -> Markup:
    """The case's status in the words of its definition."""
    words = record.definition.status_name(record.state.status)
    return chip(words.es, words.en, "ok" if record.state.closed else "wait")


def complete_chip(record: CaseRecord) -> Markup:
    """Whether the file lacks something: not the same as closed."""
    if record.state.complete:
        return chip("Expediente completo", "File complete", "ok")
    lacking = len(record.state.missing)
    if lacking == 1:
        return chip("Falta 1 paso obligatorio", "1 mandatory step missing", "wait")
    return chip(f"Faltan {lacking} pasos obligatorios", f"{lacking} mandatory steps missing", "wait")


def _crumbs(record: CaseRecord) -> Markup:
    process = record.definition.process
    links = [
        tag("a", both("Paquete", "Package"), href=f"{_UP}index.html"),
        "›",
        tag("a", process, href=f"{_UP}index.html#{href(process)}"),
        "›",
        tag("span", record.folio, aria_current="page"),
    ]
    return tag("nav", links, class_="migas", aria_label="Ubicación / Location")


def _summary(record: CaseRecord) -> Content:
    name = record.definition.name
    return [
        tag("p", record.folio, class_="folio"),
        tag("h1", record.title or record.folio),
        tag(
            "p",
            both(name.es, name.en),
            " · ",
            tag(
                "a",
                record.definition.label,
                href=_UP + href(layout.document_path(record.state.process, record.state.version)),
            ),
            class_="entrada-lead",
        ),
        tag("div", status_chip(record), complete_chip(record), class_="chips"),
    ]


def _state(record: CaseRecord) -> Markup:
    state = record.state
    done, total = state.done_and_total()
    bar = tag("progress", value=str(done), max=str(max(total, 1)), aria_label=f"{done} / {total}")
    cards = [_machine(record, machine) for machine in state.machines]
    cards.append(fact(both("Pasos", "Steps"), both(f"{done} de {total}", f"{done} of {total}"), bar))
    cards.append(fact(both("Abierto", "Opened"), moment(state.opened_at)))
    cards.append(fact(both("Estado a la fecha", "State as of"), moment(state.moment)))
    return tag("dl", cards, class_="datos")


def _machine(record: CaseRecord, machine: MachineState) -> Markup:
    names = {item.code: item.name for item in record.definition.machines}
    name = names[machine.machine]
    cause = None
    if machine.seq:
        cause = [
            tag("a", both("entrada", "entry"), f" {machine.seq}", href=f"#e{machine.seq}"),
            " · ",
            when(machine.since),
        ]
    return fact(both(name.es, name.en), machine.status or "—", cause)


def _exceptions(record: CaseRecord, found: Sequence[Irregularity]) -> Content:
    if not found:
        return None
    items = [
        tag(
            "li",
            tag("strong", both(*GROUPS[item.group])),
            " · ",
            both(*EXCEPTIONS.get(item.code, (item.name, item.name))),
            [" · ", both("paso", "step"), f" {item.step}"] if item.step else None,
            [" · ", tag("a", both("entrada", "entry"), f" {item.seq}", href=f"#e{item.seq}")]
            if item.seq
            else None,
            [" · ", who(record.roster.person(record.entries[item.seq - 1].actor))] if item.seq else None,
            f" · {item.about}" if item.about else None,
        )
        for item in found
    ]
    return [tag("h2", both("Excepciones", "Exceptions")), tag("ul", items, class_="aviso")]


def _timers(record: CaseRecord) -> Content:
    if not record.state.timers:
        return None
    names = {timer.code: timer.name for timer in record.definition.timers}
    rows = [
        tag(
            "tr",
            tag("td", both(names[timer.timer].es, names[timer.timer].en)),
            tag("td", timer.step),
            tag("td", moment(timer.started_at)),
            tag("td", moment(timer.due_at) if timer.due_at else "—"),
            tag("td", chip(*TIMERS[timer.state])),
        )
        for timer in record.state.timers
    ]
    heads = (
        ("Plazo", "Timer"),
        ("Paso", "Step"),
        ("Inicia", "Starts"),
        ("Vence", "Due"),
        ("Estado", "State"),
    )
    return [tag("h2", both("Plazos", "Timers")), table(heads, rows, "Plazos / Timers")]


def _timeline(record: CaseRecord, found: Sequence[Irregularity]) -> Content:
    """What happened when, a line an entry, in the order of the chain; those with an exception are marked."""
    marked = {item.seq for item in found}
    lines = []
    for row in record.entries:
        step = record.definition.by_step.get(row.step)
        name = both(f"{step.code} · {step.name.es}", f"{step.code} · {step.name.en}") if step else None
        told = [moment(row.occurred_at or row.at), row.seq, row.seq, both(*kind_words(row.kind))]
        if name:
            told.insert(3, name)
        lines.append(_timeline_line(named=step is not None, marked=row.seq in marked).fill(*told))
    files = [
        tag("a", both("carátula", "cover sheet"), href="caratula.pdf"),
        " · ",
        tag("a", both("línea de tiempo", "timeline"), href="linea-de-tiempo.csv"),
        " · ",
        tag("a", both("matriz de pasos", "step matrix"), href="matriz-de-pasos.csv"),
    ]
    return [
        tag("h2", both("Línea de tiempo", "Timeline"), id="linea"),
        tag("p", both("También en archivo: ", "Also as a file: "), files, class_="meta"),
        tag("ol", lines, class_="linea"),
    ]


@cache
def _timeline_line(*, named: bool, marked: bool) -> Shape:
    exception = tag("span", both("excepción", "exception"), class_="chip bad") if marked else None
    return Shape(
        tag(
            "li",
            HOLE,
            tag("a", both("entrada", "entry"), f" {HOLE}", href=f"#e{HOLE}"),
            " · ",
            [HOLE, " · "] if named else None,
            HOLE,
            [" ", exception] if exception else None,
            class_="mal" if marked else None,
        )
    )


def _steps(record: CaseRecord) -> Content:
    return [
        tag("h2", both("Pasos y su evidencia", "Steps and their evidence"), id="pasos"),
        search_box("hallable", "Buscar en los pasos, notas y archivos", "Search steps, notes and files"),
        tag("ol", [_step(record, step) for step in record.state.steps], class_="pasos"),
    ]


def _step(record: CaseRecord, step: StepState) -> Markup:
    definition = record.definition.by_step[step.step]
    spanish, english, tone = STEP_STATUS[step.status]
    if step.mandatory and step.status in {StepStatus.OPEN, StepStatus.BLOCKED}:
        spanish, english = f"{spanish} · obligatorio", f"{english} · mandatory"
    proofs = [_proof(record, row) for row in record.rows_of(step)]
    name, status = both(definition.name.es, definition.name.en), chip(spanish, english, tone)
    return _step_item(empty=not proofs).fill(step.step, step.step, name, status, proofs)


@cache
def _step_item(*, empty: bool) -> Shape:
    number = tag("span", tag("span", both("Paso ", "Step "), class_="oculto"), HOLE, class_="num")
    head = tag("div", tag("h3", HOLE), HOLE, class_="cabeza")
    kind = "hallable vacio" if empty else "hallable"
    return Shape(tag("li", number, tag("div", head, HOLE), class_=kind, id=f"p{HOLE}"))


def _proof(record: CaseRecord, row: EntryRow) -> Markup:
    annulled = None
    if row.superseded_by:
        link = tag("a", both("entrada", "entry"), f" {row.superseded_by}", href=f"#e{row.superseded_by}")
        annulled = tag("p", chip("Anulada", "Superseded", "bad"), " ", link)
    words = kind_words(row.kind)
    labels = Labels(record.definition, row.step)
    return _section(annulled=bool(row.superseded_by)).fill(
        words[0], row.seq, both(*words), labels.choice(row.choice), annulled, _role_doubt(row),
        entry_meta(record, row), entry_words(row, labels), file_cards(row, labels, _UP),
    )  # fmt: skip


@cache
def _section(*, annulled: bool) -> Shape:
    kind = "prueba anulada" if annulled else "prueba"
    body = tag("h4", HOLE, HOLE), *[HOLE] * 5
    return Shape(tag("section", *body, class_=kind, aria_label=f"{HOLE} {HOLE}"))


def _role_doubt(row: EntryRow) -> Content:
    if row.role_held:
        return None
    words = both(
        "En ese momento la bitácora no le tenía otorgado ese rol.",
        "At that moment the log had not granted them that role.",
    )
    return tag("p", chip("Rol no otorgado", "Role not granted", "bad"), " ", words)


def _other_entries(record: CaseRecord) -> Content:
    """Entries no step shows: the refusal of a request, a timer that only warned, an erasure."""
    told = {seq for step in record.state.steps for seq in (*step.entries, *step.past)}
    rows = [row for row in record.entries if row.seq not in told]
    if not rows:
        return None
    items = [
        tag("li", tag("span", str(row.seq), class_="num"), tag("div", _proof(record, row))) for row in rows
    ]
    return [tag("h2", both("Otras entradas", "Other entries")), tag("ol", items, class_="pasos")]


def _chain(record: CaseRecord) -> Content:
    text = both(
        "Cada entrada lleva la huella de la anterior; su hoja y su prueba están bajo el punto de control del paquete.",
        "Each entry carries the hash of the one before; its leaf and its proof lie under the package's checkpoint.",
    )
    rows = [_chain_row(record, row) for row in record.entries]
    return [
        tag("h2", both("Cadena de entradas", "Chain of entries"), id="cadena"),
        tag("p", text, class_="entrada-lead"),
        table(_HEADS, rows, "Cadena / Chain"),
    ]


def _chain_row(record: CaseRecord, row: EntryRow) -> Markup:
    folio, kept = record.folio, row.payload == "kept"
    paths = [layout.entry_path(folio, row.seq), layout.proof_path(folio, row.seq)]
    if kept:
        paths.insert(1, layout.payload_path(folio, row.seq))
    return _chain_cells(kept=kept).fill(
        row.seq,
        row.seq,
        row.index,
        both(*kind_words(row.kind)),
        row.step,
        moment(row.at, seconds=True),
        who(record.roster.person(row.actor)),
        row.role,
        row.leaf,
        *(_UP + href(path) for path in paths),
    )


@cache
def _chain_cells(*, kept: bool) -> Shape:
    words = [both("entrada", "entry"), both("contenido", "payload"), both("prueba", "proof")]
    links = [[tag("a", name, href=HOLE), " "] for name in (words if kept else words[::2])]
    cells = [tag("td", HOLE) for _ in range(5)]
    person = tag("td", HOLE, f" ({HOLE})")
    leaf, files = tag("td", HOLE, class_="hash"), tag("td", links)
    return Shape(tag("tr", cells, person, leaf, files, id=f"e{HOLE}"))

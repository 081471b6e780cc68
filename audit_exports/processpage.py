"""``procesos/<process>/<version>.html``: the process definition as a document, with who answers for each step."""

from __future__ import annotations

from audit_exports.markup import Content, Markup, both, tag
from audit_exports.pages import page, table
from audit_exports.record import PackageFacts
from audit_exports.standards import standards
from workflows.definition import Definition
from workflows.raci import raci
from workflows.step import Step, Text

_UP = "../../"
_RACI = (
    ("Paso", "Step"), ("Nombre", "Name"), ("Responsable (R)", "Responsible (R)"),
    ("Rinde cuentas (A)", "Accountable (A)"),
    ("Consultado (C)", "Consulted (C)"), ("Informado (I)", "Informed (I)"),
)  # fmt: skip
_TIMERS = (
    ("Plazo", "Timer"),
    ("Límite", "Limit"),
    ("Empieza", "Starts"),
    ("Se cumple", "Met by"),
    ("Supuesto", "Assumption"),
)
_NORMS = (("Norma", "Standard"), ("Cláusula", "Clause"), ("Nombre", "Name"), ("Cotejado", "Checked"))


def process_page(definition: Definition, facts: PackageFacts) -> bytes:
    """The page."""
    text = definition.document
    main: list[Content] = [
        tag("nav", tag("a", both("Paquete", "Package"), href=f"{_UP}index.html"), "›",
            tag("span", definition.label, aria_current="page"), class_="migas", aria_label="Ubicación / Location"),
        tag("p", definition.label, class_="folio"),
        tag("h1", _words(definition.name)),
        tag("p", _words(text.description), class_="entrada-lead"),
        tag("p", both("El archivo que rige, byte por byte: ", "The file that governs, byte for byte: "),
            tag("a", f"{definition.version}.toml", href=f"{definition.version}.toml"),
            " · SHA-256 ", tag("span", definition.digest, class_="mono")),
        _section("Objetivo", "Objective", tag("p", _words(text.objective))),
        _section("Alcance", "Scope", tag("p", _words(text.scope))),
        _list("Incluye", "Includes", text.includes),
        _list("No incluye", "Excludes", text.excludes),
        _list("Entradas del proceso", "Inputs", text.inputs),
        _list("Salidas", "Outputs", text.outputs),
        _section("Pasos", "Steps", tag("ol", [_step(definition, step) for step in definition.steps], class_="pasos")),
        _timers(definition),
        _matrix(definition),
        _norms(definition),
        _questions(definition),
    ]  # fmt: skip
    return page(definition.label, main, facts, up=_UP)


def _words(text: Text) -> Markup:
    return both(text.es, text.en)


def _section(spanish: str, english: str, content: Content) -> list[Content]:
    return [tag("h2", both(spanish, english)), content]


def _list(spanish: str, english: str, items: tuple[Text, ...]) -> Content:
    if not items:
        return None
    return _section(
        spanish, english, tag("ul", [tag("li", "– ", _words(item)) for item in items], class_="texto")
    )


def _step(definition: Definition, step: Step) -> Markup:
    role = definition.by_role.get(step.performer)
    slots = {slot.code: slot.name for slot in step.slots}
    ways = [[slots[code] for code in way if code in slots] for way in step.evidence.alternatives()]
    wanted = both(
        " o bien ".join(", ".join(name.es for name in way) for way in ways),
        " or ".join(", ".join(name.en for name in way) for way in ways),
    )
    return tag(
        "li",
        tag("span", step.code, class_="num"),
        tag(
            "div",
            tag("h3", _words(step.name)),
            tag("p", step.kind, " · ", _words(role.name) if role else step.performer, class_="meta"),
            tag("p", _words(step.instruction), class_="nota"),
            tag("p", both("Evidencia: ", "Evidence: "), wanted, class_="meta") if any(ways) else None,
        ),
        id=f"p{step.code}",
    )


def _timers(definition: Definition) -> Content:
    if not definition.timers:
        return None
    rows = [
        tag("tr", [tag("td", cell) for cell in (
            _words(timer.name),
            f"{timer.limit} {timer.unit}" if timer.limit else both("una fecha", "a date"),
            ", ".join(map(str, timer.starts)), ", ".join(map(str, timer.meets)),
            _words(timer.assumption) if timer.assumption else "",
        )])
        for timer in definition.timers
    ]  # fmt: skip
    return _section("Plazos", "Timers", table(_TIMERS, rows, "Plazos / Timers"))


def _matrix(definition: Definition) -> Content:
    names = {code: role.name for code, role in definition.by_role.items()}
    rows = []
    for row in raci(definition):
        cells: list[Content] = [row.step, _words(definition.by_step[row.step].name)]
        for letter in "RACI":
            found = sorted(role for role, letters in row.letters.items() if letter in letters)
            spanish = ", ".join(names[role].es if role in names else role for role in found)
            english = ", ".join(names[role].en if role in names else role for role in found)
            cells.append(both(spanish, english) if found else None)
        rows.append(tag("tr", [tag("td", cell) for cell in cells]))
    note = both(
        "Derivada de los responsables que nombra la definición: el texto del proceso no trae matriz RACI.",
        "Derived from the performers the definition names: the process text brings no RACI matrix.",
    )
    return _section("RACI", "RACI", [tag("p", note, class_="entrada-lead"), table(_RACI, rows, "RACI")])


def _norms(definition: Definition) -> Content:
    found = standards().by_process.get(definition.process, ())
    if not found:
        return None
    rows = [
        tag("tr", [tag("td", cell) for cell in (
            item.standard, item.clause, both(item.name, item.name_en),
            both("fuente pública", "public source") if item.checked else both("por cotejar", "to be checked"),
        )])
        for item in found
    ]  # fmt: skip
    return _section(
        "Marco de referencia", "References", table(_NORMS, rows, "Marco de referencia / References")
    )


def _questions(definition: Definition) -> Content:
    if not definition.questions:
        return None
    items = [
        tag("li", "– ", _words(item.question), " → ", _words(item.meanwhile)) for item in definition.questions
    ]
    return _section(
        "Lo que el texto deja abierto, y lo que se hace mientras",
        "What the text leaves open, and what is done meanwhile",
        tag("ul", items, class_="texto"),
    )  # fmt: skip

"""``personas/index.html``: who the actor ids are, which roles they held when, and the entries that say so."""

from __future__ import annotations

from collections.abc import Iterable

from audit_exports import layout
from audit_exports.markup import Content, Markup, both, href, tag
from audit_exports.pages import chip, count, moment, page, table, who
from audit_exports.people import ACCESS, Tenure
from audit_exports.presence import PersonRow
from audit_exports.record import PackageFacts

_UP = "../"
_HEADS = (
    ("Persona", "Person"),
    ("Roles", "Roles"),
    ("Entradas", "Entries"),
    ("La nombran", "Named in"),
    ("Sin rol vigente", "Without the role"),
)


def people_page(rows: Iterable[PersonRow], entries: int, facts: PackageFacts) -> bytes:
    """The page; ``rows`` are everybody in the package's cases, ``entries`` how long the chain is."""
    lead = both(
        "Nombres y roles según la cadena system:access hasta el punto de control. De quien no aparece en estos casos "
        "el paquete sólo lleva el identificador.",
        "Names and roles according to the chain system:access up to the checkpoint. Of people who do not "
        "appear in these cases the package holds the id alone.",
    )
    main: list[Content] = [
        tag("nav", tag("a", both("Paquete", "Package"), href=f"{_UP}index.html"), "›",
            tag("span", both("Personas", "People"), aria_current="page"),
            class_="migas", aria_label="Ubicación / Location"),
        tag("h1", both("Personas", "People")),
        tag("p", lead, class_="entrada-lead"),
        tag("p", count(entries, ("entrada", "entradas"), ("entry", "entries")), " · system:access"),
        table(_HEADS, [_row(row) for row in rows], "Personas / People"),
    ]  # fmt: skip
    return page("Personas", main, facts, up=_UP)


def _row(row: PersonRow) -> Markup:
    roles = [tag("li", _tenure(tenure)) for tenure in row.person.tenures]
    none = both("ninguno otorgado", "none granted")
    unheld: Content = chip(str(row.unheld), str(row.unheld), "bad") if row.unheld else "0"
    cells = (who(row.person), tag("ul", roles) if roles else none, str(row.acted), str(row.named), unheld)
    return tag("tr", [tag("td", cell) for cell in cells], id=row.person.id)


def _tenure(tenure: Tenure) -> list[Content]:
    told: list[Content] = [
        tenure.role,
        " · ",
        both("desde", "from"),
        " ",
        moment(tenure.since),
        " ",
        _link(tenure.seq),
    ]
    if tenure.until_seq:
        told += [" ", both("hasta", "to"), " ", moment(tenure.until), " ", _link(tenure.until_seq)]
    return told


def _link(seq: int) -> Content:
    path = _UP + href(layout.entry_path(ACCESS, seq))
    return ["(", tag("a", both("entrada", "entry"), f" {seq}", href=path), ")"]

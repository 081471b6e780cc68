"""Lists of a definition that stand beside its steps: measures, catalogues, controls and questions, read from tables."""

from __future__ import annotations

from workflows.definition import Catalogue, CatalogueItem, Control, Question, Span
from workflows.tables import Table, assumption, every


def span(table: Table) -> Span:
    """A measure."""
    return Span(
        table.text("code"), table.both("name"), table.text("start"), table.text("end"), table.text("unit")
    )


def catalogue(table: Table) -> Catalogue:
    """A list of values in its first version."""
    return Catalogue(
        code=table.text("code"),
        version=table.text("version"),
        name=table.both("name"),
        items=every(table, "item", item),
        assumption=assumption(table),
    )


def item(table: Table) -> CatalogueItem:
    """One of its values."""
    return CatalogueItem(
        code=table.text("code"),
        name=table.both("name"),
        note=table.both("note", optional=True),
        values=table.words_by_name("values"),
        since=table.text("since", ""),
        until=table.text("until", ""),
    )


def control(table: Table) -> Control:
    """A control of a public standard."""
    return Control(
        table.text("code"), table.text("standard"), table.both("name"), confirmed=table.flag("confirmed")
    )


def question(table: Table) -> Question:
    """What the text leaves open."""
    return Question(table.text("code"), table.both("question"), table.both("meanwhile"))

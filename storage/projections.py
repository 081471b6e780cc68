"""Writing projections and references: caches of what the entries say, changed in the entries' own transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, Table, and_, bindparam, delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from evidence.ports import Figure, Projection, Reference, ReferenceTaken, StoreError
from storage.articles import save_article
from storage.ledger_tables import article, figure, log_entry, projection, reference, tally


def _upsert(maker: Any, table: Table) -> Insert:
    statement = maker.insert(table)
    fresh = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    upsert: Insert = statement.on_conflict_do_update(index_elements=[table.c.case_id], set_=fresh)
    return upsert


_SAVE = {
    name: (_upsert(maker, projection), _upsert(maker, tally))
    for name, maker in (("sqlite", sqlite), ("postgresql", postgresql))
}
FIGURE = tuple(column for column in figure.c if column.name in Figure.__dataclass_fields__)
"""The columns that hold a `Figure`, by its members' names."""
_FIGURES = select(*FIGURE).where(figure.c.case_id == bindparam("case")).order_by(figure.c.n)
_ADD_FIGURE = insert(figure)
_ADD_REFERENCE = insert(reference)
_HELD = select(reference.c.kind, reference.c.value, reference.c.is_unique).where(
    reference.c.case_id == bindparam("case")
)
_ENTRIES = select(log_entry.c.id).where(log_entry.c.case_id == bindparam("case")).limit(1)
_OWNER = select(reference.c.case_id).where(
    reference.c.kind == bindparam("kind"),
    reference.c.value == bindparam("value"),
    reference.c.is_unique.is_(True),
    reference.c.case_id != bindparam("case"),
)


def save_projection(connection: Connection, wanted: Projection) -> None:
    """Write a case's projection and its references, whatever was there before.

    Raises:
        ReferenceTaken: a unique reference belongs to another case.
        StoreError: a text holds NUL.
    """
    row, counted = projection_row(wanted), _tally_row(wanted)
    save, count = _SAVE[connection.dialect.name]
    connection.execute(save, row)
    connection.execute(count, counted)
    _save_figures(connection, wanted)
    _save_references(connection, wanted.case, set(wanted.references))
    save_article(connection, wanted.case, wanted.process, wanted.article)


def remove_projection(connection: Connection, case: str) -> None:
    """Remove a projection and its references: of a case that has no entries, and of no other.

    Raises:
        ValueError: the case has entries.
    """
    if connection.execute(_ENTRIES, {"case": case}).first() is not None:
        raise ValueError(f"{case} has entries")
    for table in (reference, figure, tally, article, projection):
        connection.execute(delete(table).where(table.c.case_id == case))


def projection_row(wanted: Projection) -> dict[str, Any]:
    """The row of `projection`. Raises `StoreError` where a text of the projection holds NUL."""
    row = {
        "case_id": wanted.case,
        "process": wanted.process,
        "version": wanted.version,
        "opened_at": wanted.opened_at,
        "updated_at": wanted.updated_at,
        "status": wanted.status,
        "closed": wanted.closed,
        "complete": wanted.complete,
        "next_due": wanted.next_due,
        "next_mark": wanted.next_mark,
        "assignee": wanted.assignee,
        "title": wanted.title,
        "document": wanted.document,
        "search_text": wanted.search_text,
    }
    texts = [value for value in row.values() if isinstance(value, str)]
    texts += [text for item in wanted.references for text in (item.kind, item.value)]
    texts += [text for item in wanted.tally.figures for text in (item.code, item.step, item.detail)]
    if any("\x00" in text for text in texts):
        raise StoreError("a projection holds a NUL character")
    return row


def _tally_row(wanted: Projection) -> dict[str, Any]:
    counted = wanted.tally
    return {
        "case_id": wanted.case,
        "process": wanted.process,
        "opened_at": wanted.opened_at,
        "outcome": counted.outcome,
        "closed_at": counted.closed_at,
        "waits_for": counted.waits_for,
        "waits": counted.waits,
        "waits_since": counted.waits_since,
        "days_open": counted.days_open,
        "days_late": counted.days_late,
    }


def _save_figures(connection: Connection, wanted: Projection) -> None:
    """Most entries change none of them: the rows are written again only where they differ."""
    figures = wanted.tally.figures
    held = tuple(Figure(*row) for row in connection.execute(_FIGURES, {"case": wanted.case}))
    if held == figures:
        return
    connection.execute(delete(figure).where(figure.c.case_id == wanted.case))
    if figures:
        rows = [
            {"case_id": wanted.case, "process": wanted.process, "n": n, **_members(item)}
            for n, item in enumerate(figures)
        ]
        connection.execute(_ADD_FIGURE, rows)


def _members(item: Figure) -> dict[str, Any]:
    return {column.name: getattr(item, column.name) for column in FIGURE}


def _save_references(connection: Connection, case: str, wanted: set[Reference]) -> None:
    held = {Reference(*row) for row in connection.execute(_HELD, {"case": case})}
    gone, fresh = held - wanted, wanted - held
    if gone:
        keys = [(item.kind, item.value) for item in gone]
        mine = reference.c.case_id == case
        connection.execute(
            delete(reference).where(and_(mine, tuple_(reference.c.kind, reference.c.value).in_(keys)))
        )
    for item in sorted(fresh, key=lambda item: (item.kind, item.value)):
        _add_reference(connection, case, item)


def _add_reference(connection: Connection, case: str, item: Reference) -> None:
    """Add one; a race past the look-up meets the unique index, and the retry then finds the owner here."""
    if item.unique:
        found = {"kind": item.kind, "value": item.value, "case": case}
        owner = connection.execute(_OWNER, found).scalars().first()
        if owner is not None:
            raise ReferenceTaken(item.kind, item.value, owner)
    connection.execute(
        _ADD_REFERENCE,
        {"case_id": case, "kind": item.kind, "value": item.value, "is_unique": item.unique},
    )

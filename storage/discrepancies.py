"""Comparing the caches of the ledger with the rows they were made from."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, bindparam, func, select

from storage.database import reading
from storage.ledger_tables import case_head, log_entry, log_state
from storage.reader import PAGE

Discrepancy = tuple[str, str, str]

_TAIL = log_entry.alias("tail")
_PAGE = (
    select(
        case_head.c.case_id,
        case_head.c.seq,
        case_head.c.leaf,
        select(func.max(log_entry.c.case_seq))
        .where(log_entry.c.case_id == case_head.c.case_id)
        .scalar_subquery()
        .label("last"),
    )
    .where(case_head.c.case_id > bindparam("after"))
    .order_by(case_head.c.case_id)
    .limit(PAGE)
    .subquery("page")
)
_HEADS = (
    select(
        _PAGE.c.case_id,
        _PAGE.c.seq,
        _PAGE.c.leaf,
        _TAIL.c.case_seq.label("found_seq"),
        _TAIL.c.leaf.label("found_leaf"),
    )
    .select_from(
        _PAGE.outerjoin(_TAIL, (_TAIL.c.case_id == _PAGE.c.case_id) & (_TAIL.c.case_seq == _PAGE.c.last))
    )
    .order_by(_PAGE.c.case_id)
)
"""Heads beside the rows they were made from; the last row of each case is found by its index."""


def cache_discrepancies(engine: Engine) -> Iterator[Discrepancy]:
    """`LedgerStore.cache_discrepancies`: heads against rows, the size against indices."""
    yield from _heads(engine)
    yield from _orphans(engine)
    yield from _size(engine)


def _heads(engine: Engine) -> Iterator[Discrepancy]:
    after = ""
    while True:
        with reading(engine) as connection:
            rows = connection.execute(_HEADS, {"after": after}).all()
        for row in rows:
            if (row.seq, row.leaf) != (row.found_seq, row.found_leaf):
                yield f"head of {row.case_id}", f"{row.found_seq} {row.found_leaf}", f"{row.seq} {row.leaf}"
        if len(rows) < PAGE:
            return
        after = rows[-1].case_id


def _orphans(engine: Engine) -> Iterator[Discrepancy]:
    """Cases that have entries and no head."""
    headless = (
        select(log_entry.c.case_id)
        .outerjoin(case_head, case_head.c.case_id == log_entry.c.case_id)
        .where(case_head.c.case_id.is_(None))
        .distinct()
        .order_by(log_entry.c.case_id)
    )
    with reading(engine) as connection:
        cases = connection.execute(headless).scalars().all()
    for case in cases:
        yield f"head of {case}", "a head", "none"


def _size(engine: Engine) -> Iterator[Discrepancy]:
    counted = select(func.count(log_entry.c.log_index), func.max(log_entry.c.log_index))
    with reading(engine) as connection:
        size = connection.execute(select(log_state.c.size)).scalar_one_or_none()
        count, last = connection.execute(counted).one()
    if (count, last) != (size or 0, (size or 0) - 1 if size else None):
        yield "log size", f"{count} entries, last index {last}", f"{size}"

"""What a process knows of a case, and what others do to the case meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import product

import pytest
from sqlalchemy import Engine, event, select

from evidence.entry import EntryKind, SealedEntry
from evidence.ports import (
    Composition,
    Errand,
    Figure,
    IdempotencyMismatch,
    Projection,
    Reference,
    ReferenceTaken,
    StoreError,
    Tally,
)
from storage.cases import SqlCaseIndex
from storage.database import reading
from storage.histories import Histories, Known
from storage.ledger import SqlLedger
from storage.ledger_tables import log_entry
from tests.storage import tamper
from tests.storage.support import (
    ORIGIN,
    TickingClock,
    check_whole,
    draft,
    notes,
    projection,
    projects,
    sequence_all,
    writes,
)

CASE, OTHER = "MA-001-2026-000001", "MA-001-2026-000002"


@pytest.fixture
def other(engine: Engine) -> SqlLedger:
    """Another process on the same database."""
    return SqlLedger(engine, ORIGIN, clock=TickingClock())


def test_a_case_that_others_continued_is_read_again(sql_ledger: SqlLedger, other: SqlLedger) -> None:
    """Neither a page nor an append goes by a head that has moved."""
    sql_ledger.append(CASE, writes(draft("uno")))
    other.append(CASE, writes(draft("dos")))
    assert notes(sql_ledger.history(CASE)) == ["uno", "dos"]
    other.append(CASE, writes(draft("tres"), draft("cuatro")))
    seen: list[int] = []

    def compose(history: Sequence[SealedEntry]) -> Composition:
        seen.append(len(history))
        return Composition((draft(f"tras {len(history)}"),))

    sql_ledger.append(CASE, compose)
    assert seen[-1] == 4
    assert notes(check_whole(sql_ledger)) == ["uno", "dos", "tres", "cuatro", "tras 4"]


def test_a_refusal_counts_only_on_the_case_as_it_stands(sql_ledger: SqlLedger, other: SqlLedger) -> None:
    """What is refused on an old history is composed again on the one that counts, and its answer is the answer."""
    sql_ledger.append(CASE, writes(draft("uno")))
    other.append(CASE, writes(draft("dos")))

    def wants_two(history: Sequence[SealedEntry]) -> Composition:
        if len(history) < 2:
            raise ValueError("too early")
        return Composition((draft("tres"),))

    sql_ledger.append(CASE, wants_two)
    assert notes(check_whole(sql_ledger)) == ["uno", "dos", "tres"]

    def refuses(_history: Sequence[SealedEntry]) -> Composition:
        raise ValueError("never")

    with pytest.raises(ValueError, match="never"):
        sql_ledger.append(CASE, refuses)
    assert notes(check_whole(sql_ledger)) == ["uno", "dos", "tres"]


def test_a_request_asked_again_writes_nothing(sql_ledger: SqlLedger, other: SqlLedger) -> None:
    """In a case that is known too, a key used before, here or elsewhere, gives what was written then.

    Whether it would be refused now, or could be written once more, makes no difference.
    """
    sql_ledger.append(CASE, writes(draft("uno")))
    first = other.append(CASE, writes(draft("dos")), idempotency_key="k", request_digest="d")

    def refuses(_history: Sequence[SealedEntry]) -> Composition:
        raise ValueError("no longer")

    for ledger, compose in product((sql_ledger, other), (refuses, writes(draft("tres")))):
        ledger.history(CASE)
        again = ledger.append(CASE, compose, idempotency_key="k", request_digest="d")
        assert [item.leaf for item in again] == [item.leaf for item in first]
        with pytest.raises(IdempotencyMismatch):
            ledger.append(CASE, compose, idempotency_key="k", request_digest="other")
    assert notes(check_whole(sql_ledger)) == ["uno", "dos"]


def test_two_with_one_key_at_once_write_once(sql_ledger: SqlLedger, engine: Engine) -> None:
    """A double click on two workers that both know the case: one entry, and both get it."""
    sql_ledger.append(CASE, writes(draft("uno")))
    ledgers = [SqlLedger(engine, ORIGIN, clock=TickingClock()) for _ in range(4)]
    together = threading.Barrier(len(ledgers))
    found: list[str] = []

    def click(ledger: SqlLedger) -> None:
        ledger.history(CASE)
        together.wait(10)
        (sealed,) = ledger.append(CASE, writes(draft("dos")), idempotency_key="k", request_digest="d")
        found.append(sealed.leaf)

    threads = [threading.Thread(target=click, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert notes(check_whole(sql_ledger)) == ["uno", "dos"]


def test_places_given_since_are_shown(sql_ledger: SqlLedger, other: SqlLedger) -> None:
    """An entry gets its place in the log later, by whoever: the case shows it once it is there."""
    sql_ledger.append(CASE, writes(draft("uno")))
    sql_ledger.append(CASE, writes(draft("dos")))
    assert [item.index for item in sql_ledger.history(CASE)] == [None, None]
    sequence_all(other)
    assert [item.index for item in sql_ledger.history(CASE)] == [0, 1]
    sql_ledger.append(CASE, writes(draft("tres")))
    assert [item.index for item in sql_ledger.history(CASE)] == [0, 1, None]


def test_places_are_shown_though_the_newest_entry_has_none(sql_ledger: SqlLedger, other: SqlLedger) -> None:
    """An entry that was placed between two appends is shown in its place while the second still waits for one."""
    sql_ledger.append(CASE, writes(draft("uno")))
    sql_ledger.append(CASE, writes(draft("dos")))
    sequence_all(other)
    sql_ledger.append(CASE, writes(draft("tres")))
    assert [item.index for item in sql_ledger.history(CASE)] == [0, 1, None]
    sql_ledger.append(CASE, writes(draft("cuatro")))
    sequence_all(other)
    assert [item.index for item in sql_ledger.history(CASE)] == [0, 1, 2, 3]


def test_after_an_erasure_payloads_are_read_again(sql_ledger: SqlLedger, other: SqlLedger) -> None:
    """What was destroyed is not given out, nor projected, from the memory of a process that had read it."""
    (first,) = sql_ledger.append(CASE, writes(draft("secreto")))
    assert notes(sql_ledger.history(CASE)) == ["secreto"]
    tamper.run(sql_ledger._engine, "DELETE FROM payload WHERE leaf = :leaf", leaf=first.leaf)
    other.append(OTHER, writes(draft("solicitud", kind=EntryKind.ERASURE_EXECUTED, refs=(first.leaf,))))
    assert sql_ledger.history(CASE)[0].payload_bytes is None
    sql_ledger.append(OTHER, writes(draft("más")))
    (one,) = sql_ledger.append(CASE, _saying(lambda history: str(history[0].payload_bytes)))
    assert one.payload()["note"] == "None"


@pytest.mark.postgresql
def test_an_erasure_beside_an_append_is_not_overlooked(migrated_postgresql_url: str) -> None:
    """Committed while another case is being written: what was read before it is read again afterwards."""
    from storage.database import connect  # noqa: PLC0415 - writers of two cases at once, as only PostgreSQL has them
    from storage.ledger import start_log  # noqa: PLC0415

    engine = connect(migrated_postgresql_url)
    start_log(engine, ORIGIN)
    ledger, other = (SqlLedger(engine, ORIGIN, clock=TickingClock()) for _ in range(2))
    (first,) = other.append(CASE, writes(draft("secreto")))

    def erasing_meanwhile(_history: Sequence[SealedEntry]) -> Composition:
        tamper.run(engine, "DELETE FROM payload WHERE leaf = :leaf", leaf=first.leaf)
        other.append(OTHER, writes(draft("solicitud", kind=EntryKind.ERASURE_EXECUTED, refs=(first.leaf,))))
        return Composition((draft("dos"),))

    ledger.append(CASE, erasing_meanwhile)
    assert ledger.history(CASE)[0].payload_bytes is None
    engine.dispose()


def _saying(what: object) -> object:
    def compose(history: Sequence[SealedEntry]) -> Composition:
        return Composition((draft(what(history)),))  # type: ignore[operator]

    return compose


def _figured(case: str, *references: Reference, days: int = 0, **members: object) -> Projection:
    figure = Figure("measure", "alta", "2026-11-20T15:00:00.000000Z", "3", days=days)
    return projection(case, *references, tally=Tally(days_late=days, figures=(figure,)), **members)


def test_of_a_projection_everything_that_changes_is_written(sql_ledger: SqlLedger, engine: Engine) -> None:
    """Columns, references and figures: whether one of them changes or all, the index shows the last projection."""
    index = SqlCaseIndex(engine)
    one, two = Reference("dsn", "A1", unique=True), Reference("ticket", "TK-1")
    wanted = [
        _figured(CASE, one),
        _figured(CASE, one, status="Cerrado", closed=True, title="Otra"),
        _figured(CASE, one, two, status="Cerrado", closed=True),
        _figured(CASE, two, days=4),
        _figured(CASE, two, days=4, next_due="2026-12-01T00:00:00.000000Z", search_text="nada"),
        projection(CASE),
    ]
    for item in wanted:
        sql_ledger.append(CASE, projects(item))
        row = index.get(CASE)
        assert row is not None
        assert (row.status, row.closed, row.title, row.next_due) == (
            item.status,
            item.closed,
            item.title,
            item.next_due,
        )
        assert index.references(CASE) == frozenset(item.references)
        assert index.tally(CASE) == item.tally
        assert index.search_text(CASE) == item.search_text


def test_what_a_rebuild_wrote_is_not_overlooked(sql_ledger: SqlLedger, engine: Engine) -> None:
    """A projection written by another way is not taken for the one of the last append."""
    index = SqlCaseIndex(engine)
    sql_ledger.append(CASE, projects(_figured(CASE, days=1)))
    sql_ledger.replace_projection(_figured(CASE, days=2))
    sql_ledger.append(CASE, projects(_figured(CASE, days=1)))
    assert index.tally(CASE) == _figured(CASE, days=1).tally


def test_a_reference_of_another_case_is_refused(sql_ledger: SqlLedger) -> None:
    """Uniqueness is kept on the short way too: nothing is written, and the refusal names the owner."""
    mine = Reference("dsn", "A1", unique=True)
    sql_ledger.append(OTHER, projects(projection(OTHER, mine)))
    sql_ledger.append(CASE, projects(projection(CASE)))
    with pytest.raises(ReferenceTaken) as taken:
        sql_ledger.append(CASE, projects(projection(CASE, mine)))
    assert taken.value.case == OTHER
    assert len(check_whole(sql_ledger)) == 2


@pytest.mark.parametrize("what", ["draft", "projection", "errand"])
def test_what_cannot_be_written_is_refused_whole(sql_ledger: SqlLedger, what: str) -> None:
    """A NUL or an unknown errand in a case that is known: the error is told and nothing is written."""
    sql_ledger.append(CASE, projects(projection(CASE)))
    composed = {
        "draft": Composition((draft(actor="u\x00"),)),
        "projection": Composition((draft(),), lambda _entries: projection(CASE, title="\x00")),
        "errand": Composition((draft(),), None, (Errand("unknown", "k", b"{}"),)),
    }[what]
    with pytest.raises((StoreError, ValueError)):
        sql_ledger.append(CASE, lambda _history: composed)
    assert len(check_whole(sql_ledger)) == 1


@pytest.mark.postgresql
def test_on_postgresql_an_append_to_a_known_case_is_one_statement(
    migrated_postgresql_url: str,
) -> None:
    """Nothing of it goes through a transaction of several round trips."""
    from storage.database import connect  # noqa: PLC0415 - this engine is watched
    from storage.ledger import start_log  # noqa: PLC0415

    engine = connect(migrated_postgresql_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    ledger.append(CASE, projects(projection(CASE)))
    begun: list[object] = []
    event.listen(engine, "begin", begun.append)
    ledger.append(CASE, projects(projection(CASE, status="Otro"), draft("a"), draft("b")))
    assert begun == []
    with reading(engine) as connection:
        found = connection.execute(select(log_entry.c.case_seq).order_by(log_entry.c.id)).scalars().all()
    assert found == [1, 2, 3]
    engine.dispose()


def test_memory_is_bounded() -> None:
    """The cases used longest ago are forgotten, and one giant does not drive out everybody else."""
    histories = Histories(most_entries=8)

    def known(count: int) -> Known:
        return Known(tuple(SealedEntry(b"{}", str(n), None, None) for n in range(count)), 0)

    for case in "abcd":
        histories.keep(case, known(2))
    assert histories.get("a") is not None
    histories.keep("e", known(2))
    assert [case for case in "abcde" if histories.get(case)] == ["a", "c", "d", "e"]
    histories.keep("giant", known(3))
    assert histories.get("giant") is None

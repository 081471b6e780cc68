"""Searches go by an index and find exactly what reading every text would find."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select, text

from documents.identifiers import fold
from evidence.ports import Projection
from storage import cases, searching
from storage.cases import SqlCaseIndex
from storage.database import is_sqlite, reading, writing
from storage.ledger import SqlLedger
from storage.ledger_tables import projection as projections
from tests.storage.support import projection, projects
from workflows.ports import CaseQuery

LETTERS = "aábnñNÑoöxyz0179 .,%_\\'\"*-&ßﬁ ǅ"
WORDS = st.text(st.sampled_from(LETTERS) | st.characters(codec="utf-8"), max_size=12).map(
    lambda words: words.replace("\x00", "")
)


def _folio(n: int) -> str:
    return f"MA-001-2026-{n:06d}"


def _put(ledger: SqlLedger, n: int, words: str) -> Projection:
    """A case that is found by these words, written as an append writes it."""
    wanted = projection(_folio(n), search_text=fold(words))
    ledger.append(_folio(n), projects(wanted))
    return wanted


def _found(index: SqlCaseIndex, words: str) -> list[str]:
    page = index.find(CaseQuery(text=words, limit=500, order="folio"))
    assert page.total == len(page.rows)
    return [row.folio for row in page.rows]


def _read(engine: Engine, words: str) -> list[str]:
    """What reading every text finds: each folded word anywhere in it."""
    with reading(engine) as connection:
        rows = connection.execute(select(projections.c.case_id, projections.c.search_text)).all()
    asked = fold(words).replace("\x00", " ").split()
    return sorted(row.case_id for row in rows if all(word in row.search_text for word in asked))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5), asked=st.lists(WORDS, max_size=4))
def test_the_index_finds_what_reading_finds(
    sql_ledger: SqlLedger, engine: Engine, texts: list[tuple[str, str]], asked: list[str]
) -> None:
    """Accents, short words, signs of LIKE and of the index's own language; texts that grow, change and go."""
    index = SqlCaseIndex(engine)
    for n, (first, second) in enumerate(texts):
        _put(sql_ledger, n, f"{_folio(n)} {first}")
        _put(sql_ledger, n, f"{_folio(n)} {first} {second}")
        if n % 3 == 2:
            _put(sql_ledger, n, f"{second} {first}")
    for words in [*asked, *(word for pair in texts for word in pair), "ma-001", "00000"]:
        pieces = [words, words[1:4], words[:2], words[-3:]]
        for piece in pieces:
            assert _found(index, piece) == _read(engine, piece), piece


def test_a_case_without_its_text_leaves_nothing_to_find(sql_ledger: SqlLedger, engine: Engine) -> None:
    """Whoever clears a case's text, or takes its row away, needs to know nothing of the index."""
    index = SqlCaseIndex(engine)
    kept = _put(sql_ledger, 1, "alta de ruiz")
    _put(sql_ledger, 2, "alta de ruiz")
    _put(sql_ledger, 2, "alta de ruiz ortega")
    _put(sql_ledger, 3, "baja de ruiz")
    sql_ledger.replace_projection(replace(projection(_folio(2)), search_text=""))
    with writing(engine) as connection:
        connection.execute(projections.delete().where(projections.c.case_id == _folio(3)))
    assert _found(index, "ruiz") == [kept.case]
    assert _found(index, "ortega") == []
    if is_sqlite(engine):
        with reading(engine) as connection:
            pieces = connection.execute(text("SELECT case_id FROM case_search_piece")).scalars().all()
        assert pieces == [kept.case]


def test_the_index_is_made_anew_from_the_texts(sql_ledger: SqlLedger, engine: Engine) -> None:
    """An index that lost everything finds again after a rebuild, and follows what is written afterwards."""
    index = SqlCaseIndex(engine)
    for n in range(3):
        _put(sql_ledger, n, "cuenta de correo")
    if is_sqlite(engine):
        with writing(engine) as connection:
            for statement in searching.EMPTY_SQLITE:
                connection.exec_driver_sql(statement)
        assert _found(index, "correo") == []
    assert index.index_anew() == searching.indexed(engine)
    assert _found(index, "correo") == [_folio(n) for n in range(3)]
    _put(sql_ledger, 1, "cuenta de correo cerrada")
    assert _found(index, "cerrada") == [_folio(1)]


def test_a_word_of_many_cases_gives_the_same_pages(
    sql_ledger: SqlLedger, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where more cases are found than a page may hold they are walked in their order: same cases, same pages."""
    index = SqlCaseIndex(engine)
    for n in range(12):
        _put(sql_ledger, n, "cuenta de correo" if n % 3 else "otra cosa")
    monkeypatch.setattr(cases, "MOST_ROWS", 5)
    found: list[str] = []
    after = ""
    while True:
        page = index.find(CaseQuery(text="correo", limit=3, order="folio", after=after))
        assert page.total == 8
        found += [row.folio for row in page.rows]
        after = page.next
        if not after:
            break
    assert found == [_folio(n) for n in range(12) if n % 3]


def test_a_common_word_beside_a_rare_one_is_read_where_the_rare_one_is(
    sql_ledger: SqlLedger, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cases, on SQLite without the index gathering all that have the common word."""
    monkeypatch.setattr(searching, "FEW", 3)
    index = SqlCaseIndex(engine)
    for n in range(12):
        _put(sql_ledger, n, f"equipo {100 + n} {'raro' if n in {4, 7} else 'usual'}")
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, *_r: asked.append(sql))
    for words in (
        "equipo raro",
        "raro equipo usual",
        "equipo 104",
        "equipo 1",
        "equipo usual",
        "equipo nadie",
    ):
        assert _found(index, words) == _read(engine, words), words
    if is_sqlite(engine):
        asked.clear()
        _found(index, "equipo raro")
        assert [sql.count("MATCH") for sql in asked if "projection" in sql and "MATCH" in sql] == [1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_search_on_sqlite_reads_only_texts_that_its_index_gave(
    sql_ledger: SqlLedger, engine: Engine
) -> None:
    """One word is answered by the index alone; beside it others are read where its pieces lead, one by one."""
    _put(sql_ledger, 1, "cuenta de correo")
    seen: list[tuple[str, object]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _d, sql, given, *_: seen.append((sql, given)))
    index = SqlCaseIndex(engine)
    assert _found(index, "correo") == [_folio(1)]
    assert not [sql for sql, _ in seen if "LIKE" in sql]
    seen.clear()
    assert _found(index, "correo cuenta") == [_folio(1)]
    ((sql, given),) = [(sql, given) for sql, given in seen if "MATCH" in sql and "projection" in sql]
    assert sql.count("LIKE") == 1
    with reading(engine) as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)  # type: ignore[arg-type]
        lines = [str(row[3]) for row in plan]
    assert lines[0].startswith("SCAN case_search VIRTUAL TABLE"), lines
    assert [line.split()[0] for line in lines[1:3]] == ["SEARCH", "SEARCH"], lines


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_search_on_postgresql_is_one_that_its_index_serves(engine: Engine) -> None:
    """Whether it is read or looked up PostgreSQL chooses by the size of the table; it has to have the choice."""
    if not searching.indexed(engine):
        pytest.skip("this server does not offer pg_trgm")
    wanted = select(projections.c.case_id).where(searching.holds(engine, "50%_c"))
    asked = wanted.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.execute(text(f"EXPLAIN {str(asked).replace('%%', '%')}")).scalars().all()
    assert any(searching.POSTGRESQL_INDEX in line for line in plan), plan


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_extension_out_of_reach_leaves_texts_to_be_read(sql_ledger: SqlLedger, engine: Engine) -> None:
    """Where an administrator put it into a schema that we do not look into, nothing fails and everything is found."""
    if not searching.indexed(engine):
        pytest.skip("this server does not offer pg_trgm")
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE SCHEMA elsewhere")
        connection.exec_driver_sql("DROP EXTENSION pg_trgm CASCADE")
        connection.exec_driver_sql("CREATE EXTENSION pg_trgm SCHEMA elsewhere")
    index = SqlCaseIndex(engine)
    assert not index.index_anew()
    _put(sql_ledger, 1, "cuenta de correo")
    assert _found(index, "correo") == [_folio(1)]
    with writing(engine) as connection:
        connection.exec_driver_sql("ALTER EXTENSION pg_trgm SET SCHEMA public")
    assert index.index_anew()

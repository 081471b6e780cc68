"""What is done to the database behind the ledger's back, on both databases, and who notices.

The tamperer has every right on the database and mends heads, tiles and frontier; what he has not is the signed
checkpoint somebody kept, the guard on another volume, or the log's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from evidence.entry import genesis_hash, seal
from evidence.findings import Code, Report, Verdict
from evidence.note import SigningKey
from evidence.ports import BlobCorrupt, RolledBack
from evidence.publisher import Publisher
from evidence.verify import verify_ledger
from storage.database import connect, reading, writing
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger, start_log
from storage.ledger_tables import log_entry
from storage.rows import entry_row
from tests.servers.postgresql import PostgresServer
from tests.storage import tamper
from tests.storage.support import ORIGIN, START, TickingClock, check_whole, draft, fill, sequence_all, writes

CASE = "MA-001-2026-000000"


@dataclass
class Signed:
    """A ledger of some entries, signed, and the note that somebody outside has kept."""

    ledger: SqlLedger
    engine: Engine
    key: SigningKey
    publisher: Publisher
    note: bytes

    def verify(self, *known: bytes) -> Report:
        """The verification with the notes the verifier brings along."""
        return verify_ledger(self.ledger, keys=[self.key.verifier], known_checkpoints=known)

    def codes(self, *known: bytes) -> set[str]:
        """What it finds."""
        return {finding.code for finding in self.verify(*known).findings}


@pytest.fixture
def signed(sql_ledger: SqlLedger, engine: Engine, tmp_path: Path) -> Signed:
    """Thirty entries under a checkpoint."""
    key = SigningKey.generate(ORIGIN)
    publisher = Publisher(sql_ledger, SqliteGuard(tmp_path / "guard.sqlite"), key, TickingClock())
    fill(sql_ledger, 30)
    note = publisher.publish()
    assert note is not None
    made = Signed(sql_ledger, engine, key, publisher, note)
    assert made.verify(note).verdict is Verdict.VALID
    return made


@pytest.mark.parametrize("left", [29, 15, 1, 0])
def test_a_tail_cut_off_tidily_is_noticed(signed: Signed, left: int) -> None:
    """R1: the last rows, half of them or all are gone and everything else agrees: the kept note does not."""
    tamper.cut_tail(signed.engine, left)
    if left:
        check_whole(signed.ledger)
    report = signed.verify(signed.note)
    assert report.verdict is Verdict.INVALID
    assert Code.LOG_TRUNCATED in {finding.code for finding in report.findings}
    assert signed.verify().verdict is not Verdict.VALID
    with pytest.raises(RolledBack):
        signed.publisher.publish()


def test_a_case_cut_out_of_the_log_is_noticed(signed: Signed) -> None:
    """R1: all rows of one case are gone; the gap shows even without a kept note."""
    tamper.run(
        signed.engine,
        "DELETE FROM payload WHERE leaf IN (SELECT leaf FROM log_entry WHERE case_id = :c)",
        c=CASE,
    )
    tamper.run(signed.engine, "DELETE FROM log_entry WHERE case_id = :c", c=CASE)
    tamper.run(signed.engine, "DELETE FROM case_head WHERE case_id = :c", c=CASE)
    for known in ((), (signed.note,)):
        report = signed.verify(*known)
        assert report.verdict is Verdict.INVALID
        assert Code.INDEX_GAP in {finding.code for finding in report.findings}


@pytest.mark.parametrize("count", [1, 12, 30])
def test_a_suffix_rewritten_tidily_is_noticed(signed: Signed, count: int) -> None:
    """R2: as many entries as before, all hashes recomputed: the root under the same size is another."""
    rows = list(signed.ledger.entries(30 - count))
    tamper.rewrite_tail(signed.engine, rows, tamper.other_note)
    check_whole(signed.ledger)
    assert signed.ledger.tree_size() == 30
    report = signed.verify(signed.note)
    assert report.verdict is Verdict.INVALID
    assert Code.CHECKPOINT_ROOT in {finding.code for finding in report.findings}
    with pytest.raises(RolledBack):
        signed.publisher.publish()


def test_a_rewritten_log_that_has_grown_is_not_signed(signed: Signed) -> None:
    """R2: the size alone says nothing: longer than the last signed tree, but no continuation of it."""
    tamper.rewrite_tail(signed.engine, list(signed.ledger.entries(20)), tamper.other_note)
    fill(signed.ledger, 40)
    with pytest.raises(RolledBack, match="not a continuation"):
        signed.publisher.publish()
    assert signed.verify(signed.note).verdict is Verdict.INVALID


COLUMNS = {
    "case_id": "'MA-001-2026-000777'",
    "case_seq": "99",
    "prev": f"'{'0' * 64}'",
    "leaf": f"'{'1' * 64}'",
    "recorded_at": "'2020-01-01T00:00:00.000000Z'",
    "actor": "'u-9'",
    "role": "'director'",
    "kind": "'case.closed'",
    "process": "'MA-002@2025-12-15'",
    "step": "'9'",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edited_column_is_noticed(signed: Signed, column: str) -> None:
    """R5: the columns are an index of the bytes: one that says something else is a finding by its own."""
    tamper.run(signed.engine, f"UPDATE log_entry SET {column} = {COLUMNS[column]} WHERE log_index = 4")  # noqa: S608
    report = signed.verify(signed.note)
    told = [item for item in report.findings if item.code in {Code.ENTRY_COLUMN, Code.ENTRY_LEAF}]
    assert any(item.subject.endswith(column) or column == "leaf" for item in told)
    assert any(wrong in COLUMNS[column] for wrong in (told[0].found, told[0].expected))
    assert report.verdict is Verdict.INVALID


def test_every_byte_of_an_entry_counts(signed: Signed) -> None:
    """R5: whichever byte of a row is changed, parsed or not, the row is found and the verification goes on."""
    with reading(signed.engine) as connection:
        original = connection.execute(
            select(log_entry.c.entry_bytes).where(log_entry.c.log_index == 4)
        ).scalar_one()
    for place in range(0, len(original), 7):
        changed = tamper.flipped(original, place)
        tamper.run(signed.engine, "UPDATE log_entry SET entry_bytes = :b WHERE log_index = 4", b=changed)
        report = signed.verify(signed.note)
        assert report.verdict is Verdict.INVALID
        assert report.entries_checked == 30
        assert Code.ENTRY_LEAF in {finding.code for finding in report.findings}
    tamper.run(signed.engine, "UPDATE log_entry SET entry_bytes = :b WHERE log_index = 4", b=original)
    assert signed.verify(signed.note).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "edit",
    [
        "entry_bytes = replace(CAST(entry_bytes AS TEXT), 'u-1', 'u-2')",
        "entry_bytes = 'nada'",
        "entry_bytes = 7",
        "entry_bytes = ''",
        "entry_bytes = CAST(x'ff00fe' AS TEXT)",
        "actor = CAST(x'ff00fe' AS TEXT)",
        "case_seq = 'uno'",
        "log_index = 'cuatro'",
        "leaf = x'00ff'",
        "leaf = 'zz'",
        "leaf = 12",
    ],
)
def test_a_hand_with_an_sqlite_shell(migrated_sqlite_url: str, edit: str) -> None:
    """SQLite stores any type anywhere: whatever a careless or hostile hand left there is found, never stumbled over."""
    engine = connect(migrated_sqlite_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    fill(ledger, 30)
    tamper.run(engine, f"UPDATE log_entry SET {edit} WHERE log_index = 4")  # noqa: S608
    report = verify_ledger(ledger, keys=[SigningKey.generate(ORIGIN).verifier])
    assert report.verdict is Verdict.INVALID
    assert report.entries_checked >= 29
    engine.dispose()


def test_a_damaged_case_is_not_used(signed: Signed) -> None:
    """Bytes about to be used are checked: neither reading the case nor adding to it works on changed rows."""
    with reading(signed.engine) as connection:
        row = connection.execute(select(log_entry).where(log_entry.c.log_index == 4)).one()
    changed = tamper.flipped(row.entry_bytes, 40)
    tamper.run(signed.engine, "UPDATE log_entry SET entry_bytes = :b WHERE log_index = 4", b=changed)
    ledger = SqlLedger(signed.engine, ORIGIN, clock=TickingClock())
    with pytest.raises(BlobCorrupt):
        ledger.history(row.case_id)
    with pytest.raises(BlobCorrupt):
        ledger.append(row.case_id, writes())
    other = next(case for case in ledger.cases() if case != row.case_id)
    assert ledger.append(other, writes())


@pytest.mark.parametrize(
    ("column", "value"),
    [("entry_bytes", "CAST('{}' AS bytea)"), ("leaf", f"'{'1' * 64}'")],
    ids=["bytes", "leaf"],
)
def test_a_last_entry_changed_behind_a_process_that_knows_it(
    signed: Signed, engine: Engine, column: str, value: str
) -> None:
    """A process that has checked the case before still compares its last entry: it neither shows nor continues it."""
    signed.ledger.append(CASE, writes())
    known = signed.ledger.history(CASE)
    if engine.dialect.name == "sqlite":
        value = value.replace("CAST('{}' AS bytea)", "x'7b7d'")
    tamper.run(
        engine,
        f"UPDATE log_entry SET {column} = {value} WHERE case_id = :c AND case_seq = :s",  # noqa: S608
        c=CASE,
        s=len(known),
    )
    with pytest.raises(BlobCorrupt):
        signed.ledger.append(CASE, writes())
    with pytest.raises(BlobCorrupt):
        signed.ledger.history(CASE)


def test_what_was_checked_is_not_replaced_by_what_was_changed(signed: Signed, engine: Engine) -> None:
    """A row changed inside a case this process has checked: it goes on from the sealed bytes; the verifier sees."""
    known = signed.ledger.history(CASE)
    tamper.run(
        engine,
        "UPDATE log_entry SET entry_bytes = :b WHERE case_id = :c AND case_seq = 2",
        b=tamper.flipped(known[1].entry_bytes, 40),
        c=CASE,
    )
    (written,) = signed.ledger.append(CASE, writes())
    assert written.entry.prev == known[-1].leaf
    assert [sealed.leaf for sealed in signed.ledger.history(CASE)] == [*(k.leaf for k in known), written.leaf]
    sequence_all(signed.ledger)
    assert signed.verify(signed.note).verdict is Verdict.INVALID


@pytest.mark.parametrize("seq", [1, 2])
def test_a_row_taken_out_behind_a_process_that_knows_the_case(
    signed: Signed, engine: Engine, seq: int
) -> None:
    """Entries are counted before a case is continued: one that is gone stops it, wherever it stood."""
    leaf = signed.ledger.history(CASE)[seq - 1].leaf
    tamper.run(engine, "DELETE FROM payload WHERE leaf = :leaf", leaf=leaf)
    tamper.run(engine, "DELETE FROM log_entry WHERE leaf = :leaf", leaf=leaf)
    with pytest.raises(BlobCorrupt):
        signed.ledger.append(CASE, writes())
    with pytest.raises(BlobCorrupt):
        signed.ledger.history(CASE)


def test_a_case_whose_tail_was_cut_is_not_written_over(signed: Signed) -> None:
    """The head remembers more than the rows show: the next append refuses instead of hiding the hole."""
    last = signed.ledger.history(CASE)[-1]
    tamper.run(signed.engine, "DELETE FROM payload WHERE leaf = :leaf", leaf=last.leaf)
    tamper.run(signed.engine, "DELETE FROM log_entry WHERE leaf = :leaf", leaf=last.leaf)
    with pytest.raises(BlobCorrupt, match="head"):
        signed.ledger.append(CASE, writes())
    assert any(subject == f"head of {CASE}" for subject, _, _ in signed.ledger.cache_discrepancies())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_head SET seq = seq + 1",
        "DELETE FROM case_head",
        "UPDATE log_state SET size = 29",
        "DELETE FROM log_state",
    ],
)
def test_caches_that_lie_are_found(signed: Signed, statement: str) -> None:
    """Heads and size are compared with the rows."""
    tamper.run(signed.engine, statement)
    assert list(signed.ledger.cache_discrepancies())


@pytest.mark.parametrize("column", ["bytes", "salt"])
def test_a_changed_payload_is_noticed(signed: Signed, column: str) -> None:
    """The commitment in the entry binds payload and salt."""
    tamper.run(signed.engine, f"UPDATE payload SET {column} = :b", b=b"{}" + bytes(30))  # noqa: S608
    assert Code.PAYLOAD_DIFFERS in signed.codes(signed.note)


def test_a_tile_of_other_hashes_is_found(sql_ledger: SqlLedger, engine: Engine) -> None:
    """A tile that is not of these entries is a finding, though no root depends on it."""
    fill(sql_ledger, 300)
    tamper.run(engine, "UPDATE tile SET bytes = :b WHERE level = 0", b=bytes(8192))
    report = verify_ledger(sql_ledger, keys=[SigningKey.generate(ORIGIN).verifier])
    assert Code.TREE_TILE in {finding.code for finding in report.findings}


@pytest.mark.parametrize(
    ("statement", "hashes"),
    [("UPDATE tile SET bytes = :b WHERE level = 1", 1), ("UPDATE log_state SET frontier = :b", 4)],
    ids=["tile", "frontier"],
)
def test_a_root_that_tiles_and_frontier_dispute_is_not_signed(
    sql_ledger: SqlLedger, engine: Engine, tmp_path: Path, statement: str, hashes: int
) -> None:
    """Two ways to the root that lead to different ones: nothing is signed, and it is a finding."""
    fill(sql_ledger, 300)
    key = SigningKey.generate(ORIGIN)
    publisher = Publisher(sql_ledger, SqliteGuard(tmp_path / "guard.sqlite"), key, TickingClock())
    tamper.run(engine, statement, b=bytes(32 * hashes))
    with pytest.raises(BlobCorrupt):
        publisher.publish()
    assert sql_ledger.latest_checkpoint() is None
    assert verify_ledger(sql_ledger, keys=[key.verifier]).verdict is Verdict.INVALID


def test_a_chain_moved_to_another_case_does_not_verify(signed: Signed) -> None:
    """R9: rows under another folio keep the bytes that name the old one."""
    tamper.move_case(signed.engine, CASE, "MA-001-2026-000777")
    assert signed.verify(signed.note).verdict is Verdict.INVALID
    with pytest.raises(BlobCorrupt):
        signed.ledger.history("MA-001-2026-000777")


def test_a_chain_moved_to_another_log_does_not_verify(signed: Signed) -> None:
    """R9: the same rows in a database that began another log are somebody else's."""
    tamper.run(signed.engine, "UPDATE log_state SET origin = 'constancia.example/otra'")
    moved = SqlLedger(signed.engine, "constancia.example/otra", clock=TickingClock())
    report = verify_ledger(moved, keys=[SigningKey.generate("constancia.example/otra").verifier])
    assert report.verdict is Verdict.INVALID
    assert Code.ENTRY_LOG in {finding.code for finding in report.findings}
    with pytest.raises(BlobCorrupt):
        moved.history(CASE)


def test_two_first_entries_of_a_case_are_impossible(signed: Signed) -> None:
    """R9: position and predecessor are unique per case, so a chain can neither begin twice nor fork."""
    twin = seal(
        draft("otro comienzo"),
        log=ORIGIN,
        case=CASE,
        seq=1,
        prev=genesis_hash(ORIGIN, CASE),
        at="2026-11-20T15:00:00.000000Z",
        salt=bytes(32),
    )
    for row in (entry_row(twin), {**entry_row(twin), "case_seq": 99}):
        with pytest.raises(DBAPIError), writing(signed.engine) as connection:
            connection.execute(insert(log_entry), row)
    check_whole(signed.ledger)


def test_a_flipped_bit_is_caught_before_sequencing(signed: Signed) -> None:
    """R16: bytes that rotted between append and sequencing get no index, and nothing of the batch does."""
    signed.ledger.append(CASE, writes(draft("uno")))
    signed.ledger.append("MA-001-2026-000001", writes(draft("dos")))
    waiting = list(signed.ledger.unsequenced())
    broken = tamper.flipped(waiting[1].entry_bytes, 30)
    tamper.run(
        signed.engine, "UPDATE log_entry SET entry_bytes = :b WHERE leaf = :l", b=broken, l=waiting[1].leaf
    )
    with pytest.raises(BlobCorrupt):
        signed.ledger.sequence()
    assert signed.ledger.tree_size() == 30
    assert len(list(signed.ledger.unsequenced())) == 2


FLIP_ON_WRITE = {
    "sqlite": [
        "CREATE TRIGGER flip AFTER UPDATE OF log_index ON log_entry WHEN NEW.case_seq > 3 BEGIN "
        "UPDATE log_entry SET entry_bytes = CAST(replace(CAST(entry_bytes AS TEXT), 'u-1', 'u-0') AS BLOB) "
        "WHERE id = NEW.id; END"
    ],
    "postgresql": [
        "CREATE FUNCTION flip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "NEW.entry_bytes := convert_to(replace(convert_from(NEW.entry_bytes, 'UTF8'), 'u-1', 'u-0'), 'UTF8'); "
        "RETURN NEW; END $$",
        "CREATE TRIGGER a_flip BEFORE UPDATE ON log_entry FOR EACH ROW WHEN (NEW.case_seq > 3) "
        "EXECUTE FUNCTION flip()",
        "ALTER TABLE log_entry DISABLE TRIGGER log_entry_no_update",
    ],
}


def test_a_bit_flipped_while_it_is_written_is_caught_before_the_commit(signed: Signed) -> None:
    """R16: the batch is read again as it will be committed; what differs from what was hashed stops it."""
    for number in range(3):
        signed.ledger.append(CASE, writes(draft(str(number))))
    with writing(signed.engine) as connection:
        if signed.engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER log_entry_no_update"))
        for statement in FLIP_ON_WRITE[signed.engine.dialect.name]:
            connection.exec_driver_sql(statement)
    with pytest.raises(BlobCorrupt):
        signed.ledger.sequence()
    assert signed.ledger.tree_size() == 30
    assert len(list(signed.ledger.unsequenced())) == 3


def test_yesterdays_sqlite_file_is_not_signed(migrated_sqlite_url: str, tmp_path: Path) -> None:
    """R17: a restored file is behind the guard, and stays refused when it has grown past the old size."""
    path = Path(migrated_sqlite_url.removeprefix("sqlite:///"))
    engine = connect(migrated_sqlite_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    publisher = Publisher(
        ledger, SqliteGuard(tmp_path / "guard.sqlite"), SigningKey.generate(ORIGIN), TickingClock()
    )
    fill(ledger, 10)
    publisher.publish()
    engine.dispose()
    yesterday = path.read_bytes()
    fill(ledger, 10)
    assert publisher.publish() is not None
    engine.dispose()
    path.write_bytes(yesterday)
    _refused_until_the_end_of_time(ledger, publisher)
    engine.dispose()


@pytest.mark.postgresql
def test_yesterdays_postgresql_database_is_not_signed(
    postgresql_server: PostgresServer, migrated_postgresql_url: str, tmp_path: Path
) -> None:
    """R17: the same with a copy of the database put back in its place."""
    engine = connect(migrated_postgresql_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    publisher = Publisher(
        ledger, SqliteGuard(tmp_path / "guard.sqlite"), SigningKey.generate(ORIGIN), TickingClock()
    )
    fill(ledger, 10)
    publisher.publish()
    engine.dispose()
    name = migrated_postgresql_url.rpartition("/")[2]
    with postgresql_server.database(template=name) as copy:
        fill(ledger, 10)
        assert publisher.publish() is not None
        engine.dispose()
        postgresql_server.execute(f"DROP DATABASE {name}")
        postgresql_server.execute(f"CREATE DATABASE {name} TEMPLATE {copy.rpartition('/')[2]}")
        _refused_until_the_end_of_time(ledger, publisher)
        engine.dispose()


def _refused_until_the_end_of_time(ledger: SqlLedger, publisher: Publisher) -> None:
    signed = ledger.latest_checkpoint()
    with pytest.raises(RolledBack):
        publisher.publish()
    fill(ledger, 30)
    with pytest.raises(RolledBack):
        publisher.publish()
    assert ledger.latest_checkpoint() == signed


def test_a_clock_set_back_is_noted_and_changes_no_order(signed: Signed) -> None:
    """The server's clock a year back: the order is the index's, the entries verify, and a finding tells of it."""
    ledger = SqlLedger(signed.engine, ORIGIN, clock=TickingClock(START - timedelta(days=365)))
    ledger.append(CASE, writes(draft("un año antes")))
    sequence_all(ledger)
    check_whole(ledger)
    assert signed.publisher.publish() is not None
    report = signed.verify(signed.note)
    assert Code.TIME_BACKWARDS in {finding.code for finding in report.findings}
    assert report.verdict is Verdict.VALID

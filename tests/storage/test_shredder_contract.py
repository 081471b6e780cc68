"""The contract of `evidence.shredding.Shredder`, on SQLite and PostgreSQL, over files and S3."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DBAPIError

from evidence.atrest import as_stored
from evidence.entry import BlobRef, EntryKind
from evidence.findings import Code
from evidence.ports import BlobStore
from evidence.shredding import BlobErased, NotErased, Shredded
from evidence.verify import verify_ledger
from storage.account_tables import draft as draft_table
from storage.ciphers.blobs import EncryptedBlobs, StoredBytes
from storage.ciphers.keys import CaseKeys
from storage.ciphers.master import MasterKey
from storage.ciphers.rewrap import rewrap
from storage.ciphers.shred import SqlShredder
from storage.database import is_sqlite, reading, writing
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger
from storage.ledger_tables import log_entry
from storage.rows import SEALED, WHOLE, as_found, stored, trusted
from storage.s3 import S3BlobStore
from tests.storage.support import MASTER, ORIGIN, TickingClock, draft, keys_of, notes, sequence_all, writes

CASE, OTHER = "MA-001-2026-000001", "MA-001-2026-000002"
SECRET = "Juana Pérez López, RFC PELJ800101XXX"
CONTENT = SECRET.encode() * 3000


@dataclass
class Desk:
    """An installation with two cases, of which one is to be erased."""

    engine: Engine
    raw: BlobStore
    keys: CaseKeys
    ledger: SqlLedger
    blobs: EncryptedBlobs
    shredder: SqlShredder
    folder: Path

    def fill(self) -> dict[str, BlobRef]:
        """Two cases with a file each, of the same content."""
        refs = {}
        for case in (CASE, OTHER):
            refs[case] = self.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=case)
            self.ledger.append(case, writes(draft(SECRET, objects=(refs[case],)), draft(f"{SECRET} más")))
        return refs

    def erase(self, case: str = CASE, most: int = 1000) -> None:
        """The entry that comes first; it names what there was before it."""
        leaves = tuple(item.leaf for item in self.ledger.history(case))[:most]
        erasure = draft(kind=EntryKind.ERASURE_EXECUTED, refs=leaves, payload={})
        self.ledger.append(case, writes(erasure))

    def another(self) -> SqlLedger:
        """Another process."""
        return SqlLedger(self.engine, ORIGIN, clock=TickingClock(), keys=keys_of(self.engine))


@pytest.fixture(params=["filesystem", pytest.param("s3", marks=pytest.mark.s3)])
def desk(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    """On each database, over each store; files in S3 are locked."""
    keys, clock = keys_of(engine), TickingClock()
    ledger = SqlLedger(engine, ORIGIN, clock=clock, keys=keys)

    def made(raw: BlobStore) -> Desk:
        shredder = SqlShredder(engine, keys, clock, ledger=ledger, staging=tmp_path / "staging")
        return Desk(engine, raw, keys, ledger, EncryptedBlobs(raw, keys), shredder, tmp_path)

    if request.param == "filesystem":
        yield made(FileBlobStore(tmp_path / "objects"))
        return
    server = request.getfixturevalue("object_server")
    with closing(
        S3BlobStore(
            server.endpoint,
            server.access_key,
            server.secret_key,
            request.getfixturevalue("bucket_name"),
            secure=False,
            retention=timedelta(days=1),
            clock=lambda: datetime.now(UTC),
        )
    ) as raw:
        yield made(raw)


def read(blobs: BlobStore, ref: BlobRef) -> bytes:
    """The whole object."""
    with blobs.open(ref) as stream:
        return b"".join(iter(lambda: stream.read(50_000), b""))


def count(engine: Engine, table: str) -> int:
    """Rows of a table."""
    with reading(engine) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def test_what_the_erasure_names_is_gone_and_the_rest_stays(desk: Desk) -> None:
    """Payloads, salts and files of the case can no longer be read; the other case has lost nothing."""
    refs = desk.fill()
    desk.erase()
    assert desk.shredder.shred(CASE) == Shredded(CASE, payloads=2, files=1, derived=0, plain=0)
    history = desk.ledger.history(CASE)
    assert [item.payload_bytes for item in history[:2]] == [None, None]
    assert [item.salt for item in history[:2]] == [None, None]
    assert history[2].payload_bytes == b"{}"
    for forbidden in (desk.blobs.open(refs[CASE]).__enter__, lambda: desk.blobs.stat(refs[CASE])):
        with pytest.raises(BlobErased):
            forbidden()
    assert read(desk.blobs, refs[OTHER]) == CONTENT
    assert notes(desk.ledger.history(OTHER)) == [SECRET, f"{SECRET} más"]


def test_done_again_it_finds_nothing(desk: Desk) -> None:
    """A sweep may call it as often as it likes, also from another process."""
    desk.fill()
    desk.erase()
    desk.shredder.shred(CASE)
    again = SqlShredder(desk.engine, keys_of(desk.engine), TickingClock())
    assert again.shred(CASE) == Shredded(CASE)
    assert desk.shredder.shred(CASE) == Shredded(CASE)


def test_without_the_entry_nothing_is_destroyed(desk: Desk) -> None:
    """Not for a case that has none, nor for one that is not there, nor by the entry of another case."""
    refs = desk.fill()
    desk.erase(OTHER)
    rows = count(desk.engine, "payload"), count(desk.engine, "case_key")
    for case in (CASE, "MA-001-2026-999999"):
        with pytest.raises(NotErased, match=r"no erasure\.executed"):
            desk.shredder.shred(case)
    assert (count(desk.engine, "payload"), count(desk.engine, "case_key")) == rows
    assert read(desk.blobs, refs[CASE]) == CONTENT


def test_what_nobody_erased_is_not_taken_along(desk: Desk) -> None:
    """An erasure that names only some of a case's entries would take the others with their key: it is refused."""
    refs = desk.fill()
    desk.erase(most=1)
    with pytest.raises(NotErased, match=f"{CASE}/2"):
        desk.shredder.shred(CASE)
    assert read(desk.blobs, refs[CASE]) == CONTENT
    assert notes(desk.ledger.history(CASE)[:2]) == [SECRET, f"{SECRET} más"]


def test_papers_of_the_erasure_have_a_key_of_their_own(desk: Desk) -> None:
    """What is put under another name than the case's stays readable after it."""
    desk.fill()
    paper = desk.blobs.put(io.BytesIO(b"resolucion"), media="text/plain", case=f"{CASE}#borrado")
    leaves = tuple(item.leaf for item in desk.ledger.history(CASE))
    erasure = draft(kind=EntryKind.ERASURE_EXECUTED, refs=leaves, payload={}, objects=(paper,))
    desk.ledger.append(CASE, writes(erasure))
    desk.shredder.shred(CASE)
    assert read(desk.blobs, paper) == b"resolucion"


def test_the_case_goes_on_with_a_key_of_its_own(desk: Desk) -> None:
    """Entries after the erasure are readable, by every process, before and after `shred`."""
    desk.fill()
    other = desk.another()
    other.history(CASE)
    desk.erase()
    other.append(CASE, writes(draft("constancia de borrado")))
    desk.shredder.shred(CASE)
    other.append(CASE, writes(draft("otra")))
    for ledger in (desk.ledger, other, desk.another()):
        assert notes(ledger.history(CASE)[3:]) == ["constancia de borrado", "otra"]
        assert [item.payload_bytes for item in ledger.history(CASE)[:2]] == [None, None]


def test_no_process_remembers_what_another_destroyed(desk: Desk) -> None:
    """A history read after the erasure and before the shredding is not kept."""
    desk.fill()
    other = desk.another()
    desk.erase()
    assert notes(other.history(CASE)[:1]) == [SECRET]
    desk.shredder.shred(CASE)
    assert other.history(CASE)[0].payload_bytes is None


def test_a_row_read_before_its_key_went_reads_as_erased(desk: Desk) -> None:
    """Who reads while another process destroys is told that it is gone, and not that somebody changed it."""
    desk.fill()
    with reading(desk.engine) as connection:
        held = connection.execute(
            SEALED.where(log_entry.c.case_id == CASE).order_by(log_entry.c.case_seq)
        ).all()
        whole = connection.execute(
            WHOLE.where(log_entry.c.case_id == CASE).order_by(log_entry.c.case_seq)
        ).all()
    reader = keys_of(desk.engine)
    assert as_found(held[1], reader).payload() == {"note": f"{SECRET} más"}
    desk.erase()
    desk.shredder.shred(CASE)
    fresh = keys_of(desk.engine)
    for row, raw in zip(held, whole, strict=True):
        for found in (trusted(row, fresh), as_found(row, fresh), *stored([raw], fresh)):
            assert (found.salt, found.payload_bytes) == (None, None)


def test_the_log_verifies_and_says_what_was_erased(desk: Desk) -> None:
    """Payloads are told as erased by an entry, not as lost; the ciphertext is still what was sealed."""
    refs = desk.fill()
    desk.erase()
    desk.shredder.shred(CASE)
    sequence_all(desk.ledger)
    found = verify_ledger(desk.ledger, StoredBytes(desk.raw), keys=(), full=True).findings
    assert {item.code for item in found if "payload" in str(item.code)} == {Code.PAYLOAD_ERASED}
    assert not [item for item in found if "object" in str(item.code)]
    assert SECRET.encode() not in read(desk.raw, as_stored(refs[CASE]))


def test_old_copies_of_the_key_need_the_former_master_key(desk: Desk) -> None:
    """Whoever kept the wrapped key opens it with the master key of that day, and not with the next one."""
    refs = desk.fill()
    with reading(desk.engine) as connection:
        kept = connection.execute(
            text("SELECT key_id, wrapped, master FROM case_key WHERE case_id = :case"), {"case": CASE}
        ).one()
    desk.erase()
    desk.shredder.shred(CASE)
    former = MasterKey.from_text(MASTER)
    assert former.unwrap(bytes(kept.wrapped), kept.master).startswith("AGE-SECRET-KEY-1")
    both = former.followed_by(MasterKey.generate())
    rewrap(desk.engine, both)
    with pytest.raises(Exception, match="master key"):
        both.first().unwrap(bytes(kept.wrapped), kept.master)
    after = EncryptedBlobs(desk.raw, keys_of(desk.engine, both.first().text))
    assert read(after, refs[OTHER]) == CONTENT


def test_the_files_of_the_database_hold_nothing_of_it(desk: Desk) -> None:
    """Neither the wrapped key nor an encrypted payload is left in SQLite's file, its log, or a dump of PostgreSQL."""
    desk.fill()
    with reading(desk.engine) as connection:
        wrapped = bytes(
            connection.execute(
                text("SELECT wrapped FROM case_key WHERE case_id = :c"), {"c": CASE}
            ).scalar_one()
        )
        leaf = desk.ledger.history(CASE)[0].leaf
        row = bytes(
            connection.execute(text("SELECT bytes FROM payload WHERE leaf = :l"), {"l": leaf}).scalar_one()
        )
    tails = [wrapped[-100:], row[-100:]]
    dump = _bytes_of(desk.engine)
    assert all(_held(tail, dump) for tail in tails)
    desk.erase()
    desk.shredder.shred(CASE)
    dump = _bytes_of(desk.engine)
    assert not any(_held(tail, dump) for tail in tails)
    assert SECRET.encode() not in dump


def _held(data: bytes, dump: bytes) -> bool:
    """As bytes in SQLite's pages, or as digits in a dump."""
    return data in dump or data.hex().encode() in dump


def _bytes_of(engine: Engine) -> bytes:
    """Everything an SQLite database has on the disk; a dump of a PostgreSQL one."""
    if is_sqlite(engine):
        path = engine.url.database or ""
        return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run(["pg_dump", url], capture_output=True, check=True).stdout


def test_drafts_and_their_files_go_along(desk: Desk) -> None:
    """What somebody was typing for the case, and had uploaded; another case's draft stays."""
    desk.fill()
    for name, folio in (("d-1", CASE), ("d-2", OTHER)):
        (desk.folder / "staging" / name).mkdir(parents=True)
        (desk.folder / "staging" / name / "f").write_text(SECRET)
        with writing(desk.engine) as connection:
            row = {"id": name, "user_id": "u-1", "folio": folio, "step": "3", "fields": SECRET.encode()}
            connection.execute(insert(draft_table), {**row, "created_at": "", "updated_at": ""})
    desk.erase()
    assert desk.shredder.shred(CASE).derived == 1
    assert [path.name for path in (desk.folder / "staging").iterdir()] == ["d-2"]
    assert count(desk.engine, "draft") == 1


def test_files_from_before_encryption_are_told(desk: Desk) -> None:
    """No key protects them: whoever erases hears of it each time, and nothing says that they are gone."""
    plain = EncryptedBlobs(desk.raw, keys_of(desk.engine, encrypting=False))
    ref = plain.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    desk.ledger.append(CASE, writes(draft(SECRET, objects=(ref,))))
    desk.erase()
    assert desk.shredder.shred(CASE) == Shredded(CASE, payloads=1, plain=1)
    assert desk.shredder.shred(CASE) == Shredded(CASE, plain=1)


ATTEMPTS: list[tuple[str, Callable[[str], dict[str, str]]]] = [
    ("DELETE FROM payload WHERE leaf = :leaf", lambda leaf: {"leaf": leaf}),
    ("UPDATE payload SET bytes = salt WHERE leaf = :leaf", lambda leaf: {"leaf": leaf}),
]


@pytest.mark.parametrize(("statement", "values"), ATTEMPTS)
@pytest.mark.parametrize("erased", [OTHER, None])
def test_the_database_lets_no_other_payload_go(
    desk: Desk, statement: str, values: Callable[[str], dict[str, str]], erased: str | None
) -> None:
    """Only what an erasure of the same case names may be deleted, and nothing may be changed."""
    desk.fill()
    if erased is not None:
        desk.erase(erased)
    leaf = desk.ledger.history(CASE)[0].leaf
    with pytest.raises(DBAPIError, match="append-only"), writing(desk.engine) as connection:
        connection.execute(text(statement), values(leaf))
    assert notes(desk.another().history(CASE)[:1]) == [SECRET]

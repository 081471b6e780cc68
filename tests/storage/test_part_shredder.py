"""One file or payload of a case destroyed in quarantine: on each database, over each store, under Object Lock too."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from evidence.atrest import key_of
from evidence.entry import BlobRef, EntryDraft, EntryKind
from evidence.findings import Code
from evidence.ports import BlobStore, StoreUnavailable
from evidence.quarantine import Part, parts_text, quarantine_of
from evidence.shredding import BlobErased, NotErased, ShreddedParts
from evidence.verify import verify_ledger, verify_objects
from storage.ciphers.blobs import EncryptedBlobs, StoredBytes
from storage.ciphers.keys import CaseKeys
from storage.ciphers.master import MasterKey
from storage.ciphers.parts import SqlPartShredder
from storage.ciphers.rewrap import rewrap
from storage.ciphers.shred import SqlShredder
from storage.database import reading
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger
from storage.s3 import S3BlobStore
from tests.storage.support import MASTER, ORIGIN, TickingClock, draft, keys_of, writes
from tests.storage.test_shredder_contract import _bytes_of, _held, count, read

CASE, OTHER = "MA-001-2026-000001", "MA-001-2026-000002"
SECRET, KEPT = b"usuario: jperez / tortuga-azul-42\n" * 4000, b"acta de entrega\n" * 9000
TYPED = "la llave es tortuga-azul-42"


ON_FILES = pytest.mark.parametrize("desk", ["filesystem"], indirect=True)
"""For what is done to a file by hand: what is locked in S3 cannot be taken away."""


@dataclass
class Desk:
    """An installation with two cases, of which one shows a password."""

    engine: Engine
    raw: BlobStore
    keys: CaseKeys
    ledger: SqlLedger
    blobs: EncryptedBlobs
    shredder: SqlPartShredder

    def fill(self) -> tuple[BlobRef, BlobRef]:
        """A file with a password and a harmless one in one entry, a typed password in the next; and another case."""
        secret, kept = self.put(SECRET), self.put(KEPT)
        self.ledger.append(CASE, writes(draft("captura", objects=(secret, kept)), draft(TYPED), draft("fin")))
        self.ledger.append(OTHER, writes(draft("ajeno", objects=(self.put(SECRET, OTHER),))))
        return secret, kept

    def put(self, content: bytes, case: str = CASE) -> BlobRef:
        """A file stored for a case."""
        return self.blobs.put(io.BytesIO(content), media="text/plain", case=case)

    def place(self, parts: dict[int, Part], case: str = CASE, actor: str = "u-1") -> int:
        """Reported; the number of the entry."""
        refs = tuple(self.ledger.history(case)[seq - 1].leaf for seq in parts)
        told = draft(
            "vi una contraseña",
            actor=actor,
            kind=EntryKind.QUARANTINE_PLACED,
            refs=refs,
            facts={"parts": parts_text(parts), "reason": "contrasena"},
        )
        return self.ledger.append(case, writes(told))[-1].entry.seq

    def decide(self, placed: int, kind: EntryKind, case: str = CASE, actor: str = "u-2") -> None:
        """Decided by another person."""
        [found] = [item for item in quarantine_of(self.ledger.history(case)).all if item.seq == placed]
        self.ledger.append(case, writes(self.decision(found.refs, found.parts, kind, actor)))

    @staticmethod
    def decision(refs: tuple[str, ...], parts: object, kind: EntryKind, actor: str = "u-2") -> EntryDraft:
        """The entry by which it is decided."""
        facts = {"parts": parts_text(parts), "reason": "contrasena"}  # type: ignore[arg-type]
        return draft("así fue", actor=actor, kind=kind, refs=refs, facts=facts)

    def destroy(self, parts: dict[int, Part]) -> None:
        """Reported by one, decided by another; what does it comes after."""
        self.decide(self.place(parts), EntryKind.QUARANTINE_DESTROYED)


@pytest.fixture(params=["filesystem", pytest.param("s3", marks=pytest.mark.s3)])
def desk(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    """On each database, over each store; files in S3 are locked."""
    keys, clock = keys_of(engine), TickingClock()
    ledger = SqlLedger(engine, ORIGIN, clock=clock, keys=keys)

    def made(raw: BlobStore) -> Desk:
        shredder = SqlPartShredder(engine, keys, clock, raw, ledger=ledger)
        return Desk(engine, raw, keys, ledger, EncryptedBlobs(raw, keys), shredder)

    if request.param == "filesystem":
        yield made(FileBlobStore(tmp_path / "objects"))
        return
    server = request.getfixturevalue("object_server")
    bucket = request.getfixturevalue("bucket_name")
    with closing(
        S3BlobStore(
            server.endpoint,
            server.access_key,
            server.secret_key,
            bucket,
            secure=False,
            retention=timedelta(days=1),
            clock=lambda: datetime.now(UTC),
        )
    ) as raw:
        yield made(raw)


def secret_part(ref: BlobRef) -> dict[int, Part]:
    """The file with the password, of the first entry."""
    return {1: Part(files=frozenset({ref.sha256}))}


def test_one_file_goes_and_all_the_rest_stays_readable(desk: Desk) -> None:
    """Nobody reads it again; the file beside it, typed text, later files and another case's equal file stay."""
    secret, kept = desk.fill()
    desk.destroy(secret_part(secret))
    assert desk.shredder.shred_parts(CASE) == ShreddedParts(CASE, payloads=0, files=1, kept=1)
    for blobs in (desk.blobs, EncryptedBlobs(desk.raw, keys_of(desk.engine))):
        for forbidden in (blobs.open(secret).__enter__, lambda blobs=blobs: blobs.stat(secret)):
            with pytest.raises(BlobErased):
                forbidden()
        assert read(blobs, kept) == KEPT
        assert blobs.stat(kept).size == len(KEPT)
    [other] = desk.ledger.history(OTHER)[0].entry.objects
    assert read(desk.blobs, other) == SECRET
    told = [item.payload().get("note") for item in desk.ledger.history(CASE)]
    assert told == ["captura", TYPED, "fin", "vi una contraseña", "así fue"]
    later = desk.put(KEPT + b"2")
    desk.ledger.append(CASE, writes(draft("después", objects=(later,))))
    assert read(desk.blobs, later) == KEPT + b"2"
    assert desk.shredder.shred_parts(CASE) == ShreddedParts(CASE), "done again it finds nothing"


def test_one_payload_goes_and_all_the_rest_stays_readable(desk: Desk) -> None:
    """What was typed is gone from the row on; the files of the case can all be read."""
    secret, kept = desk.fill()
    desk.destroy({2: Part(payload=True)})
    assert desk.shredder.shred_parts(CASE).payloads == 1
    assert desk.ledger.unwithheld(CASE)[1].payload_bytes is None
    assert read(desk.blobs, kept) == KEPT
    assert read(desk.blobs, secret) == SECRET
    assert [item.payload().get("note") for item in desk.ledger.history(CASE)[2:]] == [
        "fin", "vi una contraseña", "así fue",
    ]  # fmt: skip


def test_a_second_one_of_the_same_case_and_then_the_whole_case(desk: Desk) -> None:
    """Headers are carried from key to key; an erasure takes what is left, headers and all."""
    secret, kept = desk.fill()
    third = desk.put(b"tercero")
    desk.ledger.append(CASE, writes(draft("otro", objects=(third,))))
    desk.destroy(secret_part(secret))
    desk.shredder.shred_parts(CASE)
    desk.destroy({4: Part(files=frozenset({third.sha256}))})
    assert desk.shredder.shred_parts(CASE).files == 1
    assert read(desk.blobs, kept) == KEPT
    for gone in (secret, third):
        with pytest.raises(BlobErased):
            desk.blobs.stat(gone)
    leaves = tuple(item.leaf for item in desk.ledger.history(CASE))
    desk.ledger.append(CASE, writes(draft(kind=EntryKind.ERASURE_EXECUTED, refs=leaves, payload={})))
    SqlShredder(desk.engine, desk.keys, TickingClock(), ledger=desk.ledger).shred(CASE)
    with pytest.raises(BlobErased):
        desk.blobs.stat(kept)
    assert count(desk.engine, "case_header") == 0
    report = verify_ledger(desk.ledger, StoredBytes(desk.raw), keys=(), full=True)
    bad = {Code.PAYLOAD_MISSING, Code.OBJECT_MISSING, Code.OBJECT_DIFFERS}
    assert not bad & {item.code for item in report.findings}


def test_without_an_entry_nothing_is_destroyed(desk: Desk) -> None:
    """Neither what only waits for a decision, nor what was given back; nor what the reporter decided alone."""
    secret, _ = desk.fill()
    with pytest.raises(NotErased):
        desk.shredder.shred_parts(CASE)
    first = desk.place(secret_part(secret))
    with pytest.raises(NotErased):
        desk.shredder.shred_parts(CASE)
    desk.decide(first, EntryKind.QUARANTINE_RELEASED)
    alone = desk.place(secret_part(secret))
    desk.decide(alone, EntryKind.QUARANTINE_DESTROYED, actor="u-1")
    with pytest.raises(NotErased):
        desk.shredder.shred_parts(CASE)
    assert read(desk.blobs, secret) == SECRET


def test_what_waits_is_read_by_nobody_and_given_back_whole(desk: Desk) -> None:
    """From the entry on histories have no payload, in this process and in another; a release gives it back."""
    desk.fill()
    another = SqlLedger(desk.engine, ORIGIN, clock=TickingClock(), keys=keys_of(desk.engine))
    assert another.history(CASE)[1].payload_bytes
    placed = desk.place({2: Part(payload=True)})
    for ledger in (desk.ledger, another):
        assert ledger.history(CASE)[1].payload_bytes is None
        assert ledger.history(CASE)[0].payload_bytes
    assert desk.ledger.unwithheld(CASE)[1].payload_bytes
    desk.decide(placed, EntryKind.QUARANTINE_RELEASED)
    for ledger in (desk.ledger, another):
        assert ledger.history(CASE)[1].payload()["note"] == TYPED


def test_the_database_itself_lets_nothing_else_go(desk: Desk) -> None:
    """A payload is deleted only where an entry names it, and rewritten only encrypted, in such a case."""
    secret, _ = desk.fill()
    leaves = [item.leaf for item in desk.ledger.history(CASE)]
    forged = "UPDATE payload SET bytes = :b WHERE leaf = :l"
    for statement, row in (
        ("DELETE FROM payload WHERE leaf = :l", {"l": leaves[0]}),
        (forged, {"l": leaves[0], "b": b"\x01" + b"x" * 80}),
    ):
        with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
            connection.execute(text(statement), row)
    desk.destroy(secret_part(secret))
    for leaf in leaves:  # the entry names the first by its leaf: for its file, not for its payload
        with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
            connection.execute(text("DELETE FROM payload WHERE leaf = :l"), {"l": leaf})
    with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text(forged), {"l": leaves[0], "b": b"plain"})
    [other] = desk.ledger.history(OTHER)
    with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text(forged), {"l": other.leaf, "b": b"\x01" + b"x" * 80})


def test_a_file_stored_before_and_recorded_after_is_refused(desk: Desk) -> None:
    """Its key went meanwhile: whoever records it is told to try again, and no entry names what nobody can read."""
    secret, _ = desk.fill()
    late = desk.put(b"a medio camino")
    desk.destroy(secret_part(secret))
    desk.shredder.shred_parts(CASE)
    length = len(desk.ledger.history(CASE))
    with pytest.raises(StoreUnavailable, match="another key"):
        desk.ledger.append(CASE, writes(draft(objects=(late,))))
    assert len(desk.ledger.history(CASE)) == length
    desk.ledger.append(CASE, writes(draft(objects=(desk.put(b"a medio camino"),))))


def test_a_file_recorded_while_headers_are_read_is_carried_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction sees that something came in between, and reads its header too."""
    secret, _ = desk.fill()
    desk.destroy(secret_part(secret))
    came: list[BlobRef] = []
    fetch = SqlPartShredder._fetch

    def slowly(self: SqlPartShredder, plan: object, got: dict[str, bytes]) -> None:
        fetch(self, plan, got)  # type: ignore[arg-type]
        if not came:
            came.append(desk.put(b"entretanto"))
            desk.ledger.append(CASE, writes(draft(objects=(came[0],))))

    monkeypatch.setattr(SqlPartShredder, "_fetch", slowly)
    assert desk.shredder.shred_parts(CASE).kept == 2
    assert read(desk.blobs, came[0]) == b"entretanto"


def test_a_reader_that_was_under_way_reads_on(desk: Desk) -> None:
    """A row read before the case got another key is read again; it is not taken for an erased one."""
    secret, _ = desk.fill()
    with reading(desk.engine) as connection:
        rows = dict(connection.execute(text("SELECT leaf, bytes FROM payload")).all())
    first = desk.ledger.history(CASE)[0].leaf
    another = keys_of(desk.engine)
    desk.destroy(secret_part(secret))
    desk.shredder.shred_parts(CASE)
    found = another.opened(first, bytes(rows[first]))
    assert b"captura" in found[1]


def test_ledger_and_files_verify_and_say_it(desk: Desk) -> None:
    """The files lie where they lay; the payload is told as destroyed in quarantine, by which entry."""
    secret, _ = desk.fill()
    desk.destroy({**secret_part(secret), 2: Part(payload=True)})
    desk.shredder.shred_parts(CASE)
    report = verify_ledger(desk.ledger, StoredBytes(desk.raw), keys=(), full=True)
    told = {(item.code, item.subject, item.found) for item in report.findings}
    assert (Code.PAYLOAD_ERASED, f"{CASE}/2", f"destroyed in quarantine by {CASE}/5") in told
    assert not {Code.PAYLOAD_MISSING, Code.OBJECT_MISSING, Code.OBJECT_DIFFERS} & {item[0] for item in told}


@ON_FILES
@pytest.mark.parametrize("whose", ["file", "case", "alone", "waiting", "released"])
def test_what_is_missing_otherwise_is_not_excused(desk: Desk, whose: str) -> None:
    """One of another file or case, decided by who reported it, still waiting, or given back excuses nothing."""
    secret, kept = desk.fill()
    assert isinstance(desk.raw, FileBlobStore)
    [other] = desk.ledger.history(OTHER)[0].entry.objects
    parts = secret_part(secret)
    if whose == "file":
        desk.destroy({1: Part(files=frozenset({kept.sha256}))})
    elif whose == "case":
        desk.decide(
            desk.place({1: Part(files=frozenset({other.sha256}))}, OTHER),
            EntryKind.QUARANTINE_DESTROYED,
            OTHER,
        )
    else:
        placed = desk.place(parts)
        kind = EntryKind.QUARANTINE_RELEASED if whose == "released" else EntryKind.QUARANTINE_DESTROYED
        if whose != "waiting":
            desk.decide(placed, kind, actor="u-1" if whose == "alone" else "u-2")
    path = next(item for item in desk.raw._root.rglob("*") if item.name == secret.key.rpartition("/")[2])
    path.unlink()
    findings, _ = verify_objects(desk.ledger, StoredBytes(desk.raw))
    assert [item.code for item in findings if item.subject.startswith(f"{CASE}/1 ")] == [Code.OBJECT_MISSING]


@ON_FILES
def test_a_file_that_an_entry_says_is_destroyed_may_be_taken_away(desk: Desk) -> None:
    """Where somebody also deletes the unreadable bytes, the verification says destroyed and not missing."""
    secret, _ = desk.fill()
    assert isinstance(desk.raw, FileBlobStore)
    desk.destroy(secret_part(secret))
    desk.shredder.shred_parts(CASE)
    next(item for item in desk.raw._root.rglob("*") if item.name == secret.key.rpartition("/")[2]).unlink()
    findings, _ = verify_objects(desk.ledger, StoredBytes(desk.raw))
    assert [(item.code, item.found) for item in findings] == [
        (Code.OBJECT_ERASED, f"destroyed in quarantine by {CASE}/5")
    ]


def test_a_rotated_master_key_leaves_old_copies_unreadable(desk: Desk) -> None:
    """What opened the file lies in old copies wrapped for the former master key alone; the rest opens with the next."""
    secret, kept = desk.fill()
    with reading(desk.engine) as connection:
        old = connection.execute(
            text("SELECT wrapped, master FROM case_key WHERE key_id = :k"), {"k": key_of(secret.enc)}
        ).one()
    desk.destroy(secret_part(secret))
    desk.shredder.shred_parts(CASE)
    former = MasterKey.from_text(MASTER)
    both = former.followed_by(MasterKey.generate())
    rewrap(desk.engine, both)
    with pytest.raises(Exception, match="master key"):
        both.first().unwrap(bytes(old.wrapped), old.master)
    assert read(EncryptedBlobs(desk.raw, keys_of(desk.engine, both.first().text)), kept) == KEPT


def test_the_files_of_the_database_hold_nothing_of_it(desk: Desk) -> None:
    """Neither the wrapped key nor the encrypted payload is left in SQLite's file, its log, or a dump of PostgreSQL."""
    secret, _ = desk.fill()
    leaf = desk.ledger.history(CASE)[1].leaf
    with reading(desk.engine) as connection:
        wrapped = bytes(
            connection.execute(
                text("SELECT wrapped FROM case_key WHERE key_id = :k"), {"k": key_of(secret.enc)}
            ).scalar_one()
        )
        row = bytes(
            connection.execute(text("SELECT bytes FROM payload WHERE leaf = :l"), {"l": leaf}).scalar_one()
        )
    tails = [wrapped[-100:], row[-80:]]
    assert all(_held(tail, _bytes_of(desk.engine)) for tail in tails)
    desk.destroy({**secret_part(secret), 2: Part(payload=True)})
    desk.shredder.shred_parts(CASE)
    dump = _bytes_of(desk.engine)
    assert not any(_held(tail, dump) for tail in tails)


def test_files_from_before_encryption_are_told(desk: Desk) -> None:
    """No key protects them: whoever decides hears of it each time, and nothing says that they are gone."""
    plain = EncryptedBlobs(desk.raw, keys_of(desk.engine, encrypting=False))
    ref = plain.put(io.BytesIO(SECRET), media="text/plain", case=CASE)
    desk.ledger.append(CASE, writes(draft("antes", objects=(ref,))))
    desk.destroy(secret_part(ref))
    assert desk.shredder.shred_parts(CASE) == ShreddedParts(CASE, plain=1)
    assert desk.shredder.shred_parts(CASE) == ShreddedParts(CASE, plain=1)


@ON_FILES
def test_damage_beside_it_does_not_keep_it_alive(desk: Desk) -> None:
    """A row that somebody changed stays the damaged row it was, and the destruction is done all the same."""
    secret, kept = desk.fill()
    assert isinstance(desk.raw, FileBlobStore)
    path = next(item for item in desk.raw._root.rglob("*") if item.name == kept.key.rpartition("/")[2])
    path.chmod(0o600)
    path.unlink()
    desk.destroy(secret_part(secret))
    assert desk.shredder.shred_parts(CASE).files == 1
    with pytest.raises(BlobErased):
        desk.blobs.stat(secret)
    findings, _ = verify_objects(desk.ledger, StoredBytes(desk.raw))
    assert [item.code for item in findings] == [Code.OBJECT_MISSING], "and that other one is told as missing"


def test_the_emergency_recipe_opens_what_stays(desk: Desk, tmp_path: Path) -> None:
    """docs/formats/encryption.md: the kept header in front of what follows the file's own, for the `age` program."""
    age = shutil.which("age")
    if age is None:
        pytest.skip("age is not installed here")
    secret, kept = desk.fill()
    desk.destroy(secret_part(secret))
    desk.shredder.shred_parts(CASE)
    with reading(desk.engine) as connection:
        row = connection.execute(
            text("SELECT key_id, header FROM case_header WHERE object = :o"), {"o": kept.key}
        ).one()
        wrapped = connection.execute(
            text("SELECT wrapped FROM case_key WHERE key_id = :k"), {"k": row.key_id}
        ).scalar_one()
    for name, content in (("header", row.header), ("wrapped", wrapped), ("master.key", MASTER.encode())):
        (tmp_path / name).write_bytes(content)
    for ref, name in ((kept, "object"), (secret, "secret")):
        with StoredBytes(desk.raw).open(ref) as stream:
            (tmp_path / name).write_bytes(stream.read())
    recipe = f"""
    {age} -d -i master.key wrapped > case.key
    {{ cat header; tail -c +169 object; }} | {age} -d -i case.key > file
    """
    subprocess.run(["/bin/sh", "-ec", recipe], cwd=tmp_path, check=True)
    assert (tmp_path / "file").read_bytes() == KEPT
    for attempt in (
        f"{age} -d -i case.key secret",
        f"{{ cat header; tail -c +169 secret; }} | {age} -d -i case.key",
    ):
        run = subprocess.run(["/bin/sh", "-c", attempt], cwd=tmp_path, capture_output=True, check=False)
        assert run.returncode != 0
        assert b"tortuga" not in run.stdout


def test_whoever_has_no_master_key_destroys_nothing(desk: Desk) -> None:
    """The next key cannot be made: nothing is changed, and it is done when there is one again."""
    secret, kept = desk.fill()
    desk.destroy(secret_part(secret))
    poor = SqlPartShredder(desk.engine, keys_of(desk.engine, None), TickingClock(), desk.raw)
    with pytest.raises(StoreUnavailable):
        poor.shred_parts(CASE)
    assert read(desk.blobs, kept) == KEPT
    assert desk.shredder.shred_parts(CASE).files == 1


def test_forged_quarantines_are_no_quarantines(desk: Desk) -> None:
    """One whose leaves are of other entries, of files the entry has not, or of an entry to come withholds nothing."""
    secret, _ = desk.fill()
    history = desk.ledger.history(CASE)
    for refs, parts in (
        ((history[1].leaf,), {1: Part(payload=True)}),
        ((history[0].leaf,), {1: Part(files=frozenset({"0" * 64}))}),
        ((history[0].leaf,), {9: Part(payload=True)}),
        ((), {1: Part(payload=True)}),
        ((history[0].leaf,), {}),
    ):
        desk.ledger.append(CASE, writes(desk.decision(refs, parts, EntryKind.QUARANTINE_PLACED, "u-1")))
    assert not quarantine_of(desk.ledger.history(CASE)).all
    assert all(item.payload_bytes for item in desk.ledger.history(CASE))
    assert replace(secret).enc

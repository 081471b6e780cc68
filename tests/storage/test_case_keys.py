"""Keys of cases: what lies in store and database is ciphertext, and only the right master key opens it."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from evidence.atrest import KeysUnavailable, as_stored, unnamed_case
from evidence.entry import BlobRef, payload_commitment
from evidence.ports import BlobCorrupt, BlobMissing, BlobStore
from evidence.verify import verify_ledger
from storage.ciphers.age import decrypted
from storage.ciphers.blobs import EncryptedBlobs, StoredBytes
from storage.ciphers.keys import CaseKeys
from storage.ciphers.master import MasterKey
from storage.ciphers.rewrap import rewrap, wrapped_for
from storage.database import reading
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger
from storage.s3 import S3BlobStore
from tests.storage import tamper
from tests.storage.support import MASTER, ORIGIN, TickingClock, draft, keys_of, notes, opens, writes

CASE, OTHER = "MA-001-2026-000001", "MA-001-2026-000002"
SAID = "Juana Pérez López pidió una cuenta"
CONTENT = SAID.encode() * 5000


@dataclass(frozen=True, slots=True)
class Kept:
    """A store of each kind: as it is, and with keys of cases over it."""

    raw: BlobStore
    blobs: EncryptedBlobs
    keys: CaseKeys


@pytest.fixture(params=["filesystem", pytest.param("s3", marks=pytest.mark.s3)])
def kept(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Iterator[Kept]:
    """Over SQLite and PostgreSQL alike."""
    keys = keys_of(engine)
    if request.param == "filesystem":
        raw: BlobStore = FileBlobStore(tmp_path / "objects")
        yield Kept(raw, EncryptedBlobs(raw, keys), keys)
        return
    server = request.getfixturevalue("object_server")
    bucket = request.getfixturevalue("bucket_name")
    with closing(
        S3BlobStore(server.endpoint, server.access_key, server.secret_key, bucket, secure=False)
    ) as made:
        yield Kept(made, EncryptedBlobs(made, keys), keys)


@pytest.fixture
def ledger(engine: Engine) -> SqlLedger:
    """A ledger whose payloads are encrypted."""
    return SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine))


def read(blobs: BlobStore, ref: BlobRef) -> bytes:
    """The whole object."""
    with blobs.open(ref) as stream:
        return b"".join(iter(lambda: stream.read(50_000), b""))


def rows_of(engine: Engine, table: str) -> list[tuple[object, ...]]:
    """All rows of a table."""
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608


def test_an_entry_tells_of_the_plain_file_and_the_store_holds_another(kept: Kept) -> None:
    """Digest and size are those of what people get; the key is the address of the ciphertext, and `enc` names a key."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    assert (ref.sha256, ref.size, ref.media) == (
        hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT),
        "text/plain",
    )
    assert ref.enc.startswith("age-v1:")
    stored = read(kept.raw, as_stored(ref))
    assert b"Juana" not in stored
    assert ref.key.endswith(hashlib.sha256(stored).hexdigest())
    assert read(kept.blobs, ref) == CONTENT
    assert kept.blobs.stat(ref).size == len(CONTENT)
    assert [item.key for item in kept.blobs.list()] == [ref.key]
    assert read(StoredBytes(kept.raw), ref) == stored


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_001])
def test_files_of_every_size_come_back(kept: Kept, size: int) -> None:
    """Empty ones too, and those that fill their last chunk."""
    content = os.urandom(size)
    ref = kept.blobs.put(io.BytesIO(content), media="application/pdf", case=CASE)
    assert read(kept.blobs, ref) == content
    assert kept.blobs.stat(ref).size == size


def test_equal_content_of_two_cases_shares_nothing(kept: Kept) -> None:
    """Either case can go without the other, and nobody sees in the store that they hold the same."""
    first = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    second = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=OTHER)
    assert first.sha256 == second.sha256
    assert first.key != second.key
    assert first.enc != second.enc
    wrong = replace(first, enc=second.enc)
    with pytest.raises(BlobCorrupt, match="another key"), kept.blobs.open(wrong) as stream:
        stream.read()


def test_what_belongs_to_no_case_lies_as_it_is(kept: Kept) -> None:
    """Definitions, copies of checkpoints and time stamps are public by nature."""
    ref = kept.blobs.put(io.BytesIO(b"publico"), media="text/plain")
    assert ref.enc == ""
    assert read(kept.raw, ref) == b"publico"


@pytest.mark.parametrize("kept", ["filesystem"], indirect=True)
def test_changed_ciphertext_is_never_given_out(kept: Kept, tmp_path: Path) -> None:
    """A flipped bit in the store is found before the chunk it is in is read."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    path = tmp_path / "objects" / ref.key
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(BlobCorrupt):
        read(kept.blobs, ref)


def test_another_ciphertext_in_its_place_is_never_given_out(kept: Kept) -> None:
    """Also where the store holds it whole under an address of its own: the chunk's own tag tells."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    changed = tamper.flipped(read(kept.raw, as_stored(ref)), -40)
    other = kept.raw.put(io.BytesIO(changed), media="application/octet-stream")
    with pytest.raises(BlobCorrupt, match="changed or cut short"):
        read(kept.blobs, replace(ref, key=other.key, version=other.version))


@pytest.mark.s3
def test_a_lock_stays_on_what_is_encrypted(engine: Engine, object_server, bucket_name: str) -> None:  # type: ignore[no-untyped-def]
    """Object Lock binds the ciphertext as it bound the plain file."""
    until = datetime.now(UTC) + timedelta(days=2)
    with closing(
        S3BlobStore(
            object_server.endpoint,
            object_server.access_key,
            object_server.secret_key,
            bucket_name,
            secure=False,
        )
    ) as raw:
        blobs = EncryptedBlobs(raw, keys_of(engine))
        ref = blobs.put(io.BytesIO(CONTENT), media="text/plain", retain_until=until, case=CASE)
        assert ref.retain_until
        assert blobs.stat(ref).retain_until == ref.retain_until


def test_a_file_put_before_its_case_has_a_folio_belongs_to_it(
    kept: Kept, ledger: SqlLedger, engine: Engine
) -> None:
    """The append that opens the case takes the key over, and the case goes on with it."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=unnamed_case())
    opened = ledger.open_case("MA-001-2026", opens(draft(objects=(ref,))))
    case = opened[0].entry.case
    assert {row[2] for row in rows_of(engine, "case_key")} == {case}
    later = kept.blobs.put(io.BytesIO(b"otro"), media="text/plain", case=case)
    assert later.enc == ref.enc


def test_the_database_holds_no_word_of_a_payload(ledger: SqlLedger, engine: Engine) -> None:
    """Neither payload nor salt stand in the rows, and both come back as they were committed to."""
    written = ledger.append(CASE, writes(draft(SAID)))[0]
    ledger.append(CASE, writes(draft(SAID)))
    assert written.salt is not None
    for row in rows_of(engine, "payload"):
        raw = b"".join(bytes(item) for item in row if isinstance(item, bytes | memoryview))
        assert b"Juana" not in raw
        assert written.salt not in raw
    fresh = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine))
    again = fresh.history(CASE)[0]
    assert again.salt is not None and again.payload_bytes is not None  # noqa: PT018
    assert payload_commitment(again.salt, again.payload_bytes) == again.entry.payload
    assert notes([again]) == [SAID]


def test_both_ways_of_appending_use_the_cases_key(ledger: SqlLedger, engine: Engine) -> None:
    """Composed before the transaction or inside it: one key, and another process reads both."""
    for number in range(4):
        ledger.append(CASE, writes(draft(f"nota {number}")))
    assert len(rows_of(engine, "case_key")) == 1
    other = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine))
    assert notes(other.history(CASE)) == [f"nota {number}" for number in range(4)]


def test_what_waits_together_is_encrypted_too(ledger: SqlLedger, engine: Engine) -> None:
    """Many threads, many cases: however appends are written, no row of a payload is plain."""
    cases = [f"MA-001-2026-{number:06d}" for number in range(8)]
    for case in cases:
        ledger.append(case, writes(draft(SAID)))

    def work(case: str) -> None:
        for _ in range(12):
            ledger.append(case, writes(draft(SAID)))

    with ThreadPoolExecutor(len(cases)) as crew:
        list(crew.map(work, cases))
    rows = rows_of(engine, "payload")
    assert len(rows) == 13 * len(cases)
    assert {bytes(row[1]) for row in rows} == {b""}  # type: ignore[call-overload]
    fresh = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine))
    assert all(notes(fresh.history(case)) == [SAID] * 13 for case in cases)


def test_payloads_exchanged_between_entries_are_found(ledger: SqlLedger, engine: Engine) -> None:
    """A row is bound to its leaf: put beside another entry of the same case it opens no more."""
    first = ledger.append(CASE, writes(draft("una")))[0]
    second = ledger.append(CASE, writes(draft("otra")))[0]
    tamper.run(
        engine,
        "UPDATE payload SET bytes = (SELECT bytes FROM payload WHERE leaf = :a) WHERE leaf = :b",
        a=first.leaf,
        b=second.leaf,
    )
    fresh = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine))
    with pytest.raises(BlobCorrupt, match="payload"):
        fresh.history(CASE)
    while ledger.sequence():
        pass
    told = verify_ledger(fresh, None, keys=())
    assert any(item.code == "payload.differs" or "payload" in str(item.code) for item in told.findings)


@pytest.mark.parametrize("master", [None, MasterKey.generate().text], ids=["none", "another"])
def test_without_the_right_master_key_nothing_is_read_or_written(
    ledger: SqlLedger, kept: Kept, engine: Engine, master: str | None
) -> None:
    """The refusal comes before anything is stored: no row, no object, and nothing is lost."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    ledger.append(CASE, writes(draft(SAID)))
    keys = keys_of(engine, master)
    locked, blobs = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys), EncryptedBlobs(kept.raw, keys)
    before = rows_of(engine, "log_entry"), rows_of(engine, "payload"), [item.key for item in kept.raw.list()]
    with pytest.raises(KeysUnavailable, match="master key"):
        locked.history(CASE)
    with pytest.raises(KeysUnavailable, match="master key"):
        locked.append(CASE, writes(draft("más")))
    with pytest.raises(KeysUnavailable, match="master key"):
        blobs.put(io.BytesIO(b"x"), media="text/plain", case=CASE)
    with pytest.raises(KeysUnavailable, match="master key"), blobs.open(ref):
        pass
    assert before == (
        rows_of(engine, "log_entry"),
        rows_of(engine, "payload"),
        [item.key for item in kept.raw.list()],
    )
    assert read(kept.blobs, ref) == CONTENT


def test_while_the_master_key_is_read_again_nobody_is_without(engine: Engine) -> None:
    """A new case's key is wrapped for the master key as it is by then; who writes meanwhile has the one before."""
    asked: list[bool] = []

    def ask() -> str:
        asked.append(len(asked) != 1 or keys.active())  # the second time somebody else writes meanwhile
        return MASTER

    keys = CaseKeys(engine, ask)
    assert keys.active()
    keys.for_put(CASE)
    assert asked == [True, True]


def test_an_installation_without_a_master_key_goes_on_in_plain_and_begins_later(
    engine: Engine, kept: Kept
) -> None:
    """What was plain stays readable beside what is encrypted from the day there is a master key."""
    plainly = keys_of(engine, None)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=plainly)
    old = EncryptedBlobs(kept.raw, plainly).put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    ledger.append(CASE, writes(draft("antes")))
    assert old.enc == ""
    assert rows_of(engine, "case_key") == []
    later = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine))
    later.append(CASE, writes(draft("después")))
    new = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    assert new.enc
    assert notes(later.history(CASE)) == ["antes", "después"]
    assert read(kept.blobs, old) == read(kept.blobs, new) == CONTENT


def test_encryption_that_is_switched_off_still_reads(ledger: SqlLedger, engine: Engine, kept: Kept) -> None:
    """The setting is about what is written from now on."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    ledger.append(CASE, writes(draft("cifrada")))
    off = keys_of(engine, encrypting=False)
    plain = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=off)
    plain.append(CASE, writes(draft("en claro")))
    assert notes(plain.history(CASE)) == ["cifrada", "en claro"]
    assert read(EncryptedBlobs(kept.raw, off), ref) == CONTENT


def test_a_key_that_is_gone_without_an_erasure_is_told_as_damage(
    ledger: SqlLedger, engine: Engine, kept: Kept
) -> None:
    """A hand in the database that takes a key away is found by the verification, which goes on with the rest."""
    kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    ledger.append(CASE, writes(draft(SAID)))
    ledger.append(OTHER, writes(draft("sana")))
    while ledger.sequence():
        pass
    tamper.run(engine, "DELETE FROM case_key WHERE case_id = :case", case=CASE)
    fresh = SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine))
    told = [
        item.subject for item in verify_ledger(fresh, None, keys=()).findings if "payload" in str(item.code)
    ]
    assert told
    assert all(CASE in subject for subject in told)


def test_one_master_key_gives_way_to_the_next(ledger: SqlLedger, engine: Engine, kept: Kept) -> None:
    """Keys are wrapped anew, objects and payloads stay as they are, and the former master key opens nothing."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    ledger.append(CASE, writes(draft(SAID)))
    ledger.append(OTHER, writes(draft("otra")))
    before = rows_of(engine, "payload"), [item.key for item in kept.raw.list()]
    old = MasterKey.from_text(MASTER)
    both = old.followed_by(MasterKey.generate())
    assert wrapped_for(engine) == {both.recipients[1]: 2}
    assert rewrap(engine, both) == 2
    assert rewrap(engine, both) == 0
    assert before == (rows_of(engine, "payload"), [item.key for item in kept.raw.list()])
    fresh = keys_of(engine, both.first().text)
    assert read(EncryptedBlobs(kept.raw, fresh), ref) == CONTENT
    assert notes(SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=fresh).history(CASE)) == [SAID]
    with pytest.raises(KeysUnavailable):
        read(EncryptedBlobs(kept.raw, keys_of(engine)), ref)


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_rewrap_that_was_killed_before_its_end_is_ended_by_the_next(
    ledger: SqlLedger, engine: Engine
) -> None:
    """All keys are wrapped already, and the table still holds the former copies: it is made anew all the same."""
    ledger.append(CASE, writes(draft(SAID)))
    both = MasterKey.from_text(MASTER).followed_by(MasterKey.generate())
    rewrap(engine, both)
    asked = text("SELECT pg_relation_filenode('case_key')")
    with reading(engine) as connection:
        before = connection.execute(asked).scalar_one()
    assert rewrap(engine, both) == 0
    with reading(engine) as connection:
        assert connection.execute(asked).scalar_one() != before


def test_a_rewrap_that_meets_a_strange_key_changes_nothing_of_it(ledger: SqlLedger, engine: Engine) -> None:
    """It says that none of the master keys given opens it."""
    ledger.append(CASE, writes(draft(SAID)))
    with pytest.raises(KeysUnavailable):
        rewrap(engine, MasterKey.generate())
    assert notes(SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys_of(engine)).history(CASE)) == [
        SAID
    ]


def test_standard_tools_open_a_case_in_an_emergency(
    ledger: SqlLedger, engine: Engine, kept: Kept, tmp_path: Path
) -> None:
    """The recipe of docs/formats/encryption.md, word by word: age for key and file, openssl for a payload."""
    age, openssl = shutil.which("age"), shutil.which("openssl")
    if age is None or openssl is None:
        pytest.skip("age or openssl is not installed here")
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    written = ledger.append(CASE, writes(draft(SAID)))[0]
    (wrapped,) = (bytes(row[5]) for row in rows_of(engine, "case_key"))  # type: ignore[call-overload]
    row = next(row for row in rows_of(engine, "payload"))
    data = bytes(row[2])  # type: ignore[call-overload]
    (tmp_path / "master.key").write_text(MASTER)
    (tmp_path / "wrapped").write_bytes(wrapped)
    (tmp_path / "object").write_bytes(read(kept.raw, as_stored(ref)))
    (tmp_path / "row").write_bytes(data)
    script = f"""set -e
    cd {tmp_path}
    {age} -d -i master.key wrapped > case.key
    {age} -d -i case.key object > file
    key=$(printf 'constancia/v1/payload-key' | {openssl} dgst -sha256 -hmac "$(cat case.key)" | sed 's/.*= //')
    nonce=$(tail -c +18 row | head -c 12 | od -An -tx1 | tr -d ' \\n')
    tail -c +30 row | head -c -16 > sealed
    {openssl} enc -d -aes-256-ctr -K "$key" -iv "${{nonce}}00000002" -in sealed > opened
    head -c 32 opened > salt
    tail -c +33 opened > payload.json
    {{ printf 'constancia/v1/payload\\n'; cat salt payload.json; }} | sha256sum | cut -d' ' -f1 > commitment
    """
    subprocess.run(["bash", "-c", script], check=True, capture_output=True)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert (tmp_path / "payload.json").read_bytes() == written.payload_bytes
    assert (tmp_path / "commitment").read_text().strip() == written.entry.payload


def test_what_is_wrapped_is_a_key_file_for_age(engine: Engine) -> None:
    """It names itself as one, and no case's own key opens it."""
    keys = keys_of(engine)
    made = keys.for_put(CASE)
    (row,) = rows_of(engine, "case_key")
    master = MasterKey.from_text(MASTER)
    identity = master.unwrap(bytes(row[5]), str(row[4]))  # type: ignore[call-overload]
    assert identity.startswith("AGE-SECRET-KEY-1")
    assert made.public.hex() == row[3]
    with pytest.raises(ValueError, match="key"):
        decrypted(bytes(row[5]), made.secret)  # type: ignore[call-overload]


def test_an_unknown_object_is_missing_and_an_unknown_key_is_not_an_erasure(kept: Kept) -> None:
    """What is not there is told apart: no object, or no key for it."""
    ref = kept.blobs.put(io.BytesIO(CONTENT), media="text/plain", case=CASE)
    lost = replace(ref, key="sha256/00/" + "0" * 64)
    with pytest.raises(BlobMissing), kept.blobs.open(lost):
        pass
    with pytest.raises(KeysUnavailable, match="not in the database"):
        kept.blobs.stat(replace(ref, enc="age-v1:" + "0" * 32))

"""Somebody with the database and the live key rewrites everything; the copies under lock remember."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from evidence.findings import Code, Verdict
from evidence.note import SigningKey
from evidence.ports import BlobStore
from evidence.publisher import Publisher
from evidence.verify import verify_ledger
from storage.filesystem import FileBlobStore
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger
from storage.s3 import S3BlobStore
from tests.storage import tamper
from tests.storage.support import ORIGIN, TickingClock, fill


@pytest.fixture(params=["files", pytest.param("s3", marks=pytest.mark.s3)])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """Where the copies of checkpoints go."""
    if request.param == "files":
        yield FileBlobStore(tmp_path / "objects")
        return
    server = request.getfixturevalue("object_server")
    bucket = request.getfixturevalue("bucket_name")
    store = S3BlobStore(
        server.endpoint,
        server.access_key,
        server.secret_key,
        bucket,
        secure=False,
        retention=timedelta(days=30),
    )
    with closing(store):
        yield store


def test_a_full_rewrite_signed_with_the_live_key_is_caught_by_the_locked_copy(
    sql_ledger: SqlLedger, engine: Engine, blobs: BlobStore, tmp_path: Path
) -> None:
    """R3: entries, notes and guard replaced and re-signed: the database alone looks sound, the locked copy does not."""
    key = SigningKey.generate(ORIGIN)
    fill(sql_ledger, 30)
    Publisher(sql_ledger, SqliteGuard(tmp_path / "guard"), key, TickingClock(), blobs).publish()
    assert verify_ledger(sql_ledger, blobs, keys=[key.verifier], full=True).verdict is Verdict.VALID
    tamper.rewrite_tail(engine, list(sql_ledger.entries()), tamper.other_note)
    tamper.run(engine, "DELETE FROM checkpoint")
    forger = Publisher(sql_ledger, SqliteGuard(tmp_path / "another guard"), key, TickingClock())
    assert forger.publish() is not None
    assert verify_ledger(sql_ledger, keys=[key.verifier]).verdict is Verdict.VALID, "a database cannot tell"
    report = verify_ledger(sql_ledger, blobs, keys=[key.verifier], full=True)
    assert report.verdict is Verdict.INVALID
    assert {Code.CHECKPOINT_ROOT, Code.LOG_FORKED} <= {finding.code for finding in report.findings}
    assert any(finding.subject.startswith("locked copy sha256/") for finding in report.findings)

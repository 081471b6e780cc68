"""What a restoration into a bucket locks, and for how long."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.findings import Verdict
from evidence.note import SigningKey
from storage.database import connect
from storage.ledger import start_log
from storage.moving.backup import Beside, write_backup
from storage.moving.contents import open_backup
from storage.moving.restore import Target, restore
from storage.s3 import S3BlobStore
from tests.servers.seaweedfs import ObjectServer
from tests.storage.crashing import CASE, Journey, Place
from tests.storage.support import ORIGIN, draft, writes


@pytest.mark.s3
def test_what_was_sealed_twice_is_locked_for_as_long_as_the_longer_says(
    migrated_sqlite_url: str, object_server: ObjectServer, bucket_name: str, tmp_path: Path
) -> None:
    """One version, named by two entries with different locks: the restored one is locked until the later moment."""
    engine = connect(migrated_sqlite_url)
    start_log(engine, ORIGIN)
    engine.dispose()
    key = SigningKey.generate(ORIGIN)
    access = (object_server.endpoint, object_server.access_key, object_server.secret_key)
    place = Place(migrated_sqlite_url, str(tmp_path / "guard"), key.text, "", (*access, bucket_name))
    file = tmp_path / "r.tar"
    with closing(Journey(place)) as journey:
        now = datetime.now(UTC)
        for days in (2, 9):
            ref = journey.blobs.put(
                io.BytesIO(b"acuse"), media="text/plain", retain_until=now + timedelta(days=days)
            )
            journey.ledger.append(CASE, writes(draft(f"{days}", objects=(ref,))))
        journey.ledger.sequence()
        journey.publisher.publish()
        first, second = (sealed.entry.objects[0] for sealed in journey.ledger.history(CASE))
        assert first.version == second.version
        write_backup(journey.engine, journey.blobs, file, Beside("", journey.guard.last(), {}, None, True))
    store = S3BlobStore(*access, f"{bucket_name}-b", secure=False)
    target = Target(
        f"sqlite:///{tmp_path / 'restored.sqlite3'}", tmp_path, None, lambda: store, lambda: datetime.now(UTC)
    )
    with closing(store), open_backup(file) as backup:
        assert restore(backup, target, [key.verifier]).verdict is Verdict.VALID
        (held,) = [item for item in store.list() if item.key == second.key]
        stored = store.stat(replace(second, version=held.version))
        assert stored.retain_until == second.retain_until

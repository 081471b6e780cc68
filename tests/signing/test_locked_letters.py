"""D4: a signed letter lies under Object Lock; nobody with the store's keys changes what the ledger points to."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention

from evidence.entry import BlobRef, EntryKind, parse_time
from evidence.verify import verify_ledger
from tests.fakes.signing_room import PHONE_PLACE, SigningRoom, typed
from tests.servers.seaweedfs import ACCESS_KEY, SECRET_KEY, ObjectServer
from web.inception import settle

pytestmark = pytest.mark.s3


@pytest.fixture
def scaled(tmp_path: Path, object_server: ObjectServer, bucket_name: str) -> Iterator[SigningRoom]:
    """A desk whose objects are in a bucket with locks."""
    env = {
        "CONSTANCIA_S3_ENDPOINT": object_server.endpoint,
        "CONSTANCIA_S3_ACCESS_KEY": ACCESS_KEY,
        "CONSTANCIA_S3_SECRET_KEY": SECRET_KEY,
        "CONSTANCIA_S3_BUCKET": bucket_name,
        "CONSTANCIA_S3_SECURE": "false",
        "CONSTANCIA_RETENTION_YEARS": "1",
    }
    made = SigningRoom.begin(tmp_path / "data", env)
    yield made
    made.place.close()


def read(room: SigningRoom, ref: BlobRef) -> bytes:
    """An object as the house reads it."""
    with room.place.house.blobs.open(ref) as stream:
        return bytes(stream.read())


def test_neither_the_letter_shown_nor_the_signed_one_can_be_written_to(
    scaled: SigningRoom, object_server: ObjectServer, bucket_name: str
) -> None:
    """Version and retention are in the entry; deleting, shortening and writing over it change nothing that is read."""
    request = scaled.ask(scaled.case())
    scaled.links.signing.sign(scaled.open(scaled.token()), request.id, typed(request), PHONE_PLACE)
    signed = next(s.entry for s in scaled.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    client = Minio(object_server.endpoint, ACCESS_KEY, SECRET_KEY, secure=False)
    for ref in (request.document, signed.objects[0]):
        before = read(scaled, ref)
        assert hashlib.sha256(before).hexdigest() == ref.sha256
        assert ref.version
        assert parse_time(ref.retain_until) > scaled.place.clock() + timedelta(days=360)
        with pytest.raises(S3Error):
            client.remove_object(bucket_name, ref.key, version_id=ref.version)
        sooner = Retention(COMPLIANCE, datetime.now(UTC) + timedelta(seconds=5))
        with pytest.raises(S3Error):
            client.set_object_retention(bucket_name, ref.key, sooner, version_id=ref.version)
        forged = b"%PDF-1.7 otra carta"
        client.put_object(bucket_name, ref.key, io.BytesIO(forged), len(forged))
        assert read(scaled, ref) == before
        client.remove_object(
            bucket_name, ref.key
        )  # without a version: a mark, which hides nothing from who knows it
        assert read(scaled, ref) == before
    settle(scaled.place.house)
    report = verify_ledger(
        scaled.place.house.ledger, scaled.place.house.blobs, keys=scaled.place.house.vkeys, full=True
    )
    assert (str(report.verdict), report.findings) == ("valid", ())

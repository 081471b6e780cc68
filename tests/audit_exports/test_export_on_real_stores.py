from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_exports.builder import ExportRefused
from audit_exports.exportlog import EXPORTS, export_receipt
from evidence.findings import Verdict
from evidence.ports import BlobStore
from storage.database import connect
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger, start_log
from storage.s3 import S3BlobStore
from tests.audit_exports.resealing import verify_bytes
from tests.audit_exports.sample_desk import ORIGIN, Desk, fill_two_cases
from tests.servers.seaweedfs import ObjectServer

CASE = "ZZ-001-2026-000001"
HOMES = [
    "embedded",
    pytest.param("scaled", marks=[pytest.mark.postgresql, pytest.mark.s3]),
]


@pytest.fixture(params=HOMES)
def real_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The sample desk on SQLite and files, and on PostgreSQL and S3."""
    embedded = request.param == "embedded"
    engine = connect(request.getfixturevalue(f"migrated_{'sqlite' if embedded else 'postgresql'}_url"))
    start_log(engine, ORIGIN)
    desk = Desk()
    blobs: BlobStore = FileBlobStore(tmp_path / "blobs")
    if not embedded:
        server: ObjectServer = request.getfixturevalue("object_server")
        blobs = S3BlobStore(
            server.endpoint,
            server.access_key,
            server.secret_key,
            request.getfixturevalue("bucket_name"),
            secure=False,
        )
    desk.use(SqlLedger(engine, ORIGIN, clock=desk.clock, new_salt=desk.salt), blobs)
    fill_two_cases(desk)
    yield desk
    engine.dispose()


def test_packages_of_real_stores_verify(real_desk: Desk, tmp_path: Path) -> None:
    """Exported, logged, verified, proved to be logged; deterministic there too."""
    receipt = real_desk.export(tmp_path / "1.zip")
    package = (tmp_path / "1.zip").read_bytes()
    assert verify_bytes(package, real_desk.vkey).verdict is Verdict.VALID
    real_desk.publish()
    acuse = export_receipt(real_desk.ledger, receipt.seq)
    assert verify_bytes(package, real_desk.vkey, receipt=acuse).receipt
    real_desk.export(tmp_path / "2.zip", checkpoint=receipt.checkpoint_size)
    assert (tmp_path / "2.zip").read_bytes() == package
    assert [item.entry.seq for item in real_desk.ledger.history(EXPORTS)] == [1, 2]


@pytest.mark.parametrize("real_desk", ["embedded"], indirect=True)
def test_a_file_removed_or_changed_on_disk_refuses_the_export(real_desk: Desk, tmp_path: Path) -> None:
    """The stores' own streams notice; nothing is left behind, nothing is logged."""
    blob = real_desk.ledger.history(CASE)[1].entry.objects[0]
    path = tmp_path / "blobs" / blob.key
    kept = path.read_bytes()
    folder = tmp_path / "out"
    folder.mkdir()
    for other, code in (
        (kept[:-1] + b"?", "object.differs"),
        (kept[:-3], "object.differs"),
        (None, "object.missing"),
    ):
        path.chmod(0o600)
        if other is None:
            path.unlink()
        else:
            path.write_bytes(other)
        with pytest.raises(ExportRefused) as caught:
            real_desk.export(folder / "p.zip")
        assert [item.code for item in caught.value.findings] == [code]
        assert list(folder.iterdir()) == []
    assert list(real_desk.ledger.history(EXPORTS)) == []

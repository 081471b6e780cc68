"""The same house on PostgreSQL and an object store: the scaled form, wired from settings alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from evidence.verify import verify_ledger
from identity.accounts import Role
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from tests.servers.seaweedfs import ACCESS_KEY, SECRET_KEY, ObjectServer
from tests.web.test_web_drafts import DATA
from web.inception import settle
from workflows.commands import Actor, OpenCase, RecordStep, Upload


@pytest.mark.postgresql
@pytest.mark.s3
def test_a_case_is_recorded_signed_and_verified_on_the_scaled_stores(
    tmp_path: Path, postgresql_url: str, object_server: ObjectServer, bucket_name: str
) -> None:
    """Inception, a login, a step with a file, the signed head and a full verification: only the keys are embedded."""
    env = {
        "CONSTANCIA_DATABASE_URL": postgresql_url,
        "CONSTANCIA_S3_ENDPOINT": object_server.endpoint,
        "CONSTANCIA_S3_ACCESS_KEY": ACCESS_KEY,
        "CONSTANCIA_S3_SECRET_KEY": SECRET_KEY,
        "CONSTANCIA_S3_BUCKET": bucket_name,
        "CONSTANCIA_S3_SECURE": "false",
        "CONSTANCIA_RETENTION_YEARS": "1",
    }
    place = Installation(tmp_path / "data", env)
    assert place.client(Role.ESPECIALISTA).get_json("/readyz").status_code == 200
    actor = Actor(place.user().id, "especialista")
    cases = place.house.cases
    folio = cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    receipt = cases.record(RecordStep(folio, "2", actor, (Upload("correo.eml", io.BytesIO(eml())),)))
    assert receipt.seq == 2
    settle(place.house)
    report = verify_ledger(place.house.ledger, place.house.blobs, keys=[place.house.vkey], full=True)
    assert (str(report.verdict), report.findings) == ("valid", ())
    sealed = place.house.ledger.history(folio)[1]
    assert sealed.entry.objects[0].retain_until
    assert not (place.settings.data / "constancia.sqlite3").exists()
    place.close()

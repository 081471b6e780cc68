"""A case of which one file was destroyed in quarantine, backed up and brought back: what went stays away."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from evidence.findings import Verdict
from evidence.shredding import BlobErased
from evidence.verify import verify_ledger
from tests.fakes.installation import Installation
from tests.web.test_backup_restore import from_the_safe, restored, save
from tests.web.test_web_quarantine import CLEAN, Case
from web import quarantining
from web.inception import settle
from workflows.commands import Supersede, Upload


@pytest.mark.embedded("the backup is restored into a data directory")
def test_a_backup_of_it_is_whole_and_brings_nothing_back(place: Installation, tmp_path: Path) -> None:
    """Rows of kept headers travel with the rest; the restored log verifies, and nothing is left to destroy."""
    case = Case(place)
    case.destroyed(case.reported())
    fix = Supersede(
        folio=case.folio,
        seq=case.seq,
        actor=case.actor,
        reason="Copia testada del correo.",
        uploads=(Upload("testado.eml", io.BytesIO(CLEAN)),),
    )
    seq = case.house.cases.supersede(fix).seq
    case.destroyed(case.reported_typed(seq))
    settle(case.house)
    file = save(place, tmp_path / "r.tar")
    house = restored({"CONSTANCIA_DATA": str(from_the_safe(place, tmp_path / "again"))}, file)
    try:
        entries = house.ledger.unwithheld(case.folio)
        [gone], [kept] = entries[case.seq - 1].entry.objects, entries[seq - 1].entry.objects
        with house.blobs.open(kept) as stream:
            assert stream.read() == CLEAN
        with pytest.raises(BlobErased):
            house.unwithheld.stat(gone)
        assert entries[seq - 1].payload_bytes is None
        assert verify_ledger(house.ledger, house.stored, keys=house.vkeys, full=True).verdict is Verdict.VALID
        assert quarantining.sweep(house) == ([], [])
    finally:
        house.close()

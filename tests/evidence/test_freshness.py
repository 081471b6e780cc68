"""How recent what is signed must be."""

from __future__ import annotations

from datetime import datetime, timedelta

from evidence.findings import Code, Report, Verdict
from evidence.outside import Trust
from evidence.verify import verify_ledger
from tests.fakes.house import CASES, codes, small_house


def test_a_checkpoint_older_than_one_allows_is_unverifiable() -> None:
    """R14: what a signature covers must reach as far as asked; what it does not cover does not count."""
    house = small_house()
    asked = house.now[0]

    def report(moment: datetime) -> Report:
        trust = Trust(not_before=moment)
        return verify_ledger(house.ledger, keys=[house.key.verifier], trust=trust)

    assert report(asked - timedelta(days=1)).verdict is Verdict.VALID
    house.now[0] += timedelta(days=3)
    late = house.record(CASES[0])
    for count in (1, 2):
        found = report(asked + timedelta(days=2))
        if count == 1:
            assert (found.verdict, codes(found)) == (Verdict.UNVERIFIABLE, {Code.CHECKPOINT_STALE})
            assert found.findings[0].found < late.entry.at
            house.settle()
        else:
            assert (found.verdict, found.findings) == (Verdict.VALID, ())

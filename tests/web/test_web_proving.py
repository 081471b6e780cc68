"""An installation that has its log anchored: settings, daily heads, hourly anchors, and what the verification says."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.anchored import ANCHORS_CASE
from evidence.completeness import heads_at, latest_commitment
from evidence.heads import HEADS_CASE, HeadProof
from evidence.note import SigningKey, VerifierKey
from evidence.verify import verify_ledger
from tests.fakes.installation import ORIGIN, Installation
from tests.servers.timestamping import TimestampAuthority, timestamp_authority
from web import proving
from web.inception import settle
from web.settings import Settings, SettingsInvalid
from web.wiring import HouseError
from witness.book import SqliteBook
from witness.server import WitnessServer
from witness.witness import Witness

KEY = SigningKey("testigo.example/w1", bytes([7]) * 32)


class LateWitness:
    """A witness that is told of the log after the installation that will ask it has begun."""

    def __init__(self, folder: Path) -> None:
        self._book = SqliteBook(folder / "book")
        self.server = WitnessServer(("127.0.0.1", 0), self.trusting(()), KEY.cosigner)
        self.line = f"witness w1 {KEY.cosigner.text} http://127.0.0.1:{self.server.server_port}\n"

    def trusting(self, logs: tuple[VerifierKey, ...]) -> Witness:
        """The witness for these logs."""
        return Witness(KEY, logs, self._book, lambda: datetime.now(UTC))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimestampAuthority]:
    """A running authority."""
    with timestamp_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[LateWitness]:
    """A running witness."""
    late = LateWitness(tmp_path)
    thread = threading.Thread(target=late.server.serve_forever, args=(0.05,))
    thread.start()
    yield late
    late.server.shutdown()
    thread.join()
    late.server.server_close()


@pytest.fixture
def place(tmp_path: Path, witness: LateWitness, authority: TimestampAuthority) -> Installation:
    """An installation with a policy and an authority."""
    (tmp_path / "policy").write_text(f"{witness.line}quorum w1\n")
    (tmp_path / "chain.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    env = {
        "CONSTANCIA_POLICY": str(tmp_path / "policy"),
        "CONSTANCIA_TSA_URL": authority.url,
        "CONSTANCIA_TSA_CHAIN": str(tmp_path / "chain.pem"),
        "CONSTANCIA_INSIDE_HOSTS": f"{urlsplit(authority.url).netloc} 127.0.0.1:{witness.server.server_port}",
    }
    made = Installation(tmp_path / "data", env)
    witness.server.witness = witness.trusting((made.house.vkey,))
    return made


def test_hourly_anchors_follow_growth_and_raise_the_level(place: Installation) -> None:
    """The first round anchors what there is; without growth there is no second; the verification names both."""
    house = place.house
    outcome = proving.keep_anchors(house)
    assert [item.kind for item in outcome.anchored] == ["cosignature", "timestamp"]
    assert proving.keep_anchors(house).anchored == ()
    report = verify_ledger(house.ledger, house.blobs, keys=[house.vkey], full=True, trust=house.trust)
    assert (report.verdict, report.level, report.findings) == ("valid", "A3", ())
    assert sorted(str(item["level"]) for item in report.anchors) == ["A2", "A3"]
    place.user()  # its grant is an entry
    settle(house)
    assert len(proving.keep_anchors(house).anchored) == 2
    assert len(house.ledger.history(ANCHORS_CASE)) == 4


def test_a_witness_that_contradicts_is_an_alarm(place: Installation, witness: LateWitness) -> None:
    """It does not know this log: the steward's duty fails aloud, and the time stamp was had all the same."""
    witness.server.witness = witness.trusting(())
    with pytest.raises(HouseError) as alarm:
        proving.keep_anchors(place.house)
    assert alarm.value.code == "witness_contradicts"
    assert len(place.house.ledger.history(ANCHORS_CASE)) == 1


def test_heads_are_committed_daily_and_only_after_growth(tmp_path: Path) -> None:
    """The first time at once; then when a day has passed and something was recorded that is not of the log's own."""
    place = Installation(tmp_path / "data")
    house = place.house
    assert proving.keep_heads(house)
    place.user()
    settle(house)
    assert not proving.keep_heads(house)
    place.clock.offset = timedelta(hours=25)
    assert proving.keep_heads(house)
    settle(house)
    place.clock.offset = timedelta(hours=50)
    assert not proving.keep_heads(house)
    found = latest_commitment(house.ledger)
    assert found is not None
    assert len(house.ledger.history(HEADS_CASE)) == 2
    assert found[0].cases == len(set(house.ledger.cases()) - {HEADS_CASE}) + 1


def test_what_was_recorded_a_moment_before_an_export_is_committed_to(tmp_path: Path) -> None:
    """An entry that had no index yet is under the commitment that the package carries; nothing new, nothing more."""
    place = Installation(tmp_path / "data")
    house = place.house
    place.user()
    waiting = [sealed.entry.case for sealed in house.ledger.unsequenced()]
    assert waiting
    proving.before_export(house)
    found = latest_commitment(house.ledger)
    assert found is not None
    proof = heads_at(house.ledger, found[0].size).prove(waiting[-1])
    assert isinstance(proof, HeadProof)
    assert proof.head.seq == len(house.ledger.history(waiting[-1]))
    proving.before_export(house)
    assert len(house.ledger.history(HEADS_CASE)) == 1


def test_an_anchored_export_commits_once(place: Installation) -> None:
    """One commitment, then the anchors of the checkpoint that covers it."""
    proving.before_export(place.house)
    assert len(place.house.ledger.history(HEADS_CASE)) == 1
    assert len(place.house.ledger.history(ANCHORS_CASE)) == 2


def test_the_ledger_page_says_who_anchored(place: Installation) -> None:
    """The report in the browser names the witness and the authority with their times."""
    proving.keep_anchors(place.house)
    browser = place.client()
    begun = browser.post_form("/bitacora/verificar")
    assert begun.status_code == 303
    limit = time.monotonic() + 20
    page = browser.get(begun.headers["Location"]).text
    while "Nivel" not in page and time.monotonic() < limit:
        time.sleep(0.1)
        page = browser.get(begun.headers["Location"]).text
    assert "testigo.example/w1" in page
    assert "Nivel A3" in page


def test_settings_ask_for_what_belongs_together(tmp_path: Path) -> None:
    """An authority without certificates to judge it by would be believed blindly."""
    for env in (
        {"CONSTANCIA_TSA_URL": "https://sello.example/"},
        {"CONSTANCIA_TSA_URL": "sello.example", "CONSTANCIA_TSA_CHAIN": "x"},
        {"CONSTANCIA_TSA_URL": "file:///etc/passwd", "CONSTANCIA_TSA_CHAIN": "x"},
    ):
        with pytest.raises(SettingsInvalid):
            Settings.from_env({"CONSTANCIA_DATA": str(tmp_path), **env})


@pytest.mark.parametrize("name", ["POLICY", "TSA_CHAIN"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str) -> None:
    """Trust that was configured and cannot be read is refused, never left out."""
    (tmp_path / "bad").write_text("quorum nobody\n")
    place = Installation(tmp_path / "data", {f"CONSTANCIA_{name}": str(tmp_path / "bad")})
    with pytest.raises(HouseError) as refused:
        _ = place.house.trust
    assert refused.value.code in {"policy_unreadable", "chain_unreadable"}
    assert ORIGIN not in str(refused.value)

"""Anchoring with a real witness and a real authority: what is recorded, what is missed, what alarms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anchoring.desk import AnchorDesk, Outcome
from anchoring.timestamps import Authority, Chain, verify_token
from anchoring.transport import Answer, Unreachable, post
from anchoring.witnesses import WitnessClient
from evidence.anchored import ANCHORS_CASE, COSIGNATURE, TIMESTAMP, anchor_of
from evidence.note import open_note
from evidence.policy import Witness as Named
from tests.fakes.anchored import LOG_KEY, WITNESS_KEY, Log
from tests.fakes.memory import MemoryBlobStore, MemoryLedger
from tests.servers.timestamping import TimestampAuthority, timestamp_authority
from tests.storage.support import ORIGIN, draft, fill, writes


def anchors(log: Log) -> list[tuple[str, int]]:
    """Kind and size of every anchor told."""
    facts = [anchor_of(sealed.entry) for sealed in log.ledger.history(ANCHORS_CASE)]
    return [(fact.kind, fact.size) for fact in facts if fact is not None]


def test_a_checkpoint_is_cosigned_and_stamped(
    log: Log, witness: Named, authority: TimestampAuthority
) -> None:
    """Each anchor is an entry whose objects are the note and the answer, and both verify without us."""
    stamps = Authority("sello", authority.url, Chain((authority.root,)))
    note = log.publish()
    outcome = log.desk(WitnessClient(witness), authorities=(stamps,)).anchor(note)
    assert [(item.kind, item.name, item.size) for item in outcome.anchored] == [
        (COSIGNATURE, "testigo.example/w1", 30),
        (TIMESTAMP, "sello", 30),
    ]
    assert outcome.missed == ()
    kept = []
    for sealed in log.ledger.history(ANCHORS_CASE):
        first, second = sealed.entry.objects
        with log.blobs.open(first) as stream:
            assert stream.read() == note
        with log.blobs.open(second) as stream:
            kept.append(stream.read())
    assert [item.name for item in open_note(kept[0], [LOG_KEY.verifier, WITNESS_KEY.cosigner]).verified] == [
        ORIGIN,
        WITNESS_KEY.name,
    ]
    verify_token(kept[1], note, Chain((authority.root,)))


def test_anchoring_follows_growth_and_not_itself(log: Log, witness: Named) -> None:
    """An anchor's own entry makes the log longer and is no reason for another anchor; one note is anchored once."""
    desk = log.desk(WitnessClient(witness))
    assert not desk.grown()
    for _ in range(2):
        note = log.publish()
        assert desk.grown()
        assert desk.anchor(note) == desk.anchor(note)
        log.publish()
        assert not desk.grown()
        log.ledger.append("MA-001-2026-000001", writes(draft("más")))
    assert anchors(log) == [(COSIGNATURE, 30), (COSIGNATURE, 32)]


@pytest.mark.parametrize(
    ("days", "later", "wanted"), [(30, 31, True), (30, 1, False), (400, 31, False), (400, 350, True)]
)
def test_a_stamp_is_followed_by_another_before_its_certificate_ends(
    log: Log, tmp_path: Path, days: int, later: int, wanted: bool
) -> None:
    """Ninety days ahead, and not again within a month: an authority does not change its certificate by the hour."""
    with timestamp_authority(tmp_path, days=days) as running:
        stamps = Authority("sello", running.url, Chain((running.root,)))
        assert log.desk(authorities=(stamps,)).anchor(log.publish()).missed == ()
        present = datetime.now(UTC) + timedelta(days=later)
        desk = AnchorDesk(log.ledger, log.blobs, lambda: present, (), (stamps,))
    assert desk.ageing() is wanted


def test_a_stamp_by_certificates_one_no_longer_has_is_followed(log: Log, tmp_path: Path) -> None:
    """Where the authority's chain was replaced in the settings, the log is stamped anew under the new one."""
    with timestamp_authority(tmp_path, days=400) as running:
        log.desk(authorities=(Authority("sello", running.url, Chain((running.root,))),)).anchor(log.publish())
    (tmp_path / "other").mkdir()
    with timestamp_authority(tmp_path / "other") as other:
        replaced = Authority("sello", other.url, Chain((other.root,)))
    assert log.desk(authorities=(replaced,)).ageing()


def test_a_client_without_memory_asks_where_the_witness_is(log: Log, witness: Named) -> None:
    """A restart costs one more request, not an anchor."""
    log.desk(WitnessClient(witness)).anchor(log.publish())
    log.ledger.append("MA-001-2026-000001", writes(draft("más")))
    assert log.desk(WitnessClient(witness)).anchor(log.publish()).missed == ()


def test_a_log_that_was_cut_alarms(log: Log, witness: Named) -> None:
    """The witness has seen more than an older copy of the log holds: no cosignature, and no mere absence."""
    older = MemoryLedger(ORIGIN)
    fill(older, 10)
    log.desk(WitnessClient(witness)).anchor(log.publish())
    outcome = _only_missed(Log(older, MemoryBlobStore()).desk(WitnessClient(witness)), Log(older, log.blobs))
    assert outcome.missed[0].alarming
    assert "30" in outcome.missed[0].reason


def test_a_rewritten_log_alarms(log: Log, witness: Named) -> None:
    """A log of the same length or longer with another past is refused by the witness, whoever signed it."""
    log.desk(WitnessClient(witness)).anchor(log.publish())
    for size in (30, 40):
        other = MemoryLedger(ORIGIN)
        fill(other, size)
        rewritten = Log(other, MemoryBlobStore())
        outcome = _only_missed(rewritten.desk(WitnessClient(witness)), rewritten)
        assert outcome.missed[0].alarming
        assert anchors(rewritten) == []


def test_who_is_not_there_is_missed_and_the_others_are_not(log: Log, witness: Named) -> None:
    """A dead witness and a dead authority are told, without an entry; they are had when they are back."""
    dead = replace(witness, url="http://127.0.0.1:9")
    gone = Authority("sello", "http://127.0.0.1:9/", Chain(()))
    note = log.publish()
    outcome = log.desk(WitnessClient(dead), WitnessClient(witness), authorities=(gone,)).anchor(note)
    assert [(item.kind, item.alarming) for item in outcome.missed] == [
        (COSIGNATURE, False),
        (TIMESTAMP, False),
    ]
    assert anchors(log) == [(COSIGNATURE, 30)]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "text/plain", b""),
        Answer(200, "text/plain", "— testigo.example/w1 AAAA\n".encode()),
        Answer(409, "text/x.tlog.size", b"99999999999999999999\n"),
        Answer(409, "text/x.tlog.size", b"0\n"),
        Answer(409, "text/plain", b"7\n"),
        Answer(302, "text/html", b""),
    ],
)
def test_nonsense_from_a_witness_is_refused(log: Log, witness: Named, answer: Answer) -> None:
    """Nothing is kept that does not verify under the witness's key."""
    client = WitnessClient(witness, lambda _url, _body, _media: answer)
    assert _only_missed(log.desk(client), log).missed[0].alarming
    assert anchors(log) == []


def test_a_witness_that_keeps_moving_is_left_for_later(log: Log, witness: Named) -> None:
    """Somebody else uses the log's name: a bounded number of attempts, then another time."""
    sizes = iter(range(1, 30))
    client = WitnessClient(
        witness, lambda _url, _body, _media: Answer(409, "text/x.tlog.size", b"%d\n" % next(sizes))
    )
    assert not _only_missed(log.desk(client), log).missed[0].alarming


def test_only_http_is_spoken() -> None:
    """A file address is no way out of the house."""
    with pytest.raises(ValueError, match="not an address"):
        post("file:///etc/hostname", b"", "text/plain")
    with pytest.raises(Unreachable):
        post("http://127.0.0.1:9/", b"", "text/plain")


def _only_missed(desk: AnchorDesk, log: Log) -> Outcome:
    outcome = desk.anchor(log.publish())
    assert outcome.anchored == ()
    assert len(outcome.missed) == 1
    return outcome

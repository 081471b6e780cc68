"""Anchors of others in a verification: which level they reach, and a rewrite that they catch."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from anchoring.timestamps import Authority, Chain, verify_token
from anchoring.witnesses import WitnessClient
from evidence.anchored import ANCHORS_CASE
from evidence.entry import BlobRef, EntryKind
from evidence.findings import Code, Report, Verdict
from evidence.note import SigningKey
from evidence.outside import Trust
from evidence.policy import Policy, parse_policy
from evidence.policy import Witness as Named
from evidence.verify import verify_ledger
from tests.fakes.anchored import LOG_KEY, Log
from tests.servers.timestamping import TimestampAuthority
from tests.storage.support import draft, writes

STRANGER = SigningKey("extrano.example/w9", bytes([9]) * 32)


def policy(witness: Named, quorum: str = "w1") -> Policy:
    """A policy with this witness and a stranger."""
    lines = [f"log {LOG_KEY.verifier.text}", f"witness w1 {witness.key.text}"]
    lines += [f"witness w9 {STRANGER.cosigner.text}", "group both all w1 w9", f"quorum {quorum}", ""]
    return parse_policy("\n".join(lines).encode())


def verified(log: Log, trust: Trust | None = None, *known: bytes) -> Report:
    """A full verification with the log's key."""
    return verify_ledger(
        log.ledger, log.blobs, keys=[LOG_KEY.verifier], full=True, known_checkpoints=known, trust=trust
    )


@pytest.fixture
def anchored(log: Log, witness: Named, authority: TimestampAuthority) -> Log:
    """A log that was cosigned and stamped at 30 entries, and has grown since."""
    stamps = Authority("sello", authority.url, Chain((authority.root,)))
    log.desk(WitnessClient(witness), authorities=(stamps,)).anchor(log.publish())
    log.ledger.append("MA-001-2026-000001", writes(draft("después")))
    log.publish()
    return log


def test_nobody_else_is_believed_by_default(anchored: Log) -> None:
    """A log that only says that it was anchored reaches no higher level."""
    report = verified(anchored)
    assert (report.verdict, report.level, report.anchors) == (Verdict.VALID, "A1", ())


def test_trusted_anchors_raise_the_level(
    anchored: Log, witness: Named, authority: TimestampAuthority
) -> None:
    """A time stamp under trusted roots is A2, a cosignature by a witness of the policy A3; each says when."""
    judge = partial(verify_token, chain=Chain((authority.root,)))

    def stamps(response: bytes, message: bytes) -> datetime | None:
        return judge(response, message).made_at

    report = verified(anchored, Trust(stamps=stamps))
    assert (report.verdict, report.level) == (Verdict.VALID, "A2")
    report = verified(anchored, Trust(policy(witness), stamps))
    assert (report.verdict, report.level, report.findings) == (Verdict.VALID, "A3", ())
    assert [(item["level"], item["name"], item["size"]) for item in report.anchors] == [
        ("A3", "testigo.example/w1", 30),
        ("A2", "sello", 30),
    ]


def test_a_quorum_that_is_not_there_is_unverifiable(anchored: Log, witness: Named) -> None:
    """The verifier asked for more witnesses than have signed: nothing is wrong, and nothing is proved."""
    report = verified(anchored, Trust(policy(witness, "both")))
    assert report.verdict is Verdict.UNVERIFIABLE
    assert [(item.code, item.found) for item in report.findings] == [(Code.QUORUM_UNMET, "w1")]


def test_a_stamp_by_an_unknown_authority_is_no_finding(anchored: Log) -> None:
    """Who is not trusted is not contradicted either."""
    report = verified(anchored, Trust(stamps=lambda _response, _message: None))
    assert (report.verdict, report.level) == (Verdict.VALID, "A1")


def test_a_false_stamp_is_found(anchored: Log) -> None:
    """A token of a trusted authority that is not over this note is a lie of the log."""

    def stamps(_response: bytes, _message: bytes) -> datetime | None:
        raise ValueError("over other bytes")

    report = verified(anchored, Trust(stamps=stamps))
    assert report.verdict is Verdict.INVALID
    assert [(item.code, item.found) for item in report.findings] == [
        (Code.ANCHOR_INVALID, "over other bytes")
    ]


@pytest.mark.parametrize("turn", ["other size", "no facts", "forged line", "other note"])
def test_a_log_that_tells_of_anchors_it_has_not_is_found(log: Log, witness: Named, turn: str) -> None:
    """An entry of another size, without facts, with a forged cosignature or another note does not pass for one."""
    log.desk(WitnessClient(witness)).anchor(log.publish())
    told = log.ledger.history(ANCHORS_CASE)[-1].entry
    facts = dict(told.facts)
    objects = told.objects
    if turn == "other size":
        facts["anchor"] = {**facts["anchor"], "size": 29}  # type: ignore[dict-item]
    elif turn == "no facts":
        facts = {}
    else:
        objects = (objects[0], _forged(log, objects[1], b"AAAA" if turn == "other note" else b""))
    lie = draft(kind=EntryKind.ANCHOR_RECORDED, actor="system", role="system", facts=facts, objects=objects)
    log.ledger.append(ANCHORS_CASE, writes(replace(lie, process="", step="")))
    log.publish()
    report = verified(log, Trust(policy(witness)))
    assert report.verdict is Verdict.INVALID
    expected = Code.CHECKPOINT_MISFILED if turn == "other size" else Code.ANCHOR_INVALID
    assert {item.code for item in report.findings} == {expected}


def test_a_rewrite_is_caught_by_the_witnessed_note(anchored: Log, witness: Named) -> None:
    """A database administrator who rewrote everything and signed it anew cannot make the cosigned note agree."""
    _, cosigned = anchored.blobs.objects[anchored.ledger.history(ANCHORS_CASE)[0].entry.objects[1].key]
    rewritten = Log.of(33)
    rewritten.publish()
    report = verified(rewritten, Trust(policy(witness)), cosigned)
    assert report.verdict is Verdict.INVALID
    assert {Code.CHECKPOINT_ROOT, Code.LOG_FORKED, Code.QUORUM_UNMET} == {
        item.code for item in report.findings
    }
    assert (
        "testigo.example/w1" in next(item for item in report.findings if item.code == Code.LOG_FORKED).found
    )


def _forged(log: Log, ref: BlobRef, prefix: bytes) -> BlobRef:
    """A stored object like that one with the last signature changed, or other text before it."""
    _, data = log.blobs.objects[ref.key]
    value = data[-40:-39]
    changed = prefix + data[:-40] + (b"B" if value == b"A" else b"A") + data[-39:]
    return log.blobs.put(io.BytesIO(changed), media=ref.media)

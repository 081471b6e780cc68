"""The heads map: exact lengths of cases, absence, and commitments held against the log."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.completeness import commit_heads, heads_at, latest_commitment
from evidence.entry import SYSTEM, EntryDraft, EntryKind
from evidence.findings import Code
from evidence.heads import (
    HEADS_CASE,
    AbsenceProof,
    CaseHead,
    Commitment,
    HeadProof,
    HeadsMap,
    commitment_of,
)
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.tree import EMPTY_ROOT, InvalidProof, leaf_hash, root_of
from evidence.verify import verify_ledger
from tests.fakes.memory import MemoryLedger
from tests.storage.support import ORIGIN, draft, fill, sequence_all, writes

KEY = SigningKey(ORIGIN, bytes(32))

names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
leaves = st.binary(min_size=32, max_size=32)
heads = st.dictionaries(names, st.tuples(st.integers(1, 10**6), leaves), max_size=40).map(
    lambda found: [CaseHead(case, *found[case]) for case in sorted(found, key=lambda case: case.encode())]
)


def signed(ledger: MemoryLedger) -> None:
    """Sequence everything and sign the head."""
    sequence_all(ledger)
    size = ledger.tree_size()
    note = sign_checkpoint(Checkpoint(ORIGIN, size, ledger.root()), KEY)
    ledger.save_checkpoint(size, note, "2026-11-20T15:00:00.000000Z")


@given(heads)
def test_root_is_the_rfc_6962_root_over_the_documented_leaves(found: list[CaseHead]) -> None:
    """Somebody with the documentation and a hash function gets the same root."""
    expected = [
        leaf_hash(head.case.encode() + b"\0" + str(head.seq).encode() + b"\0" + head.leaf) for head in found
    ]
    assert HeadsMap(7, found).commitment == Commitment(7, len(found), root_of(expected))


def test_the_map_of_an_empty_log_has_the_empty_root() -> None:
    """Nothing is committed to by the hash of nothing."""
    assert HeadsMap(0, []).commitment == Commitment(0, 0, EMPTY_ROOT)


@given(heads, names)
def test_every_case_is_proved_present_or_absent(found: list[CaseHead], other: str) -> None:
    """Whatever is asked for, one of the two proofs comes back and holds."""
    made = HeadsMap(9, found)
    known = {head.case: head for head in found}
    for case in {*known, other}:
        proof = made.prove(case)
        proof.verify(made.commitment)
        if case in known:
            assert isinstance(proof, HeadProof)
            assert proof.head == known[case]
        else:
            assert isinstance(proof, AbsenceProof)


@given(heads.filter(lambda found: len(found) > 2), st.data())
def test_a_proof_of_other_heads_is_refused(found: list[CaseHead], data: st.DataObject) -> None:
    """Another length, leaf, name, place or root does not verify."""
    made = HeadsMap(9, found)
    case = data.draw(st.sampled_from(found)).case
    proof = made.prove(case)
    assert isinstance(proof, HeadProof)
    lies = [
        replace(proof, head=replace(proof.head, seq=proof.head.seq + 1)),
        replace(proof, head=replace(proof.head, leaf=bytes(31) + b"\xff" + b"")),
        replace(proof, head=replace(proof.head, case=proof.head.case + "x")),
        replace(proof, index=(proof.index + 1) % len(found)),
        replace(proof, path=(*proof.path, bytes(32))),
    ]
    for lie in lies:
        with pytest.raises(InvalidProof):
            lie.verify(made.commitment)
    with pytest.raises(InvalidProof):
        proof.verify(replace(made.commitment, root=bytes(32)))


@given(heads.filter(lambda found: len(found) > 2), st.data())
def test_absence_is_not_proved_of_a_case_that_is_there(found: list[CaseHead], data: st.DataObject) -> None:
    """Neighbours that are not adjacent, or on the wrong side, prove nothing."""
    made = HeadsMap(9, found)
    at = data.draw(st.integers(1, len(found) - 2))
    before, here, after = (made.prove(head.case) for head in found[at - 1 : at + 2])
    assert isinstance(before, HeadProof)
    assert isinstance(here, HeadProof)
    assert isinstance(after, HeadProof)
    case = here.head.case
    for lie in (
        AbsenceProof(case, before, after),
        AbsenceProof(case, before, here),
        AbsenceProof(case, here, after),
        AbsenceProof(case, after, before),
        AbsenceProof(case, None, before),
        AbsenceProof(case, after, None),
        AbsenceProof(case, None, None),
    ):
        with pytest.raises(InvalidProof):
            lie.verify(made.commitment)


@pytest.mark.parametrize("order", [("b", "a"), ("a", "a")])
def test_a_map_refuses_heads_out_of_order_or_twice(order: tuple[str, str]) -> None:
    """A map with two heads for one case could prove either."""
    with pytest.raises(ValueError, match="sorted"):
        HeadsMap(2, [CaseHead(case, 1, bytes(32)) for case in order])


@pytest.mark.parametrize(
    "fact",
    [
        None,
        7,
        {},
        {"size": 1, "cases": 1},
        {"size": 1, "cases": 1, "root": "ab"},
        {"size": -1, "cases": 1, "root": "0" * 64},
        {"size": True, "cases": 1, "root": "0" * 64},
        {"size": 1, "cases": "1", "root": "0" * 64},
        {"size": 1, "cases": 1, "root": "0" * 64, "more": 1},
    ],
)
def test_facts_of_another_form_are_no_commitment(fact: object) -> None:
    """What a stranger wrote is read strictly and raises nothing."""
    assert commitment_of({"heads": fact}) is None  # type: ignore[dict-item]


def test_a_commitment_covers_what_had_an_index_and_is_read_back() -> None:
    """The entry says how many entries every case had, and the newest commitment is found again."""
    ledger = MemoryLedger(ORIGIN)
    fill(ledger, 30)
    ledger.append("MA-001-2026-000099", writes())  # no index yet: not covered
    made, sealed = commit_heads(ledger)
    assert (made.size, made.cases) == (30, 10)
    assert sealed.entry.case == HEADS_CASE
    assert latest_commitment(ledger) == (made, sealed)
    absent = heads_at(ledger, made.size).prove("MA-001-2026-000099")
    assert isinstance(absent, AbsenceProof)
    absent.verify(made)


def test_committing_twice_at_one_size_is_one_entry() -> None:
    """Two stewards at once say it once."""
    ledger = MemoryLedger(ORIGIN)
    fill(ledger, 5)
    assert commit_heads(ledger) == commit_heads(ledger)
    assert len(ledger.history(HEADS_CASE)) == 1


def test_truthful_commitments_are_no_finding() -> None:
    """Also when entries of known and new cases came between the size and the commitment."""
    ledger = MemoryLedger(ORIGIN)
    fill(ledger, 40)
    for number in range(3):
        made = heads_at(ledger, ledger.tree_size()).commitment
        ledger.append("MA-001-2026-000001", writes(draft("después")))
        ledger.append(f"MA-009-2026-00000{number}", writes(draft("otro"), draft("más")))
        sequence_all(ledger)
        ledger.append(HEADS_CASE, writes(_committing(made)))
    signed(ledger)
    assert verify_ledger(ledger, keys=[KEY.verifier]).findings == ()


@pytest.mark.parametrize(
    "lie",
    [
        lambda made: replace(made, root=bytes(32)),
        lambda made: replace(made, cases=made.cases + 1),
        lambda made: replace(made, size=made.size - 1),
        lambda made: replace(made, size=made.size + 1000),
    ],
)
def test_a_commitment_to_other_heads_is_found(lie) -> None:  # type: ignore[no-untyped-def]
    """A log that commits to fewer or other entries than it has is not valid."""
    ledger = MemoryLedger(ORIGIN)
    fill(ledger, 20)
    ledger.append(HEADS_CASE, writes(_committing(lie(heads_at(ledger, 20).commitment))))
    signed(ledger)
    report = verify_ledger(ledger, keys=[KEY.verifier])
    assert [(finding.code, finding.subject) for finding in report.findings] == [
        (Code.HEADS_DIFFER, f"{HEADS_CASE}/1")
    ]
    assert report.verdict == "invalid"


def test_a_commitment_that_cannot_be_read_is_found() -> None:
    """The kind alone proves nothing."""
    ledger = MemoryLedger(ORIGIN)
    bare = EntryDraft(SYSTEM, SYSTEM, EntryKind.HEADS_COMMITTED)
    ledger.append(HEADS_CASE, lambda _history: Composition((bare,)))
    signed(ledger)
    assert [found.code for found in verify_ledger(ledger, keys=[KEY.verifier]).findings] == [
        Code.HEADS_DIFFER
    ]


def _committing(made: Commitment) -> EntryDraft:
    return EntryDraft(SYSTEM, SYSTEM, EntryKind.HEADS_COMMITTED, facts={"heads": made.as_fact()})

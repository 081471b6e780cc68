"""Proofs whose paths share nodes are judged as each of them alone would be."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint
from evidence.proofpaths import ProofPaths
from evidence.tlog_proof import TlogProof, parse_proof
from evidence.tree import InvalidProof, inclusion_proof, leaf_hash, root_of, verify_inclusion

NOTE = b"log.example/x\n9\nAAAA\n\n\xe2\x80\x94 log.example/x AAAA\n"


def leaves_of(size: int) -> list[bytes]:
    """Leaves of a small log."""
    return [leaf_hash(str(number).encode()) for number in range(size)]


def proofs_of(leaves: list[bytes]) -> list[bytes]:
    """The proof of each leaf, as a file."""

    def read(level: int, index: int) -> bytes:
        return root_of(leaves[index << level : (index + 1) << level])

    size = len(leaves)
    paths = (inclusion_proof(index, size, read) for index in range(size))
    return [TlogProof(index, tuple(path), NOTE).text() for index, path in enumerate(paths)]


def long_way(leaf: bytes, data: bytes, checkpoint: Checkpoint) -> int:
    """The index, -1 where anything is wrong."""
    try:
        proof = parse_proof(data)
        if proof.checkpoint_note != NOTE or proof.extra:
            return -1
        verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    except InvalidProof:
        return -1
    return proof.index


def checkpoint_of(leaves: list[bytes]) -> Checkpoint:
    """The head of a small log."""
    return Checkpoint("log.example/x", len(leaves), root_of(leaves))


@pytest.mark.parametrize("size", [2, 3, 7, 8, 21, 64])
def test_every_proof_is_taken_in_any_order(size: int) -> None:
    """Whatever was seen before, an honest proof gives its index."""
    leaves = leaves_of(size)
    proofs, checkpoint = proofs_of(leaves), checkpoint_of(leaves)
    order = list(range(size)) * 2
    random.Random(size).shuffle(order)  # noqa: S311 - an order, no secret
    paths = ProofPaths(checkpoint, NOTE)
    assert [paths.index(leaves[index], proofs[index]) for index in order] == order


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(2, 40), st.integers(0, 39), st.integers(0, 5000), st.sampled_from([1, 2, 32, 0x80]))
def test_a_changed_byte_is_never_taken(size: int, index: int, place: int, mask: int) -> None:
    """Each byte of a proof, after all honest proofs were seen: what is taken is what the long way takes."""
    leaves = leaves_of(size)
    proofs, checkpoint = proofs_of(leaves), checkpoint_of(leaves)
    paths, index = ProofPaths(checkpoint, NOTE), index % size
    for leaf, proof in zip(leaves, proofs, strict=True):
        paths.index(leaf, proof)
    changed = bytearray(proofs[index])
    changed[place % len(changed)] ^= mask
    assert paths.index(leaves[index], bytes(changed)) == -1
    assert long_way(leaves[index], bytes(changed), checkpoint) == -1
    other = (index + 1) % size
    assert (
        paths.index(leaves[other], proofs[index]) == long_way(leaves[other], proofs[index], checkpoint) == -1
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"index 5", b"index 05"), (b"index 5", b"index -5"), (b"index 5", b"index 4"), (b"index 5", b"index 99"),
     (b"\nindex", b"\nextra AAAA\nindex"), (b"\n\n", b"\n\n\n"), (b"\n\n", b"\n"), (b"tlog-proof@v1", b"tlog-proof@v2"),
     (b"AAAA\n", b"AAAB\n"), (b"=\n", b"\n"), (b"=\n", b"=\r\n")],
)  # fmt: skip
def test_another_spelling_goes_the_long_way(old: bytes, new: bytes) -> None:
    """Index, extra line, blank line, note and base64 have one spelling; the others are for `parse_proof` to judge."""
    leaves = leaves_of(9)
    proofs, paths = proofs_of(leaves), ProofPaths(checkpoint_of(leaves), NOTE)
    assert paths.index(leaves[5], proofs[5]) == 5
    changed = proofs[5].replace(old, new, 1)
    assert changed != proofs[5]
    assert paths.index(leaves[5], changed) == -1


def test_a_line_too_many_or_too_few_is_not_taken() -> None:
    """Also where the rest of the path is known."""
    leaves = leaves_of(9)
    proofs, paths = proofs_of(leaves), ProofPaths(checkpoint_of(leaves), NOTE)
    for leaf, proof in zip(leaves, proofs, strict=True):
        paths.index(leaf, proof)
    lines = proofs[3].split(b"\n")
    for changed in (
        lines[:2] + lines[3:],
        lines[:3] + lines[2:],
        lines[:5] + lines[6:],
        lines[:2] + lines[6:],
    ):
        assert paths.index(leaves[3], b"\n".join(changed)) == -1

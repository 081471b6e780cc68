"""RFC 6962 trees: golden roots, public vectors, and proofs against a naive tree."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.tree import (
    EMPTY_ROOT,
    Frontier,
    InvalidProof,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of RFC 6962's reference implementation.
GOLDEN_LEAVES = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
GOLDEN_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SUBTREES_TO_130 = "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81"

sizes = st.integers(1, 700)


def leaves_of(count: int) -> list[bytes]:
    """The leaf hashes of so many different entries."""
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


class Reader:
    """A hash reader over leaf hashes, by the naive definition; remembers what it was asked."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.asked: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree."""
        found = self.leaves[index << level : (index + 1) << level]
        assert len(found) == 1 << level, "asked for an incomplete subtree"
        return self.asked.setdefault((level, index), naive_root(found))


def test_golden_roots() -> None:
    """The reference leaves give the reference roots, by appending, by extending and at once."""
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in GOLDEN_LEAVES]
    appended = Frontier()
    for size, root in enumerate(GOLDEN_ROOTS):
        assert appended.root().hex() == root
        assert root_of(leaves[:size]).hex() == root
        if size < len(leaves):
            appended.append(leaves[size])
    assert bytes.fromhex(GOLDEN_ROOTS[0]) == EMPTY_ROOT


def test_golden_vectors_in_the_tree_are_the_public_ones(vectors: Path) -> None:
    """The values typed into this file are those of the public vector file."""
    public = json.loads((vectors / "merkle-transparency-dev" / "rfc6962-roots.json").read_text())
    assert tuple(public["leaf_inputs_hex"]) == GOLDEN_LEAVES
    assert tuple(public["root_hash_hex_by_size_0_to_8"]) == GOLDEN_ROOTS
    assert public["accumulated_subtree_vectors"]["subtree_hash"] == SUBTREES_TO_130


def test_accumulated_subtrees() -> None:
    """All subtrees of up to 130 one-byte leaves, in one rolling digest of an Internet-Draft."""
    leaves = [leaf_hash(bytes([number])) for number in range(130)]
    read = Reader(leaves)
    rolling = hashlib.sha256()
    for end in range(131):
        for start in range(end + 1):
            try:
                found = subtree_root(start, end, read)
            except ValueError:
                continue
            rolling.update(f"[{start}, {end}) {found.hex()}\n".encode())
    assert rolling.hexdigest() == SUBTREES_TO_130


def _cases(folder: Path) -> list[dict[str, object]]:
    found = [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]
    assert found, f"no vectors under {folder}"
    return found


def _hashes(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def test_public_inclusion_vectors(vectors: Path) -> None:
    """Every public audit path is accepted or refused as its file says."""
    cases = _cases(vectors / "merkle-transparency-dev" / "testdata" / "inclusion")
    for case in cases:
        leaf, root = _hashes([case["leafHash"], case["root"]])
        arguments = leaf, case["leafIdx"], case["treeSize"], _hashes(case["proof"]), root
        if case["wantErr"]:
            with pytest.raises(InvalidProof):
                verify_inclusion(*arguments)
        else:
            verify_inclusion(*arguments)
    assert {case["wantErr"] for case in cases} == {True, False}


def test_public_consistency_vectors(vectors: Path) -> None:
    """Every public consistency proof is accepted or refused as its file says."""
    cases = _cases(vectors / "merkle-transparency-dev" / "testdata" / "consistency")
    for case in cases:
        old_root, new_root = _hashes([case["root1"], case["root2"]])
        arguments = case["size1"], case["size2"], old_root, new_root, _hashes(case["proof"])
        if case["wantErr"]:
            with pytest.raises(InvalidProof):
                verify_consistency(*arguments)
        else:
            verify_consistency(*arguments)
    assert {case["wantErr"] for case in cases} == {True, False}


@given(size=sizes, cuts=st.lists(st.integers(0, 700), max_size=5))
def test_frontier_equals_the_naive_root_however_it_grew(size: int, cuts: list[int]) -> None:
    """Extending in any batches, or appending, gives the root of the definition and one hash a bit of the size."""
    leaves = leaves_of(size)
    bounds = sorted({0, size, *(cut for cut in cuts if cut < size)})
    frontier = Frontier()
    for start, end in itertools.pairwise(bounds):
        frontier.extend(leaves[start:end])
    appended = Frontier()
    for leaf in leaves:
        appended.append(leaf)
    assert frontier.root() == appended.root() == naive_root(leaves)
    assert frontier.hashes == appended.hashes
    assert len(frontier.hashes) == size.bit_count()


@given(old=st.integers(0, 300), grown=st.integers(0, 300))
def test_extend_reports_each_finished_subtree_once(old: int, grown: int) -> None:
    """Level by level, the hashes finished by an extension are just the complete subtrees that were not there before."""
    leaves = leaves_of(old + grown)
    frontier = Frontier()
    frontier.extend(leaves[:old])
    finished = frontier.extend(leaves[old:])
    read = Reader(leaves)
    for level, hashes in enumerate(finished):
        wanted = [read(level, index) for index in range(old >> level, (old + grown) >> level)]
        assert list(hashes) == wanted


@given(st.data())
def test_inclusion_proofs_verify_and_only_for_their_place(data: st.DataObject) -> None:
    """A proof for a random leaf verifies; for another place, leaf or root, or with a flipped bit, it does not."""
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    root = naive_root(leaves)
    proof = inclusion_proof(index, size, Reader(leaves))
    verify_inclusion(leaves[index], index, size, proof, root)
    wrong = [
        (leaves[index], (index + 1) % size, size, proof, root)
        if size > 1
        else (leaves[0], 1, 1, proof, root),
        (leaf_hash(b"other"), index, size, proof, root),
        (leaves[index], index, size, proof, leaf_hash(b"other")),
        (leaves[index], index, size, [*proof, root], root),
        (leaves[index], index, size, [root, *proof], root),
        (leaves[index], size, size, proof, root),
        (leaves[index], -1, size, proof, root),
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bent = bytes([proof[place][0] ^ 1]) + proof[place][1:]
        wrong += [
            (leaves[index], index, size, proof[:-1], root),
            (leaves[index], index, size, [*proof[:place], bent, *proof[place + 1 :]], root),
            (leaves[index], index, size, [proof[0][:-1], *proof[1:]], root),
        ]
    for arguments in wrong:
        with pytest.raises(InvalidProof):
            verify_inclusion(*arguments)


@given(st.data())
def test_consistency_proofs_verify_and_only_for_their_sizes(data: st.DataObject) -> None:
    """A proof between random sizes verifies; shortened, lengthened, bent or for other roots it does not."""
    new = data.draw(sizes)
    old = data.draw(st.integers(1, new))
    leaves = leaves_of(new)
    old_root, new_root = naive_root(leaves[:old]), naive_root(leaves)
    proof = consistency_proof(old, new, Reader(leaves))
    verify_consistency(old, new, old_root, new_root, proof)
    wrong = [
        (old, new, leaf_hash(b"other"), new_root, proof),
        (old, new, old_root, leaf_hash(b"other"), proof),
        (old, new, old_root, new_root, [*proof, new_root]),
        (new + 1, new, old_root, new_root, proof),
        (0, new, EMPTY_ROOT, new_root, proof),
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bent = bytes([proof[place][0] ^ 1]) + proof[place][1:]
        wrong += [
            (old, new, old_root, new_root, proof[:-1]),
            (old, new, old_root, new_root, [*proof[:place], bent, *proof[place + 1 :]]),
        ]
    for arguments in wrong:
        with pytest.raises(InvalidProof):
            verify_consistency(*arguments)


def test_odd_nodes_are_promoted_not_duplicated() -> None:
    """R4: three leaves are not four with the last one twice."""
    one, two, three = leaves_of(3)
    assert root_of([one, two, three]) == node_hash(node_hash(one, two), three)
    assert root_of([one, two, three]) != root_of([one, two, three, three])


def test_an_entry_made_of_two_nodes_is_not_a_node() -> None:
    """R4: an entry whose bytes are two concatenated hashes, even behind the node prefix, never stands for a node."""
    leaves = leaves_of(4)
    root = root_of(leaves)
    left, right = node_hash(leaves[0], leaves[1]), node_hash(leaves[2], leaves[3])
    for forged in (left + right, b"\x01" + left + right):
        assert leaf_hash(forged) != root
        with pytest.raises(InvalidProof):
            verify_inclusion(leaf_hash(forged), 0, 1, [], root)
    with pytest.raises(InvalidProof):
        verify_inclusion(left, 0, 2, [right], leaf_hash(left + right))
    with pytest.raises(InvalidProof, match="too short"):
        verify_inclusion(root, 0, 4, [], root)
    verify_inclusion(
        left, 0, 2, [right], root
    )  # a node given as a leaf does lead up: leaves are hashed by ourselves


@pytest.mark.parametrize(("size", "hashes"), [(3, 1), (2, 2), (0, 1), (-1, 0)])
def test_a_frontier_of_the_wrong_shape_is_refused(size: int, hashes: int) -> None:
    """Size and number of hashes must belong together."""
    with pytest.raises(ValueError, match="frontier"):
        Frontier(size, [EMPTY_ROOT] * hashes)


def test_proofs_of_impossible_ranges_are_refused() -> None:
    """No proof for a leaf beyond the tree, from an empty tree, or backwards."""
    read = Reader(leaves_of(4))
    for index, size in ((4, 4), (-1, 4), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(index, size, read)
    for old, new in ((0, 4), (5, 4)):
        with pytest.raises(ValueError, match="no consistency"):
            consistency_proof(old, new, read)
    with pytest.raises(ValueError, match="not a subtree"):
        subtree_root(1, 3, read)

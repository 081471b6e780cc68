"""All cases of a process out of the heads map: none too few, none too many, nothing beside them hidden."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.heads import CaseHead, Commitment, HeadsMap
from evidence.headsrange import RangeProof, prove_range
from evidence.tree import InvalidProof

NAMES = st.lists(
    st.builds(
        lambda process, n: f"{process}-{n:03}", st.sampled_from(["MA-001", "MA-002", "MA-005", "system:x"]),
        st.integers(0, 40),
    ),
    unique=True,
    max_size=40,
)  # fmt: skip
PREFIXES = st.sampled_from(["", "MA-001-", "MA-002-", "MA-003-", "MA-", "a", "~"])


def made(names: list[str]) -> HeadsMap:
    """A map over cases with these names."""
    ordered = sorted(names, key=str.encode)
    heads = [CaseHead(name, n + 1, hashlib.sha256(name.encode()).digest()) for n, name in enumerate(ordered)]
    return HeadsMap(100, heads)


def proved(found: HeadsMap, prefix: str) -> RangeProof:
    """The run of a prefix."""
    return prove_range(found.heads, prefix, found.subtree)


@given(names=NAMES, prefix=PREFIXES)
def test_a_run_gives_exactly_the_cases_that_begin_so(names: list[str], prefix: str) -> None:
    """Whatever the map, whatever the prefix: those with it, in order, and no other."""
    found = made(names)
    told = proved(found, prefix).cases(found.commitment)
    assert [head.case for head in told] == sorted(name for name in names if name.startswith(prefix))


@given(names=NAMES.filter(bool), prefix=PREFIXES, data=st.data())
def test_whatever_is_changed_in_a_run_is_refused(names: list[str], prefix: str, data: st.DataObject) -> None:
    """A head left out at an end or in between, another head, another place, a hash too many, too few or changed."""
    found = made(names)
    proof = proved(found, prefix)
    bad: list[RangeProof] = [
        replace(proof, start=proof.start + 1),
        replace(proof, path=(*proof.path, b"\0" * 32)),
    ]
    if proof.path:
        at = data.draw(st.integers(0, len(proof.path) - 1))
        bad += [replace(proof, path=proof.path[:-1]),
                replace(proof, path=(*proof.path[:at], b"\1" * 32, *proof.path[at + 1 :]))]  # fmt: skip
    at = data.draw(st.integers(0, len(proof.heads) - 1))
    head = proof.heads[at]
    bad += [
        replace(proof, heads=proof.heads[:at] + proof.heads[at + 1 :]),
        replace(proof, heads=(*proof.heads[:at], replace(head, seq=head.seq + 1), *proof.heads[at + 1 :])),
    ]
    for one in bad:
        with pytest.raises(InvalidProof):
            one.cases(found.commitment)


@pytest.mark.parametrize("cut", [(1, 0), (0, 1), (2, 0), (0, 2)])
def test_a_shorter_run_that_leads_to_the_root_hides_nothing(cut: tuple[int, int]) -> None:
    """The exporter proves a run of fewer cases, honestly: without a neighbour beside it, it is refused."""
    found = made([f"MA-00{n % 3}-{n:03}" for n in range(24)])
    whole = proved(found, "MA-001-")
    wanted = [head.case for head in whole.cases(found.commitment)]
    inside = {wanted[0], wanted[-1]}
    short = tuple(head for head in found.heads if head.case in wanted)[cut[0] : len(wanted) - cut[1]]
    other = prove_range(found.heads, "MA-001-", found.subtree)
    assert inside <= {head.case for head in other.heads}
    start = found.heads.index(short[0])
    path = _beside(found, start, start + len(short))
    with pytest.raises(InvalidProof, match="neighbour"):
        RangeProof("MA-001-", start, short, path).cases(found.commitment)


def _beside(found: HeadsMap, start: int, end: int) -> tuple[bytes, ...]:
    from evidence import headsrange  # noqa: PLC0415

    return tuple(headsrange._beside(0, len(found.heads), start, end, found.subtree))


def test_an_empty_map_has_no_cases() -> None:
    """Nothing leads to the root of nothing, and says so."""
    found = made([])
    assert proved(found, "MA-001-").cases(found.commitment) == ()
    with pytest.raises(InvalidProof):
        proved(found, "").cases(Commitment(1, 1, b"\0" * 32))

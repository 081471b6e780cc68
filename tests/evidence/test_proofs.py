"""tlog-proof files, and proofs made from a ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from evidence.note import NoteError, SigningKey
from evidence.proofs import head_of, prove_consistency, prove_entry
from evidence.tlog_proof import MalformedProof, TlogProof, parse_proof
from evidence.tree import InvalidProof
from tests.fakes.house import ORIGIN, House


def _proof(house: House, index: int = 5) -> tuple[TlogProof, bytes]:
    latest = house.ledger.latest_checkpoint()
    assert latest is not None
    leaf = bytes.fromhex(next(house.ledger.entries(index)).leaf)
    return prove_entry(house.ledger, index, latest[1]), leaf


def test_every_entry_has_a_proof_that_a_stranger_can_check(house: House) -> None:
    """Each entry, under each checkpoint that covers it: text, parse, verify."""
    for size, note in house.ledger.checkpoints():
        for row in house.ledger.entries(0, size):
            assert row.index is not None
            text = prove_entry(house.ledger, row.index, note).text()
            found = parse_proof(text).verify(bytes.fromhex(row.leaf), [house.key.verifier], ORIGIN)
            assert found == open_checkpoint(note, [house.key.verifier], ORIGIN)
            assert parse_proof(text).text() == text


def test_the_text_is_that_of_the_specification(house: House) -> None:
    """Header, index, hashes, a blank line, and the checkpoint as it is; extra data goes second."""
    proof, _ = _proof(house)
    lines = proof.text().decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert lines[2 + len(proof.hashes)] == ""
    assert proof.text().endswith(b"\n\n" + proof.checkpoint_note)
    extra = replace(proof, extra=b"dato").text()
    assert extra.decode().split("\n")[1] == "extra ZGF0bw=="
    assert parse_proof(extra).extra == b"dato"


def test_every_flipped_byte_of_a_proof_is_noticed(house: House) -> None:
    """No single changed byte leaves a proof that verifies for the same leaf."""
    proof, leaf = _proof(house)
    text = proof.text()
    for place in range(len(text)):
        bent = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        with pytest.raises((InvalidProof, NoteError)):
            parse_proof(bent).verify(leaf, [house.key.verifier], ORIGIN)


def test_a_proof_is_for_its_leaf_log_and_key_alone(house: House) -> None:
    """Another leaf, another origin or a key of one's own do not verify."""
    proof, leaf = _proof(house)
    with pytest.raises(InvalidProof):
        proof.verify(bytes(32), [house.key.verifier], ORIGIN)
    with pytest.raises(NoteError):
        proof.verify(leaf, [house.key.verifier], "otro.example")
    with pytest.raises(NoteError):
        proof.verify(leaf, [SigningKey(ORIGIN, bytes(32)).verifier], ORIGIN)
    with pytest.raises(InvalidProof):
        replace(proof, index=4).verify(leaf, [house.key.verifier], ORIGIN)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "c2sp.org/tlog-proof@v2\nindex 0",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\nindex 00",
        "c2sp.org/tlog-proof@v1\nindex -1",
        "c2sp.org/tlog-proof@v1\nindex  1",
        "c2sp.org/tlog-proof@v1\nindex 9223372036854775808",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA",
        "c2sp.org/tlog-proof@v1\nindex 0\n!",
        "c2sp.org/tlog-proof@v1\nextra \nindex 0",
        "c2sp.org/tlog-proof@v1\nextra QR==\nindex 0",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra QQ==",
        "c2sp.org/tlog-proof@v1\r\nindex 0",
        "c2sp.org/tlog-proof@v1\nindex 0" + ("\n" + "A" * 43 + "=") * 64,
        "c2sp.org/tlog-proof@v1\nindex ñ",
    ],
)
def test_other_spellings_are_refused(head: str) -> None:
    """R12: another version, leading zeroes, bad base64, wrong order and too many hashes are no proofs."""
    with pytest.raises(MalformedProof):
        parse_proof(head.encode() + b"\n\nnota\n")
    with pytest.raises(MalformedProof):
        parse_proof(head.encode())


def test_consistency_between_every_two_checkpoints(house: House) -> None:
    """Each kept checkpoint is provably continued by each later one, and by the present head."""
    heads = [peek_checkpoint(note) for _, note in house.ledger.checkpoints()] + [head_of(house.ledger)]
    for place, old in enumerate(heads):
        for new in heads[place:]:
            prove_consistency(house.ledger, old, new)
    assert prove_consistency(house.ledger, Checkpoint(ORIGIN, 0, bytes(32)), heads[-1]) == ()
    with pytest.raises(InvalidProof):
        prove_consistency(house.ledger, replace(heads[0], root=bytes(32)), heads[-1])
    with pytest.raises(ValueError, match="no consistency"):
        prove_consistency(house.ledger, heads[-1], heads[0])


def test_a_damaged_tile_gives_no_proof(house: House) -> None:
    """A proof that would not verify is not handed out."""
    latest = house.ledger.latest_checkpoint()
    assert latest is not None
    tile = house.ledger.tiles[0, 0]
    house.ledger.tiles[0, 0] = tile[:32] + bytes([tile[32] ^ 1]) + tile[33:]
    with pytest.raises(InvalidProof):
        prove_entry(house.ledger, 5, latest[1])
    with pytest.raises(ValueError, match="no leaf"):
        prove_entry(house.ledger, 12, latest[1])

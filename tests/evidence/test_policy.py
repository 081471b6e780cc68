"""Trust policies and cosignatures: whose word counts, and how many of them."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from evidence.note import (
    COSIGNATURE,
    InvalidSignature,
    MalformedKey,
    SigningKey,
    UnverifiedNote,
    VerifierKey,
    cosign,
    open_note,
)
from evidence.policy import MalformedPolicy, Policy, parse_policy

ORIGIN = "constancia.example/mesa"
LOG = SigningKey(ORIGIN, bytes(32))
WITNESSES = [SigningKey(f"testigo.example/w{number}", bytes([number]) * 32) for number in range(1, 5)]
BODY = Checkpoint(ORIGIN, 3, bytes(32))
NOTE = sign_checkpoint(BODY, LOG)


def policy(*lines: str) -> Policy:
    """A policy with the log and all witnesses, and these lines."""
    known = [f"log {LOG.verifier.text}"]
    known += [f"witness w{n} {key.cosigner.text}" for n, key in enumerate(WITNESSES, 1)]
    return parse_policy("\n".join([*known, *lines, ""]).encode())


def test_a_cosignature_is_made_as_the_specification_says() -> None:
    """Name, key ID under type 0x04, big-endian time, and a signature of header, time and note text."""
    key, seconds = WITNESSES[0], 1_679_315_147
    public = Ed25519PrivateKey.from_private_bytes(key.seed).public_key()
    raw = public.public_bytes_raw()
    dash, name, encoded = cosign(BODY.body(), key, seconds).decode().rstrip("\n").split(" ")
    value = base64.b64decode(encoded)
    assert (dash, name) == ("—", key.name)
    assert value[:4] == hashlib.sha256(f"{key.name}\n".encode() + b"\x04" + raw).digest()[:4]
    assert int.from_bytes(value[4:12], "big") == seconds
    public.verify(value[12:], f"cosignature/v1\ntime {seconds}\n{BODY.body()}".encode())


@given(st.integers(0, 2**63 - 1))
def test_a_cosigned_checkpoint_opens_with_the_time_it_states(seconds: int) -> None:
    """Log and witness both count, each under its own key."""
    witness = WITNESSES[0]
    opened = open_note(NOTE + cosign(BODY.body(), witness, seconds), [LOG.verifier, witness.cosigner])
    assert [item.name for item in opened.verified] == [ORIGIN, witness.name]
    assert opened.verified[1].seconds == seconds


@pytest.mark.parametrize("seconds", [-1, 2**63])
def test_no_cosignature_of_an_impossible_time(seconds: int) -> None:
    """The specification bounds the time."""
    with pytest.raises(ValueError, match="time"):
        cosign(BODY.body(), WITNESSES[0], seconds)


def test_a_changed_cosignature_spoils_the_note() -> None:
    """Another time, or a time alone, is not what was signed."""
    witness = WITNESSES[0]
    line = cosign(BODY.body(), witness, 7).decode()
    value = bytearray(base64.b64decode(line.split(" ")[2]))
    value[11] ^= 1
    forged = f"— {witness.name} {base64.b64encode(bytes(value)).decode()}\n".encode()
    short = f"— {witness.name} {base64.b64encode(bytes(value[:9])).decode()}\n".encode()
    beyond = bytes(value[:4]) + bytes([255]) * 72
    late = f"— {witness.name} {base64.b64encode(beyond).decode()}\n".encode()
    for lie in (forged, short, late):
        with pytest.raises(InvalidSignature):
            open_note(NOTE + lie, [witness.cosigner])


def test_a_witness_is_not_the_log() -> None:
    """A checkpoint that only a witness signed is nobody's, even if the witness took the log's name."""
    impostor = SigningKey(ORIGIN, bytes([9]) * 32)
    unsigned = NOTE[: NOTE.index("—".encode())]
    with pytest.raises(UnverifiedNote):
        open_checkpoint(unsigned + cosign(BODY.body(), impostor, 7), [impostor.cosigner], ORIGIN)


def test_keys_of_both_types_read_back() -> None:
    """The line an auditor keeps says whether it is a log's or a witness's."""
    for key in (LOG.verifier, WITNESSES[0].cosigner):
        assert VerifierKey.from_text(key.text) == key
    assert WITNESSES[0].cosigner.type == COSIGNATURE
    with pytest.raises(MalformedKey):
        SigningKey.from_text("PRIVATE+KEY+" + WITNESSES[0].cosigner.text)


@pytest.mark.parametrize(
    ("lines", "present", "met"),
    [
        (["quorum none"], [], True),
        (["quorum w1"], ["w1"], True),
        (["quorum w1"], ["w2", "w3"], False),
        (["group g any w1 w2", "quorum g"], ["w2"], True),
        (["group g any w1 w2", "quorum g"], ["w3"], False),
        (["group g all w1 w2", "quorum g"], ["w1"], False),
        (["group g all w1 w2", "quorum g"], ["w1", "w2"], True),
        (["group g 2 w1 w2 w3", "quorum g"], ["w3", "w1"], True),
        (["group g 2 w1 w2 w3", "quorum g"], ["w3", "w4"], False),
        (["group g any w1 w2", "group h all g w3", "quorum h"], ["w2", "w3"], True),
        (["group g any w1 w2", "group h all g w3", "quorum h"], ["w1", "w2"], False),
        (["  \tgroup g   any\tw1  # no comment here", "quorum g"], [], None),
        (["# a comment", "", " # another", "quorum\tnone "], [], True),
    ],
)
def test_quorums(lines: list[str], present: list[str], met: bool | None) -> None:
    """Groups are met by as many of their members as they ask for, also through other groups."""
    if met is None:
        with pytest.raises(MalformedPolicy):
            policy(*lines)
    else:
        assert policy(*lines).is_met(present) is met


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["quorum w1", "quorum w1"],
        ["quorum w9"],
        ["quorum g", "group g any w1"],
        ["group g any", "quorum g"],
        ["group g 0 w1", "quorum g"],
        ["group g 3 w1 w2", "quorum g"],
        ["group g 01 w1", "quorum g"],
        ["group g any none", "quorum g"],
        ["group none any w1", "quorum none"],
        ["group w1 any w2", "quorum none"],
        ["group g any w1 w1", "quorum g"],
        ["group g any w1", "group h any w1", "quorum h"],
        ["quorum none none"],
        ["nonsense"],
        ["quorum none\x00"],
        ["quorum none\r"],
        [f"log {LOG.verifier.text}", "quorum none"],
        [f"log {WITNESSES[0].cosigner.text}", "quorum none"],
        [f"witness w9 {LOG.verifier.text}", "quorum none"],
        [f"witness w9 {WITNESSES[0].cosigner.text}", "quorum none"],
        ["log", "quorum none"],
        ["log x+y+z", "quorum none"],
    ],
)
def test_what_is_no_policy_is_refused_by_line(lines: list[str]) -> None:
    """A verifier that misread its own policy would trust what it was told not to."""
    with pytest.raises(MalformedPolicy):
        policy(*lines)


def test_cosigners_are_named_as_the_policy_names_them() -> None:
    """A signature by a witness the policy does not list counts for nothing."""
    stranger = SigningKey("extrano.example", bytes([8]) * 32)
    note = NOTE + b"".join(
        cosign(BODY.body(), key, 7 + n) for n, key in enumerate([*WITNESSES[:2], stranger])
    )
    trusted = policy("group g all w1 w2", "quorum g")
    opened = open_note(note, [*trusted.log_keys, *trusted.witness_keys])
    assert trusted.cosigners(opened.verified) == {"w1": 7, "w2": 8}
    assert [item.name for item in opened.unverified] == ["extrano.example"]
    assert trusted.is_met(trusted.cosigners(opened.verified))

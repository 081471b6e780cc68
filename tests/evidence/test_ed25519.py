"""Ed25519: RFC 8032's vectors, and the same decisions with and without `cryptography`."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import ed25519
from evidence.ed25519 import verify, verify_slowly

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc).
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]

# Points of small order, and spellings of them with y not reduced modulo p.
SMALL_ORDER = [
    (1).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    (0).to_bytes(32, "little"),
    (1 << 255).to_bytes(32, "little"),
    (1 | 1 << 255).to_bytes(32, "little"),
    (P).to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    (P + 1 | 1 << 255).to_bytes(32, "little"),
    (2**255 - 1).to_bytes(32, "little"),
    (2**256 - 1).to_bytes(32, "little"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
]


def decide(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The decision, after checking that both implementations come to it."""
    quick = verify(public_key, message, signature)
    assert verify_slowly(public_key, message, signature) is quick
    return quick


def signed(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    """Public key and signature of a test key."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.public_key().public_bytes_raw(), key.sign(message)


@pytest.mark.parametrize(("public_key", "message", "signature"), RFC_8032)
def test_rfc_8032_vectors(public_key: str, message: str, signature: str) -> None:
    """The RFC's signatures verify; with any one part changed they do not."""
    parts = bytes.fromhex(public_key), bytes.fromhex(message), bytes.fromhex(signature)
    assert decide(*parts)
    assert not decide(parts[0], parts[1] + b"x", parts[2])
    assert not decide(parts[0], parts[1], parts[2][::-1])


def test_a_flipped_bit_anywhere_is_found() -> None:
    """Each byte of key and signature matters."""
    public_key, signature = signed(bytes(32), b"texto")
    for place in range(64):
        bent = signature[:place] + bytes([signature[place] ^ 4]) + signature[place + 1 :]
        assert not decide(public_key, b"texto", bent)
    for place in range(32):
        bent = public_key[:place] + bytes([public_key[place] ^ 4]) + public_key[place + 1 :]
        assert not decide(bent, b"texto", signature)


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), multiple=st.integers(1, 8))
@settings(max_examples=25)
def test_malleable_signatures_are_refused(seed: bytes, message: bytes, multiple: int) -> None:
    """Adding the group order to the scalar satisfies the equation, and is refused all the same."""
    public_key, signature = signed(seed, message)
    assert decide(public_key, message, signature)
    scalar = int.from_bytes(signature[32:], "little") + multiple * ORDER
    assert not decide(public_key, message, signature[:32] + scalar.to_bytes(32, "little"))


@given(
    public_key=st.sampled_from(SMALL_ORDER) | st.binary(min_size=32, max_size=32),
    point=st.sampled_from(SMALL_ORDER) | st.binary(min_size=32, max_size=32),
    scalar=st.sampled_from([0, 1, ORDER - 1, ORDER, ORDER + 1, 2**256 - 1]) | st.integers(0, 2**256 - 1),
    message=st.binary(max_size=4),
)
@settings(max_examples=300)
def test_both_implementations_decide_alike_on_odd_input(
    public_key: bytes, point: bytes, scalar: int, message: bytes
) -> None:
    """Small-order, non-canonical and arbitrary keys, points and scalars get the same answer from both."""
    decide(public_key, message, point + scalar.to_bytes(32, "little"))


def test_small_order_keys_are_judged_alike() -> None:
    """Every pair of small-order encodings, with the scalars that could satisfy the equation; some do."""
    accepted = 0
    for public_key in SMALL_ORDER:
        for point in SMALL_ORDER:
            for number in range(4):
                accepted += decide(public_key, bytes([number]), point + bytes(32))
    assert accepted > 0


@pytest.mark.parametrize(("key_bytes", "signature_bytes"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_wrong_lengths_are_no_signature(key_bytes: int, signature_bytes: int) -> None:
    """Keys and signatures of other lengths are refused, not an error."""
    assert not decide(bytes(key_bytes), b"", bytes(signature_bytes))


def test_without_the_library_our_own_code_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `cryptography` is not importable, `verify` gives the same answers."""
    public_key, signature = signed(bytes(32), b"texto")
    monkeypatch.setattr(ed25519, "Ed25519PublicKey", None)
    assert verify(public_key, b"texto", signature)
    assert not verify(public_key, b"otro", signature)

"""Signed notes and checkpoints: public vectors, strictness, round trips."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import (
    Checkpoint,
    MalformedCheckpoint,
    OtherLog,
    open_checkpoint,
    parse_body,
    peek_checkpoint,
    sign_checkpoint,
)
from evidence.note import (
    InvalidSignature,
    MalformedKey,
    MalformedNote,
    NoteError,
    SigningKey,
    UnverifiedNote,
    VerifierKey,
    decode_base64,
    open_note,
    sign_note,
    split_note,
)

ORIGIN = "constancia.example/mesa-de-ayuda"
KEY = SigningKey(ORIGIN, bytes(range(32)))
OTHER = SigningKey("otro.example", bytes(32))
ROOT = bytes(range(32))

names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="+"), min_size=1
).filter(lambda name: not any(mark.isspace() for mark in name))
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@pytest.fixture(scope="module")
def notes(vectors: Path) -> dict[str, Any]:
    """The public signed-note vectors."""
    return dict(
        json.loads((vectors / "signed-note" / "signed-note-vectors.json").read_text(encoding="utf-8"))
    )


def test_public_open_vectors(notes: dict[str, Any]) -> None:
    """Each public note opens, or is refused for the reason its vector names."""
    refusals = {
        "unverified": UnverifiedNote,
        "malformed": MalformedNote,
        "invalid-signature": InvalidSignature,
    }
    assert len(notes["open"]) == 15
    for case in notes["open"]:
        note = base64.b64decode(case["note_b64"])
        keys = [VerifierKey.from_text(text) for text in case["vkeys"]]
        if case["expect"] == "ok":
            assert [signature.name for signature in open_note(note, keys).verified] == case["verified"]
        else:
            with pytest.raises(refusals[case["expect"]]):
                open_note(note, keys)


def test_public_bad_keys(notes: dict[str, Any]) -> None:
    """A key whose ID is not its own, or of another algorithm, is refused."""
    for text in notes["vkeys_bad"]:
        with pytest.raises(MalformedKey):
            VerifierKey.from_text(text)


def test_public_signing_vector(notes: dict[str, Any]) -> None:
    """Signing is deterministic and gives the public signature line."""
    key = SigningKey.from_text(notes["public_test_signing_key_do_not_use"])
    signed = sign_note(notes["sign"]["text"], key).decode()
    assert signed == notes["sign"]["text"] + "\n" + notes["sign"]["signature_line"]
    assert key.text == notes["public_test_signing_key_do_not_use"]


def test_public_checkpoint_bodies(vectors: Path) -> None:
    """The good public body is read, the bad ones are refused."""
    bodies = json.loads(
        (vectors / "signed-note" / "checkpoint-body-vectors.json").read_text(encoding="utf-8")
    )
    good = parse_body(bodies["tree_note_body_ok"])
    assert (good.origin, good.size) == ("go.sum database tree", 123456789012)
    assert good.body() == bodies["tree_note_body_ok"]
    for body in bodies["tree_note_bad"]:
        with pytest.raises(MalformedCheckpoint):
            parse_body(body)


def test_keys_round_trip_and_keep_their_secret() -> None:
    """Keys come back from their one line, and neither ``repr`` nor an error shows the secret."""
    assert SigningKey.from_text(KEY.text) == KEY
    assert VerifierKey.from_text(KEY.verifier.text) == KEY.verifier
    assert KEY.seed.hex() not in repr(KEY)
    assert str(KEY.seed) not in repr(KEY)
    assert SigningKey.generate(ORIGIN).seed != SigningKey.generate(ORIGIN).seed
    broken = KEY.text[:-2] + "!="
    with pytest.raises(MalformedKey) as caught:
        SigningKey.from_text(broken)
    assert broken[-20:] not in str(caught.value)


def test_a_key_with_plus_signs_in_its_base64_is_read() -> None:
    """Only the first two plus signs separate; those of base64 belong to the key."""
    key = next(
        candidate
        for seed in range(256)
        if "+" in (candidate := SigningKey(ORIGIN, bytes([seed]) * 32)).verifier.text.split("+", 2)[2]
    )
    assert VerifierKey.from_text(key.verifier.text) == key.verifier


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u2003b", "\x01"])
def test_names_that_notes_cannot_carry_are_refused(name: str) -> None:
    """Empty names, spaces of any kind, plus signs and control characters are no key names."""
    with pytest.raises(MalformedKey):
        SigningKey.generate(name)


@pytest.mark.parametrize(
    "text", ["", "a+b", "a+00000000+AA==", "PRIVATE+KEY+a", "a+zz+AQ==", "+00000000+AQ=="]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    """Half keys, short keys and nonsense are refused by both readers."""
    for read in (VerifierKey.from_text, SigningKey.from_text):
        with pytest.raises(MalformedKey):
            read(text)


@given(name=names, texts=st.lists(lines, min_size=1, max_size=4))
def test_notes_round_trip(name: str, texts: list[str]) -> None:
    """Whatever text is signed opens again with the key, and not without it."""
    key = SigningKey(name, bytes(32))
    text = "".join(line + "\n" for line in texts)
    note = sign_note(text, key)
    opened = open_note(note, [key.verifier])
    assert opened.text == text
    assert [signature.name for signature in opened.verified] == [name]
    with pytest.raises(UnverifiedNote):
        open_note(note, [])


def test_every_flipped_byte_of_a_note_is_noticed() -> None:
    """No single changed byte leaves a note that opens with the same key."""
    note = sign_checkpoint(Checkpoint(ORIGIN, 7, ROOT), KEY)
    for place in range(len(note)):
        bent = note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :]
        with pytest.raises(NoteError):
            open_note(bent, [KEY.verifier])


def test_two_signers_and_unknown_ones() -> None:
    """During a key rotation both signatures verify; a signature by a key not given is reported as unverified."""
    note = sign_note("hola\n", KEY, OTHER)
    both = open_note(note, [KEY.verifier, OTHER.verifier])
    assert [signature.name for signature in both.verified] == [KEY.name, OTHER.name]
    one = open_note(note, [KEY.verifier])
    assert [signature.name for signature in one.unverified] == [OTHER.name]


def test_two_keys_of_one_identity_are_refused() -> None:
    """Two different keys under one name and ID cannot be told apart in a note, so they are not accepted."""

    class Twin(VerifierKey):
        @property
        def key_id(self) -> bytes:
            return KEY.verifier.key_id

    with pytest.raises(MalformedKey):
        open_note(sign_note("hola\n", KEY), [KEY.verifier, Twin(KEY.name, OTHER.verifier.public_key)])
    assert open_note(sign_note("hola\n", KEY), [KEY.verifier, KEY.verifier]).verified


@pytest.mark.parametrize("text", ["", "sin final", "con\ttabulador\n", "con\rretorno\n", "\x7f\x00\n"])
def test_texts_that_cannot_be_signed(text: str) -> None:
    """A note's text ends in a newline and has no other control characters below space."""
    with pytest.raises(MalformedNote):
        sign_note(text, KEY)


def test_a_note_has_at_most_a_hundred_signatures() -> None:
    """More lines are refused before any is verified, and so is a note of more than a million bytes."""
    text, _, line = sign_note("hola\n", KEY).decode().rpartition("\n\n")
    assert open_note(f"{text}\n\n{line * 100}".encode(), [KEY.verifier]).verified
    with pytest.raises(MalformedNote, match="100"):
        open_note(f"{text}\n\n{line * 101}".encode(), [KEY.verifier])
    with pytest.raises(MalformedNote, match="long"):
        open_note(sign_note("x" * 1_000_000 + "\n", KEY), [KEY.verifier])


def test_an_empty_line_within_the_text_is_allowed() -> None:
    """The last blank line separates; earlier ones belong to the text."""
    note = sign_note("uno\n\ndos\n", KEY)
    assert open_note(note, [KEY.verifier]).text == "uno\n\ndos\n"
    assert split_note(note)[0] == "uno\n\ndos\n"


@pytest.mark.parametrize("text", ["QQ=", "QQ", "QR==", "QQ==\n", " QQ==", "Q Q==", "QQ=Q", "Q-==", "ñ"])
def test_base64_has_one_spelling(text: str) -> None:
    """R12: missing padding, stray bits, spaces and other alphabets are refused."""
    with pytest.raises(ValueError, match="base64"):
        decode_base64(text)
    assert decode_base64("QQ==") == b"A"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "log\n",
        "log\n1\n",
        f"log\n1\n{base64.b64encode(ROOT).decode()}",
        f"\n1\n{base64.b64encode(ROOT).decode()}\n",
        f"log\n01\n{base64.b64encode(ROOT).decode()}\n",
        f"log\n+1\n{base64.b64encode(ROOT).decode()}\n",
        f"log\n-1\n{base64.b64encode(ROOT).decode()}\n",
        f"log\n1 \n{base64.b64encode(ROOT).decode()}\n",
        f"log\n١\n{base64.b64encode(ROOT).decode()}\n",
        f"log\n9223372036854775808\n{base64.b64encode(ROOT).decode()}\n",
        f"log\n1e3\n{base64.b64encode(ROOT).decode()}\n",
        f"log\n1\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"log\n1\n{base64.b64encode(ROOT).decode()[:-1]}\n",
        f"log\n1\n{base64.b64encode(ROOT).decode()}\n\n",
        f"log\n1\n{base64.b64encode(ROOT).decode()}\n\next\n",
    ],
)
def test_bad_checkpoint_bodies(body: str) -> None:
    """R12: sizes with zeroes or signs, roots of the wrong length and empty lines are no checkpoints."""
    with pytest.raises(MalformedCheckpoint):
        parse_body(body)


@given(size=st.integers(0, 2**63 - 1), root=st.binary(min_size=32, max_size=32))
def test_checkpoints_round_trip(size: int, root: bytes) -> None:
    """A signed checkpoint opens to what was signed."""
    checkpoint = Checkpoint(ORIGIN, size, root)
    note = sign_checkpoint(checkpoint, KEY)
    assert open_checkpoint(note, [KEY.verifier], ORIGIN) == checkpoint == peek_checkpoint(note)


def test_extension_lines_are_read() -> None:
    """Lines after the root are kept as they are."""
    body = Checkpoint(ORIGIN, 1, ROOT).body() + "extra uno\nextra dos\n"
    assert parse_body(body).extensions == ("extra uno", "extra dos")
    assert parse_body(body).body() == body


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """R10: neither another origin, nor another key's name, nor a known key of another log passes for this one."""
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, ROOT), KEY)
    with pytest.raises(OtherLog):
        open_checkpoint(note, [KEY.verifier], "otro.example")
    with pytest.raises(UnverifiedNote):
        open_checkpoint(note, [OTHER.verifier], ORIGIN)
    with pytest.raises(OtherLog):
        sign_checkpoint(Checkpoint(ORIGIN, 1, ROOT), OTHER)
    foreign = sign_note(Checkpoint(ORIGIN, 1, ROOT).body(), OTHER)
    with pytest.raises(UnverifiedNote):
        open_checkpoint(foreign, [KEY.verifier, OTHER.verifier], ORIGIN)

"""Checking again what signatories' passkeys signed, from the payloads alone (docs/formats/signature.md).

What the device and the browser said is read with the standard library; the signature itself is verified where
`cryptography` is importable (Ed25519 everywhere). That a key belongs to somebody is told by the chain of access.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

from evidence import ed25519
from evidence.canonical import Json, canonical_bytes
from evidence.entry import EntryKind, MalformedEntry, SealedEntry

TAG = b"constancia/v1/passkey\n"
ACT_TAG = b"constancia/v1/act\n"
FACTOR, LEVEL = "passkey", "N3"
_KINDS = frozenset({EntryKind.DOCUMENT_SIGNED, EntryKind.CODE_VERIFIED})
_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""What a SubjectPublicKeyInfo of Ed25519 begins with (RFC 8410, section 4); the key follows."""
_HEAD, _PRESENT_AND_VERIFIED = 37, 0x05
_Object = Mapping[str, Json]


class _Wrong(Exception):
    """``str()`` says what does not hold."""


def says_key(sealed: SealedEntry) -> bool:
    """Whether an entry says that a passkey was used, and its payload is here to be checked."""
    entry = sealed.entry
    return entry.kind in _KINDS and entry.facts.get("factor") == FACTOR and sealed.payload_bytes is not None


def check_key(sealed: SealedEntry) -> tuple[str, bool]:
    """What is wrong with an entry of `says_key` (``""``: nothing), and whether the signature itself was verified."""
    try:
        return "", _checked(sealed)
    except (_Wrong, MalformedEntry) as wrong:
        return str(wrong), True


def _checked(sealed: SealedEntry) -> bool:
    facts, payload = sealed.entry.facts, sealed.payload()
    signs = sealed.entry.kind is EntryKind.DOCUMENT_SIGNED
    act = _object(payload.get("act"), "act") if signs else payload
    told = _object(act.get("passkey"), "passkey")
    statement = _object(told.get("statement"), "statement")
    client = _bytes(told, "client_data")
    data = _bytes(told, "authenticator_data")
    _client(client, statement, str(told.get("origin", "")))
    _device(data, str(told.get("rp_id", "")))
    if signs:
        _letter(facts, statement)
    elif statement.get("purpose") != "visit":
        raise _Wrong("the statement is not one that opens a visit")
    verified = _signature(told, data + hashlib.sha256(client).digest())
    if signs:
        commitment = hashlib.sha256(ACT_TAG + canonical_bytes(dict(act))).hexdigest()
        if (facts.get("act"), facts.get("level")) != (commitment, LEVEL):
            raise _Wrong("the act is not the one committed to, or its level is not N3")
    return verified


def _client(client: bytes, statement: _Object, origin: str) -> None:
    """The browser's part (W3C Web Authentication, Level 2, section 7.2, steps 11 to 13)."""
    try:
        said = json.loads(client)
    except (ValueError, RecursionError):
        raise _Wrong("the client data is no JSON") from None
    challenge = hashlib.sha256(TAG + canonical_bytes(dict(statement))).digest()
    wanted = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
    if not isinstance(said, dict) or said.get("challenge") != wanted:
        raise _Wrong("the challenge is not that of the statement")
    if said.get("type") != "webauthn.get" or said.get("origin") != origin or said.get("crossOrigin"):
        raise _Wrong("the client data is of another act or origin")


def _device(data: bytes, party: str) -> None:
    """The device's part (section 6.1): for which domain, and whether it asked who holds it."""
    if len(data) < _HEAD or data[:32] != hashlib.sha256(party.encode()).digest():
        raise _Wrong("the device signed for another domain")
    if data[32] & _PRESENT_AND_VERIFIED != _PRESENT_AND_VERIFIED:
        raise _Wrong("the device did not verify who held it")


def _letter(facts: _Object, statement: _Object) -> None:
    letters = statement.get("letters")
    letter = {"request": facts.get("request"), "document": facts.get("digest")}
    if statement.get("purpose") != "sign" or not isinstance(letters, list) or letter not in letters:
        raise _Wrong("what the key signed is not this letter")


def _signature(told: _Object, signed: bytes) -> bool:
    """Whether the signature was verified; raises where it does not hold."""
    algorithm, signature = told.get("algorithm"), _bytes(told, "signature")
    try:
        key = base64.b64decode(str(told.get("public_key", "")), validate=True)
    except (binascii.Error, ValueError):
        raise _Wrong("the public key is not base64") from None
    if algorithm == "EdDSA":
        good = key.startswith(_ED25519) and ed25519.verify(key[len(_ED25519) :], signed, signature)
    elif algorithm in {"ES256", "RS256"}:
        try:
            good = _by_library(str(algorithm), key, signed, signature)
        except ImportError:
            return False
    else:
        raise _Wrong("an algorithm that is not one of the format's")
    if not good:
        raise _Wrong("the signature is not by that key over that statement")
    return True


def _by_library(algorithm: str, key: bytes, signed: bytes, signature: bytes) -> bool:
    """ECDSA over P-256, or RSA with PKCS #1 v1.5, both with SHA-256. Raises ImportError without the library."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - optional
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: PLC0415 - optional
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - optional
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415 - optional

    try:
        public = load_der_public_key(key)
        if algorithm == "ES256" and isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, signed, ec.ECDSA(SHA256()))
        elif algorithm == "RS256" and isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, signed, padding.PKCS1v15(), SHA256())
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _object(value: Json, name: str) -> _Object:
    if not isinstance(value, dict):
        raise _Wrong(f"no {name} in the payload")
    return value


def _bytes(told: _Object, name: str) -> bytes:
    text = told.get(name)
    try:
        return base64.b64decode(str(text) + "=" * (-len(str(text)) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _Wrong(f"{name} is not base64url") from None

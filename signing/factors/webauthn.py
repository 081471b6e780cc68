"""Passkeys (W3C Web Authentication, Level 2): what a browser is asked for, and the judgement of what it answers.

What is signed is never a bare nonce: the challenge is the digest of a *statement*, an object that says for what the key
is used (docs/formats/signature.md). Attestation is not asked for: whose key it is follows from how it was enrolled.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from evidence.canonical import Json, canonical_bytes
from signing.errors import NoPublicAddress, PasskeyInvalid

TAG = b"constancia/v1/passkey\n"
CREATE, GET = "webauthn.create", "webauthn.get"
ALGORITHMS: Mapping[int, str] = {-7: "ES256", -8: "EdDSA", -257: "RS256"}
"""By their numbers in COSE (RFC 9053), the one preferred first."""
WAIT_MS = 120_000
WHY = (
    "unreadable",
    "challenge",
    "origin",
    "party",
    "presence",
    "credential",
    "signature",
    "unfit",
    "address",
)
"""Why an answer is refused: the module's words of `signing.errors.PasskeyInvalid`."""
_PRESENT, _VERIFIED = 0x01, 0x04


@dataclass(frozen=True, slots=True)
class Party:
    """The house as browsers know it: keys are bound to ``id``, a domain; answers must come from ``origin``."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public half of a passkey: its credential id, COSE key, how it is reached, and whether it is synced."""

    credential: bytes
    cose: bytes
    transports: tuple[str, ...] = ()
    synced: bool = False

    @property
    def slot(self) -> str:
        """The place that one passkey has among all."""
        return slot_of(self.credential)

    def as_bytes(self) -> bytes:
        """For a row."""
        content = {
            "credential": b64(self.credential),
            "cose": b64(self.cose),
            "transports": list(self.transports),
            "synced": self.synced,
        }
        return json.dumps(content).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Passkey:
        """From a row."""
        told = json.loads(data)
        credential, cose = unb64(told["credential"]), unb64(told["cose"])
        return cls(credential, cose, tuple(told["transports"]), told["synced"])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent (``raw``), taken apart and not yet believed. ``said`` is what its client data says."""

    credential: bytes
    client_data: bytes
    challenge: bytes
    said: Mapping[str, Any]
    raw: Mapping[str, Any]

    @property
    def handle(self) -> str:
        """Whose key the device says it is (the user handle); ``""`` where it says nothing."""
        return unb64(_text(_part(self.raw, "response"), "userHandle", needed=False)).decode(
            "utf-8", "replace"
        )


@dataclass(frozen=True, slots=True)
class Assertion:
    """A good answer: the signature count, and what anybody needs to verify it again."""

    counter: int
    record: Mapping[str, Json]


def party_of(public_url: str) -> Party:
    """The party of an address. On loopback it is ``localhost``: browsers bind no key to an IP address.

    Raises:
        NoPublicAddress: there is none. PasskeyInvalid: ``address``, for one that browsers accept no keys for.
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if not host:
        raise NoPublicAddress
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
        if not loopback and parts.scheme != "https":
            raise PasskeyInvalid(why="address") from None
    else:
        if not loopback:
            raise PasskeyInvalid(why="address")
    if not loopback:
        return Party(host, public_url)
    port = f":{parts.port}" if parts.port else ""
    return Party("localhost", f"{parts.scheme}://localhost{port}")


def challenge_of(statement: Mapping[str, Json]) -> bytes:
    """What a key signs for a statement: SHA-256 over a tag and its canonical bytes."""
    return hashlib.sha256(TAG + canonical_bytes(dict(statement))).digest()


def challenge_id(challenge: bytes) -> str:
    """Under which a challenge is kept."""
    return hashlib.sha256(challenge).hexdigest()


def slot_of(credential: bytes) -> str:
    """The place of a credential id among all passkeys, which says nothing of it."""
    return f"passkey/{hashlib.sha256(credential).hexdigest()}"


def creation_options(
    party: Party, challenge: bytes, owner: str, name: str, had: Sequence[Passkey]
) -> dict[str, Json]:
    """Options for ``navigator.credentials.create()``, bytes as base64url. ``had``: those not to be made again.

    ``owner`` is an opaque id and becomes the user handle; ``name`` is shown by the device and stays there.
    """
    return {
        "rp": {"id": party.id, "name": "Constancia"},
        "user": {"id": b64(owner.encode()), "name": name, "displayName": name},
        "challenge": b64(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
        "timeout": WAIT_MS,
        "excludeCredentials": _descriptors(had),
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
    }


def request_options(party: Party, challenge: bytes, allowed: Sequence[Passkey]) -> dict[str, Json]:
    """Options for ``navigator.credentials.get()``; with nothing ``allowed`` the device offers what it has."""
    return {
        "rpId": party.id,
        "challenge": b64(challenge),
        "timeout": WAIT_MS,
        "allowCredentials": _descriptors(allowed),
        "userVerification": "required",
    }


def answer_of(raw: object) -> Answer:
    """Take apart what a browser sent as JSON. Raises `PasskeyInvalid`, ``unreadable``."""
    try:
        whole = raw if isinstance(raw, Mapping) else {}
        response = _part(whole, "response")
        client_data = unb64(_text(response, "clientDataJSON"))
        said = json.loads(client_data)
        if not isinstance(said, dict):
            raise PasskeyInvalid(why="unreadable")
        challenge = unb64(_text(said, "challenge"))
        return Answer(unb64(_text(whole, "rawId")), client_data, challenge, said, whole)
    except (ValueError, RecursionError) as error:
        raise PasskeyInvalid(why="unreadable") from error


def registered(party: Party, challenge: bytes, answer: Answer) -> Passkey:
    """The new passkey of a good answer to `creation_options`. Raises `PasskeyInvalid`."""
    from webauthn import verify_registration_response  # noqa: PLC0415 - heavy, and only when it is used
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415 - as above

    _client(party, challenge, answer, CREATE)
    found = _judged(
        lambda: verify_registration_response(
            credential=dict(answer.raw),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
        ),
        "unfit",
    )
    transports = _part(answer.raw, "response").get("transports")
    named = tuple(str(item)[:20] for item in transports[:8]) if isinstance(transports, list) else ()
    synced = found.credential_device_type == "multi_device"
    return Passkey(found.credential_id, found.credential_public_key, named, synced)


def asserted(party: Party, statement: Mapping[str, Json], answer: Answer, key: Passkey) -> Assertion:
    """A good signature by a passkey over a statement; its count is given, and judged by who keeps counts.

    Raises:
        PasskeyInvalid: ``why`` of `WHY`.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415 - heavy, and only when it is used

    challenge = challenge_of(statement)
    _client(party, challenge, answer, GET)
    if answer.credential != key.credential:
        raise PasskeyInvalid(why="credential")
    told = _part(answer.raw, "response")
    data, signature = unb64(_text(told, "authenticatorData")), unb64(_text(told, "signature"))
    _authenticator(party, data)
    found = _judged(
        lambda: verify_authentication_response(
            credential=dict(answer.raw),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=key.cose,
            credential_current_sign_count=0,  # the signature first: a count that nobody signed says nothing
            require_user_verification=True,
        ),
        "signature",
    )
    record: dict[str, Json] = {
        "statement": dict(statement),
        "rp_id": party.id,
        "origin": party.origin,
        **public_half(key),
        "authenticator_data": b64(data),
        "client_data": b64(answer.client_data),
        "signature": b64(signature),
    }
    return Assertion(found.new_sign_count, record)


def public_half(key: Passkey) -> dict[str, Json]:
    """Algorithm and public key (SubjectPublicKeyInfo, DER, base64), as records have them."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - as above
    from webauthn.helpers import (  # noqa: PLC0415 - as above
        decode_credential_public_key,
        decoded_public_key_to_cryptography,
    )

    decoded = decode_credential_public_key(key.cose)
    spki = decoded_public_key_to_cryptography(decoded).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return {"algorithm": ALGORITHMS[int(decoded.alg)], "public_key": base64.b64encode(spki).decode()}


def _client(party: Party, challenge: bytes, answer: Answer, kind: str) -> None:
    """What the browser says of itself must be what was asked for, and here."""
    said = answer.said
    if said.get("type") != kind or answer.challenge != challenge:
        raise PasskeyInvalid(why="challenge")
    if said.get("origin") != party.origin or said.get("crossOrigin"):
        raise PasskeyInvalid(why="origin")


def _authenticator(party: Party, data: bytes) -> None:
    """Which domain the device signed for, and whether it asked who holds it (Level 2, section 6.1)."""
    if len(data) < 37:
        raise PasskeyInvalid(why="unreadable")
    if data[:32] != hashlib.sha256(party.id.encode()).digest():
        raise PasskeyInvalid(why="party")
    if not data[32] & _PRESENT or not data[32] & _VERIFIED:
        raise PasskeyInvalid(why="presence")


def _judged(judge: Any, why: str) -> Any:
    """The library's judgement; whatever it cannot read or does not accept is one refusal."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - as above

    try:
        return judge()
    except (WebAuthnException, UnsupportedAlgorithm, ValueError, TypeError, KeyError, IndexError) as error:
        raise PasskeyInvalid(why=why) from error


def _descriptors(keys: Sequence[Passkey]) -> list[Json]:
    return [
        {"type": "public-key", "id": b64(key.credential), "transports": list(key.transports)} for key in keys
    ]


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    if not isinstance(found, Mapping):
        raise PasskeyInvalid(why="unreadable")
    return found


def _text(told: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    found = told.get(name)
    if isinstance(found, str) and (found or not needed):
        return found
    if needed or found is not None:
        raise PasskeyInvalid(why="unreadable")
    return ""


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5), as WebAuthn writes bytes."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """Back. Raises `PasskeyInvalid`, ``unreadable``."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise PasskeyInvalid(why="unreadable") from error

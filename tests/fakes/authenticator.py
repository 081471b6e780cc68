"""An authenticator and its browser, in software: keys of a domain, a signature count, and every way to misbehave."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from signing.factors.webauthn import b64, unb64

_UP, _UV, _BE, _AT = 0x01, 0x04, 0x08, 0x40
Options = dict[str, Any]


@dataclass
class Held:
    """One key pair: its credential id, the user handle, the private key, and how often it signed."""

    credential: bytes
    handle: str
    private: Any
    count: int = 0


@dataclass
class SoftKey:
    """``algorithm``: -7, -8 or -257. ``step``: by how much the count grows (0: none is kept, as synced keys do).

    ``origin``, ``party`` and ``verifies`` are what an honest browser and device would fill in by themselves; tests
    change them.
    """

    origin: str
    algorithm: int = -7
    step: int = 1
    verifies: bool = True
    party: str = ""
    cross: bool = False
    held: list[Held] = field(default_factory=list)

    def create(self, options: Options) -> Options:
        """What ``navigator.credentials.create()`` gives, as JSON."""
        private, cose = _pair(self.algorithm)
        made = Held(secrets.token_bytes(20), unb64(options["user"]["id"]).decode(), private)
        self.held.append(made)
        attested = bytes(16) + len(made.credential).to_bytes(2, "big") + made.credential + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], _AT, 0) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = {
            "clientDataJSON": self._client("webauthn.create", options),
            "attestationObject": b64(attestation),
        }
        return self._answer(made, {**told, "transports": ["internal"]})

    def get(self, options: Options, *, by: Held | None = None) -> Options:
        """What ``navigator.credentials.get()`` gives, as JSON; by the first key that is allowed."""
        allowed = [item["id"] for item in options["allowCredentials"]]
        made = by or next(item for item in self.held if not allowed or b64(item.credential) in allowed)
        made.count += self.step
        client = self._client("webauthn.get", options)
        data = self._data(options["rpId"], 0, made.count)
        signed = _sign(made.private, data + hashlib.sha256(unb64(client)).digest())
        told = {"clientDataJSON": client, "authenticatorData": b64(data), "signature": b64(signed)}
        return self._answer(made, {**told, "userHandle": b64(made.handle.encode())})

    def _client(self, kind: str, options: Options) -> str:
        said = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.cross,
        }
        return b64(json.dumps(said).encode())

    def _data(self, party: str, flags: int, count: int) -> bytes:
        flags |= _UP | (_UV if self.verifies else 0) | (0 if self.step else _BE)
        domain = hashlib.sha256((self.party or party).encode()).digest()
        return domain + bytes([flags]) + count.to_bytes(4, "big")

    def _answer(self, made: Held, response: Options) -> Options:
        name = b64(made.credential)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def _pair(algorithm: int) -> tuple[Any, dict[int, Any]]:
    """A private key, and its public half in COSE (RFC 9053)."""
    if algorithm == -8:
        edwards = ed25519.Ed25519PrivateKey.generate()
        return edwards, {1: 1, 3: -8, -1: 6, -2: edwards.public_key().public_bytes_raw()}
    if algorithm == -257:
        big = rsa.generate_private_key(65537, 2048)
        numbers = big.public_key().public_numbers()
        return big, {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
    curve = ec.generate_private_key(ec.SECP256R1())
    point = curve.public_key().public_numbers()
    return curve, {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}


def _sign(private: Any, data: bytes) -> bytes:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(data)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, padding.PKCS1v15(), SHA256())
    signed: bytes = private.sign(data, ec.ECDSA(SHA256()))
    return signed

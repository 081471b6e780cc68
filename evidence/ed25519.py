"""Ed25519 verification (RFC 8032), by `cryptography` where it is installed, else by the few lines below.

Both decide alike, also on what is malformed: the scalar must be below the group order (no malleable signatures), the
equation is checked without the cofactor and by comparing encodings, so that a non-canonical ``R`` never verifies; the
public key's encoding is taken as RFC 7748 takes field elements (modulo p), as OpenSSL does. Verifying is public work on
public data: nothing here needs to run in constant time, and nothing here signs.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:  # the offline verifier runs on the standard library alone
    Ed25519PublicKey = None  # type: ignore[assignment,misc]

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


class _Point(NamedTuple):
    """Extended homogeneous coordinates (RFC 8032 section 5.1.4): x = X/Z, y = Y/Z, x*y = T/Z."""

    x: int
    y: int
    z: int
    t: int


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether ``signature`` (64 bytes) is by ``public_key`` (32 bytes) over ``message``; never raises."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    if Ed25519PublicKey is None:
        return verify_slowly(public_key, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_slowly(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The same decision from the standard library alone (RFC 8032 section 5.1.7); a few milliseconds."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    point = _decode(public_key)
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    negated = _Point(-point.x % _P, point.y, point.z, -point.t % _P)
    return _encode(_combine(scalar, _BASE, challenge, negated)) == signature[:32]


def _combine(first: int, one: _Point, second: int, other: _Point) -> _Point:
    """``first * one + second * other``, the bits of both scalars taken together."""
    both = _add(one, other)
    result = _NEUTRAL
    for bit in range(max(first.bit_length(), second.bit_length()) - 1, -1, -1):
        result = _add(result, result)
        match first >> bit & 1, second >> bit & 1:
            case 1, 1:
                result = _add(result, both)
            case 1, 0:
                result = _add(result, one)
            case 0, 1:
                result = _add(result, other)
    return result


def _add(one: _Point, other: _Point) -> _Point:
    """RFC 8032 section 5.1.4; complete, so it doubles as well."""
    a = (one.y - one.x) * (other.y - other.x) % _P
    b = (one.y + one.x) * (other.y + other.x) % _P
    c = 2 * one.t * other.t * _D % _P
    d = 2 * one.z * other.z % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _encode(point: _Point) -> bytes:
    inverse = pow(point.z, -1, _P)
    x, y = point.x * inverse % _P, point.y * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(data: bytes) -> _Point | None:
    """RFC 8032 section 5.1.3, save that y is reduced modulo p and the sign of x = 0 is ignored."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & (1 << 255) - 1) % _P
    numerator, denominator = y * y - 1, _D * y * y + 1
    candidate = (
        numerator * pow(denominator, 3, _P) * pow(numerator * pow(denominator, 7, _P), (_P - 5) // 8, _P)
    )
    check = denominator * candidate * candidate % _P
    if check == -numerator % _P:
        candidate = candidate * _SQRT_MINUS_ONE
    elif check != numerator % _P:
        return None
    x = candidate % _P
    if x & 1 != sign:
        x = -x % _P
    return _Point(x, y, 1, x * y % _P)


def _base_point() -> _Point:
    point = _decode((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if point is None:
        raise ArithmeticError("the base point is not on the curve")
    return point


_NEUTRAL = _Point(0, 1, 1, 0)
_BASE = _base_point()

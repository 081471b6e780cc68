"""Canonical JSON (RFC 8785) for the values an entry may hold.

The ledger needs less than all of JSON: strings, integers below 2^53, booleans, null, lists and objects. Floats, duplicate
keys, unpaired surrogates and big integers are refused at the edge. Within that domain the canonical form can be made by
the standard library alone, so that a verifier needs no dependency; sealing uses the `rfc8785` library where it is
installed, and a property test holds the two to the same bytes.
"""

from __future__ import annotations

import json
from typing import NoReturn

try:
    import rfc8785
except ImportError:  # the offline verifier runs on the standard library alone
    rfc8785 = None  # type: ignore[assignment]

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

MAX_INTEGER = 2**53 - 1


class NotCanonical(ValueError):
    """A value outside the ledger's domain, or bytes that are not its canonical form."""


def canonical_bytes(value: Json) -> bytes:
    """The one byte string of a value under RFC 8785.

    Raises:
        NotCanonical: floats, integers beyond 2^53 - 1, unpaired surrogates, keys that are not strings.
    """
    _check(value)
    if rfc8785 is None:
        return independent_bytes(value)
    return rfc8785.dumps(value)


def independent_bytes(value: Json) -> bytes:
    """The same bytes from the standard library alone; keys are sorted by UTF-16 code units (RFC 8785 section 3.2.3)."""
    text = json.dumps(_sorted(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("unpaired surrogate") from error


def parse_canonical(data: bytes) -> Json:
    """Read canonical bytes, and refuse any other spelling of the same value.

    Raises:
        NotCanonical: not JSON, duplicate keys, floats, or bytes that differ from the canonical form.
    """
    try:
        value: Json = json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    _check(value)
    if independent_bytes(value) != data:
        raise NotCanonical("not the canonical spelling")
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotCanonical("duplicate key")
    return members


def _no_float(text: str) -> NoReturn:
    raise NotCanonical(f"number {text} is not an integer")


def _check(value: object) -> None:
    """Refuse what the ledger's domain does not hold; recursion depth is that of the value."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise NotCanonical("unpaired surrogate") from error
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise NotCanonical(f"integer {value} is beyond 2^53 - 1")
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"key {key!r} is not a string")
            _check(key)
            _check(item)
    else:
        raise NotCanonical(f"{type(value).__name__} has no place in the ledger")


def _sorted(value: Json) -> Json:
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _sorted(value[key]) for key in ordered}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value

r"""Canonical JSON (RFC 8785) for the values an entry may hold.

The ledger needs less than all of JSON: strings, integers within ±(2^53 - 1), booleans, null, lists and objects. Floats,
duplicate keys, unpaired surrogates and big integers are refused at the edge. Within that domain the canonical form is
what the standard library's C encoder writes, save for one thing: RFC 8785 sorts keys by UTF-16 code units, Python by
code points, and the two differ only for keys beyond ASCII, which take the slower path here. Property tests hold both
paths to the bytes of an unrelated implementation.

>>> canonical_bytes({"b": [1, True, None], "a": "ñ"})
b'{"a":"\xc3\xb1","b":[1,true,null]}'
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # typeshed leaves them out
from typing import NoReturn

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

MAX_INTEGER = 2**53 - 1

_INTEGER_DIGITS = len(str(MAX_INTEGER)) + 1  # with its sign


class NotCanonical(ValueError):
    """A value outside the ledger's domain, or bytes that are not its canonical form."""


def canonical_bytes(value: Json) -> bytes:
    """The one byte string of a value under RFC 8785.

    Raises:
        NotCanonical: floats, integers beyond 2^53 - 1, unpaired surrogates, keys that are not strings, other types.
    """
    try:
        return _encode(value, ascii_keys=_ascii_keys(value))
    except RecursionError as error:
        raise NotCanonical("nested too deeply") from error


def canonical_of_own(value: Json) -> bytes:
    """`canonical_bytes` of what the program itself built of strings, integers, booleans, lists and objects.

    Members are not looked at one by one first. Never for what comes from outside: a float would pass.
    """
    text = _write_sorted(value)
    return text.encode() if _ascii_text(text) else canonical_bytes(value)


def canonical_object(spelled: Mapping[str, bytes]) -> bytes:
    """An object whose members' values are in canonical form already; the names are plain ASCII without quotes.

    >>> canonical_object({"b": b"[1]", "a": b"true"})
    b'{"a":true,"b":[1]}'
    """
    return b"{%b}" % b",".join(
        [b'"%b":%b' % (name.encode("ascii"), spelled[name]) for name in sorted(spelled)]
    )


def parse_canonical(data: bytes) -> Json:
    """Read canonical bytes, and refuse any other spelling of the same value.

    Duplicate keys, spaces, other escapes and another order all show as a difference after encoding again.

    Raises:
        NotCanonical: not JSON, floats, integers beyond 2^53 - 1, or bytes that differ from the canonical form.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NotCanonical(str(error)) from error
    value, end = scan_canonical(text, 0)
    if end != len(text):
        raise NotCanonical("not the canonical spelling")
    return value


def scan_canonical(text: str, start: int) -> tuple[Json, int]:
    """The value whose canonical spelling begins at ``start`` of decoded UTF-8, and where it ends.

    Raises:
        NotCanonical: see `parse_canonical`.
    """
    try:
        value, end = _decoder.raw_decode(text, start)
        spelling = text[start:end]
        again = _encoded(value, ascii_keys=_ascii_text(spelling) or _ascii_keys(value))
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    if again != spelling:
        raise NotCanonical("not the canonical spelling")
    return value, end


def _ascii_text(text: str) -> bool:
    """Whether no key of a spelling can sort otherwise by UTF-16 than by code points.

    That takes signs which UTF-16 writes as two units, or escapes, which may stand for any.
    """
    return "\\u" not in text and (text.isascii() or len(text.encode("utf-16-le")) == 2 * len(text))


def _encode(value: Json, *, ascii_keys: bool) -> bytes:
    try:
        return _encoded(value, ascii_keys=ascii_keys).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("unpaired surrogate") from error


def _encoded(value: Json, *, ascii_keys: bool) -> str:
    return _write_sorted(value) if ascii_keys else _write(_sorted(value))


def _integer(text: str) -> int:
    if len(text) <= _INTEGER_DIGITS and abs(number := int(text)) <= MAX_INTEGER:
        return number
    raise NotCanonical("an integer beyond 2^53 - 1")


def _no_float(text: str) -> NoReturn:
    raise NotCanonical(f"number {text} is not an integer")


_decoder = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, parse_int=_integer)


def _encoder(*, sort_keys: bool) -> Callable[[Json], str]:
    """What `json.JSONEncoder.encode` does, without making its C encoder anew for every value."""
    plain = json.JSONEncoder(
        ensure_ascii=False, check_circular=False, sort_keys=sort_keys, separators=(",", ":")
    )
    if c_make_encoder is None:  # an interpreter that has it in Python only
        return plain.encode
    write = c_make_encoder(None, plain.default, encode_basestring, None, ":", ",", sort_keys, False, False)
    return lambda value: "".join(write(value, 0))


_write_sorted, _write = _encoder(sort_keys=True), _encoder(sort_keys=False)


def _ascii_keys(value: Json) -> bool:
    """Refuse what the ledger's domain does not hold; tell whether every key is ASCII.

    Strings need no look here: an unpaired surrogate cannot be encoded.
    """
    if value is None or isinstance(value, str):
        return True
    if isinstance(value, dict):
        plain = True
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"key {key!r} is not a string")
            plain &= key.isascii()
            if type(item) is not str:  # most are: spare them the call
                plain &= _ascii_keys(item)
        return plain
    if isinstance(value, list | tuple):
        plain = True
        for item in value:
            plain &= _ascii_keys(item)
        return plain
    if isinstance(value, int):
        if -MAX_INTEGER <= value <= MAX_INTEGER:
            return True
        raise NotCanonical("an integer beyond 2^53 - 1")
    raise NotCanonical(f"{type(value).__name__} has no place in the ledger")


def _sorted(value: Json) -> Json:
    """The same value with every object's keys by UTF-16 code units (RFC 8785 section 3.2.3)."""
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _sorted(value[key]) for key in ordered}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value
